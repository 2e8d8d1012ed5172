/* fuzz_document_pack.c: any bytes as a packed document. What unpacks must pack to the very same bytes. */
#include "base/must.h"
#include "order/document_fields.h"

enum { ARENA_MAX = 64 * 1024 * 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct span packed = {(const char *)bytes, size};
    struct arena arena = arena_make(ARENA_MAX);
    struct document document;
    if (document_unpack(packed, &arena, &document)) {
        struct buf again = buf_make(ARENA_MAX);
        document_pack(&document, &again);
        must(span_eq(packed, buf_span(&again)));
        buf_done(&again);
    }
    arena_done(&arena);
    return 0;
}
