#!/bin/sh
# tests/e2e/cli.sh TIEOUT: the command line as its users meet it: answers against their schemas, exit codes, failures in
# plain words, help that teaches, and generated files that are what the program says they are.
. "$(dirname "$0")/../support/e2e.sh"

# answers SCHEMA WORDS... --json: the answer fits its schema
answers() {
    name=$1
    shift
    run "${code:-0}" "$@" --json && python3 "$source/tests/support/fits_schema.py" "$source/docs/formats/json/$name.schema.json" out ${lines:+lines}
}

# --- a small merchant: a sale from stock, one that is owed, a bundle, a return, a late receipt, dirt ------------------
cat >first.jsonl <<'JSON'
{"type":"item","id":"MUG","sku":"MUG","name":"Mug","price":"12.50","last_cost":"4.00","at":"2026-01-01"}
{"type":"item","id":"TIN","sku":"TIN","price":"20.00","last_cost":"7.00","at":"2026-01-01"}
{"type":"item","id":"SET","sku":"SET","kind":"bundle","components":[{"sku":"MUG","qty":"2"},{"sku":"TIN","qty":"1"}],"at":"2026-01-01"}
{"type":"receipt","id":"R1","at":"2026-01-02","supplier":"kiln","location":"main","lines":[{"sku":"MUG","qty":"10","unit_cost":"4.00"}]}
{"type":"order","id":"1001","source":"web","at":"2026-01-03T10:00:00-05:00","channel":"web","lines":[{"id":"1","sku":"MUG","qty":"3","unit_price":"12.50"}],"shipping":{"amount":"5.00"},"total":"42.50","payments":[{"id":"p1","gateway":"card","amount":"42.50"}]}
{"type":"shipment","id":"S1","source":"web","at":"2026-01-04T09:00:00-05:00","order":"1001"}
{"type":"order","id":"1002","source":"web","at":"2026-01-05","channel":"market","lines":[{"id":"1","sku":"SET","qty":"1","unit_price":"40.00"},{"id":"2","sku":"MUG","qty":"2","unit_price":"12.50"}],"total":"65.00"}
{"type":"shipment","id":"S2","source":"web","at":"2026-01-06","order":"1002","lines":[{"line":"1","qty":"1"}]}
{"type":"return","id":"T1","source":"web","at":"2026-01-08","order":"1001","lines":[{"line":"1","qty":"1","disposition":"sellable"}]}
{"type":"refund","id":"F1","source":"web","at":"2026-01-08","order":"1001","amount":"12.50","lines":[{"line":"1","qty":"1","amount":"12.50"}],"gateway":"card"}
{"type":"refund","id":"F2","source":"web","at":"2026-01-09","order":"1077","amount":"5.00","gateway":"card"}
{"type":"landed_cost","id":"L1","at":"2026-01-09","receipts":["R1"],"amount":"20.00","basis":"quantity","kind":"freight"}

{"type":"order","id":"1003","at":"2026-01-09","channel":"web","lines":[{"id":"1","sku":"MUG","qty":"x","unit_price":"1"}]}
this is no document
{"type":"count","id":"C1","at":"2026-01-10","location":"main","lines":[{"sku":"MUG","qty":"5"}]}
JSON

ok "init begins a company" run 0 init --currency USD --time-zone America/New_York --set cost_method=fifo
ok "init says so" says out "company main is begun, in USD"
ok "init once only" fails 2 "was begun already" init --currency USD
ok "import ends with 1 where something waits or failed" run 1 import --format documents first.jsonl
ok "import counts" says out "15 records read"
ok "import names file and line of what failed" says err 'first.jsonl:14: order 1003: bad_value: lines[0].qty: "x"'
ok "import names what was no document" says err "first.jsonl:15: malformed"
ok "import again changes nothing" run 0 import --format documents first.jsonl
ok "import again knows all" says out "15 known already"

