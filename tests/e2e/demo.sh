#!/bin/sh
# demo.sh TIEOUT: the demo merchant gives the same bytes for the same seed, writes well-formed documents whose
# amounts are right, grows with what is asked, and the demo itself runs to its end.
set -eu
tieout=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
merchant=${MERCHANT:-$(dirname "$tieout")/merchant}
source=${TIEOUT_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
    echo "FAILED: $*" >&2
    exit 1
}
ok() { echo "ok: $*"; }
lines() { wc -l <"$1" | tr -d ' '; }

"$merchant" --orders 1000 --seed 7 >all
"$merchant" --orders 1000 --seed 7 >again
cmp all again || fail "one seed gave two files"
"$merchant" --orders 1000 --seed 8 >other
! cmp -s all other || fail "two seeds gave one file"
ok "the same seed gives the same bytes, another seed others"

# Without the dirt it is the same file, and each of its lines is JSON.
"$merchant" --orders 1000 --seed 7 --clean >clean
diff clean all >differs || true
! grep -q '^<' differs || fail "--clean has lines that the whole file has not"
dirt=$(grep -c '^>' differs)
{ [ "$dirt" -ge 10 ] && [ "$dirt" -le 20 ]; } || fail "$dirt lines of dirt"
python3 -m json.tool --json-lines --compact clean >parsed || fail "a line of --clean is no JSON"
[ "$(lines parsed)" = "$(lines clean)" ] || fail "a line of --clean is no single JSON value"
ok "$(lines clean) lines are JSON, $dirt more are dirt"

cat >amounts.py <<'END'
"""Every order's total is its lines, shipping, taxes and tip, and at most a cent of rounding; every refund is the sum
of its parts; each id and version stands for one content."""
import json
import sys
from decimal import ROUND_HALF_UP, Decimal


def taxes(part):
    return sum((Decimal(tax["amount"]) for tax in part.get("tax", [])), Decimal(0))


def order_sum(order):
    total = Decimal(order.get("tip", "0")) - Decimal(order.get("discount", "0"))
    for line in order["lines"]:
        value = Decimal(line["qty"]) * Decimal(line["unit_price"])
        total += value.quantize(Decimal("0.01"), ROUND_HALF_UP) - Decimal(line.get("discount", "0")) + taxes(line)
    shipping = order.get("shipping", {})
    return total + Decimal(shipping.get("amount", "0")) - Decimal(shipping.get("discount", "0")) + taxes(shipping)


def refund_sum(refund):
    parts = refund["lines"] + [refund.get("shipping", {})]
    return sum((Decimal(part.get("amount", "0")) + taxes(part) for part in parts),
               -Decimal(refund.get("restocking_fee", "0")))


seen, rounded, kinds = {}, 0, set()
for text in open(sys.argv[1], encoding="utf-8"):
    document = json.loads(text)
    key = (document["type"], document.get("source"), document["id"], document.get("version", 1))
    assert seen.setdefault(key, text) == text, f"{key} has two contents"
    kinds.add(document["type"])
    if document["type"] == "order":
        differs = abs(Decimal(document["total"]) - order_sum(document))
        assert differs <= Decimal("0.01"), f"{key}: total is off by {differs}"
        rounded += differs > 0
    if document["type"] == "refund" and "lines" in document:
        assert Decimal(document["amount"]) == refund_sum(document), f"{key}: its parts sum to {refund_sum(document)}"
if len(sys.argv) > 2:
    wanted = set(sys.argv[2].split())
    assert kinds == wanted, f"missing {wanted - kinds}, not expected {kinds - wanted}"
    assert rounded > 0, "no total has a rounding cent"
END
python3 amounts.py clean "item location order payment cancel shipment delivery refund return receipt bill \
landed_cost cost_correction transfer count adjustment status_change assembly supplier_return entry void" ||
    fail "amounts"
ok "totals and refunds sum, every kind of document is there"

"$merchant" --orders 4000 --seed 7 >larger
[ "$(lines larger)" -gt $((2 * $(lines all))) ] || fail "four times the orders are not twice the lines"
[ "$(grep -c '"type":"order".*"channel":' larger)" -ge 4000 ] || fail "fewer orders than asked for"
"$merchant" --orders 1000 --seed 7 --months 3 >shorter
! grep -q '"at":"2025-09' shorter || fail "three months last until September"
ok "it grows with the orders and ends with the months"

