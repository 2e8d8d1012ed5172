#!/bin/sh
# tests/e2e/sqlite3_shell.sh TIEOUT: entries and slices in the real sqlite3 shell, by the extension the build leaves beside
# the program: the same figures as the program gives, the queries of docs/formats/truth.md, a read-only store, damage.
set -eu
tieout=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
merchant=${MERCHANT:-$(dirname "$tieout")/merchant}
extension=${EXTENSION:-$(dirname "$tieout")/tieout_read}
source=${TIEOUT_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
work=$(mktemp -d "${TMPDIR:-/tmp}/tieout-shell.XXXXXX")
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"

fail() {
    echo "FAILED: $*" >&2
    exit 1
}
ok() { echo "ok: $*"; }
# A sanitized extension needs the sanitizers' libraries in the shell, which is not ours.
preload=$(ldd "$extension.so" | sed -n 's/.*lib[au][a-z]*san.*=> \([^ ]*\) .*/\1/p' | tr '\n' ' ')
shell() {
    ASAN_OPTIONS=detect_leaks=0 LD_PRELOAD=$preload sqlite3 -batch -readonly -cmd ".load $extension" "$@"
}

"$merchant" --orders 1000 --seed 11 >documents
"$tieout" --store t.db init --currency USD --time-zone America/New_York >/dev/null
"$tieout" --store t.db import --format documents documents >/dev/null 2>&1 || [ $? = 1 ]

# --- the journal, to the line ---------------------------------------------------------------------------------------
"$tieout" --store t.db journal --json >journal
shell -json t.db "SELECT * FROM tieout_lines" >lines
shell -json t.db "SELECT * FROM tieout_entries" >entries
cat >same.py <<'END'
"""Each line of `tieout journal --json` stands in tieout_lines, in order, and each entry in tieout_entries."""
import json

found = json.load(open("lines", encoding="utf-8"))
entries = json.load(open("entries", encoding="utf-8"))
journal = [json.loads(text) for text in open("journal", encoding="utf-8")]
assert len(journal) == len(entries) > 1000, (len(journal), len(entries))
at = 0
for wanted, entry in zip(journal, entries):
    about = wanted.get("corrects", {"source": None, "type": None, "id": None})
    pairs = [(wanted[key], entry[key]) for key in
             ("id", "date", "event_date", "recorded_at", "document", "source", "type", "version", "kind")]
    pairs += [(about["source"], entry["corrects_source"]), (about["type"], entry["corrects_type"]),
              (about["id"], entry["corrects_document"]), (len(wanted["lines"]), entry["lines"])]
    assert all(a == b for a, b in pairs), (wanted, entry)
    for line in wanted["lines"]:
        row, at = found[at], at + 1
        for key in ("role", "currency", "amount", "sku", "channel", "location", "tag", "order_line", "party",
                    "original_currency", "original_amount"):
            assert row[key] == line.get(key), (key, row, line)
        assert row["order_id"] == line.get("order") and row["id"] == wanted["id"] and row["date"] == wanted["date"]
        assert row["amount_minor"] == round(float(row["amount"]) * 100), row
assert at == len(found)
END
python3 same.py || fail "lines and entries differ from the journal's"
ok "$(wc -l <journal | tr -d ' ') entries and their lines are those of tieout journal"

"$tieout" --store t.db balances --json | python3 -c '
import json, sys
for row in json.load(sys.stdin):
    minor = round(float(row["balance"]) * 100)
    if minor: print(row["role"] + "|" + str(minor))' | sort >balances
shell t.db "SELECT role, sum(amount_minor) AS s FROM tieout_lines GROUP BY role HAVING s <> 0" | sort >sums
cmp balances sums || fail "sums by role differ from the balances"
ok "sums by role are the balances"

# --- slices tie to lines: what each movement moves of stock is what its document posts there ------------------------------
shell t.db "SELECT sum(CASE kind WHEN 'take' THEN -value_minor WHEN 'add' THEN value_minor WHEN 'value' THEN value_minor
        WHEN 'owe' THEN -value_minor WHEN 'settle' THEN value_minor WHEN 'unowe' THEN value_minor END)
    FROM tieout_slices s JOIN (SELECT movement AS m, max(seq) AS last FROM tieout_movements GROUP BY movement
        HAVING NOT max(removed)) ON m = movement AND last = seq" >slices