# --- answers --------------------------------------------------------------------------------------------------------
ok "import --json" answers import import --format documents -
printf '{"type":"refund","id":"F9","at":"2026-01-09","order":"9","amount":"1.00"}\n' >wait.jsonl
code=1
ok "import --json of something that waits" answers import import --format documents wait.jsonl
unset code
ok "status --json" answers status status
ok "outcomes --json" answers outcomes outcomes
ok "outcomes say what is waited for" says out '"refusal":"waits_document for order"'
ok "outcomes --list --json" answers outcomes outcomes --list waiting
ok "what waits is not overdue at once" says out '"overdue":false'
ok "outcomes --list waiting after its days" answers outcomes outcomes --list waiting --now 2126-01-01T00:00:00Z
ok "what waits longer is overdue" says out '"overdue":true'
ok "outcomes --list waiting as a table" run 0 outcomes --list waiting --now 2126-01-01T00:00:00Z
ok "the table says so too" says out " overdue "
ok "status counts what is overdue" answers status status --now 2126-01-01T00:00:00Z
ok "status gives its amount" says out '"overdue":{"count":2,"amount":"6.00"}'
ok "wait_days can be set" run 0 --store days.db init --currency USD --set wait_days=0
ok "a store where nothing waits long" sh -c "printf '%s\n' '{\"type\":\"refund\",\"id\":\"F\",\"at\":\"2026-01-01\",\"order\":\"X\",\"amount\":\"5\"}' |
    '$program' --store days.db import --format documents --now 2026-02-01T00:00:00Z - >out 2>err; [ \$? -eq 1 ]"
ok "after its days it is overdue" answers status --store days.db status --now 2026-02-01T00:00:01Z
ok "as the setting says" says out '"overdue":{"count":1,"amount":"5.00"}'
ok "stock --json" answers stock stock --layers
ok "stock --bridge --json" answers stock stock --bridge
ok "stock ties to the accounts" says out '"difference":"0.00"'
ok "stock --as-of --json" answers stock stock --as-of 2026-01-05
ok "stock --as-of knows no reservations" says out '"reserved":null'
ok "balances --json" answers balances balances
ok "balances --as-of --json" answers balances balances --as-of 2026-01-05
lines=1
ok "journal --json" answers journal journal
unset lines
ok "journal carries the tag of later cost" says out '"tag":"landed"'
for by in channel sku order line month; do
    ok "margin --by $by --json" answers margin margin --by $by
done
for subject in order:1001 order:1002@web document:shipment/S2 document:shipment/S2@web document:refund/F2 entry:9-1 sku:MUG sku:SET \
    account:inventory account:cogs; do
    ok "explain $subject --json" answers explain explain $subject
    ok "explain $subject" run 0 explain $subject
done
ok "explain shows the raw record" run 0 explain document:shipment/S1
ok "explain shows the raw record as it came" says out '{"type":"shipment","id":"S1","source":"web"'
ok "explain shows the slices in words" says out "of receipt R1 leave the layers at main"
ok "explain a document that waits" run 0 explain document:refund/F2
ok "explain says what it waits for" says out "It waits for order 1077"
ok "explain says the way out" says out "Way out: import that document"
ok "policy --json" answers policy policy
ok "companies --json" answers companies companies
ok "verify --json" answers verify verify
ok "verify says so in one line" run 0 verify
ok "verify's verdict" says out "The books tie out: "
ok "verify --deep decides everything again" run 0 verify --deep
ok "rebuild --json" answers rebuild rebuild
ok "verify after rebuild" run 0 verify
for command in status outcomes stock balances journal margin policy companies; do
    ok "$command as a table" run 0 $command
    ok "$command uses no colour and no cursor outside a terminal" sh -c '! grep -q "$(printf "\033")" out'
done
ok "outcomes --list as a table" run 0 outcomes --list failed
ok "outcomes --list gives the sentence" says out "first.jsonl:14"
ok "journal of one account" run 0 journal --account grni
ok "journal of one account leaves out the rest" sh -c '! grep -q customer_deposits out'
ok "the store may be named by the environment" env TIEOUT_STORE="$folder/tieout.db" "$program" --json companies

