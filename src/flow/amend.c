/* amend.c: a receipt has changed (a new version of it; a cost correction that comes, changes or is voided), and others had
 * posted about it: corrections, bills, landed cost, returns to the supplier. They are resolved again as if they came after
 * the change, so that what they do does not show who came first. */
#include "flow/plan.h"

/* A receipt whose lines are worth something else now. */
struct amended {
    struct plan *plan;
    uint32_t number;
    struct document_record record;
    struct document document;
    bool new_version; /* the plan's own document is its next version */
};

static struct item_book *whole_book(struct plan *plan, uint32_t item)
{
    struct item_book *book = NULL;
    if (!company_item_book(plan->company, item, false, true, &book, plan->err))
        plan->broken = true;
    return plan->broken ? NULL : book;
}

static bool read_document(struct plan *plan, uint32_t number, struct document_record *record, struct document *document)
{
    bool found = false;
    if (!company_document(plan->company, number, plan->arena, record, &found, plan->err)) {
        plan->broken = true;
        return false;
    }
    must(found); /* its movements stand in a book */
    if (!company_read_document(plan->company, document_current(record)->document_seq, plan->arena, document, plan->err))
        plan->broken = true;
    return !plan->broken;
}

static const struct plan_edit *edit_of(const struct plan *plan, uint32_t item, movement_id id)
{
    for (size_t i = plan->edit_count; i-- > 0;)
        if (plan->edits[i].item == item && plan->edits[i].edit.movement.id == id)
            return &plan->edits[i];
    return NULL;
}

/* Another document, resolved as of the plan's change. False (and the plan refused) where it could not stand any more. */
static bool resolved_within(struct plan *plan, uint32_t number, struct plan *out)
{
    struct document_record *record = ARENA_NEW(plan->arena, struct document_record);
    struct document *document = ARENA_NEW(plan->arena, struct document);
    must(record && document);
    if (!read_document(plan, number, record, document))
        return false;
    *out = (struct plan){.within = plan,
                         .company = plan->company,
                         .arena = plan->arena,
                         .err = plan->err,
                         .document = document,
                         .record = record,
                         .number = number,
                         .document_seq = document_current(record)->document_seq};
    switch (document->type) {
    case DOCUMENT_RECEIPT: resolve_receipt(out); break;
    case DOCUMENT_BILL: resolve_bill(out); break;
    case DOCUMENT_LANDED_COST: resolve_landed_cost(out); break;
    case DOCUMENT_COST_CORRECTION: resolve_cost_correction(out); break;
    case DOCUMENT_SUPPLIER_RETURN: resolve_supplier_return(out); break;
    default: must(!"a document about a receipt");
    }
    plan->broken |= out->broken;
    if (!plan_goes_on(out) && !plan->broken)
        plan_refuse(plan, REFUSAL_WOULD_BREAK_LATER, "%s %.*s would no longer be possible: %.*s",
                    document_type_name(document->type), SPAN_ARG(document->id), SPAN_ARG(out->detail));
    return plan_goes_on(plan);
}

static bool movement_same(const struct movement *a, const struct movement *b)
{
    struct buf left = buf_make(1 << 20);
    struct buf right = buf_make(1 << 20);
    movement_pack(a, &left);
    movement_pack(b, &right);
    bool same = span_eq(buf_span(&left), buf_span(&right));
    buf_done(&left);
    buf_done(&right);
    return same;
}

/* The movements of a document resolved again become edits of the plan, as far as they differ from those that stand. Costing
 * rules stay as they were frozen, unless the movement comes to stand at another instant: then those of that instant hold. */
static void take_movements(struct plan *plan, const struct plan *again)
{
    for (size_t i = 0; i < again->edit_count && !plan->broken; i++) {
        struct movement movement = again->edits[i].edit.movement;
        const struct item_book *book = whole_book(plan, again->edits[i].item);
        const struct book_record *old = book ? item_book_find(book, movement.id) : NULL;
        if (old != NULL && old->movement.key.at_us == movement.key.at_us) {
            movement.costing = old->movement.costing;
            movement.standard_micro = old->movement.standard_micro;
            movement.last_micro = old->movement.last_micro;
        }
        if (old == NULL || !movement_same(&movement, &old->movement))
            plan_edit(plan, again->edits[i].item, movement);
    }
    for (size_t i = 0; i < again->record->move_count && !plan->broken; i++) {
        const struct document_move *move = &again->record->moves[i];
        const struct item_book *book = whole_book(plan, move->item);
        /* What a cost sends on through assemblies is decided with it, not resolved. */
        if (book != NULL && !is_follow(move->id) && edit_of(again, move->item, move->id) == NULL)
            plan_remove(plan, move->item, book->average, move->id);
    }
}

