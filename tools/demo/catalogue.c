/* catalogue.c: the tables. */
#include "catalogue.h"

#include "base/must.h"
#include <string.h>

const struct supplier_facts SUPPLIERS[SUPPLIER_COUNT] = {
    [KILN] = {"kiln-row", 14, "bluegate-freight"},
    [WAX] = {"tallow-wick", 7, NULL},
    [ROAST] = {"northbean", 5, NULL},
    [LEAF] = {"leafhold", 12, "bluegate-freight"},
    [LOOM] = {"weft-mill", 15, "bluegate-freight"},
    [GROVE] = {"grovewright", 11, NULL},
    [PRESS] = {"platen-press", 8, NULL},
    [FORGE] = {"anvil-house", 18, "bluegate-freight"},
    [JOINER] = {"fen-joinery", 9, NULL},
    [LUMEN] = {"lumenfold", 12, NULL},
    [OURSELVES] = {"ourselves", 1, NULL},
};

const struct place_facts PLACES[PLACE_COUNT] = {
    [EAST] = {"east", "East warehouse", "warehouse", "US-NJ", "E"},
    [WEST] = {"west", "West warehouse", "warehouse", "US-NV", "W"},
    [DOWNTOWN] = {"downtown", "Shop downtown", "shop", "US-NY", "D"},
};

const struct channel_facts CHANNELS[CHANNEL_COUNT] = {
    [WEB] = {"web", "card"},
    [MARKET] = {"market", "market-pay"},
    [WHOLESALE] = {"wholesale", "bank-transfer"},
};

const struct tax_place TAX_PLACES[] = {
    {"US-NY", "US-NY-NYC", 40000, 48750, 1},
    {"US-NJ", NULL, 66250, 0, 0},
    {"US-CA", "US-CA-LA", 72500, 22500, 0},
    {"US-TX", "US-TX-AUS", 62500, 20000, 1},
    {"US-WA", "US-WA-SEA", 65000, 38500, 1},
    {"US-PA", NULL, 60000, 0, 1},
    {"US-OR", NULL, 0, 0, 0},
};
const size_t TAX_PLACE_COUNT = sizeof TAX_PLACES / sizeof TAX_PLACES[0];

