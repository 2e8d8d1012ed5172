#!/bin/sh
# schemas.sh TIEOUT: the published schemas of documents and the program agree: what the program takes is valid, what is
# not valid is set aside. Both are tried on every document of the golden cases and of a demo merchant, whole and broken.
set -eu
tieout=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
merchant=${MERCHANT:-$(dirname "$tieout")/merchant}
source=${TIEOUT_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

grep -h '^{' "$source"/tests/golden/cases/*.case "$source"/tests/golden/known-wrong/*.case >golden.jsonl 2>/dev/null ||
    [ -s golden.jsonl ]
"$merchant" --orders 150 --seed 3 --clean >merchant.jsonl

cat >agree.py <<'PYTHON'
"""agree.py TIEOUT SCHEMAS FILE...: reads documents, breaks copies of them by a seed, and holds schema against program."""
import copy
import json
import pathlib
import random
import re
import subprocess
import sys

import jsonschema

SEED = 11
BROKEN_EACH = 3
program, schemas, *files = sys.argv[1:]
validators = {}
for path in sorted(pathlib.Path(schemas).glob("*.schema.json")):
    schema = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validators[path.name.removesuffix(".schema.json")] = jsonschema.Draft202012Validator(schema)


def places(value, path=()):
    """Every place in a document that can be broken, outermost first."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in items:
        yield path + (key,)
        yield from places(one, path + (key,))


def broken(document, rng):
    """A copy with one member missing, of another kind, or of a form that nothing has."""
    result = copy.deepcopy(document)
    path = rng.choice([place for place in places(document) if place not in (("type",), ("id",))])
    parent = result
    for key in path[:-1]:
        parent = parent[key]
    how = rng.choice(("gone", "object", "list", "text", "long", "true"))
    if how == "gone":
        del parent[path[-1]]
    else:
        parent[path[-1]] = {"object": {}, "list": [], "text": "?", "long": "x" * 300, "true": True}[how]
    return result, how


def set_aside(documents):
    """The lines that the program took for no document, and what it said of them."""
    lines = "".join(json.dumps(document) + "\n" for document in documents)
    subprocess.run([program, "--store", "agree.db", "init", "--currency", "USD"], check=True, capture_output=True)
    done = subprocess.run([program, "--store", "agree.db", "import", "--format", "documents", "--show", "1000000", "-"],
                          input=lines, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(f"import ended with {done.returncode}: {done.stderr[-500:]}")
    pathlib.Path("agree.db").unlink()
    found = {}
    for line in done.stderr.splitlines():
        match = re.match(r"standard input:(\d+): (.*)", line)
        if match:
            found[int(match[1])] = match[2]
    return found


# What says that the bytes are no document, as the refusals' page has it; other refusals are about documents.
SHAPE = ("malformed", "missing_field", "bad_value", "unknown_type", "bad_number", "too_fine")


def main():
    rng = random.Random(SEED)
    whole = []
    for path in files:
        with open(path, encoding="utf-8") as file:
            whole += [json.loads(line) for line in file]
    documents = list({json.dumps(document, sort_keys=True): document for document in whole}.values())
    for number, document in enumerate(documents):
        document["id"] = document["id"] if document["type"] in ("item", "location") else f"{document['id']}-{number}"
    trouble = []
    failed = set_aside(documents)
    for line, document in enumerate(documents, 1):
        said = failed.get(line, "")
        error = jsonschema.exceptions.best_match(validators[document["type"]].iter_errors(document))
        if error is not None and not any(f": {name}" in said for name in SHAPE):
            trouble.append(f"taken, but {error.json_path}: {error.message}: {json.dumps(document)}")
    tried = []
    for document in documents:
        tried += [broken(document, rng) + (document["type"],) for _ in range(BROKEN_EACH)]
    failed = set_aside([one for one, _, _ in tried])
    invalid = {}
    for line, (document, how, kind) in enumerate(tried, 1):
        error = jsonschema.exceptions.best_match(validators[kind].iter_errors(document))
        if error is None:
            continue
        invalid[kind] = invalid.get(kind, 0) + 1
        if line not in failed:
            trouble.append(f"taken ({how}), but {error.json_path}: {error.message}: {json.dumps(document)}")
    for kind in sorted({kind for _, _, kind in tried} | set(validators)):
        print(f"{kind:16} {sum(1 for one in documents if one['type'] == kind):6} whole  {invalid.get(kind, 0):6} broken")
    print("\n".join(trouble[:20]))
    sys.exit(1 if trouble or not invalid else 0)


main()
PYTHON
python3 agree.py "$tieout" "$source/docs/formats/schemas/v1" golden.jsonl merchant.jsonl
