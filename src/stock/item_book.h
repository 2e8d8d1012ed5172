/* item_book.h: one item's movements in key order, each with the steps it was decided to be, and the state they add up to.
 *
 * The book's state is a function of the set of its movements: item_book_plan decides a changed set by folding it in key
 * order from the first change on, and hands back the differences. Nothing is changed until item_book_install. In memory
 * a book is either its tail (the last chunk, and the state before it) or whole. */
#ifndef TIEOUT_STOCK_ITEM_BOOK_H
#define TIEOUT_STOCK_ITEM_BOOK_H

#include "stock/item_state.h"

struct book_record {
    struct movement movement;
    struct step *steps;
    size_t step_count;
};
/* A change to the set of movements. */
struct book_edit {
    bool remove;              /* only movement.id is read */
    bool replaces;            /* the book may hold one with this id already */
    struct movement movement; /* put: replaces the one with the same id, if any */
};
enum book_refusal {
    BOOK_OK,
    BOOK_NEEDS_WHOLE,
    BOOK_SHORT,
    BOOK_LOT_NOT_HELD,
    BOOK_PICKS_REQUIRED,
    BOOK_EXCEEDS,
    BOOK_OVERFLOW
};

/* Lines of one accounting date; without SKU where it is the book's own. */
struct day_lines {
    int32_t day;
    struct lines lines;
};
/* What changed for one movement. */
struct book_change {
    movement_id id;
    bool removed, added, moved;      /* moved: frozen part replaced */
    const struct movement *movement; /* as it is now; NULL when removed */
    const struct movement *movement_before;
    const struct step *steps;
    size_t step_count;
    const struct step *steps_before;
    size_t step_count_before;
    struct day_lines *before, *after;
    size_t before_count, after_count;
    int64_t taken_minor; /* value of the units that left or entered with it, now */
};

struct item_book {
    struct arena arena;
    bool average;
    struct book_record *records;
    size_t record_count, record_room;
    size_t first; /* movements before records[0]; a multiple of BOOK_CHUNK, 0 when whole */
    bool whole;
    struct item_state state;     /* after the last record; pools and counters only */
    struct arena state_arena[2]; /* in turns: a new state may borrow names from the one before */
    struct arena middle_arena[2];
    struct item_state
        middle;       /* the same after records[0..middle_at): late movements of one day come one behind the other */
    size_t middle_at; /* SIZE_MAX: none */
    struct span *checkpoints; /* packed state before each chunk in memory */
    size_t checkpoint_count, checkpoint_room;
    bool shortened;       /* records were dropped since it was stored */
    size_t saved;         /* records[0..saved) are stored as they are */
    size_t stored_chunks; /* chunks in the store (to drop those a shorter book no longer has) */
};
struct book_plan {
    struct item_book *book;
    struct arena *arena;
    enum book_refusal refusal;
    movement_id refused; /* which movement said no */
    const struct movement *refused_movement;
    int64_t held_micro; /* SHORT, EXCEEDS: what there was */
    struct book_change *changes;
    size_t change_count;
    /* the new end of the book */
    size_t keep;                 /* records before this place stay */
    struct book_record *records; /* those from `keep` on */
    bool *same;                  /* of each: as it stands in the book already */
    size_t record_count;
    struct item_state state;
    struct item_state middle; /* after the first record that was edited */
    size_t middle_at;
    struct span *checkpoints; /* before each chunk that starts behind `keep` */
    size_t checkpoint_count;
    bool in_place; /* appended directly; nothing can refuse it any more */
};

enum { BOOK_CHUNK = 32 }; /* movements in a sealed chunk: about 3 KB, so that several share a page of the store */

struct item_book *item_book_new(bool average);
struct item_book *item_book_free(struct item_book *book);
/* Decides the set after `edits` (any order; at most one per movement). Results live in `arena`, or in the book where the
 * plan is in place. `careful`: leave the book untouched until item_book_install, whatever the edits (a sibling book may
 * still refuse). BOOK_NEEDS_WHOLE: load it whole and call again. */
struct book_plan item_book_plan(struct item_book *book, const struct book_edit *edits, size_t count, bool careful,
                                struct arena *arena);
/* Whether a plan of these edits would be in place when not careful: such a plan is never refused. */
bool item_book_is_certain(const struct item_book *book, const struct book_edit *edits, size_t count);
/* Makes a plan that was not refused the book's truth. */
void item_book_install(struct book_plan *plan);
/* The same from what truth says was decided: no deciding (rebuild). Anywhere in the book, several at once. Movements of
 * document `fresh` (0: none) are new to the book. False, and nothing changed: load it whole and call again. */
NODISCARD bool item_book_replace(struct item_book *book, const struct book_record *puts, size_t put_count,
                                 const movement_id *removes, size_t remove_count, uint32_t fresh, struct arena *arena);
/* Decides every movement again from the first and compares steps: the movement that differs, or NULL (C-5). */
const struct movement *item_book_check(const struct item_book *book, struct arena *arena);

const struct book_record *item_book_find(const struct item_book *book, movement_id id);
const struct book_record *item_book_find_key(const struct item_book *book, const struct key *key);
/* What there was at the end of `day`, from a whole book: the state right after its last movement; where movements are not
 * queued by date, their sums (by_day.c). */
struct item_state item_book_state_at(const struct item_book *book, int32_t day, struct arena *arena);

struct item_state state_by_day(const struct item_book *book, int32_t day, struct arena *arena);

/* Chunks: chunk n holds movements n × BOOK_CHUNK and on: [packed state before][count][movement, steps]... */
size_t item_book_chunk_count(const struct item_book *book);
void item_book_pack_chunk(const struct item_book *book, size_t chunk, struct buf *out);
/* A book from one chunk's bytes (the last: its tail) or from all of them in order (whole). NULL when ill-formed. */
struct item_book *item_book_from_tail(bool average, size_t chunk, struct span bytes);
struct item_book *item_book_from_chunks(bool average, const struct span *chunks, size_t count);

#endif
