#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/dependencies.md lists what the programs really link, at the versions there are.

    dependencies.py SOURCE BUILD
"""
import pathlib
import re
import subprocess
import sys

from common import Faults, need

PROGRAMS = ["onemarketd", "onemarketctl", "onemarket-downloader"]


def output(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout


def rows(text, first):
    """Cells of the table whose first heading this is."""
    table = text.split(f"| {first} |", 1)[1].split("\n\n", 1)[0]
    for line in table.splitlines()[2:]:
        yield [cell.strip().strip("`") for cell in line.strip("|").split("|")]


def linked(build):
    names = set()
    for program in PROGRAMS:
        names |= set(re.findall(r"\(NEEDED\).*\[(.*)\]", output("readelf", "-d", str(build / program))))
    return names


def is_debian_12():
    try:
        text = pathlib.Path("/etc/os-release").read_text()
    except OSError:
        return False
    return "ID=debian\n" in text and 'VERSION_ID="12"' in text


def main():
    need("readelf")
    source, build = map(pathlib.Path, sys.argv[1:])
    text = (source / "docs/dependencies.md").read_text()
    libraries, headers = list(rows(text, "Linked")), list(rows(text, "Compiled in"))
    faults = Faults()

    asked = {f"{name} {version}" for name, version in
             re.findall(r"^find_package\((\w+) ([\d.]+)", (source / "CMakeLists.txt").read_text(), re.MULTILINE)}
    faults.same({row[-2] for row in libraries + headers if row[-2]}, asked, "what CMakeLists.txt asks for")
    if not is_debian_12():
        faults.end()
    need("dpkg-query")
    faults.same({row[0] for row in libraries}, linked(build), "what is linked")
    for name, package, version, *_ in libraries:
        owners = {line.split(":")[0] for line in output("dpkg", "-S", f"*/{name}").splitlines()}
        faults.check(package in owners, f"{name} is of {owners}, not of {package}")
    for package, version in [row[1:3] for row in libraries] + [row[:2] for row in headers]:
        there = output("dpkg-query", "-W", "-f", "${Version}", package).split(":")[-1]
        faults.check(not there or re.match(re.escape(version) + r"(?!\d)", there),
                     f"{package} is {there}, not {version}")
    faults.end()


main()
