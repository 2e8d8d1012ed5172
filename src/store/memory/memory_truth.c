/* memory_truth.c: numbered rows in growing arrays. Scans go by place, so a callback may append. */
#include "store/memory/memory_internal.h"
#include <stdlib.h>

bool memory_last_numbers(struct store *port, uint32_t number, uint64_t *out_seq, uint64_t *out_raw_block,
                         struct seal *out_last_seal, struct err *err)
{
    (void)err;
    const struct memory_company *company = memory_company(memory_of(port), number);
    *out_seq = company ? company->row_count : 0;
    *out_raw_block = company ? company->block_count : 0;
    *out_last_seal = company && company->seal_count ? company->seals[company->seal_count - 1] : (struct seal){0};
    return true;
}

static struct memory_company *company_of_transaction(struct memory_store *store)
{
    must(store->in_transaction);
    return memory_company(store, store->company);
}

/* Puts a copy of `text` at *at and moves on; an absent text stays absent. */
static struct span put_copy(char **at, struct span text)
{
    if (!text.ptr)
        return text;
    char *copy = *at;
    if (text.len > 0)
        memcpy(copy, text.ptr, text.len);
    *at += text.len;
    return (struct span){copy, text.len};
}

static struct span empty_if_absent(struct span bytes) { return bytes.ptr ? bytes : (struct span){"", 0}; }

bool memory_truth_append(struct store *port, const struct truth_row *row, struct err *err)
{
    struct memory_company *company = company_of_transaction(memory_of(port));
    must(row->seq == company->row_count + 1);
    void *rows = company->rows;
    if (!memory_reserve(&rows, &company->row_capacity, company->row_count + 1, sizeof *company->rows, err))
        return false;
    company->rows = rows;
    char *bytes = malloc(row->source.len + row->id.len + row->body.len + 1);
    if (!bytes)
        return memory_fail(err);
    struct memory_row *copy = &company->rows[company->row_count++];
    char *at = bytes;
    *copy = (struct memory_row){*row, bytes};
    copy->row.source = put_copy(&at, row->source);
    copy->row.id = put_copy(&at, row->id);
    copy->row.body = put_copy(&at, empty_if_absent(row->body));
    return true;
}

bool memory_raw_append(struct store *port, const struct raw_block *block, struct err *err)
{
    struct memory_company *company = company_of_transaction(memory_of(port));
    must(block->number == company->block_count + 1);
    void *blocks = company->blocks;
    if (!memory_reserve(&blocks, &company->block_capacity, company->block_count + 1, sizeof *company->blocks, err))
        return false;
    company->blocks = blocks;
    char *bytes = malloc(block->frame.len + 1);
    if (!bytes)
        return memory_fail(err);
    struct memory_block *copy = &company->blocks[company->block_count++];
    char *at = bytes;
    *copy = (struct memory_block){*block, bytes};
    copy->block.frame = put_copy(&at, empty_if_absent(block->frame));
    return true;
}

bool memory_seal_append(struct store *port, const struct seal *seal, struct err *err)
{
    struct memory_company *company = company_of_transaction(memory_of(port));
    must(seal->number == company->seal_count + 1);
    void *seals = company->seals;
    if (!memory_reserve(&seals, &company->seal_capacity, company->seal_count + 1, sizeof *company->seals, err))
        return false;
    company->seals = seals;
    company->seals[company->seal_count++] = *seal;
    return true;
}

void memory_truth_cut(struct memory_company *company, size_t rows, size_t blocks, size_t seals)
{
    while (company->row_count > rows)
        free(company->rows[--company->row_count].bytes);
    while (company->block_count > blocks)
        free(company->blocks[--company->block_count].bytes);
    company->seal_count = seals;
}

bool memory_truth_read(struct store *port, uint32_t number, uint64_t seq, struct arena *arena,
                       struct truth_row *out_row, bool *out_found, struct err *err)
{
    const struct memory_company *company = memory_company(memory_of(port), number);
    *out_found = company && seq >= 1 && seq <= company->row_count;
    if (!*out_found)
        return true;
    struct truth_row row = company->rows[seq - 1].row;
    row.source = arena_copy(arena, row.source);
    row.id = arena_copy(arena, row.id);
    row.body = arena_copy(arena, row.body);
    if (arena_is_exhausted(arena))
        return memory_fail(err);
    *out_row = row;
    return true;
}

bool memory_raw_read(struct store *port, uint32_t number, uint64_t block_number, struct arena *arena,
                     struct raw_block *out_block, bool *out_found, struct err *err)
{
    const struct memory_company *company = memory_company(memory_of(port), number);
    *out_found = company && block_number >= 1 && block_number <= company->block_count;
    if (!*out_found)
        return true;
    struct raw_block block = company->blocks[block_number - 1].block;
    block.frame = arena_copy(arena, block.frame);
    if (arena_is_exhausted(arena))
        return memory_fail(err);
    *out_block = block;
    return true;
}

/* The company is looked up anew at each step: a callback may create one, which moves them. */
bool memory_truth_scan(struct store *port, uint32_t number, uint64_t from, uint64_t to,
                       bool (*each)(void *context, const struct truth_row *row), void *context, struct err *err)
{
    (void)err;
    const struct memory_company *company;
    for (uint64_t seq = from ? from : 1; (company = memory_company(memory_of(port), number)) != NULL; seq++) {
        if (seq > to || seq > company->row_count)
            break;
        struct truth_row row = company->rows[seq - 1].row;
        if (!each(context, &row))
            break;
    }
    return true;
}

bool memory_raw_scan(struct store *port, uint32_t number, uint64_t from, uint64_t to,
                     bool (*each)(void *context, const struct raw_block *block), void *context, struct err *err)
{
    (void)err;
    const struct memory_company *company;
    for (uint64_t at = from ? from : 1; (company = memory_company(memory_of(port), number)) != NULL; at++) {
        if (at > to || at > company->block_count)
            break;
        struct raw_block block = company->blocks[at - 1].block;
        if (!each(context, &block))
            break;
    }
    return true;
}

bool memory_seal_scan(struct store *port, uint32_t number, bool (*each)(void *context, const struct seal *seal),
                      void *context, struct err *err)
{
    (void)err;
    const struct memory_company *company;
    for (size_t i = 0; (company = memory_company(memory_of(port), number)) != NULL; i++) {
        if (i >= company->seal_count)
            break;
        struct seal seal = company->seals[i];
        if (!each(context, &seal))
            break;
    }
    return true;
}
