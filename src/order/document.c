/* document.c: the names of the document types. */
#include "order/document.h"
#include "base/must.h"

static const char *const type_names[DOCUMENT_TYPE_LIMIT] = {
    [DOCUMENT_ITEM] = "item",
    [DOCUMENT_LOCATION] = "location",
    [DOCUMENT_ORDER] = "order",
    [DOCUMENT_PAYMENT] = "payment",
    [DOCUMENT_CANCEL] = "cancel",
    [DOCUMENT_SHIPMENT] = "shipment",
    [DOCUMENT_DELIVERY] = "delivery",
    [DOCUMENT_REFUND] = "refund",
    [DOCUMENT_RETURN] = "return",
    [DOCUMENT_RECEIPT] = "receipt",
    [DOCUMENT_BILL] = "bill",
    [DOCUMENT_LANDED_COST] = "landed_cost",
    [DOCUMENT_COST_CORRECTION] = "cost_correction",
    [DOCUMENT_TRANSFER] = "transfer",
    [DOCUMENT_COUNT] = "count",
    [DOCUMENT_ADJUSTMENT] = "adjustment",
    [DOCUMENT_STATUS_CHANGE] = "status_change",
    [DOCUMENT_ASSEMBLY] = "assembly",
    [DOCUMENT_SUPPLIER_RETURN] = "supplier_return",
    [DOCUMENT_ENTRY] = "entry",
    [DOCUMENT_VOID] = "void",
    [DOCUMENT_RATE] = "rate",
    [DOCUMENT_OPENING] = "opening",
};

bool document_keeps_versions(enum document_type type)
{
    return type == DOCUMENT_ITEM || type == DOCUMENT_LOCATION || type == DOCUMENT_ORDER;
}

const char *document_type_name(enum document_type type)
{
    must(type > DOCUMENT_NONE && type < DOCUMENT_TYPE_LIMIT);
    must(type_names[type] != NULL);
    return type_names[type];
}

enum document_type document_type_find(struct span name)
{
    for (int type = DOCUMENT_NONE + 1; type < DOCUMENT_TYPE_LIMIT; type++) {
        if (type_names[type] != NULL && span_eq(name, span_of(type_names[type]))) {
            return (enum document_type)type;
        }
    }
    return DOCUMENT_NONE;
}
