# Licensed to you under the Apache License, Version 2.0; see LICENSE.
"""schema.py SCHEMA DOCUMENT: checks a JSON document against a JSON schema, and the schema against its own rules. Prints
each place that is wrong; exits 1 when there is one. Stricter than the schema is for others, who may read a later
version's document by it: a member it does not name is wrong."""
import json
import sys

from jsonschema import Draft7Validator


def name_all(part):
    """Forbids members that are not named, in a schema and all its parts."""
    if isinstance(part, dict):
        if "properties" in part or "patternProperties" in part:
            part.setdefault("additionalProperties", False)
        for value in part.values():
            name_all(value)
    elif isinstance(part, list):
        for value in part:
            name_all(value)


with open(sys.argv[1], encoding="utf-8") as text:
    schema = json.load(text)
with open(sys.argv[2], encoding="utf-8") as text:
    document = json.load(text)
Draft7Validator.check_schema(schema)
name_all(schema)
wrong = [f"{list(error.absolute_path)}: {error.message}" for error in Draft7Validator(schema).iter_errors(document)]
print("\n".join(wrong))
sys.exit(1 if wrong else 0)