/* Lines of a document that no book decides: what they would be now, less what they were. */
static void take_lines(struct plan *plan, const struct plan *again)
{
    struct plan before = {.company = plan->company,
                          .arena = plan->arena,
                          .err = plan->err,
                          .document = again->document,
                          .record = again->record,
                          .number = again->number,
                          .document_seq = again->document_seq};
    struct key *key = ARENA_NEW(plan->arena, struct key);
    must(key != NULL && again->edit_count > 0);
    *key = again->edits[0].edit.movement.key;
    resolve_bill(&before);
    plan->broken |= before.broken;
    for (int sign = 1; sign >= -1; sign -= 2) {
        const struct plan *from = sign > 0 ? again : &before;
        for (size_t i = 0; i < from->dated_count; i++)
            for (size_t l = 0; l < from->dated[i].lines.count; l++) {
                struct line line = from->dated[i].lines.at[l];
                line.amount_minor *= sign;
                line.original_minor *= sign;
                plan_line_of(plan, again->number, key, from->dated[i].day, line);
            }
    }
}

/* Whether the movement goes out of the books with the plan. */
static bool goes_away(const struct plan *plan, uint32_t item, movement_id id)
{
    const struct plan_edit *edit = edit_of(plan, item, id);
    uint32_t document = movement_document(id);
    if (edit != NULL)
        return edit->edit.remove;
    return plan->removes ? document == plan->voided : document == plan->number;
}

/* The last correction of a receipt line in key order, as it will be; NULL: the line says itself what it is worth. */
static const struct movement *last_correction(struct plan *plan, uint32_t item, movement_id receipt_line)
{
    const struct item_book *book = whole_book(plan, item);
    const struct movement *last = NULL;
    for (size_t i = 0; book != NULL && i < book->record_count; i++) {
        const struct movement *movement = &book->records[i].movement;
        if (movement->kind == MOVE_CORRECT && movement->refers == receipt_line &&
            edit_of(plan, item, movement->id) == NULL && !goes_away(plan, item, movement->id) &&
            (last == NULL || key_compare(&movement->key, &last->key) > 0))
            last = movement;
    }
    for (size_t i = 0; i < plan->edit_count; i++) {
        const struct movement *movement = &plan->edits[i].edit.movement;
        if (!plan->edits[i].edit.remove && movement->kind == MOVE_CORRECT && movement->refers == receipt_line &&
            (last == NULL || key_compare(&movement->key, &last->key) > 0))
            last = movement;
    }
    return last;
}

/* What the receipt line is worth, in its currency and, at its rate, in the company's. */
static void value_line(struct plan *plan, uint32_t item, struct movement *line, const struct movement *stated)
{
    const struct movement *says = last_correction(plan, item, line->id);
    int64_t before_minor = line->value_minor;
    says = says ? says : stated;
    line->original_minor = says->original_minor;
    line->value_minor = says->value_minor;
    if (line->money != 0 && !amount_at_rate(says->original_minor, currency_exponent(line->money), line->rate_e10,
                                            plan->company->exponent, &line->value_minor))
        plan_refuse(plan, REFUSAL_OVERFLOW, "an amount at its rate is too large to keep");
    plan->amount_minor += line->value_minor - before_minor;
}

/* The receipt's own lines: of a new version they are edits already; else only their values may be others. */
static void settle_values(struct amended *amended)
{
    struct plan *plan = amended->plan;
    struct plan again = {0};
    for (size_t i = 0; amended->new_version && i < plan->edit_count; i++) {
        struct movement *line = &plan->edits[i].edit.movement;
        if (movement_document(line->id) == plan->number) {
            const struct movement stated = *line;
            value_line(plan, plan->edits[i].item, line, &stated);
        }
    }
    if (amended->new_version || !resolved_within(plan, amended->number, &again))
        return;
    for (size_t i = 0; i < again.edit_count && plan_goes_on(plan); i++) {
        const struct movement *stated = &again.edits[i].edit.movement;
        const struct item_book *book = whole_book(plan, again.edits[i].item);
        const struct book_record *old = book ? item_book_find(book, stated->id) : NULL;
        if (old == NULL)
            continue;
        struct movement line = old->movement;
        value_line(plan, again.edits[i].item, &line, stated);
        if (!movement_same(&line, &old->movement))
            plan_edit(plan, again.edits[i].item, line);
    }
}

