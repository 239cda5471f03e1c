#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rules of the house, read from its sources: floors that only look down, one door for each
dangerous thing, and documents that know every key and option there is.

    tests/house/house_test.py SOURCE_DIR
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(sys.argv[1])
FLOORS = {"protocol": 0, "backends": 1, "daemon": 2}

# What a pattern stands for, and the only files it may stand in.
DOORS = [
    ("tinyxml2", r"#include <tinyxml2\.h>", ["protocol/xml.cpp"]),
    ("Boost.Process", r"#include <boost/process", ["backends/io/child_process.cpp"]),
    ("Boost.Beast", r"#include <boost/beast", ["daemon/metrics_server.cpp"]),
    ("Boost.JSON", r"#include <boost/json", ["backends/io/json.cpp"]),
    ("spdlog", r"#include <spdlog/", ["daemon/log.cpp"]),
    ("CLI11", r"#include <CLI/", ["daemon/options.cpp", "daemon/ctl/commands/commands.h", "daemon/downloader/options.cpp"]),
    ("libarchive", r"#include <archive", ["backends/io/archive.cpp", "backends/io/unpacker.cpp"]),
    ("libcurl", r"#include <curl/", ["backends/io/http_client.cpp", "backends/io/libcurl.cpp", "backends/io/url.cpp"]),
    ("zlib", r"#include <zlib", ["backends/io/gzip_reader.cpp"]),
    ("liblzma", r"#include <lzma", ["backends/io/xz_reader.cpp"]),
    ("OpenSSL", r"#include <openssl/", ["protocol/base64.cpp", "backends/io/digest.cpp", "daemon/cleared_heap.cpp"]),
    ("starting processes", r"\b(fork|vfork|system|popen|posix_spawn\w*|exec[lv]\w*)\s*\(", []),
    ("names in a folder of others'",
     r"\b(openat|unlinkat|renameat2?|linkat|fstatat|mkdirat|symlinkat)\s*\(",
     ["backends/io/public_dir.cpp", "daemon/new_file.cpp", "daemon/ctl/downloader_wrapper.cpp"]),
    ("paths that are removed or renamed", r"::(unlink|rename|rmdir|remove_all)\s*\(",
     ["daemon/control_socket.cpp", "daemon/journal.cpp", "daemon/listener.cpp",
      "daemon/market_messages.cpp", "daemon/metrics_file.cpp",
      "daemon/metrics_server.cpp", "daemon/files.cpp", "daemon/new_file.cpp", "daemon/ctl/downloader_wrapper.cpp",
      "daemon/downloader/destination.cpp"]),
    ("printing to stdout", r"\b(std::cout|printf|puts|putchar)\b",
     ["daemon/main.cpp", "daemon/downloader/main.cpp"]),
    ("the environment", r"\b(getenv|environ|setenv)\b",
     ["daemon/environment.cpp", "daemon/main.cpp"]),
]


def sources():
    for floor in FLOORS:
        for path in sorted((ROOT / floor).rglob("*")):
            if path.suffix in (".h", ".cpp"):
                yield path.relative_to(ROOT).as_posix(), path.read_text()


def code(text):
    """The text without its comments and strings."""
    text = re.sub(r'"(\\.|[^"\\\n])*"', '""', text)
    return re.sub(r"//[^\n]*", "", text)


def check_floors(faults):
    for name, text in sources():
        floor = FLOORS[name.split("/")[0]]
        for include in re.findall(r'#include "([^"]+)"', text):
            top = include.split("/")[0]
            if top not in FLOORS:
                faults.append(f"{name}: {include} is of no floor")
            elif FLOORS[top] > floor:
                faults.append(f"{name}: includes {include}, a floor above it")
            elif not (ROOT / include).exists() and not (ROOT / f"{include}.in").exists():
                faults.append(f"{name}: includes {include}, which is not there")
        if floor == 0 and re.search(r"#include <(thread|mutex|fstream|iostream|unistd\.h|boost/)", text):
            faults.append(f"{name}: the ground floor does no I/O and knows no threads")


def check_doors(faults):
    for what, pattern, doors in DOORS:
        for name, text in sources():
            includes = pattern.startswith("#include")
            if re.search(pattern, text if includes else code(text)) and name not in doors:
                faults.append(f"{name}: {what} belongs in {', '.join(doors) or 'no file'}")
        for door in doors:
            if not (ROOT / door).exists():
                faults.append(f"the door for {what}, {door}, is not there")


def check_shape(faults):
    for name, text in sources():
        lines = text.count("\n")
        if lines > 460:
            faults.append(f"{name}: {lines} lines; one noun a file")
        if not text.startswith("// SPDX-License-Identifier: Apache-2.0\n"):
            faults.append(f"{name}: no licence line")
        if name.endswith(".h") and "#pragma once" not in text:
            faults.append(f"{name}: no #pragma once")


def documented(faults, document, kind, names, pattern):
    path = ROOT / document
    text = path.read_text() if path.exists() else ""
    known = set(re.findall(pattern, text, re.MULTILINE))
    for name in sorted(set(names) - known):
        faults.append(f"{document}: {kind} {name} is not documented")
    for name in sorted(known - set(names)):
        faults.append(f"{document}: {kind} {name} does not exist")


def check_scripts(faults):
    """What a document calls must run as it stands there."""
    for folder in ("cmake", "etc", "packaging", "tests"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and not path.stat().st_mode & 0o100 and path.read_bytes()[:2] == b"#!":
                faults.append(f"{path.relative_to(ROOT)}: begins with #! and is not executable")


def check_documents(faults):
    config = (ROOT / "daemon/config.cpp").read_text()
    keys = re.findall(r'^    \{"([A-Z0-9_]+)",', config, re.MULTILINE)
    documented(faults, "docs/configuration.md", "key", keys, r"^\| `([A-Z0-9_]+)` \|")
    documented(faults, "etc/onemarketd.conf", "key", keys, r"^# ?([A-Z0-9_]+) = ")
    metrics = re.findall(r'"((?:onemarketd|process)_\w+)",\s*"(?:gauge|counter|histogram)"',
                         (ROOT / "daemon/metrics.cpp").read_text())
    documented(faults, "docs/metrics.md", "metric", metrics, r"^\| `((?:onemarketd|process)_\w+)` \|")
    options = re.findall(r'"(?:-\w,)?(--[\w-]+)"', (ROOT / "daemon/options.cpp").read_text())
    documented(faults, "docs/operations.md", "option", options, r"^\| .*`(--[\w-]+)`")


def check_named_tests(faults):
    """What a document says is shown by a test, that test has to show."""
    tests = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("*_test.cpp"))
    known = {f"{suite}.{name}" for suite, name in
             re.findall(r"^(?:TYPED_)?TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", tests, re.MULTILINE)}
    for document in sorted((ROOT / "docs").rglob("*.md")):
        name, text = document.relative_to(ROOT).as_posix(), document.read_text()
        for test in re.findall(r"`([A-Z]\w+\.[A-Z]\w+)`", text):
            if test not in known | {"Suite.Name"}:
                faults.append(f"{name}: there is no test {test}")
        for path in re.findall(r"`(?:tests/)?((?:transcripts|house|downloader|chaos|secrets)/[\w./]+\.(?:mad|py))`", text):
            if not (ROOT / "tests" / path).exists():
                faults.append(f"{name}: there is no tests/{path}")


def main():
    faults = []
    for check in (check_floors, check_doors, check_shape, check_scripts, check_documents, check_named_tests):
        check(faults)
    for fault in faults:
        print(fault)
    print(f"{len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
