# SPDX-License-Identifier: Apache-2.0
"""Messages as oned sends them, made of those in tests/fixtures/messages."""
import base64
import functools
import pathlib
import re

MESSAGES = pathlib.Path(__file__).resolve().parent.parent / "fixtures/messages"


@functools.cache
def fixture(name):
    return (MESSAGES / f"{name}.xml").read_text().strip()


def message(name, **values):
    """The message NAME with each @KEY@ in it replaced; values it has no place for are left out."""
    xml = fixture(name)
    for key, value in values.items():
        xml = xml.replace(f"@{key}@", str(value))
    left = re.search("@[A-Z_]+@", xml)
    assert not left, f"{name}: {left.group()}"
    return xml


def encoded(xml):
    return base64.b64encode(xml.encode()).decode()


def payload(name, **values):
    return encoded(message(name, **values))
