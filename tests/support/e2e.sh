# e2e.sh: sourced by the end-to-end tests, with the program as their first argument: a folder of their own to work in, and
# checks that are counted. The files out and err hold what the program said last.
set -u
program=$(realpath "${1:-${TIEOUT:?the program}}")
source=${TIEOUT_SOURCE:-$(realpath "$(dirname "$0")/../..")}
folder=$(mktemp -d "${TMPDIR:-/tmp}/tieout-e2e.XXXXXX")
trap 'chmod -R u+w "$folder" 2>/dev/null; umount "$folder/small" 2>/dev/null; rm -rf "$folder"' EXIT
cd "$folder" || exit 1
unset TIEOUT_STORE NO_COLOR
failed=0
count=0

# ok WHAT COMMAND...: counts a check.
ok() {
    what=$1
    shift
    count=$((count + 1))
    if "$@"; then
        echo "ok $count - $what"
    else
        failed=$((failed + 1))
        echo "not ok $count - $what"
        sed 's/^/    out: /' out | head -5
        sed 's/^/    err: /' err | head -5
    fi
}
skip() { echo "skipped - $1: $2"; }
# run CODE WORDS...: runs the program into out and err; true when it ends with the code.
run() {
    wanted=$1
    shift
    "$program" "$@" >out 2>err </dev/null
    got=$?
    [ $got -eq "$wanted" ] || echo "    $* ended with $got, not $wanted"
    [ $got -eq "$wanted" ]
}
says() { # says FILE TEXT: the file holds the text
    grep -qF -- "$2" "$1" || { echo "    $1 does not say: $2"; false; }
}
fails() { # fails CODE TEXT WORDS...: ends with the code, says the text, and no more than three lines
    ends=$1 text=$2
    shift 2
    run "$ends" "$@" && says err "$text" && [ "$(wc -l <err)" -le 3 ]
}
