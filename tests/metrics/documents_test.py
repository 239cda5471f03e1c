#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What is drawn of the metrics and alarmed by them names metrics that there are, as does the text about them.

    documents_test.py SOURCE_DIR [--promtool PROMTOOL]

Exit status: 0 all is well, 1 something is not, 77 all is but nobody looked at the rules, for want of promtool.
"""
import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys

OTHERS = {"node_textfile_mtime_seconds"}  # metrics of others that alerts look at
PARTS = r"(_bucket|_sum|_count)$"


def exported(root):
    """name: type, by the one table there is."""
    text = (root / "daemon/metrics.cpp").read_text()
    return dict(re.findall(r'"((?:onemarketd|process)_\w+)",\s*"(gauge|counter|histogram)"', text))


def named(query):
    return set(re.findall(r"\b(?:onemarketd|process|node)_\w+", query))


def texts(value, key):
    """Every text of that key, however deep."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == key and isinstance(inner, str):
                yield inner
            else:
                yield from texts(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner, key)


def check_queries(faults, metrics, where, queries):
    queries = list(queries)
    if not queries:
        faults.append(f"{where}: no query")
    for query in queries:
        for name in named(query) - OTHERS:
            base = re.sub(PARTS, "", name)
            if not (name in metrics or metrics.get(base) == "histogram"):
                faults.append(f"{where}: {name} is not exported")
            # A counter by itself says when the driver was started.
            if name.endswith("_bucket") or metrics.get(name) == "counter":
                if not re.search(rf"(rate|increase)\({name}", query) and not where.endswith(".html"):
                    faults.append(f"{where}: {query}: no rate of {name}")


def check_dashboard(faults, root, metrics):
    where = "etc/grafana/onemarketd.json"
    dashboard = json.loads((root / where).read_text())
    check_queries(faults, metrics, where, texts(dashboard, "expr"))
    uids = set(texts(dashboard, "uid")) - {"onemarketd"}
    if uids != {"${datasource}"}:
        faults.append(f"{where}: data sources of somebody's own: {uids}")
    built_in = {"bargauge", "stat", "table", "timeseries"}
    for panel in dashboard["panels"]:
        if panel["type"] not in built_in:
            faults.append(f"{where}: {panel['title']}: {panel['type']} is a plugin")
    spots = [(p["gridPos"]["x"], p["gridPos"]["y"]) for p in dashboard["panels"]]
    if len(set(spots)) != len(spots) or len({p["id"] for p in dashboard["panels"]}) != len(spots):
        faults.append(f"{where}: two panels in one place, or with one id")


def check_rules(faults, root, metrics, promtool):
    where = "etc/prometheus/onemarketd.rules.yml"
    text = (root / where).read_text()
    check_queries(faults, metrics, where, re.findall(r"expr: (?:>\n)?((?:.|\n)*?)\n        (?:for|labels)", text))
    alerts = set(re.findall(r"alert: (\w+)", text))
    documented = set(re.findall(r"^\| `(Onemarketd\w+)` \|", (root / "docs/metrics.md").read_text(), re.MULTILINE))
    tested = set(re.findall(r"\w*Onemarketd\w+", (root / "tests/metrics/rules_test.yml").read_text()))
    if not alerts or alerts != documented or alerts != tested:
        faults.append(f"{where}: alerts {alerts}, documented {documented}, tested {tested}")
    if not promtool:
        return
    for words in (["check", "rules", root / where], ["test", "rules", root / "tests/metrics/rules_test.yml"]):
        done = subprocess.run([promtool, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            faults.append(done.stdout)


def check_table(faults, root, metrics):
    """Types as they are documented; the names are the house test's."""
    text = (root / "docs/metrics.md").read_text()
    for name, kind in re.findall(r"^\| `(\w+)` \| (gauge|counter|histogram)", text, re.MULTILINE):
        if metrics.get(name) != kind:
            faults.append(f"docs/metrics.md: {name} is no {kind}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("--promtool", default=shutil.which("promtool"))
    options = parser.parse_args()
    root = options.root.resolve()
    metrics, faults = exported(root), []
    check_dashboard(faults, root, metrics)
    console = "etc/prometheus/consoles/onemarketd.html"
    check_queries(faults, metrics, console, re.findall(r".*onemarketd_.*", (root / console).read_text()))
    check_rules(faults, root, metrics, options.promtool)
    check_table(faults, root, metrics)
    for fault in faults:
        print(fault)
    print(f"{len(metrics)} metrics, {len(faults)} faults")
    return 1 if faults else 0 if options.promtool else 77


if __name__ == "__main__":
    sys.exit(main())
