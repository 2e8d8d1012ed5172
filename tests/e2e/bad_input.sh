#!/bin/sh
# tests/e2e/bad_input.sh TIEOUT: input and places that cannot be right (docs/acceptance.md, line 13). Each ends with a clear
# message and its exit code, nothing is half-posted, and verify is green afterwards.
. "$(dirname "$0")/../support/e2e.sh"
# posted STORE: all that the store's company owns, owes and posted; what is half-posted shows here.
posted() {
    for answer in "stock --layers" balances journal; do
        # shellcheck disable=SC2086
        "$program" --store "$1" $answer --json || return
    done
}
is_green() { run 0 verify --store "$1" && says out "The books tie out: "; }

# --- a merchant with something to lose ------------------------------------------------------------------------------
cat >good.jsonl <<'JSON'
{"type":"item","id":"MUG","sku":"MUG","price":"12.50","last_cost":"4.00","at":"2026-01-01"}
{"type":"receipt","id":"R1","at":"2026-01-02","supplier":"kiln","location":"main","lines":[{"sku":"MUG","qty":"10","unit_cost":"4.00"}]}
{"type":"order","id":"1001","at":"2026-01-03T10:00:00Z","channel":"web","lines":[{"id":"1","sku":"MUG","qty":"3","unit_price":"12.50"}],"total":"37.50","payments":[{"id":"p1","gateway":"card","amount":"37.50"}]}
{"type":"shipment","id":"S1","at":"2026-01-04T09:00:00Z","order":"1001"}
JSON
ok "a company" run 0 init --currency USD
ok "its documents" run 0 import --format documents good.jsonl
posted tieout.db >before

# --- documents that cannot be right: the record alone is set aside, with file, line and name ------------------------
bad() { # bad WHAT NAME TEXT: the record fails with that name at line 2; those around it are known, and nothing else is posted
    { sed -n 1p good.jsonl; printf '%s\n' "$3"; sed -n 2p good.jsonl; } >bad.jsonl
    ok "$1: exit code 1" run 1 import --format documents bad.jsonl
    ok "$1: named with file and line" says err "bad.jsonl:2: "
    ok "$1: named" says err "$2: "
    ok "$1: the rest was read" says out "2 known already"
    posted tieout.db >after
    ok "$1: nothing is posted" cmp -s before after
    ok "$1: verify" is_green tieout.db
}
bad "duplicate key" duplicate_key '{"type":"item","id":"A","sku":"A","at":"2026-01-01","at":"2026-01-02"}'
bad "duplicate key further down" duplicate_key '{"type":"receipt","id":"R2","at":"2026-01-05","location":"main","lines":[{"sku":"MUG","qty":"1","unit_cost":"1.00","qty":"2"}]}'
bad "wrong encoding" bad_encoding "$(printf '{"type":"item","id":"\351","sku":"\351","at":"2026-01-01"}')"
bad "an amount too fine" amount_too_fine '{"type":"payment","id":"P","at":"2026-01-05","order":"1001","gateway":"card","amount":"1.005"}'
bad "an amount too fine on a later line" amount_too_fine '{"type":"entry","id":"E1","at":"2026-01-05","reason":"r","by":"b","lines":[{"role":"expenses","amount":"1.00"},{"role":"bank","amount":"-1.001"}]}'
bad "a quantity too large to write" overflow '{"type":"receipt","id":"R3","at":"2026-01-05","location":"main","lines":[{"sku":"MUG","qty":"1","unit_cost":"1.00"},{"sku":"MUG","qty":"99999999999999999999","unit_cost":"1.00"}]}'
bad "quantities whose value is too large" overflow '{"type":"receipt","id":"R4","at":"2026-01-05","location":"main","lines":[{"sku":"MUG","qty":"900000000","unit_cost":"900000000"}]}'
bad "an order whose sums are too large" overflow '{"type":"order","id":"1003","at":"2026-01-05","channel":"web","lines":[{"id":"1","sku":"MUG","qty":"900000000","unit_price":"100000000.00"},{"id":"2","sku":"MUG","qty":"900000000","unit_price":"100000000.00"}]}'
bad "an unknown currency" unknown_currency '{"type":"payment","id":"Q","at":"2026-01-05","order":"1001","gateway":"card","amount":"1.00","currency":"XQX"}'
bad "a time that is none" bad_value '{"type":"payment","id":"T","at":"2026-02-30T10:00:00Z","order":"1001","gateway":"card","amount":"1.00"}'
bad "an unknown type" unknown_type '{"type":"banana","id":"B","at":"2026-01-01"}'
bad "one id, two contents" same_version_other_content '{"type":"receipt","id":"R1","at":"2026-01-02","supplier":"kiln","location":"main","lines":[{"sku":"MUG","qty":"11","unit_cost":"4.00"}]}'
bad "not JSON" malformed 'type,id,sku'
bad "a record cut short" malformed '{"type":"item","id":"A","sku":"A","at":"2026-01-01"'
printf '{"type":"receipt","id":"R5","at":"2026-01-05","location":"main","lines":[{"sku":"MUG","qty":"900000000","unit_cost":"10000.00"}]}\n' >large.jsonl
cp tieout.db large.db
ok "as much as one document may hold" run 0 import --store large.db --format documents large.jsonl
ok "as much as one document may hold: verify" is_green large.db
ok "an unknown currency at the beginning" fails 2 "ISO 4217 has no such code" init --store new.db --currency XQX
ok "an unknown zone" fails 2 "no such zone" init --store new.db --currency USD --time-zone Europe/Atlantis
ok "nothing was made meanwhile" test ! -e new.db

