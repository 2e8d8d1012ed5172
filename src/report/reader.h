/* reader.h: what every answer is read from: one company's truth in its store, and its views as hot state. */
#ifndef TIEOUT_REPORT_READER_H
#define TIEOUT_REPORT_READER_H

#include "port/store.h"
#include "state/company.h"

struct reader {
    struct store *store;
    uint32_t number; /* of the company in its store */
    struct company *company;
};

/* An accounting date that is later than all others: "by now". */
#define AS_OF_NOW INT32_MAX

#endif