cat >in_order.py <<'END'
"""The lines of the growth workload are in time order, and no item is shipped before it was received."""
import datetime
import json
import sys

last, held, lines = datetime.datetime.min.replace(tzinfo=datetime.timezone.utc), {}, {}
for text in open(sys.argv[1], encoding="utf-8"):
    document = json.loads(text)
    at = datetime.datetime.fromisoformat(document["at"].replace("Z", "+00:00"))
    assert at >= last, f"{document['id']} is before the line above it"
    last = at
    if document["type"] == "receipt":
        for line in document["lines"]:
            assert line["qty"] == "40"
            held[line["sku"]] = held.get(line["sku"], 0) + 40
    elif document["type"] == "order":
        assert len(document["lines"]) == 3 and document["payments"][0]["status"] == "captured"
        lines[document["id"]] = document["lines"]
    elif document["type"] == "shipment":
        for line in lines.pop(document["order"]["id"]):
            held[line["sku"]] -= int(line["qty"])
            assert held[line["sku"]] >= 0, f"{line['sku']} is short"
assert not lines, f"{len(lines)} orders are not shipped"
END
"$merchant" --plain 3000 --items 50 >plain
[ "$(grep -c '"type":"item"' plain)" = 50 ] || fail "--items 50 gave other than 50 items"
[ "$(grep -c '"type":"order"' plain)" = 3000 ] || fail "--plain 3000 gave other than 3000 orders"
[ "$(grep -c '"type":"shipment"' plain)" = 3000 ] || fail "--plain 3000 gave other than 3000 shipments"
python3 amounts.py plain || fail "amounts of --plain"
python3 in_order.py plain || fail "order of --plain"
ok "the growth workload is what was asked for"

for bad in "--orders" "--orders 0" "--orders 1e3" "--months 121" "--items 2" "--shout" "more"; do
    code=0
    # Several words on purpose.
    # shellcheck disable=SC2086
    "$merchant" $bad >/dev/null 2>&1 || code=$?
    [ "$code" = 2 ] || fail "merchant $bad ended with $code"
done
ok "a wrong option ends with 2"

"$tieout" --store clean.db init --currency USD --time-zone America/New_York >/dev/null
"$tieout" --store clean.db import --format documents clean >answer 2>&1 || {
    cat answer
    fail "without the dirt something waits or failed"
}
"$tieout" --store clean.db verify >answer || {
    cat answer
    fail "verify"
}
ok "without the dirt everything is posted or set aside by a rule, and the books tie out"

ORDERS=300 SEED=3 KEEP=$work/demo MERCHANT=$merchant "$source/tools/demo/run" "$tieout" >answer 2>&1 || {
    cat answer
    fail "tools/demo/run"
}
for word in '^\$ tieout --store demo.db init' 'import --format documents' 'margin --by channel' 'explain order:W1' \
    'What to try next'; do
    grep -q "$word" answer || fail "the demo does not show $word"
done
! grep -q "$(printf '\033')" answer || fail "colours without a terminal"

# What it says to try next works as it stands.
sed -n "s/^  alias tieout='\(.*\)'\$/tieout() { \1 \"\$@\"; }/p" answer >next
[ "$(lines next)" = 1 ] || fail "the demo does not say how to go on"
sed -n 's/^  \(tieout .*\)$/\1 || echo "ended with $?: \1"/p' answer |
    sed 's/ *#[^|]*||/ ||/; s/ *#[^"]*"$/"/' >>next
[ "$(lines next)" -ge 7 ] || fail "the demo suggests too little"
(cd demo && sh ../next >../next.answer 2>&1)
! grep '^ended with' next.answer || fail "a suggestion of the demo does not work"
code=0
ORDERS=300 KEEP=$work/demo MERCHANT=$merchant "$source/tools/demo/run" "$tieout" >/dev/null 2>&1 || code=$?
[ "$code" = 1 ] || fail "a second demo in one folder ended with $code"
ok "the demo runs"
