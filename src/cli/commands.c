/* commands.c: the one table. A new command is a row here and a run function; help, completion and man pages follow. */
#include "cli/internal.h"

#include <string.h>

const struct option_row option_rows[OPTION_COUNT] = {
#define ROW(id, name, letter, argument, completes, help) [OPTION_##id] = {name, letter, argument, completes, help},
    OPTIONS(ROW)
#undef ROW
};

const struct exit_row exit_rows[] = {
    {0, "all posted, excluded by a rule, or known already; or the answer given"},
    {1, "done, but some documents wait or failed; tieout outcomes says which"},
    {2, "the command line is wrong; nothing was done"},
    {3, "the input could not be read to its end; what came before is in"},
    {4, "the store cannot be used: missing, full, read-only, newer, or in use"},
    {5, "verify found damage"},
    {70, "a bug in tieout; nothing that rests on it was written"},
    {0, NULL},
};

const struct command commands[] = {
    {"init", "--currency CODE [--time-zone ZONE] [--set KEY=VALUE]...", "begins the books of a company",
     "Makes the store's file when it is missing, and begins a company in it: its currency, the time zone whose days "
     "are its "
     "accounting dates, and its policies. A store may hold many companies; each is begun once.\n\n"
     "The policies, their values and their defaults are those that `tieout policy` shows. Currency and time zone "
     "cannot be "
     "changed later; most policies can, from a date on.",
     "tieout init --currency USD --time-zone America/New_York\n"
     "tieout init --company uk --currency GBP --time-zone Europe/London --set cost_method=average",
     COMMON_OPTIONS | OPT(CURRENCY) | OPT(TIME_ZONE) | OPT(SET) | OPT(NOW), "", NULL, run_init},
    {"import", "--format documents FILE...|-", "reads documents into the books",
     "Reads files of documents, one JSON object a line (docs/formats/documents.md), plain or compressed with gzip, xz "
     "or "
     "zstd, whatever they are called; - is the standard input. Each document is posted, excluded by a named rule, "
     "waits for "
     "something named, or fails with a named refusal. A line that is no document is set aside with its place and the "
     "reason, "
     "and the rest goes on.\n\n"
     "Work is committed every 5,000 records. Reading a file again changes nothing: what is in is recognised.",
     "tieout import --format documents documents.jsonl.xz\n"
     "zcat orders-*.gz | tieout import --format documents -",
     COMMON_OPTIONS | OPT(FORMAT) | OPT(SOURCE) | OPT(SHOW) | OPT(PROGRESS) | OPT(NOW), "1 3", "file", run_import},
    {"status", "", "says where every document is and whether the books tie out",
     "How many documents were posted, are excluded, wait or failed; what is waited for, and how many wait longer than "
     "wait_days; how many units are owed; the "
     "value "
     "of the stock beside the balance of the stock control accounts; the last day and the lock.",
     "tieout status", COMMON_OPTIONS | OPT(NOW), "", NULL, run_status},
    {"outcomes", "[--list OUTCOME]", "counts documents by source, type, outcome and reason",
     "One row for each source, type, outcome and reason, with the count and the amount in the company's currency. For "
     "what "
     "waits the reason says what for. With --list the documents themselves, each with the sentence that was kept about "
     "it; of what waits also since when, and until when that is normal (policy wait_days).",
     "tieout outcomes\ntieout outcomes --list waiting", COMMON_OPTIONS | OPT(LIST) | OPT(LIMIT) | OPT(NOW), "", NULL,
     run_outcomes},
    {"stock", "[--sku SKU] [--layers] [--bridge] [--as-of DATE]", "shows what there is, where, and what it is worth",
     "Each item at each place by every definition of \"available\": free (sellable less reserved; below zero: "
     "oversold), "
     "reserved, sellable, on hand, owned, owed (sold before it was received), and the value of open layers less owed "
     "slices at provisional cost. Under it the bridge that leads from one figure to the next, and the stock control "
     "accounts "
     "that the value ties to. Units in transit, and goods out on delivery terms, stand as places of their own.\n\n"
     "Reservations are known as of now only: with --as-of free and reserved stay blank.",
     "tieout stock --sku MUG --layers\ntieout stock --bridge --as-of 2026-01-31",
     COMMON_OPTIONS | OPT(AS_OF) | OPT(SKU) | OPT(LAYERS) | OPT(BRIDGE) | OPT(ALL), "", NULL, run_stock},
    {"balances", "[--as-of DATE]", "shows the balance of each account",
     "One account per role; debit is positive. The sum of all balances is zero.", "tieout balances --as-of 2026-01-31",
     COMMON_OPTIONS | OPT(AS_OF) | OPT(ALL), "", NULL, run_balances},
    {"journal", "[--from DATE] [--to DATE] [--account ROLE] [--document ID]", "prints the entries",
     "The entries in the order in which they were decided, each with the document that caused it; a delta also names "
     "the "
     "document whose cost it corrects, and the date that it stands for where that is in a closed period. As JSON: one "
     "entry a "
     "line.",
     "tieout journal --from 2026-01-01 --to 2026-01-31\ntieout journal --json --account inventory",
     COMMON_OPTIONS | OPT(FROM) | OPT(TO) | OPT(ACCOUNT) | OPT(DOCUMENT) | OPT(SKU), "", NULL, run_journal},
    {"margin", "[--by channel|sku|order|line|month] [--from DATE] [--to DATE]", "shows what was earned on sales",
     "Revenue less discounts, plus shipping income, less refunds, fees and cost of sales, from the journal's own "
     "lines. Fees "
     "are those of channels, gateways, carriers, advertising and disputes. Lines that are about no channel, item or "
     "order "
     "stand in a row of their own.",
     "tieout margin --by month\ntieout margin --by sku --from 2026-01-01 --json",
     COMMON_OPTIONS | OPT(BY) | OPT(FROM) | OPT(TO), "", NULL, run_margin},
    {"explain", "order:ID|document:TYPE/ID[@SOURCE]|entry:ID|sku:SKU|account:ROLE", "says why a figure is what it is",
     "Leads from a figure to its entries, from an entry to its document, and from a document to the bytes it came as: "
     "what "
     "was decided about it and why, the slices of cost it took, the entries it made, and the deltas that later "
     "documents "
     "posted about it.",
     "tieout explain order:1001\ntieout explain document:refund/R-17@web\ntieout explain entry:1204-1\n"
     "tieout explain sku:MUG\ntieout explain account:inventory_owed",
     COMMON_OPTIONS | OPT(AS_OF) | OPT(LIMIT), "", "subject", run_explain},
    {"policy", "[set KEY=VALUE... --from DATE]", "shows the company's policies, or changes them from a date on",
     "Without words: every policy with its value, its default and its history. With set: the values hold from that "
     "date on, "
     "which must not be closed. How costs are counted (cost_method, cost_scope) cannot change once there are "
     "documents.",
     "tieout policy\ntieout policy set revenue_at=delivery --from 2026-04-01", COMMON_OPTIONS | OPT(FROM) | OPT(NOW),
     "", "set", run_policy},
    {"verify", "", "proves the store: chain, entries, conservation laws, views",
     "Checks the guards in the database itself, recomputes the chain of seals over every row and raw record, rebuilds "
     "every "
     "view from truth and compares key by key, and checks every entry and every law of conservation. Each finding "
     "names "
     "table and key. All companies, unless --company names one. Note the last seal it prints and keep it apart: it "
     "shows "
     "later that nothing was cut off the end.",
     "tieout verify", COMMON_OPTIONS | OPT(DEEP) | OPT(PROGRESS), "5", NULL, run_verify},
    {"rebuild", "", "makes every view again from truth",
     "Drops the views of the company and makes them again, in one transaction. Truth is not touched. Needed only after "
     "damage "
     "to a view, or where a new version says so.",
     "tieout rebuild", COMMON_OPTIONS | OPT(PROGRESS), "", NULL, run_rebuild},
    {"close", "DATE", "closes the books up to and with a date",
     "From then on no entry is dated on or before that date. A document that comes late is posted on the first open "
     "day, "
     "and keeps its own date beside.",
     "tieout close 2026-01-31 --reason 'January is with the accountant'", COMMON_OPTIONS | OPT(REASON) | OPT(NOW), "",
     NULL, run_close},
    {"reopen", "DATE", "opens the books again from a date on",
     "That date and all after it are open again. What was posted meanwhile stays where it is.",
     "tieout reopen 2026-01-01", COMMON_OPTIONS | OPT(REASON) | OPT(NOW), "", NULL, run_reopen},
    {"companies", "", "lists the companies of the store", "Code, currency, time zone, and how far each one's books go.",
     "tieout companies", COMMON_OPTIONS, "", NULL, run_companies},
    {0},
};

const struct command *command_find(const char *name)
{
    for (const struct command *command = commands; command->name != NULL; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}
