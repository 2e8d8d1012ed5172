/* dirt.c: lines that are wrong, and documents that refer to what never comes. Each stands once, at its own part of the
 * time the file covers, so that the rest of the file is the same with them and without. */
#include "shop.h"

/* Written with ' for ", and with @ for an instant. */
static const char *const DIRT[] = {
    /* A line cut off in the middle. */
    "{'type':'order','id':'W88001','source':'web','at':'@','channel':'web','lines':[{'id':'1','sku':'MUG-",
    /* A row of another file. */
    "88002;@;MUG-BLU;2;14.50",
    /* No such currency. */
    "{'type':'order','id':'W88003','source':'web','at':'@','currency':'USX','channel':'web',"
    "'lines':[{'id':'1','sku':'MUG-GRN','qty':'1','unit_price':'14.50'}],'total':'14.50'}",
    /* An amount finer than a cent. */
    "{'type':'payment','id':'bt_88004','source':'wholesale','at':'@','order':'WS-4001',"
    "'gateway':'bank-transfer','amount':'120.455'}",
    /* A member named twice. */
    "{'type':'order','id':'W88005','source':'web','at':'@','channel':'web','total':'18.00',"
    "'lines':[{'id':'1','sku':'CND-FIG','qty':'1','unit_price':'18.00'}],'total':'81.00'}",
    /* A return written as a negative sale. */
    "{'type':'order','id':'W88006','source':'web','at':'@','channel':'web',"
    "'lines':[{'id':'1','sku':'NOTE-A5','qty':'-2','unit_price':'14.00'}],'total':'0.00'}",
    /* A total that its lines do not come to. */
    "{'type':'order','id':'W88007','source':'web','at':'@','channel':'web',"
    "'lines':[{'id':'1','sku':'TRAY-ASH','qty':'1','unit_price':'47.00'}],'total':'74.00'}",
    /* No type of that name. */
    "{'type':'newsletter','id':'N-9','source':'web','at':'@','subject':'Winter boxes are back'}",
    /* Nothing in it. */
    "{'type':'receipt','id':'RC-E90001','source':'east','at':'@','location':'east','lines':[]}",
    /* Documents that wait: their order, receipt, item or location is in no file. */
    "{'type':'shipment','id':'SH-E900002','source':'east','at':'@',"
    "'order':{'source':'web','id':'W77001'},'location':'east'}",
    "{'type':'refund','id':'RF-900003','source':'market','at':'@',"
    "'order':'114-5550000-7700002','amount':'24.15'}",
    "{'type':'bill','id':'INV-90004','source':'kiln-row','at':'@','supplier':'kiln-row',"
    "'receipt':'RC-E77003','lines':[{'line':'1','qty':'24','amount':'98.40'}]}",
    "{'type':'receipt','id':'RC-W90005','source':'west','at':'@','supplier':'kiln-row','location':'west',"
    "'lines':[{'sku':'MUG-TAUPE','qty':'24','unit_cost':'4.20'}]}",
    "{'type':'count','id':'CT-90006','source':'annex','at':'@','location':'annex',"
    "'lines':[{'sku':'MUG-WHT','qty':'12'}]}",
};
enum { DIRT_COUNT = sizeof DIRT / sizeof DIRT[0] };

static void write_dirt(struct buf *buf, const char *dirt, int64_t at_us)
{
    char at[28];
    instant_write(at_us / US_PER_SECOND * US_PER_SECOND, at);
    buf_reset(buf);
    for (; *dirt != '\0'; dirt++) {
        if (*dirt == '@') {
            buf_put_span(buf, span_of(at));
        } else {
            buf_put_char(buf, *dirt == '\'' ? '"' : *dirt);
        }
    }
}

void dirt_strew(struct shop *shop)
{
    int64_t length_us = local_instant(shop->end_day, 0) - shop->now_us;
    struct buf buf = buf_make(4096);
    for (int i = 0; i < DIRT_COUNT; i++) {
        int64_t at_us = shop->now_us + length_us / (DIRT_COUNT + 1) * (i + 1);
        write_dirt(&buf, DIRT[i], at_us);
        pile_text(&shop->pile, buf_span(&buf), at_us + US_PER_HOUR);
    }
    buf_done(&buf);
}

void dirt_conflict(struct shop *shop, const struct sale *sale)
{
    struct sale other = *sale;
    struct prng prng = shop->prng;
    other.lines[0].unit_price_micro += 5 * MICRO;
    sale_value(&other);
    sale_write(shop, &other, shop->now_us + 30 * US_PER_HOUR);
    shop->prng = prng; /* as if nothing had been drawn */
}
