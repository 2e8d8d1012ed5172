/* entries.h: an entry as people read it: a heading, then a line per account. */
#ifndef TIEOUT_CLI_ENTRIES_H
#define TIEOUT_CLI_ENTRIES_H

#include "cli/internal.h"
#include "report/journal.h"

void entry_print(struct cli *cli, const struct entry_answer *entry, const char *indent);

#endif
