"""Reads OpenMetrics from standard input with Prometheus' own parser, which throws at what is not valid; prints the families' names."""

import json
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

print(json.dumps([family.name for family in text_string_to_metric_families(sys.stdin.read())]))