/* clang-format off */
#define PULL(web, market, wholesale) {[WEB] = web, [MARKET] = market, [WHOLESALE] = wholesale}
const struct good GOODS_LIST[] = {
    /* SKU          name                               kind    method     supplier price   cost  g    cm3     pull              season   case */
    {"MUG-BLU",     "Stoneware mug, blue",             GOODS, NULL,       KILN,   1450,   410,  380,   900, PULL(34, 28, 30), ALL_YEAR, 12, {{0}}, {0}},
    {"MUG-GRN",     "Stoneware mug, green",            GOODS, NULL,       KILN,   1450,   410,  380,   900, PULL(26, 20, 24), ALL_YEAR, 12, {{0}}, {0}},
    {"MUG-WHT",     "Stoneware mug, white",            GOODS, NULL,       KILN,   1350,   385,  380,   900, PULL(30, 26, 36), ALL_YEAR, 12, {{0}}, {0}},
    {"MUG-SPK",     "Stoneware mug, speckled",         GOODS, NULL,       KILN,   1650,   470,  390,   900, PULL(22, 12, 14), ALL_YEAR, 12, {{0}}, {0}},
    {"CUP-ESP",     "Espresso cup",                    GOODS, NULL,       KILN,    950,   262,  150,   300, PULL(18, 10, 16), ALL_YEAR, 12, {{0}}, {0}},
    {"BOWL-S",      "Bowl, small",                     GOODS, NULL,       KILN,   1250,   345,  310,   800, PULL(16, 12, 18), ALL_YEAR, 12, {{0}}, {0}},
    {"BOWL-L",      "Bowl, large",                     GOODS, NULL,       KILN,   2850,   820,  920,  2600, PULL(11,  6,  6), ALL_YEAR,  0, {{0}}, {0}},
    {"PLATE-D",     "Dinner plate",                    GOODS, NULL,       KILN,   1950,   560,  640,  1200, PULL(14,  6, 10), ALL_YEAR, 12, {{0}}, {0}},
    {"TEAPOT-1L",   "Teapot, one litre",               GOODS, NULL,       KILN,   4400,  1310,  980,  3900, PULL(10,  8,  4), ALL_YEAR,  0, {{0}}, {0}},
    {"VASE-T",      "Vase, tall",                      GOODS, NULL,       KILN,   3600,  1040, 1100,  3200, PULL( 8,  4,  3), SUMMER,    0, {{0}}, {0}},
    {"CND-CEDAR",   "Candle, cedar",                   GOODS, NULL,       WAX,    1800,   495,  320,   500, PULL(24, 26, 20), ALL_YEAR, 12, {{0}}, {0}},
    {"CND-FIG",     "Candle, fig",                     GOODS, NULL,       WAX,    1800,   495,  320,   500, PULL(20, 18, 16), ALL_YEAR, 12, {{0}}, {0}},
    {"CND-LINEN",   "Candle, clean linen",             GOODS, NULL,       WAX,    1800,   495,  320,   500, PULL(14, 14, 12), SUMMER,   12, {{0}}, {0}},
    {"CND-PINE",    "Candle, winter pine",             GOODS, NULL,       WAX,    1800,   495,  320,   500, PULL(18, 18, 14), WINTER,   12, {{0}}, {0}},
    {"TEALIGHT-24", "Tea lights, box of 24",           GOODS, NULL,       WAX,     900,   212,  300,   700, PULL(14, 16, 22), WINTER,   12, {{0}}, {0}},
    {"COF-HOUSE",   "House coffee, 250 g",             GOODS, "average",  ROAST,  1495,   570,  265,   900, PULL(40, 16, 22), ALL_YEAR, 12, {{0}}, {0}},
    {"COF-DARK",    "Dark coffee, 250 g",              GOODS, "average",  ROAST,  1495,   575,  265,   900, PULL(30, 12, 16), ALL_YEAR, 12, {{0}}, {0}},
    {"COF-DECAF",   "Decaffeinated coffee, 250 g",     GOODS, "average",  ROAST,  1595,   640,  265,   900, PULL(12,  4,  6), ALL_YEAR, 12, {{0}}, {0}},
    {"COCOA-200",   "Drinking cocoa, 200 g",           GOODS, "average",  ROAST,  1150,   420,  220,   700, PULL(16,  8, 10), WINTER,   12, {{0}}, {0}},
    {"TEA-EARL",    "Earl Grey tea, 100 g",            GOODS, "average",  LEAF,   1100,   338,  130,   600, PULL(20, 12, 14), ALL_YEAR, 12, {{0}}, {0}},
    {"TEA-MINT",    "Mint tea, 80 g",                  GOODS, "average",  LEAF,   1050,   312,  110,   600, PULL(14,  8,  9), SUMMER,   12, {{0}}, {0}},
    {"TEA-ROOI",    "Rooibos, 100 g",                  GOODS, "average",  LEAF,   1050,   305,  130,   600, PULL(11,  6,  7), ALL_YEAR, 12, {{0}}, {0}},
    {"TEA-CHAI",    "Spiced tea, 100 g",               GOODS, "average",  LEAF,   1150,   351,  130,   600, PULL(12,  8,  8), WINTER,   12, {{0}}, {0}},
    {"TOWEL-STR",   "Tea towel, striped",              GOODS, NULL,       LOOM,   1650,   482,  120,   400, PULL(18, 14, 18), ALL_YEAR, 12, {{0}}, {0}},
    {"TOWEL-NAT",   "Tea towel, natural",              GOODS, NULL,       LOOM,   1550,   455,  120,   400, PULL(14, 10, 14), ALL_YEAR, 12, {{0}}, {0}},
    {"APRON-IND",   "Apron, indigo",                   GOODS, NULL,       LOOM,   3800,  1190,  340,  1300, PULL(11,  8,  5), ALL_YEAR,  0, {{0}}, {0}},
    {"NAPKIN-4",    "Napkins, set of four",            GOODS, NULL,       LOOM,   2400,   690,  180,   500, PULL(10,  6,  8), GIFTS,     0, {{0}}, {0}},
    {"THROW-WOL",   "Wool throw",                      GOODS, NULL,       LOOM,   8900,  3150, 1250,  6500, PULL( 7,  5,  2), WINTER,    0, {{0}}, {0}},
    {"LINEN-M",     "Linen by the metre",              GOODS, NULL,       LOOM,   1390,   524,  260,   500, PULL( 9,  0,  0), ALL_YEAR,  1, {{0}}, {0}},
    {"BOARD-OAK",   "Cutting board, oak",              GOODS, NULL,       GROVE,  5400,  1780, 1400,  2400, PULL(11,  8,  4), GIFTS,     0, {{0}}, {0}},
    {"BOARD-WAL",   "Cutting board, walnut",           GOODS, NULL,       GROVE,  6800,  2350, 1450,  2400, PULL( 7,  5,  2), GIFTS,     0, {{0}}, {0}},
    {"SPOON-3",     "Wooden spoons, set of three",     GOODS, NULL,       GROVE,  1900,   541,  160,   700, PULL(15, 12, 12), ALL_YEAR, 12, {{0}}, {0}},
    {"TRAY-ASH",    "Serving tray, ash",               GOODS, NULL,       GROVE,  4700,  1490, 1050,  4200, PULL( 7,  4,  3), GIFTS,     0, {{0}}, {0}},
    {"COASTER-4",   "Coasters, set of four",           GOODS, NULL,       GROVE,  1600,   430,  180,   400, PULL(12, 12, 10), ALL_YEAR, 12, {{0}}, {0}},
    {"NOTE-A5",     "Notebook, A5",                    GOODS, NULL,       PRESS,  1400,   362,  310,   500, PULL(18, 18, 18), ALL_YEAR, 12, {{0}}, {0}},
    {"NOTE-A6",     "Notebook, A6",                    GOODS, NULL,       PRESS,   950,   240,  170,   250, PULL(14, 14, 16), ALL_YEAR, 12, {{0}}, {0}},
    {"CARD-10",     "Note cards, ten",                 GOODS, NULL,       PRESS,  1200,   268,  150,   350, PULL(10, 10, 14), GIFTS,    12, {{0}}, {0}},
    {"CAL-WALL",    "Wall calendar, next year",        GOODS, NULL,       PRESS,  1800,   480,  420,   600, PULL(16, 14, 16), WINTER,   12, {{0}}, {0}},
    {"WRAP-3",      "Wrapping paper, three rolls",     GOODS, NULL,       PRESS,  1100,   262,  380,  1800, PULL( 9,  8, 12), WINTER,   12, {{0}}, {0}},
    {"PENCIL-6",    "Pencils, six",                    GOODS, NULL,       PRESS,   800,   190,   60,   100, PULL(10, 12, 14), ALL_YEAR, 12, {{0}}, {0}},
    {"KETTLE-09",   "Kettle, 0.9 litre",               GOODS, NULL,       FORGE,  6900,  2680, 1100,  5200, PULL( 9, 10,  3), ALL_YEAR,  0, {{0}}, {0}},
    {"GRIND-H",     "Hand grinder",                    GOODS, NULL,       FORGE,  5900,  2240,  620,  1400, PULL(10, 10,  3), GIFTS,     0, {{0}}, {0}},
    {"DRIP-V",      "Coffee dripper",                  GOODS, NULL,       FORGE,  2600,   790,  240,  1300, PULL(14, 12,  6), ALL_YEAR,  0, {{0}}, {0}},
    {"SCALE-2K",    "Kitchen scale",                   GOODS, NULL,       FORGE,  3900,  1430,  450,  1100, PULL( 8,  9,  3), ALL_YEAR,  0, {{0}}, {0}},
    {"FILTER-100",  "Paper filters, hundred",          GOODS, "standard", FORGE,   750,   165,  140,   900, PULL(24, 20, 20), ALL_YEAR, 12, {{0}}, {0}},
    {"TIN-TEA",     "Tea tin",                         GOODS, NULL,       FORGE,  1300,   352,  150,   900, PULL(12,  8, 10), ALL_YEAR, 12, {{0}}, {0}},
    {"PRESS-06",    "Coffee press, 0.6 litre",         GOODS, NULL,       FORGE,  4800,  1760,  700,  3000, PULL( 9,  9,  3), GIFTS,     0, {{0}}, {0}},
    {"WHISK-B",     "Bamboo whisk",                    GOODS, NULL,       FORGE,  1200,   304,   40,   400, PULL( 7,  9,  5), ALL_YEAR, 12, {{0}}, {0}},
    {"FLASK-05",    "Flask, half a litre",             GOODS, NULL,       FORGE,  2900,   955,  330,  1200, PULL(11, 14,  7), SUMMER,    0, {{0}}, {0}},
    {"LAMP-CLIP",   "Clip lamp",                       EITHER, NULL,      LUMEN,  6900,  3300,  900,  4800, PULL( 6,  5,  0), ALL_YEAR,  0, {{0}}, {0}},
    {"LAMP-ARC",    "Arc lamp",                        EITHER, NULL,      LUMEN, 15900,  8900, 4200, 22000, PULL( 4,  3,  0), ALL_YEAR,  0, {{0}}, {0}},
    {"STOOL-BCH",   "Stool, beech",                    EITHER, NULL,      JOINER,12900,  7100, 3900, 30000, PULL( 4,  2,  0), ALL_YEAR,  0, {{0}}, {0}},
    {"BENCH-OAK",   "Hall bench, oak",                 DROPSHIP, NULL,    JOINER,34900, 21800,14500, 90000, PULL( 3,  1,  0), ALL_YEAR,  0, {{0}}, {0}},
    {"SHELF-3",     "Shelf, three boards",             DROPSHIP, NULL,    JOINER,18900, 11600, 9800, 60000, PULL( 4,  2,  0), ALL_YEAR,  0, {{0}}, {0}},
    {"TABLE-S",     "Side table",                      DROPSHIP, NULL,    JOINER,22900, 14100, 7600, 70000, PULL( 3,  2,  0), ALL_YEAR,  0, {{0}}, {0}},
    {"EBOOK-BREW",  "Brewing at home, e-book",         DIGITAL, NULL,     OURSELVES,900,    0,    0,     0, PULL( 6,  0,  0), GIFTS,     0, {{0}}, {0}},
    {"SVC-WRAP",    "Gift wrapping",                   SERVICE, NULL,     OURSELVES,400,    0,    0,     0, PULL( 9,  0,  0), WINTER,    0, {{0}}, {0}},
    {"INSERT-CARD", "Thank-you card in the parcel",    SUPPLY, NULL,      OURSELVES,  0,    0,    5,    10, PULL( 0,  0,  0), ALL_YEAR,  0, {{0}}, {0}},
    {"SET-COFFEE",  "Coffee morning: coffee, two mugs", BUNDLE, NULL,     OURSELVES,3900,   0,    0,     0, PULL(14, 12,  0), GIFTS,     0,
     {{"COF-HOUSE", 1}, {"MUG-BLU", 2}}, {"FILTER-100", 1}},
    {"SET-TEA",     "Afternoon: teapot, two teas",     BUNDLE, NULL,      OURSELVES,5900,   0,    0,     0, PULL( 8,  6,  0), GIFTS,     0,
     {{"TEAPOT-1L", 1}, {"TEA-EARL", 2}}, {0}},
    {"SET-BOARD",   "Kitchen: board, spoons, towels",  BUNDLE, NULL,      OURSELVES,9800,   0,    0,     0, PULL( 5,  4,  0), GIFTS,     0,
     {{"BOARD-OAK", 1}, {"SPOON-3", 1}, {"TOWEL-STR", 2}}, {0}},
    {"GIFT-WINTER", "Winter box",                      ASSEMBLED, NULL,   OURSELVES,5600,1700, 1500,  5000, PULL(12, 12,  0), WINTER,    0,
     {{"CND-PINE", 1}, {"COCOA-200", 1}, {"MUG-WHT", 2}}, {0}},
    {"GIFT-DESK",   "Desk box",                        ASSEMBLED, NULL,   OURSELVES,2900, 850,  550,  1500, PULL( 7,  6,  0), ALL_YEAR,  0,
     {{"NOTE-A5", 1}, {"PENCIL-6", 1}, {"CARD-10", 1}}, {0}},
};
/* clang-format on */
const size_t GOODS_COUNT = sizeof GOODS_LIST / sizeof GOODS_LIST[0];
_Static_assert(sizeof GOODS_LIST / sizeof GOODS_LIST[0] <= GOODS_MAX, "room for every good");

