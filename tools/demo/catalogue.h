/* catalogue.h: what the demo merchant sells, whence it comes, where it lies and when people buy. All of it is invented. */
#ifndef TIEOUT_DEMO_CATALOGUE_H
#define TIEOUT_DEMO_CATALOGUE_H

#include <stddef.h>
#include <stdint.h>

enum place { EAST, WEST, DOWNTOWN, PLACE_COUNT };
enum channel { WEB, MARKET, WHOLESALE, CHANNEL_COUNT };
enum supplier { KILN, WAX, ROAST, LEAF, LOOM, GROVE, PRESS, FORGE, JOINER, LUMEN, OURSELVES, SUPPLIER_COUNT };
enum good_kind {
    GOODS,
    EITHER,   /* lies in stock, and is also sent by its supplier */
    DROPSHIP, /* only sent by its supplier */
    DIGITAL,
    SERVICE, /* done by hand, goes with the parcel */
    SUPPLY,  /* goes with the parcel, never valued */
    BUNDLE,
    ASSEMBLED, /* made of others, then lies in stock */
};
enum season { ALL_YEAR, SUMMER, WINTER, GIFTS, SEASON_COUNT };
enum { PARTS_MAX = 4, GOODS_MAX = 80 };

struct part {
    const char *sku; /* NULL: no more parts */
    int qty;
};
struct good {
    const char *sku, *name;
    enum good_kind kind;
    const char *method; /* NULL: the company's */
    enum supplier supplier;
    int price_minor, cost_minor;
    int weight_g, volume_cm3;
    int pull[CHANNEL_COUNT]; /* how much buyers want it, against the others */
    enum season season;
    int per_case;                 /* 0: comes singly; 1: by the metre */
    struct part parts[PARTS_MAX]; /* of a bundle or an assembly */
    struct part later_part;       /* joins a bundle's parts at half time, as its second version */
};
struct supplier_facts {
    const char *code;
    int lead_days;
    const char *carrier; /* who brings it and charges freight apart; NULL: none */
};
struct place_facts {
    const char *code, *name, *kind, *region, *letter;
};
struct channel_facts {
    const char *code, *gateway;
};
/* A tax on sales there, in millionths; the second part may be zero. */
struct tax_place {
    const char *state, *city;
    int state_ppm, city_ppm;
    int on_shipping;
};

extern const struct good GOODS_LIST[];
extern const size_t GOODS_COUNT;
extern const struct supplier_facts SUPPLIERS[SUPPLIER_COUNT];
extern const struct place_facts PLACES[PLACE_COUNT];
extern const struct channel_facts CHANNELS[CHANNEL_COUNT];
extern const struct tax_place TAX_PLACES[];
extern const size_t TAX_PLACE_COUNT;

/* The good of that name, which must be in the list. */
int good_find(const char *sku);
/* How many parts a bundle has in that version (1 or 2), and the part at a place. */
int good_part_count(const struct good *good, int version);
struct part good_part(const struct good *good, int place);
/* How busy an hour of a weekday in a month is, against the others. */
int season_of_hour(int month, int weekday, int hour);
/* How much a good of that season is wanted in a month, in hundredths. */
int season_of_good(enum season season, int month);

#endif