# --- files that cannot be read to their end: what came before is in -------------------------------------------------
awk 'BEGIN { for (i = 0; i < 4000; i++) printf "{\"type\":\"item\",\"id\":\"I%d\",\"sku\":\"I%d\",\"at\":\"2026-01-01\"}\n", i, i * 7919 % 10007 + 100000 }' |
    sed 's/"id":"I[0-9]*","sku":"\(I[0-9]*\)"/"id":"\1","sku":"\1"/' >many.jsonl
for pack in "xz -c" "gzip -c" "zstd -qc"; do
    name=torn.${pack%% *}
    $pack many.jsonl >whole
    head -c $(($(wc -c <whole) * 2 / 3)) whole >"$name"
    cp tieout.db torn.db
    ok "$name: exit code 3 and its name" fails 3 "$name" import --store torn.db --format documents "$name"
    ok "$name: says what is in" says err "what came before is in"
    ok "$name: verify" is_green torn.db
    in=$("$program" --store torn.db import --format documents many.jsonl --json | sed 's/.*"known":\([0-9]*\),"posted":\([0-9]*\).*/\1 + \2/')
    ok "$name: mended and imported again, the rest comes in ($in)" test $(($in)) -eq 4000
    ok "$name: verify again" is_green torn.db
done
printf 'no xz at all' >false.xz
ok "a file that is not what its name says" run 1 import --format documents false.xz
ok "a file that is not there" fails 3 "No such file" import --format documents none.jsonl
ok "a folder" fails 3 "Is a directory" import --format documents "$folder"

# --- the exit code speaks of this run's records ---------------------------------------------------------------------
printf '{"type":"refund","id":"F1","at":"2026-01-09","order":"9","amount":"1.00","gateway":"card"}\n' >one.jsonl
printf '{"type":"refund","id":"F1","version":2,"at":"2026-01-09","order":"1001","amount":"1.00","gateway":"card"}\n' >two.jsonl
cat one.jsonl two.jsonl >both.jsonl
cp tieout.db exit.db
ok "what waited and was superseded in the same run waits no more" run 0 import --store exit.db --format documents both.jsonl --json
ok "it is counted as excluded" says out '"posted":1,"excluded":1,"waiting":0'
cp tieout.db exit.db
ok "what waits" run 1 import --store exit.db --format documents one.jsonl
ok "what waited in an earlier run is not this run's" run 0 import --store exit.db --format documents two.jsonl --json
ok "it is not counted here" says out '"posted":1,"excluded":0,"waiting":0'
printf '{"type":"void","id":"V1","at":"2026-01-10","document":{"type":"refund","id":"F1"},"reason":"twice"}\n' >void.jsonl
cat one.jsonl void.jsonl >both.jsonl
cp tieout.db exit.db
ok "what waited and was voided in the same run waits no more" run 0 import --store exit.db --format documents both.jsonl
cp tieout.db exit.db
ok "a refund that waits" run 1 import --store exit.db --format documents one.jsonl
printf '{"type":"refund","id":"F2","at":"2026-01-09","order":"10","amount":"1.00","gateway":"card"}\n' >both.jsonl
printf '{"type":"order","id":"9","at":"2026-01-08","channel":"web","lines":[{"id":"1","sku":"MUG","qty":"1","unit_price":"12.50"}],"payments":[{"id":"p9","gateway":"card","amount":"12.50"}]}\n' >>both.jsonl
ok "what is released does not hide what this run left waiting" run 1 import --store exit.db --format documents both.jsonl --json
ok "one waits, one went on" says out '"waiting":1,"failed":0,"set_aside":0,"released":1'