int good_find(const char *sku)
{
    for (size_t i = 0; i < GOODS_COUNT; i++) {
        if (strcmp(GOODS_LIST[i].sku, sku) == 0) {
            return (int)i;
        }
    }
    must(!"a good of the list");
    return -1;
}

int good_part_count(const struct good *good, int version)
{
    int count = 0;
    while (count < PARTS_MAX && good->parts[count].sku != NULL) {
        count++;
    }
    return count + (version > 1 && good->later_part.sku != NULL);
}

struct part good_part(const struct good *good, int place)
{
    must(place < PARTS_MAX);
    return good->parts[place].sku != NULL ? good->parts[place] : good->later_part;
}

int season_of_hour(int month, int weekday, int hour)
{
    static const int MONTHS[12] = {78, 80, 86, 88, 96, 88, 80, 84, 94, 104, 152, 186};
    static const int WEEKDAYS[7] = {112, 108, 100, 96, 98, 92, 88};
    static const int HOURS[24] = {18, 10, 6,  4,  4,  7,  16, 32, 52,  68, 76, 80,
                                  84, 78, 72, 70, 72, 76, 84, 96, 104, 98, 70, 38};
    return MONTHS[month - 1] * WEEKDAYS[weekday] * HOURS[hour];
}

int season_of_good(enum season season, int month)
{
    static const int FACTORS[SEASON_COUNT][12] = {
        [ALL_YEAR] = {100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100},
        [SUMMER] = {40, 50, 80, 110, 150, 180, 190, 170, 110, 70, 50, 40},
        [WINTER] = {110, 70, 40, 20, 10, 6, 6, 14, 60, 130, 220, 260},
        [GIFTS] = {60, 110, 80, 90, 130, 90, 70, 70, 80, 100, 180, 240},
    };
    return FACTORS[season][month - 1];
}