/* The documents that have a movement of `kind` about the receipt: their numbers, each once. */
static size_t documents_about(struct amended *amended, enum movement_kind kind, uint32_t **out_numbers)
{
    struct plan *plan = amended->plan;
    uint32_t *numbers = NULL;
    size_t count = 0;
    size_t room = 0;
    for (size_t m = 0; m < amended->record.move_count; m++) {
        const struct item_book *book = whole_book(plan, amended->record.moves[m].item);
        for (size_t i = 0; book != NULL && i < book->record_count; i++) {
            const struct movement *movement = &book->records[i].movement;
            uint32_t number = movement_document(movement->id);
            bool listed = movement->kind != kind || movement_document(movement->refers) != amended->number ||
                          goes_away(plan, amended->record.moves[m].item, movement->id) || number == plan->number;
            for (size_t k = 0; k < count; k++)
                listed |= numbers[k] == number;
            if (listed)
                continue;
            ARENA_GROW(plan->arena, numbers, count, room);
            numbers[count++] = number;
        }
    }
    *out_numbers = numbers;
    return count;
}

static void resolve_again(struct amended *amended, enum movement_kind kind)
{
    uint32_t *numbers = NULL;
    size_t count = documents_about(amended, kind, &numbers);
    for (size_t i = 0; i < count && plan_goes_on(amended->plan); i++) {
        struct plan again;
        if (!resolved_within(amended->plan, numbers[i], &again))
            return;
        take_movements(amended->plan, &again);
        if (kind == MOVE_BILL)
            take_lines(amended->plan, &again);
    }
}

static void amend(struct plan *plan, uint32_t receipt)
{
    struct amended amended = {.plan = plan, .number = receipt, .new_version = receipt == plan->number};
    if (!read_document(plan, receipt, &amended.record, &amended.document))
        return;
    if (amended.new_version)
        resolve_again(&amended, MOVE_CORRECT);
    if (plan_goes_on(plan))
        settle_values(&amended);
    if (plan_goes_on(plan))
        resolve_again(&amended, MOVE_LANDED);
    if (amended.new_version && plan_goes_on(plan))
        resolve_again(&amended, MOVE_BILL);
    if (amended.new_version && plan_goes_on(plan))
        resolve_again(&amended, MOVE_SUPPLIER_RETURN);
}

/* The receipt that a correction was about so far, 0 if none. */
static uint32_t corrected_before(struct plan *plan, const struct document_record *record)
{
    if (record->type != DOCUMENT_COST_CORRECTION || record->move_count == 0)
        return 0;
    const struct item_book *book = whole_book(plan, record->moves[0].item);
    const struct book_record *at = book ? item_book_find(book, record->moves[0].id) : NULL;
    return at ? movement_document(at->movement.refers) : 0;
}

void plan_amend(struct plan *plan)
{
    const struct document_record *record = plan->record;
    if (plan->document->type == DOCUMENT_RECEIPT && record != NULL && record->move_count > 0) {
        amend(plan, plan->number);
        return;
    }
    uint32_t before = record != NULL ? corrected_before(plan, record) : 0;
    if (plan->document->type == DOCUMENT_COST_CORRECTION && plan->edit_count > 0) {
        uint32_t now = movement_document(plan->edits[0].edit.movement.refers);
        amend(plan, now);
        if (before != 0 && before != now && plan_goes_on(plan))
            amend(plan, before);
    }
    if (!plan->removes || !plan_goes_on(plan))
        return;
    struct document_record voided;
    bool found = false;
    if (!company_document(plan->company, plan->voided, plan->arena, &voided, &found, plan->err))
        plan->broken = true;
    before = found && !plan->broken ? corrected_before(plan, &voided) : 0;
    if (before != 0)
        amend(plan, before);
}
