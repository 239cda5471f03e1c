#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The list in a MONITOR's info, to be read by eye: base64 on stdin; on stdout the template text of
each app, its own base64 decoded and indented below its attribute.

    apps.py < info
"""
import base64
import re
import sys


def decode(text):
    raw = base64.b64decode(text, validate=True)
    assert base64.b64encode(raw).decode() == text, "not canonical base64"
    return raw.decode()


def main():
    text = decode(sys.stdin.read().strip())
    for line in text.splitlines():
        app = re.fullmatch(r'APP="([A-Za-z0-9+/=]+)"', line)
        if not app:
            print(line)
            continue
        print("APP")
        for attribute in decode(app[1]).splitlines():
            inner = re.fullmatch(r'(\w+64)="([A-Za-z0-9+/=]+)"', attribute)
            if not inner:
                print("  " + attribute)
                continue
            print(f"  {inner[1]}")
            for below in decode(inner[2]).splitlines():
                print("    " + below)


main()
