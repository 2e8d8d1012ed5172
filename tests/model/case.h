/* case.h: a golden case (tests/golden/cases/NAME.case) read for the model: settings, documents, expectations, in order.
 *
 * The file: `# title`, then `init currency=USD time_zone=UTC key=value...`, then any number of JSON lines of documents,
 * `expect ...` lines and `close DATE` lines; further lines that start with # are comments. */
#ifndef TIEOUT_TESTS_MODEL_CASE_H
#define TIEOUT_TESTS_MODEL_CASE_H

#include "model/model.h"

enum m_step_kind { M_STEP_DOCUMENT, M_STEP_EXPECT, M_STEP_CLOSE };
enum { M_MOST_WORDS = 12 };
struct m_step {
    enum m_step_kind kind;
    int number; /* of the line in the file */
    const struct m_document *document;
    const char *words[M_MOST_WORDS + 1]; /* of an expect or close line, the first word left out; NULL-terminated */
    int word_count;
};
struct m_case {
    const char *title;
    struct m_settings settings;
    struct m_step *steps;
    size_t count;
};

/* False when the text is no case; `*out_why` then says why, `*out_line` where. */
bool m_case_read(struct arena *arena, struct span text, struct m_case *out, const char **out_why, int *out_line);

struct m_check {
    bool passed, skipped; /* skipped: it hangs on a locked period, which the model does not know */
    char wanted[512], found[512];
};
/* Checks the expectation at `step` against the answer to the documents before it. Neighbouring `expect layer` lines of
 * one pool are one expectation: `*step` moves to the last of them. */
struct m_check m_case_check(const struct m_case *c, size_t *step, const struct m_answer *answer, bool after_close);

#endif