# --- stores that cannot be used -------------------------------------------------------------------------------------
printf '{"type":"receipt","id":"R7","at":"2026-01-07","location":"main","lines":[{"sku":"MUG","qty":"2","unit_cost":"6.00"}]}\n' >late.jsonl
posted tieout.db >before
ok "no store" fails 4 "no store at none.db" status --store none.db
echo "nothing of the kind" >text.db
ok "another file" fails 4 "text.db" import --store text.db --format documents late.jsonl
ok "another file stays as it was" grep -qx "nothing of the kind" text.db
: >empty.db
ok "an empty file" fails 4 "empty.db" status --store empty.db
cp tieout.db newer.db
sqlite3 newer.db "PRAGMA user_version = 99"
cp newer.db newer.before
ok "a newer store" fails 4 "newer tieout" import --store newer.db --format documents late.jsonl
ok "a newer store cannot be read either" fails 4 "newer tieout" status --store newer.db
ok "a newer store stays as it was" cmp -s newer.db newer.before

cp tieout.db unsealed.db
sqlite3 unsealed.db ".dbconfig enable_trigger off" "DELETE FROM seal WHERE key = (SELECT max(key) FROM seal)" >/dev/null
cp unsealed.db unsealed.before
ok "truth that no seal covers is not written on (J-2)" fails 4 "its last seal at row" import --store unsealed.db --format documents late.jsonl
ok "truth that no seal covers stays as it was" cmp -s unsealed.db unsealed.before
ok "truth that no seal covers is damage" run 5 verify --store unsealed.db

mkfifo slow
"$program" import --format documents slow >slow.out 2>&1 &
holder=$!
exec 7>slow
until run 4 import --format documents late.jsonl; do sleep 0.1; done
ok "a store in use: exit code 4, and the process that holds it" fails 4 "$holder" import --format documents late.jsonl
ok "a store in use may be read" run 0 status
exec 7>&-
wait $holder
ok "the one that held it ends well" test $? -eq 0
posted tieout.db >after
ok "a store in use: nothing is posted" cmp -s before after
ok "a store in use: verify" is_green tieout.db

# A full disk: a tmpfs that only root may mount, or a user who may be root of a namespace.
mkdir small
full_disk() {
    cp tieout.db small/t.db || return
    free=$(($(stat -f -c '%a * %S' small)))
    run 4 import --store small/t.db --format documents plenty.jsonl && says err "records were committed before" &&
        says err "small/t.db" && [ "$free" -gt 500000 ] && is_green small/t.db
}
more_room() { # the disk is given room: the rest comes in
    mount -o remount,size=100m small && run 0 import --store small/t.db --format documents plenty.jsonl && is_green small/t.db
}
awk 'BEGIN { for (i = 0; i < 20000; i++) printf "{\"type\":\"item\",\"id\":\"I%d\",\"sku\":\"I%d\",\"at\":\"2026-01-01\"}\n", i, i }' >plenty.jsonl
if mount -t tmpfs -o size=1500k tmpfs small 2>/dev/null; then
    ok "a full disk: exit code 4, what is in is whole" full_disk
    ok "a full disk that is given room takes the rest" more_room
    umount small
else
    skip "a full disk" "nothing can be mounted here"
fi

# A read-only store and a read-only folder, as an ordinary user: root writes anyway.
chmod a+rx "$folder"
cp "$program" tieout-copy && chmod a+rx tieout-copy
if [ "$(id -u)" != 0 ]; then
    as_user() { ./tieout-copy "$@" >out 2>err; }
elif command -v setpriv >/dev/null && setpriv --reuid 65534 --regid 65534 --clear-groups ./tieout-copy --version >out 2>err; then
    as_user() { setpriv --reuid 65534 --regid 65534 --clear-groups ./tieout-copy "$@" >out 2>err; }
else
    as_user() { return 99; }
fi
read_only() { # read_only STORE: refused with 4 and the store's name; it is the same afterwards
    as_user import --store "$1" --format documents late.jsonl
    [ $? -eq 4 ] && says err "$1" && [ "$(wc -l <err)" -le 3 ]
}
mkdir -m 777 place
cp tieout.db place/t.db
chmod 444 place/t.db
mkdir locked
cp tieout.db locked/t.db
chmod 666 locked/t.db
chmod 555 locked
as_user --version
if [ $? -eq 99 ]; then
    skip "a read-only store" "root cannot become an ordinary user here"
else
    ok "a read-only store: exit code 4 and its name" read_only place/t.db
    ok "a read-only folder: exit code 4 and the store's name" read_only locked/t.db
    ok "a read-only store is not begun anew" sh -c '! grep -q "begun" out'
fi
chmod 755 locked
for store in place/t.db locked/t.db; do
    chmod 644 $store
    posted $store >after
    ok "$store is as it was" cmp -s before after
    ok "$store: verify" is_green $store
done
posted tieout.db >after
ok "the first store is as it was" cmp -s before after

echo "1..$count"
echo "$((count - failed)) passed, $failed failed"
[ $failed -eq 0 ]
