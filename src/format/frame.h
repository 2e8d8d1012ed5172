/* frame.h: raw records packed together: each with its length, then one zstd frame. */
#ifndef TIEOUT_FORMAT_FRAME_H
#define TIEOUT_FORMAT_FRAME_H

#include "base/arena.h"
#include "base/buf.h"

struct frame_packer; /* keeps the compressor's memory */
struct frame_packer *frame_packer_new(void);
struct frame_packer *frame_packer_free(struct frame_packer *packer);
/* Compresses `records` (what frame_record wrote) into `out`; false when memory ran out. */
NODISCARD bool frame_pack(struct frame_packer *packer, struct span records, struct buf *out);
void frame_record(struct buf *records, struct span record);
/* The record at `index` of a frame, in `arena`; false when the frame is damaged or has no such record. */
NODISCARD bool frame_read(struct span frame, uint32_t index, struct arena *arena, struct span *out_record);

#endif
