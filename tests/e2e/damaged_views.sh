#!/bin/sh
# tests/e2e/damaged_views.sh TIEOUT: one altered, moved or missing value in the views that books are folded from. Commands
# that read it end with 4 and say what to do, never with 70; verify names it; rebuild makes it again.
set -eu
tieout=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
work=$(mktemp -d "${TMPDIR:-/tmp}/tieout-damaged.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

fail() {
    echo "FAILED: $*" >&2
    exit 1
}
ok() { echo "ok: $*"; }

cat >documents <<'JSON'
{"type":"item","id":"MUG","sku":"MUG","price":"12.50","at":"2026-01-01"}
{"type":"item","id":"TIN","sku":"TIN","price":"2.50","at":"2026-01-01"}
{"type":"receipt","id":"R1","at":"2026-01-02","supplier":"kiln","location":"main","lines":[{"sku":"MUG","qty":"10","unit_cost":"4.00"},{"sku":"TIN","qty":"5","unit_cost":"1.00"}]}
{"type":"order","id":"1001","at":"2026-01-03","channel":"web","lines":[{"id":"1","sku":"MUG","qty":"3","unit_price":"12.50"}],"total":"37.50"}
{"type":"order","id":"1002","at":"2026-01-03","channel":"web","lines":[{"id":"1","sku":"MUG","qty":"1","unit_price":"12.50"}],"total":"12.50"}
{"type":"shipment","id":"S1","at":"2026-01-04","order":"1001"}
{"type":"landed_cost","id":"L1","at":"2026-01-09","receipts":["R1"],"amount":"20.00","basis":"quantity","kind":"freight"}
JSON
echo '{"type":"shipment","id":"S2","at":"2026-01-05","order":"1002"}' >more
"$tieout" --store good.db init --currency USD >/dev/null
"$tieout" --store good.db import --format documents documents >/dev/null
"$tieout" --store good.db verify >/dev/null || fail "the store was not good to begin with"

# ends WANTED COMMAND...: with one of the exit codes wanted, on a copy of the damaged store
told=0
ends() {
    wanted=$1
    shift
    cp bad.db try.db
    code=0
    "$tieout" --store try.db "$@" >out 2>&1 || code=$?
    case " $wanted " in
    *" $code "*) ;;
    *) fail "$alteration: $* ended with $code: $(cat out)" ;;
    esac
    [ $code -ne 4 ] || { grep -q 'tieout rebuild' out && told=$((told + 1)); } || fail "$alteration: $* says: $(cat out)"
}

alterations() {
    for table in view_item_book view_order_book; do
        for at in 1 2 5 9 14 20 27 35 44 54; do
            echo "UPDATE $table SET value = CAST(substr(value, 1, $at - 1) || X'5A' || substr(value, $at + 1) AS BLOB)
                WHERE key = (SELECT min(key) FROM $table)"
        done
        echo "UPDATE $table SET value = (SELECT value FROM $table ORDER BY key DESC LIMIT 1) WHERE key = (SELECT min(key) FROM $table)"
        echo "UPDATE $table SET value = X''"
        echo "UPDATE $table SET value = substr(value, 1, length(value) - 1)"
    done
    echo "DELETE FROM view_item_book WHERE key = (SELECT min(key) FROM view_item_book)"
}
alterations >list
tr '\n' ' ' <list | sed 's/ \(UPDATE\|DELETE\)/\n\1/g' >lines
count=0
while read -r alteration; do
    cp good.db bad.db
    sqlite3 bad.db "$alteration"
    ends "0 4" stock --layers
    ends "0 4" explain sku:MUG
    ends "0 4" explain order:1001
    ends "0 4" import --format documents more
    ends 5 verify
    ends 0 rebuild
    "$tieout" --store try.db verify >/dev/null || fail "$alteration: rebuild did not make it good"
    count=$((count + 1))
done <lines
[ $count -ge 25 ] && [ $told -ge $count ] || fail "$count alterations, $told times told"
ok "$count alterations of books: $told times a command ended with 4 and said what to do, verify found each"