# --- settings and periods -------------------------------------------------------------------------------------------
ok "policy set" run 0 policy set revenue_at=delivery --from 2026-03-01
ok "policy keeps the history" says out "delivery from 2026-03-01"
ok "policy set, unknown key" fails 2 "no such key" policy set colour=red --from 2026-03-01
ok "policy set, unknown value" fails 2 "revenue_at is one of shipment, delivery or payment" policy set revenue_at=later --from 2026-03-01
ok "policy set without a date" fails 2 "--from" policy set revenue_at=shipment
ok "policy set, cost method after documents" fails 2 "cannot change once there are documents" policy set cost_method=lifo --from 2026-03-01
ok "policy set, backdated on a day with documents" fails 2 "a day after the last document" policy set backdated=entry_order --from 2026-01-02
ok "close --json" answers close close 2026-01-31
ok "close again says so" run 0 close 2026-01-31
ok "close earlier" fails 2 "tieout reopen opens them" close 2026-01-15
ok "policy set in a closed period" fails 2 "closed up to and with 2026-01-31" policy set revenue_at=shipment --from 2026-01-20
printf '{"type":"receipt","id":"R2","at":"2026-01-07","location":"main","lines":[{"sku":"TIN","qty":"2","unit_cost":"6.00"}]}\n' >late.jsonl
ok "a late receipt" run 0 import --format documents late.jsonl
ok "a late receipt posts after the lock" run 0 journal --document R2 --json
ok "a late receipt keeps its date" says out '"date":"2026-02-01","event_date":"2026-01-07"'
ok "reopen --json" answers reopen reopen 2026-01-20
ok "reopen leaves the lock before the date" says out '"locked_until":"2026-01-19"'
ok "reopen what is open" fails 2 "open from 2026-01-20 on already" reopen 2026-01-25
ok "verify after all that" run 0 verify

# --- many companies in one store ------------------------------------------------------------------------------------
ok "init another company --json" answers init init --company uk --currency GBP --time-zone Europe/London
ok "companies do not see each other" run 0 --company uk outcomes --json
ok "a new company is empty" says out "[]"
ok "verify looks at all companies" run 0 verify --json
ok "verify counts two" says out '"companies":2'
ok "no such company" fails 4 "has no company nowhere" status --company nowhere

# --- a queue kept as it was entered, from a day to a day -------------------------------------------------------------
cogs() { # cogs AMOUNT: what the goods sold have cost by now
    "$program" --store queue.db --json balances >out 2>err && grep -q '"role":"cogs"[^}]*"balance":"'"$1"'"' out
}
goods() { printf '{"type":"receipt","id":"%s","at":"%s","location":"main","lines":[{"sku":"TIN","qty":"%s","unit_cost":"%s"}]}\n' "$@"; }
sent() { printf '{"type":"shipment","id":"%s","order":"Q1","at":"%s","lines":[{"line":"1","qty":"%s"}]}\n' "$@"; }
take() { # take: imports what comes in
    cat >queue.jsonl && "$program" --store queue.db import --format documents queue.jsonl >out 2>err
}
ok "a queue" run 0 init --store queue.db --currency USD
{
    printf '{"type":"item","id":"TIN","sku":"TIN","kind":"stocked","at":"2026-01-01"}\n'
    printf '{"type":"order","id":"Q1","channel":"web","at":"2026-03-01","lines":[{"id":"1","sku":"TIN","qty":"20","unit_price":"9.00"}]}\n'
    goods R1 2026-03-10 10 5.00
} | take
ok "entered from a day on" run 0 policy --store queue.db set backdated=entry_order --from 2026-04-01
{ sent S1 2026-04-20 4 && goods R2 2026-04-05 5 4.00; } | take
ok "a late receipt stays behind what was entered" cogs 20.00
goods R3 2026-03-05 2 3.00 | take
ok "one dated before the rule stands in front" cogs 16.00
ok "by date again" run 0 policy --store queue.db set backdated=replay --from 2026-05-01
{ sent S2 2026-05-02 9 && goods R4 2026-04-03 1 1.00 && goods R5 2026-05-01 1 1.00; } | take
ok "what is dated after the rule stands behind it, by date" cogs 60.00
ok "stock at a day within" sh -c '"$0" --store queue.db --json stock --as-of 2026-04-05 >out && grep -q "\"on_hand\":\"18\".*\"value\":\"77.00\"" out' "$program"
ok "the queue stands up to verify" run 0 verify --store queue.db

