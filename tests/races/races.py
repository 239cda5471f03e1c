#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the suites with programs of the thread sanitizer, and says what it reported. What a report is of counts once.

    races.py --built build-tsan --racing PROGRAM [-j JOBS] [ctest's options...]

PROGRAM has a race: without a report of it nothing is believed. Exit status: 0 all tests passed and nothing was reported, else 1.
"""
import argparse
import collections
import os
import pathlib
import re
import subprocess
import sys

# What looks at sources, documents and the runner alone.
WITHOUT = r"^(house|transcripts\.runner|faults\.proxy|metrics\.documents)$|^package\."
HEADLINE = re.compile(r"^(?:WARNING|ERROR|FATAL): ThreadSanitizer: .*", re.MULTILINE)
SUMMARY = re.compile(r"^SUMMARY: ThreadSanitizer: (.*)", re.MULTILINE)


def reports(folder):
    """{what it is of: the reports}"""
    found = collections.defaultdict(list)
    for file in sorted(folder.glob("report.*")):
        text = file.read_text(errors="replace")
        for report in re.split(r"^=+\n(?=WARNING|ERROR|FATAL)", text, flags=re.MULTILINE):
            named = SUMMARY.search(report) or HEADLINE.search(report)
            if named:
                found[named.group(named.lastindex or 0)].append(report)
            elif report.strip("= \n"):
                found["unknown"].append(report)
    return found


def forget(folder):
    for file in folder.glob("report.*"):
        file.unlink()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--built", required=True, type=pathlib.Path, metavar="FOLDER")
    parser.add_argument("--racing", required=True, type=pathlib.Path, metavar="PROGRAM")
    parser.add_argument("-j", dest="jobs", type=int, default=2 * os.cpu_count(), metavar="JOBS",
                        help="many tests wait")
    options, more = parser.parse_known_args()
    folder = options.built.resolve() / "races"
    folder.mkdir(exist_ok=True)
    forget(folder)
    subprocess.run([options.racing.resolve()])
    if not any("data race" in what for what in reports(folder)):
        sys.exit(f"{options.racing} has a race that was not reported in {folder}")
    forget(folder)
    tests = subprocess.run(["ctest", "--test-dir", options.built, "--output-on-failure", "-j", str(options.jobs), "-E", WITHOUT,
                            *more])
    found = reports(folder)
    for what, texts in found.items():
        print(texts[0])
        print(f"{len(texts)} x {what}")
    print(f"{sum(map(len, found.values()))} reports of {len(found)} kinds in {folder}")
    return 1 if found or tests.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
