/* fuzz_document_json.c: any bytes as one JSON line. What is read must survive both ways out and back: the packed form and
 * the JSON. What is refused must be refused with a name and a sentence. */
#include "base/must.h"
#include "format/document_json.h"
#include "order/document_fields.h"

enum { ARENA_MAX = 64 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static struct json_parser *parser;
static struct arena arena, second_arena;
static struct buf packed, repacked, json;

static void set_up(void)
{
    parser = json_parser_new();
    must(parser != NULL);
    arena = arena_make(ARENA_MAX);
    second_arena = arena_make(ARENA_MAX);
    packed = buf_make(ARENA_MAX);
    repacked = buf_make(ARENA_MAX);
    json = buf_make(ARENA_MAX);
}

static void pack(const struct document *document, struct buf *out)
{
    buf_reset(out);
    document_pack(document, out);
    must(!out->failed);
}

static void check_document(const struct document *document)
{
    struct document again;
    pack(document, &packed);
    must(document_unpack(buf_span(&packed), &second_arena, &again));
    pack(&again, &repacked);
    must(span_eq(buf_span(&packed), buf_span(&repacked)));

    struct document_problem problem;
    buf_reset(&json);
    document_write_json(&again, &json);
    must(!json.failed);
    must(document_read_json(parser, buf_span(&json), again.money, SPAN("other"), &second_arena, &again, &problem));
    pack(&again, &repacked);
    must(span_eq(buf_span(&packed), buf_span(&repacked)));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (parser == NULL) {
        set_up();
    }
    arena_reset(&arena);
    arena_reset(&second_arena);
    struct document document;
    struct document_problem problem;
    struct span line = {(const char *)bytes, size};
    if (document_read_json(parser, line, currency_find(SPAN("USD")), SPAN("file"), &arena, &document, &problem)) {
        must(problem.refusal == REFUSAL_NONE);
        check_document(&document);
    } else {
        must(problem.refusal != REFUSAL_NONE && problem.detail.len > 0);
    }
    return 0;
}
