# Licensed to you under the Apache License, Version 2.0; see LICENSE.
"""Reads a Prometheus text file with the official client's parser and prints its samples as JSON, by name, product
and the label that tells them apart. Fails on families without samples' type or help, and on falling buckets."""
import json
import sys

from prometheus_client.parser import text_string_to_metric_families

values = {}
with open(sys.argv[1], encoding="utf-8") as text:
    families = list(text_string_to_metric_families(text.read()))
for family in families:
    assert family.type != "unknown" and family.documentation, family.name
    last = {}
    for sample in family.samples:
        labels = dict(sample.labels)
        detail = next((labels[key] for key in ("code", "le", "id", "result", "direction", "reason") if key in labels), "")
        key = " ".join(filter(None, (sample.name, labels.get("product", ""), detail)))
        values[key] = values.get(key, 0) + sample.value
        if sample.name.endswith("_bucket"):
            series = tuple(sorted((k, v) for k, v in labels.items() if k != "le"))
            assert sample.value >= last.get(series, 0), sample
            last[series] = sample.value
json.dump(values, sys.stdout)
