#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The man pages are whole, and say what the programs and the documents say.

    tests/package/man.py FOLDER_OF_PAGES FOLDER_OF_PROGRAMS
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

from common import Faults

PAGES, PROGRAMS = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
ROOT = pathlib.Path(__file__).resolve().parents[2]


def options(*words):
    """Of the program and of its subcommands."""
    text = subprocess.run([PROGRAMS / words[0], *words[1:], "--help"], check=True,
                          capture_output=True, text=True).stdout
    found = set(re.findall(r"--[a-z][\w-]*", text))
    if "ubcommands:" in text:
        for name in re.findall(r"^  (\S+)", text.split("ubcommands:")[1], re.MULTILINE):
            found |= {name} | options(*words, name)
    return found


faults = Faults()
texts = {page.name: page.read_text() for page in PAGES.iterdir()}
sources = {path.name[:-3] for path in (ROOT / "docs/man").glob("*.md")}
faults.same(set(texts), sources, "pages")
for name, text in texts.items():
    said = text.replace("\\-", "-")
    for left in re.findall(r"`|\]\(|\*\*|^\|.*|^\{(?:docs/|help ).*\}$", text.replace(r"\fB***\fR", ""), re.MULTILINE):
        faults.check(False, f"{name}: Markdown is left: {left}")
    program = name[:-2]
    if (PROGRAMS / program).exists():
        for option in options(program):
            faults.check(option in said, f"{name}: {option} is missing")
    if shutil.which("man"):
        shown = subprocess.run(
            ["man", "--warnings", "-l", str(PAGES / name)], capture_output=True, text=True,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "MANWIDTH": "100", "MANPAGER": "cat"})
        faults.same((shown.returncode, shown.stderr), (0, ""), f"man {name}")
        faults.check(len(shown.stdout.splitlines()) > 50, f"{name}: is short")
for key in re.findall(r"^# ?([A-Z0-9_]+) = ", (ROOT / "etc/onemarketd.conf").read_text(), re.MULTILINE):
    faults.check(f"\\fB{key}\\fR" in texts["onemarketd.conf.5"], f"onemarketd.conf.5: {key} is missing")
faults.end()