# --- wrong words ----------------------------------------------------------------------------------------------------
ok "no command" run 2
ok "a command that is nearly one" fails 2 "did you mean balances?" balance
ok "a command that is none" fails 2 "tieout --help lists them" xyzzy
ok "an option that is nearly one" fails 2 "did you mean --layers?" stock --layer-s
ok "an option that is none" fails 2 "no option --xyzzy" stock --xyzzy
ok "a letter that is none" fails 2 "no option -x" stock -x
ok "an option of another command" fails 2 "no option --layers" balances --layers
ok "an option without its value" fails 2 "--as-of wants a value" balances --as-of
ok "an option with a value it does not take" fails 2 "--layers takes no value" stock --layers=1
ok "a word too many" fails 2 "takes no extra" status extra
ok "a date that is none" fails 2 "2026-02-30 is no date" balances --as-of 2026-02-30
ok "import without a format" fails 2 "--format documents" import first.jsonl
ok "import of an unknown format" fails 2 "csv is not known" import --format csv first.jsonl
ok "import of nothing" fails 2 "wants files" import --format documents
ok "margin by something unknown" fails 2 "channel, sku, order, line or month" margin --by colour
ok "explain something unknown" fails 2 "begin it with order:" explain banana
ok "explain an order that is not there" fails 2 "no order 4711" explain order:4711
ok "an unknown currency" fails 2 "ISO 4217 has no such code" init --store new.db --currency XQX
ok "an unknown zone" fails 2 "no such zone" init --store new.db --currency USD --time-zone Europe/Atlantis
ok "a zone that leads out of its folder" fails 2 "no such zone" init --store new.db --currency USD --time-zone ../../../etc/passwd
ok "a policy that another forbids" fails 2 "does not allow" init --store new.db --currency USD --set framework=ifrs --set cost_method=lifo
ok "nothing was made meanwhile" test ! -e new.db

# --- ways in ---------------------------------------------------------------------------------------------------------
for pack in "gzip -c" "xz -c" "zstd -qc"; do
    $pack first.jsonl >packed
    ok "packed by ${pack%% *}" run 0 import --format documents packed
done
ok "the standard input" sh -c '"$0" import --format documents - <first.jsonl >out 2>err' "$program"
awk 'BEGIN { for (i = 0; i < 500; i++) printf "{\"type\":\"item\",\"id\":\"I%d\",\"sku\":\"I%d\",\"at\":\"2026-01-01\"}\n", i, i }' >many.jsonl
ok "progress is not shown outside a terminal" run 0 import --format documents many.jsonl
ok "progress is not shown outside a terminal: nothing is said" test ! -s err
ok "progress where it is wanted" run 0 import --format documents many.jsonl --progress
ok "progress tells rate and time left" sh -c 'grep -q "records, [0-9]* a second, [0-9]* %, [0-9]* s left" err'
ok "verify after all of them" run 0 verify

# --- damage ---------------------------------------------------------------------------------------------------------
damaged() { # damaged SQL TEXT: verify ends with 5 and says the text
    cp tieout.db damaged.db
    sqlite3 damaged.db ".dbconfig enable_trigger off" "$1" >/dev/null
    run 5 verify --store damaged.db && says out "$2"
}
ok "an altered entry is named" damaged "UPDATE truth SET body = CAST(substr(body, 1, length(body) - 4) || x'01' || substr(body, -3) AS BLOB) WHERE key & 0xffffffff = 9" "truth, company 1, number 9"
ok "an altered day is named" damaged "UPDATE truth SET day = day + 1 WHERE key & 0xffffffff = 8" "truth, company 1, number 8"
ok "a missing row is named" damaged "DELETE FROM truth WHERE key & 0xffffffff = 7" "truth, company 1, number 8"
ok "an altered raw record is named" damaged "UPDATE raw SET frame = substr(frame, 1, length(frame) - 1) WHERE key & 0xffffffff = 1" "raw, company 1, number 1"
ok "an altered seal is named" damaged "UPDATE seal SET hash = zeroblob(32) WHERE key & 0xffffffff = 2" "seal, company 1, number 2"
ok "an altered view is named" damaged "UPDATE view_balance SET value = x'02' WHERE key = (SELECT min(key) FROM view_balance)" "view_balance"
ok "an altered guard is named" damaged "DROP TRIGGER truth_is_never_changed" "truth_is_never_changed"

