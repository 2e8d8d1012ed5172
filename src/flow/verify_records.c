/* verify_records.c: reads every raw record again and compares it with the document that truth keeps of it. Where the two
 * differ, a third copy says which of them is wrong: the hash of the document that the views keep. Settings and locks came
 * from no record: they are compared with the views alone. */
#include "flow/store_views.h"
#include "flow/verify_internal.h"
#include "format/document_json.h"
#include "format/frame.h"

struct records_walk {
    struct verify *verify;
    struct company *company; /* over the stored views */
    struct json_parser *parser;
    struct arena arena;       /* one row */
    struct arena block_arena; /* the raw block in hand */
    struct raw_block block;
    uint64_t blamed_block;
    uint64_t lock_seq; /* the last row that moved the lock */
    int32_t lock_day;
    bool failed;
};

static bool block_load(struct records_walk *walk, uint64_t number, bool *out_found)
{
    struct verify *verify = walk->verify;
    *out_found = walk->block.number == number;
    if (*out_found)
        return true;
    arena_reset(&walk->block_arena);
    walk->block = (struct raw_block){0};
    return verify->store->ops->raw_read(verify->store, verify->company, number, &walk->block_arena, &walk->block,
                                        out_found, verify->err);
}

/* What the views keep of the row's version: whether its document hashes to the same. */
static bool views_agree(struct records_walk *walk, const struct ruling *ruling, bool *out_agree)
{
    struct document_record record;
    bool found = false;
    *out_agree = false;
    if (!company_document(walk->company, ruling->document, &walk->arena, &record, &found, walk->verify->err))
        return false;
    if (!found || (int)record.type != ruling->row.type || !span_eq(record.id, ruling->row.id) ||
        !span_eq(record.source, ruling->row.source))
        return true;
    uint64_t content = ruling->packed.len ? hash64_of(ruling->packed) : 0;
    for (size_t i = 0; i < record.version_count; i++)
        *out_agree |= record.versions[i].version == ruling->row.version && record.versions[i].content == content;
    return true;
}

static bool blame(struct records_walk *walk, const struct ruling *ruling)
{
    bool agree = false;
    const struct truth_row *row = &ruling->row;
    if (!views_agree(walk, ruling, &agree))
        return false;
    if (!agree) {
        verify_find_row(walk->verify, "records", "truth", row->seq,
                        "it keeps another document than raw block %llu holds for it, and the views knew",
                        (unsigned long long)row->raw_block);
        return true;
    }
    if (walk->blamed_block != row->raw_block)
        verify_find_row(walk->verify, "records", "raw", row->raw_block,
                        "record %u in it is not the document that truth %llu was decided on", row->raw_index,
                        (unsigned long long)row->seq);
    walk->blamed_block = row->raw_block;
    return true;
}

/* A record that was no document is named by its own hash. */
static bool is_same_record(const struct truth_row *row, struct span record)
{
    char hex[65];
    return row->id.len > 16 && memcmp(hash_write(hash_of(record), hex), row->id.ptr, 16) == 0;
}

static bool is_same_document(struct records_walk *walk, const struct ruling *ruling, struct span record)
{
    struct document *document = ARENA_NEW(&walk->arena, struct document);
    struct document_problem problem = {0};
    must(document != NULL);
    if (!document_read_json(walk->parser, record, walk->company->money, ruling->row.source, &walk->arena, document,
                            &problem))
        return false;
    struct buf packed = buf_make((size_t)256 << 20);
    document_pack(document, &packed);
    bool same = !packed.failed && span_eq(buf_span(&packed), ruling->packed);
    buf_done(&packed);
    return same;
}

/* The view keeps each setting under its row's number, as day, key, value. */
static bool setting_look(struct records_walk *walk, const struct truth_row *row)
{
    struct verify *verify = walk->verify;
    struct ruling ruling;
    struct span value;
    bool found = false;
    struct buf key = buf_make(16), should = buf_make(1 << 16);
    if (!ruling_unpack(row, &walk->arena, &ruling))
        return true;
    buf_put_u64_be(&key, row->seq ^ (UINT64_C(1) << 63));
    buf_put_signed(&should, row->day);
    buf_put_bytes(&should, ruling.key);
    buf_put_bytes(&should, ruling.value);
    bool good = verify->store->ops->view_get(verify->store, verify->company, VIEW_POLICY, buf_span(&key), &walk->arena,
                                             &value, &found, verify->err);
    if (good && (!found || !span_eq(value, buf_span(&should))))
        verify_find_row(verify, "records", "truth", row->seq, "it sets something else than the views knew");
    buf_done(&key);
    buf_done(&should);
    return good;
}

static bool lock_look(struct records_walk *walk)
{
    if (walk->lock_seq != 0 && walk->lock_day != walk->company->lock_day)
        verify_find_row(walk->verify, "records", "truth", walk->lock_seq,
                        "it puts the lock elsewhere than the views knew");
    return true;
}

static bool row_look(struct records_walk *walk, const struct truth_row *row)
{
    struct ruling ruling;
    struct span record;
    bool found = false;
    arena_reset(&walk->arena);
    if (row->kind == TRUTH_POLICY)
        return setting_look(walk, row);
    if (row->kind == TRUTH_PERIOD) {
        walk->lock_seq = row->seq;
        walk->lock_day = row->day;
    }
    if (row->raw_block == 0 || !ruling_unpack(row, &walk->arena, &ruling))
        return true;
    bool set_aside = row->kind == TRUTH_SET_ASIDE;
    if (!set_aside && ruling.packed.len == 0)
        return true;
    if (!block_load(walk, row->raw_block, &found))
        return false;
    if (found && row->raw_index >= walk->block.count) {
        verify_find_row(walk->verify, "records", "truth", row->seq,
                        "it names record %u of raw block %llu, which has %u", row->raw_index,
                        (unsigned long long)row->raw_block, walk->block.count);
        return true;
    }
    if (!found || !frame_read(walk->block.frame, row->raw_index, &walk->arena, &record))
        return true; /* the chain has said so */
    return (set_aside ? is_same_record(row, record) : is_same_document(walk, &ruling, record)) || blame(walk, &ruling);
}

static bool row_each(void *context, const struct truth_row *row)
{
    struct records_walk *walk = context;
    walk->failed = !row_look(walk, row);
    if (row->seq % 1024 == 0)
        verify_tell(walk->verify, "raw records", row->seq, walk->verify->last_seq);
    return !walk->failed;
}

bool verify_records(struct verify *verify)
{
    struct store_views wiring = store_views_reader(verify->store, verify->company);
    struct err err = {0};
    struct records_walk walk = {.verify = verify,
                                .company = company_open(store_views_wire(&wiring), verify->options->zone_bytes, &err)};
    /* Views that cannot be opened cannot be asked: then what is decided again has to do. */
    if (walk.company == NULL || !walk.company->born) {
        company_close(walk.company);
        return true;
    }
    walk.parser = json_parser_new();
    walk.arena = arena_make((size_t)4 << 30);
    walk.block_arena = arena_make((size_t)4 << 30);
    bool good = verify->store->ops->truth_scan(verify->store, verify->company, 1, verify->last_seq, row_each, &walk,
                                               verify->err) &&
                !walk.failed && lock_look(&walk);
    json_parser_free(walk.parser);
    arena_done(&walk.arena);
    arena_done(&walk.block_arena);
    company_close(walk.company);
    return good;
}