shell t.db "SELECT sum(amount_minor) FROM tieout_lines WHERE role IN ('inventory', 'inventory_in_transit', 'inventory_owed')" >stock
cmp slices stock || fail "the slices that hold come to $(cat slices), stock accounts to $(cat stock)"
[ "$(shell t.db "SELECT count(*) FROM tieout_slices WHERE sku IS NULL OR document IS NULL")" = 0 ] || fail "slices without SKU"
ok "slices that hold come to the stock accounts: $(cat stock)"

# --- decisions and documents --------------------------------------------------------------------------------------------
shell t.db "SELECT count(*) FROM tieout_decisions UNION ALL SELECT count(*) FROM truth" | uniq >counts
[ "$(wc -l <counts)" = 1 ] || fail "tieout_decisions has other rows than truth"
shell t.db "SELECT json FROM tieout_decisions WHERE type = 'order' AND json IS NOT NULL LIMIT 50" |
    python3 -c 'import json, sys; assert len([json.loads(line)["lines"] for line in sys.stdin]) == 50' || fail "documents as JSON"
[ "$(shell t.db "SELECT count(*), min(seq), max(seq) FROM tieout_decisions WHERE company = 1 AND seq > 40 AND seq <= 50")" = "10|41|50" ] ||
    fail "a range of seq"
[ "$(shell t.db "SELECT count(*) FROM tieout_decisions WHERE seq = 7 AND company = 2")" = 0 ] || fail "a company that is not there"
ok "decisions are the rows of truth, their documents are JSON"

# --- the queries of the page, with a shipment whose cost a late receipt changes ------------------------------------------------
python3 - "$source/docs/formats/truth.md" <<'END'
import re, sys
text = open(sys.argv[1], encoding="utf-8").read()
queries = re.findall(r"```sql\n(.*?)```", text, re.S)
assert len(queries) >= 5
open("queries.sql", "w").write("\n".join(queries))
END
cat >small.jsonl <<'JSON'
{"type":"item","id":"MUG","sku":"MUG","price":"12.50","at":"2026-01-01"}
{"type":"receipt","id":"R1","at":"2026-01-02","supplier":"kiln","location":"main","lines":[{"sku":"MUG","qty":"10","unit_cost":"4.00"}]}
{"type":"order","id":"1001","at":"2026-01-03","channel":"web","lines":[{"id":"1","sku":"MUG","qty":"3","unit_price":"12.50"}],"total":"37.50"}
{"type":"shipment","id":"S1","at":"2026-01-04","order":"1001"}
{"type":"receipt","id":"R0","at":"2026-01-01","supplier":"kiln","location":"main","lines":[{"sku":"MUG","qty":"2","unit_cost":"3.00"}]}
JSON
"$tieout" --store small.db init --currency USD >/dev/null
"$tieout" --store small.db import --format documents small.jsonl >/dev/null
shell small.db ".read queries.sql" >answers || fail "a query of docs/formats/truth.md"
for line in 'cogs|1000' '7-1|2026-01-04|cogs|12.00|MUG|web' 'MUG|R0|2.0|600' 'MUG|R1|1.0|400' \
    'receipt|R0|shipment|S1|cogs|-2.00' '"id":"1001"'; do
    grep -qF "$line" answers || { cat answers; fail "the queries of the page do not say $line"; }
done
ok "the queries of docs/formats/truth.md run"

# --- a store nobody may write ------------------------------------------------------------------------------------------------
shell t.db "PRAGMA wal_checkpoint" >/dev/null
[ "$(shell "file:t.db?mode=ro&immutable=1" "SELECT count(*) FROM tieout_entries")" = "$(wc -l <journal | tr -d ' ')" ] ||
    fail "an immutable store"
ok "a read-only store is enough"

# --- damage: an error that names the row ----------------------------------------------------------------------------------------
cp small.db bad.db
sqlite3 bad.db "DROP TRIGGER truth_is_never_changed; UPDATE truth SET body = substr(body, 1, length(body) - 3)
    WHERE key = (SELECT max(key) FROM truth)"
code=0
shell bad.db "SELECT count(*) FROM tieout_lines" >answer 2>&1 || code=$?
{ [ $code -ne 0 ] && grep -q 'row [0-9]* of company 1 cannot be read: run tieout verify' answer; } ||
    fail "a damaged row ended with $code: $(cat answer)"
sqlite3 bad.db "PRAGMA user_version = 9"
shell bad.db "SELECT * FROM tieout_lines" >answer 2>&1 || true
grep -q 'made by a newer tieout' answer || fail "a newer store: $(cat answer)"
shell :memory: "SELECT * FROM tieout_lines" >answer 2>&1 || true
grep -q 'no such table: main.truth' answer || fail "no store: $(cat answer)"
ok "a damaged, a newer and no store are told"
