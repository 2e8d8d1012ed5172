/* shelves.c: what lies where, as the merchant believes. */
#include "shop.h"

#include "base/must.h"

bool good_is_stocked(const struct good *good)
{
    return good->kind == GOODS || good->kind == EITHER || good->kind == ASSEMBLED;
}

int64_t line_factor(const struct sale_line *line) { return line->in_cases ? GOODS_LIST[line->good].per_case : 1; }

static bool holds(struct shop *shop, int good, enum place place, int64_t qty)
{
    return !good_is_stocked(&GOODS_LIST[good]) || shelf_sellable(shelf_of(shop, good, place)) >= qty;
}

static void take(struct shop *shop, int good, enum place place, int64_t qty)
{
    if (good_is_stocked(&GOODS_LIST[good])) {
        struct shelf *shelf = shelf_of(shop, good, place);
        shelf->on_hand -= qty;
        shelf->used_today += qty;
    }
}

bool shelf_holds(struct shop *shop, const struct sale_line *line, enum place place, int64_t qty)
{
    const struct good *good = &GOODS_LIST[line->good];
    if (good->kind != BUNDLE) {
        return holds(shop, line->good, place, qty * line_factor(line));
    }
    for (int i = 0; i < good_part_count(good, line->bundle_version); i++) {
        struct part part = good_part(good, i);
        if (!holds(shop, good_find(part.sku), place, qty * part.qty)) {
            return false;
        }
    }
    return true;
}

void shelf_take(struct shop *shop, const struct sale_line *line, enum place place, int64_t qty)
{
    const struct good *good = &GOODS_LIST[line->good];
    if (good->kind != BUNDLE) {
        take(shop, line->good, place, qty * line_factor(line));
        return;
    }
    for (int i = 0; i < good_part_count(good, line->bundle_version); i++) {
        struct part part = good_part(good, i);
        take(shop, good_find(part.sku), place, qty * part.qty);
    }
}
