/* frame.c: see frame.h. */
#include "format/frame.h"

#include <stdlib.h>
#include <zstd.h>

/* A frame holds some tens of records; what claims to be larger is damaged. */
static const size_t frame_bytes_max = (size_t)1 << 30;

struct frame_packer {
    ZSTD_CCtx *context;
};

struct frame_packer *frame_packer_new(void)
{
    struct frame_packer *packer = calloc(1, sizeof *packer);
    if (packer != NULL)
        packer->context = ZSTD_createCCtx();
    must(packer != NULL && packer->context != NULL);
    return packer;
}

struct frame_packer *frame_packer_free(struct frame_packer *packer)
{
    if (packer != NULL) {
        ZSTD_freeCCtx(packer->context);
        free(packer);
    }
    return NULL;
}

void frame_record(struct buf *records, struct span record) { buf_put_bytes(records, record); }

bool frame_pack(struct frame_packer *packer, struct span records, struct buf *out)
{
    size_t room = ZSTD_compressBound(records.len);
    char *bytes = malloc(room);
    if (bytes == NULL)
        return false;
    size_t len = ZSTD_compressCCtx(packer->context, bytes, room, records.ptr, records.len, 1);
    bool good = !ZSTD_isError(len);
    if (good)
        buf_put(out, bytes, len);
    free(bytes);
    return good && !out->failed;
}

bool frame_read(struct span frame, uint32_t index, struct arena *arena, struct span *out_record)
{
    unsigned long long size = ZSTD_getFrameContentSize(frame.ptr, frame.len);
    if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size > frame_bytes_max)
        return false;
    char *bytes = arena_alloc(arena, (size_t)size + 1);
    if (bytes == NULL || ZSTD_decompress(bytes, (size_t)size, frame.ptr, frame.len) != size)
        return false;
    struct cursor cursor = cursor_of((struct span){bytes, (size_t)size});
    struct span record = {NULL, 0};
    for (uint32_t i = 0; i <= index && !cursor.bad; i++)
        record = cursor_bytes(&cursor);
    if (cursor.bad)
        return false;
    *out_record = record;
    return true;
}
