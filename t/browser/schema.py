# Licensed to you under the Apache License, Version 2.0; see LICENSE.
"""schema.py SCHEMA DOCUMENT: checks a JSON document against a JSON schema, and the schema against its own rules. Prints
each place that is wrong; exits 1 when there is one."""
import json
import sys

from jsonschema import Draft7Validator

with open(sys.argv[1], encoding="utf-8") as text:
    schema = json.load(text)
with open(sys.argv[2], encoding="utf-8") as text:
    document = json.load(text)
Draft7Validator.check_schema(schema)
wrong = [f"{list(error.absolute_path)}: {error.message}" for error in Draft7Validator(schema).iter_errors(document)]
print("\n".join(wrong))
sys.exit(1 if wrong else 0)
