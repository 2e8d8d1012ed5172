/* refusal.h: every named rule that can say no, make a document wait, or set it aside, in one list. Help, docs and JSON
 * are made from it: name, what happened, the way out. Values are stored: append only. */
#ifndef TIEOUT_ORDER_REFUSAL_H
#define TIEOUT_ORDER_REFUSAL_H

/*        NAME, value, "json_name", "what happened", "the way out" */
#define REFUSALS(ROW)                                                                                                \
    ROW(MALFORMED, 1, "malformed", "the line is not a well-formed JSON object",                                      \
        "fix the line and import the file again")                                                                    \
    ROW(BAD_ENCODING, 2, "bad_encoding", "the text is not UTF-8", "convert the file to UTF-8 and import it again")   \
    ROW(DUPLICATE_KEY, 3, "duplicate_key", "an object names a member twice", "keep one of the two and import again") \
    ROW(UNKNOWN_TYPE, 4, "unknown_type", "no document has this type", "see docs/formats/documents.md for the types") \
    ROW(MISSING_FIELD, 5, "missing_field", "a required member is missing", "add it and import again")                \
    ROW(BAD_VALUE, 6, "bad_value", "a member's value has the wrong form",                                            \
        "see the type's JSON Schema in docs/formats")                                                                \
    ROW(AMOUNT_TOO_FINE, 7, "amount_too_fine", "an amount is finer than its currency",                               \
        "round it where it comes from, or state a rounding in a mapping")                                            \
    ROW(OVERFLOW, 8, "overflow", "an amount or quantity is too large to keep exactly",                               \
        "check the number; split the document if it is real")                                                        \
    ROW(UNKNOWN_CURRENCY, 9, "unknown_currency", "no such ISO 4217 currency", "use a three-letter code such as USD") \
    ROW(SAME_VERSION_OTHER_CONTENT, 10, "same_version_other_content",                                                \
        "this id and version is known with other content", "raise `version` if it really changed")                   \
    ROW(EXCEEDS_ORDERED, 11, "exceeds_ordered", "more than was ordered", "send a new version of the order first")    \
    ROW(NEGATIVE_NOT_ALLOWED, 12, "negative_not_allowed", "a quantity or amount that must be positive is not",       \
        "state it as a positive number")                                                                             \
    ROW(LINE_UNKNOWN, 13, "line_unknown", "the document referred to has no such line", "name one of its lines")      \
    ROW(LINE_AMBIGUOUS, 14, "line_ambiguous", "the SKU stands on several lines of the document referred to",         \
        "name the line by its id")                                                                                   \
    ROW(UOM_UNKNOWN, 15, "uom_unknown", "the item has no such unit of measure", "add it to the item's uoms")         \
    ROW(TOTAL_DIFFERS, 16, "total_differs", "lines and total differ by more than the rounding limit",                \
        "correct the order, or raise rounding_limit")                                                                \
    ROW(SHORT, 17, "short", "more would leave than is held", "receive it first, or set shortage to owed")            \
    ROW(LOT_NOT_HELD, 18, "lot_not_held", "the lot or receipt picked does not hold that much",                       \
        "pick a lot that is held")                                                                                   \
    ROW(PICKS_REQUIRED, 19, "picks_required", "an item costed by specific lot needs picks",                          \
        "name receipt or lot and quantity")                                                                          \
    ROW(CONTROL_ACCOUNT, 20, "control_account", "a person's entry may not touch this account",                       \
        "use the document that moves it, or name the open item")                                                     \
    ROW(ENTRY_UNBALANCED, 21, "entry_unbalanced", "the lines do not sum to zero", "correct the amounts")             \
    ROW(UNKNOWN_ROLE, 22, "unknown_role", "no account has this role", "see docs/formats/roles.md")                   \
    ROW(WOULD_BREAK_LATER, 23, "would_break_later", "an accepted later document would become impossible",            \
        "void that document first")                                                                                  \
    ROW(REFERRED_TO, 24, "referred_to", "another document refers to it", "void that one first")                      \
    ROW(NOT_VOIDABLE, 25, "not_voidable", "documents of this type are not voided",                                   \
        "send a new version, or a correcting document")                                                              \
    ROW(SHIPPED_UNITS, 26, "shipped_units", "shipped units cannot be cancelled", "send a return instead")            \
    ROW(FRAMEWORK, 27, "framework", "the accounting framework does not allow it", "see docs/formats/policies.md")    \
    ROW(EMPTY, 28, "empty", "the document changes nothing", "leave it out")                                          \
    ROW(UNSUPPORTED, 29, "unsupported", "this version of tieout cannot post this form yet",                          \
        "see docs/acceptance.md for what is missing")                                                                \
    ROW(REFUND_DIFFERS, 30, "refund_differs", "the parts of the refund do not sum to its amount",                    \
        "correct amount, lines or fee")                                                                              \
    ROW(TRIAL_BALANCE, 31, "trial_balance", "the opening does not tie to its own balances",                          \
        "correct the opening's balances or items")                                                                   \
    ROW(BELOW_SHIPPED, 32, "below_shipped", "the new version of the order holds less than was shipped",              \
        "keep the shipped quantity on the line")                                                                     \
    /* outcomes that are not a no */                                                                                 \
    ROW(WAITS_DOCUMENT, 50, "waits_document", "it refers to a document not seen yet",                                \
        "import that document; this one goes on by itself")                                                          \
    ROW(WAITS_RATE, 51, "waits_rate", "no exchange rate on or before the day",                                       \
        "import a rate; this one goes on by itself")                                                                 \
    ROW(WAITS_MATCH, 52, "waits_match", "no earlier sale fits", "import the sale, or name the order")                \
    ROW(EXCEEDS_OPEN, 53, "exceeds_open", "more than is open now",                                                   \
        "it goes on when the shipment, payment or receipt that opens it arrives")                                    \
    ROW(WAITS_SEVERAL, 54, "waits_several", "several documents have that id", "name the source in the reference")    \
    ROW(SUPERSEDED, 60, "superseded", "a higher version replaced it", "nothing to do")                               \
    ROW(VOIDED, 61, "voided", "it was voided", "nothing to do")                                                      \
    ROW(PAYMENT_NOT_CAPTURED, 62, "payment_not_captured", "an authorisation or a void moves no money",               \
        "nothing to do")                                                                                             \
    ROW(SAME_PAYMENT, 63, "same_payment", "the order already carries this payment", "nothing to do")

enum refusal {
    REFUSAL_NONE = 0,
#define ROW(name, value, json, what, way_out) REFUSAL_##name = value,
    REFUSALS(ROW)
#undef ROW
};

/* "exceeds_open"; REFUSAL_NONE gives "". */
const char *refusal_name(enum refusal refusal);
const char *refusal_what(enum refusal refusal);
const char *refusal_way_out(enum refusal refusal);

#endif