# --- help, and files made from the table of commands ----------------------------------------------------------------
ok "--version" run 0 --version
ok "--help lists commands" run 0 --help
commands=$(sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' out)
ok "there are commands" test -n "$commands"
for command in $commands; do
    ok "$command --help" run 0 "$command" --help
    ok "$command --help teaches" sh -c 'grep -q "^Usage: tieout" out && grep -q "^Example" out && grep -q "^Options:" out && grep -q "^Exit codes:" out'
    ok "help fits 80 columns, but for examples and usage" sh -c '! grep -v "^  tieout\|^Usage\|^  zcat" out | grep -q "^.\{81\}"'
    ok "$command has a schema" test -f "$source/docs/formats/json/$command.schema.json"
    "$program" --man "$command" >out 2>err
    ok "docs/man/tieout-$command.1 is what tieout --man $command says" cmp -s out "$source/docs/man/tieout-$command.1"
done
"$program" --man >out 2>err
ok "docs/man/tieout.1 is what tieout --man says" cmp -s out "$source/docs/man/tieout.1"
"$program" --completion bash >out 2>err
ok "tools/completion/tieout.bash is what tieout --completion bash says" cmp -s out "$source/tools/completion/tieout.bash"
ok "the completion is bash" bash -n out
cat >complete.bash <<'BASH'
source ./out
tab() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); compopt() { :; }; _tieout; echo " ${COMPREPLY[*]} "; }
tab tieout st | grep -q ' status stock ' || exit 1
tab tieout --store x.db bal | grep -q ' balances ' || exit 2
tab tieout stock --la | grep -q ' --layers ' || exit 3
tab tieout margin --by m | grep -q ' month ' || exit 4
tab tieout init --set revenue_at | grep -q ' revenue_at=delivery ' || exit 5
BASH
ok "bash completes" bash complete.bash
"$program" --completion zsh >out 2>err
ok "tools/completion/_tieout is what tieout --completion zsh says" cmp -s out "$source/tools/completion/_tieout"
cp out _tieout
cat >complete.zsh <<'ZSH'
zmodload zsh/zpty || exit 9
zpty shell zsh -f -i
zpty -w shell "PS1=; PS2=; RPS1=; fpath=($PWD \$fpath); unsetopt beep; autoload -Uz compinit && compinit -u -D; show() { print -r -- \"<\$BUFFER>\"; BUFFER=; }; zle -N show; bindkey '^X' show; print rea''dy"
zpty -r shell answer '*ready*' || exit 8
tab() { # tab TYPED WANTED: what the line is after a press of the tabulator key
    local answer
    zpty -w -n shell "$1"$'\t\x18'
    zpty -r shell answer '*<*>*'
    [[ ${${answer##*<}%%>*} == "$2" ]] || { print -r -- "$1 became ${(qqqq)answer}"; exit 1 }
}
tab 'tieout bal' 'tieout balances '
tab 'tieout --store x.db bal' 'tieout --store x.db balances '
tab 'tieout stock --la' 'tieout stock --layers '
tab 'tieout margin --by=m' 'tieout margin --by=month '
tab 'tieout init --set=tax_point=p' 'tieout init --set=tax_point=payment '
tab 'tieout import --format=d' 'tieout import --format=documents '
tab 'tieout explain o' 'tieout explain order:'
tab 'tieout init --set=round' 'tieout init --set=rounding_limit='
tab 'tieout balances --store=complete.z' 'tieout balances --store=complete.zsh '
tab 'tieout init --time-zone=Europe/Lond' 'tieout init --time-zone=Europe/London '
ZSH
if ! python3 -c 'import pty; pty.openpty()' 2>/dev/null; then
    echo "skipped - zsh completes: no pseudo-terminals here"
elif command -v zsh >/dev/null; then
    ok "zsh completes" timeout 60 zsh -f complete.zsh
else
    echo "skipped - zsh completes: no zsh here"
fi
"$program" --reference >out 2>err
ok "docs/formats/cli.md is what tieout --reference says" cmp -s out "$source/docs/formats/cli.md"
[ $failed -eq 0 ] || cat <<HOW
To write the made files anew:
    for c in $(echo $commands); do tieout --man \$c >docs/man/tieout-\$c.1; done; tieout --man >docs/man/tieout.1
    tieout --completion bash >tools/completion/tieout.bash; tieout --completion zsh >tools/completion/_tieout
    tieout --reference >docs/formats/cli.md
HOW
echo "1..$count"
echo "$((count - failed)) passed, $failed failed"
[ $failed -eq 0 ]
