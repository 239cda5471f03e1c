#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Bash completes what the programs say of themselves, whatever subcommands and options there are.

    tests/package/completion.py SCRIPT FOLDER_OF_PROGRAMS
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from common import Faults, need

SCRIPT, PROGRAMS = sys.argv[1], os.path.abspath(sys.argv[2])
ASK = """
. "$1"; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_onemarket_complete "$1"
printf '%s\\n' "${COMPREPLY[@]}"
"""


def completed(*words, env=()):
    """What may stand for the last of them."""
    out = subprocess.run(["bash", "-c", ASK, "bash", os.path.abspath(SCRIPT), *words], check=True,
                         capture_output=True, text=True, cwd=WORK,
                         env={"PATH": f"{PROGRAMS}:/usr/bin:/bin", "LC_ALL": "C", **dict(env)})
    faults.same(out.stderr, "", f"stderr of {words}")
    return sorted(filter(None, out.stdout.split("\n")))


def told(*words):
    return subprocess.run([f"{PROGRAMS}/{words[0]}", *words[1:], "--help"], check=True,
                          capture_output=True, text=True).stdout


def walk(*words):
    """Every subcommand there is, and what its help tells."""
    text = told(*words)
    options = [name for names in re.findall(r"^ +(-\S+(?:, +--\S+)?)", text, re.MULTILINE)
               for name in re.split(r",\s*", names)]
    faults.same(completed(*words, "-"), sorted(set(options)), f"options of {' '.join(words)}")
    below = []
    if "ubcommands:" in text:
        below = re.findall(r"^  (\S+)", text.split("ubcommands:")[1], re.MULTILINE)
        faults.same(completed(*words, ""), sorted(below), f"subcommands of {' '.join(words)}")
    seen.append(words)
    for name in below:
        walk(*words, name)


need("bash", "awk")
faults, seen = Faults(), []
with tempfile.TemporaryDirectory(prefix="onemarketd-completion-") as WORK:
    walk("onemarketctl")
    walk("onemarket-downloader")
    faults.check(("onemarketctl", "downloader", "install") in seen, "a subcommand's subcommand")

    # What is no word of ours may be a file; a marketplace may be one that the driver has seen.
    pathlib.Path(WORK, "a message.xml").touch()
    (pathlib.Path(WORK) / "one/var/onemarketd/markets").mkdir(parents=True)
    (pathlib.Path(WORK) / "one/var/onemarketd/markets/100").touch()
    here = {"ONE_LOCATION": f"{WORK}/one"}.items()
    faults.same(completed("onemarketctl", "import", "a"), ["a message.xml"], "a file")
    faults.same(completed("onemarketctl", "cancel", "a"), [], "an app's id is no file")
    faults.same(completed("onemarketctl", "oned-conf", "--apply", "--f"), ["--force"], "behind a flag that excludes one")
    faults.same(completed("onemarketctl", "gc", "1", env=here), ["100"], "a marketplace")
    faults.same(completed("onemarketctl", "gc", "--older", "1", env=here), [], "an option's value")
    faults.same(completed("onemarketctl", "gc", "--older", "1d", "1", env=here), ["100"], "behind it")
    faults.same(completed("onemarketctl", "ve"), ["verify"], "the beginning of a word")
    faults.same(completed("onemarketctl", "nothing", ""), completed("onemarketctl", ""), "no such word")
    faults.same(completed("onemarket-downloader", "a"), ["a message.xml"], "a source")
faults.end()
