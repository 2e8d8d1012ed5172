#!/usr/bin/env python3
"""fits_schema.py SCHEMA FILE [lines]: whether FILE, or each of its lines, fits a published JSON Schema.

Stricter than the schema in two ways, both about our own answers: a number with a fraction is never right, and a member
that the schema does not name is an error (readers must bear new members, we must not forget to publish them)."""
import json
import sys

import jsonschema


def closed(schema):
    """The schema with every object that lists its members closed to others."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: closed(value) for key, value in schema.items()}
    if isinstance(result.get("properties"), dict):
        result.setdefault("additionalProperties", False)
    return result


def no_fraction(text):
    raise ValueError(f"a number with a fraction: {text}")


def main(schema_path, path, *words):
    with open(schema_path, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(closed(schema))
    with open(path, encoding="utf-8") as file:
        text = file.read()
    values = [json.loads(part, parse_float=no_fraction) for part in (text.splitlines() if "lines" in words else [text])]
    found = [f"{error.json_path}: {error.message}" for value in values for error in validator.iter_errors(value)]
    print("\n".join(found[:5]), end="\n" if found else "")
    return 1 if found or not values else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
