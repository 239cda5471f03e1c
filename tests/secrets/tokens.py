# SPDX-License-Identifier: Apache-2.0
"""Secrets that are known again wherever they turn up, whatever form they have taken."""
import base64
import binascii
import math
import random
import re
import string

LETTERS = string.ascii_letters + string.digits
DRAW = random.SystemRandom()


def draw(length):
    return "".join(DRAW.choices(LETTERS, k=length))


def base64_forms(text):
    """What is in any base64 of anything that has the text in it, at each of its three places in a group."""
    for before in range(3):
        bits = (before + len(text)) * 8
        whole = base64.b64encode(b"\0" * before + text + b"\0" * (-(before + len(text)) % 3))
        yield whole[math.ceil(before * 8 / 6):bits // 6]


def forms(text):
    """Raw and percent-encoded (letters stay), hexadecimal, base64, and base64 of that."""
    yield text
    yield binascii.hexlify(text)
    yield binascii.hexlify(text).upper()
    for inner in base64_forms(text):
        yield inner
        yield from base64_forms(inner)


def draw_mark():
    """Nine letters whose forms are all letters, so that these are the same in every alphabet."""
    while True:
        mark = draw(9).encode()
        if all(form.isalnum() for form in forms(mark)):
            return mark


class Tokens:
    """Each has the run's mark in it, twice: what is searched for is that."""

    def __init__(self):
        self.mark = draw_mark()
        self.needles = dict.fromkeys(forms(self.mark))  # whose it is, where the needle itself says it
        self.kinds, self.names = {}, {}  # by what follows the mark

    def plant(self, name, kind, short=False):
        """40 characters, among them two that addresses have to encode; or 12, which are kept elsewhere in memory."""
        mark = self.mark.decode()
        pieces = [draw(3)] if short else [draw(10), draw(10)]
        for piece in pieces:
            self.names[piece[:3].encode()] = name
            self.kinds[name] = kind
        return mark + (pieces[0] if short else pieces[0] + "/+" + mark + pieces[1])

    def adopt(self, name, kind, text):
        """A secret that somebody else has made."""
        self.kinds[name] = kind
        for form in forms(text):
            self.needles[form] = name

    def found(self, data):
        """Whose they are: names, of whatever of them is in these bytes in any form."""
        names = set()
        for needle, name in self.needles.items():
            at = data.find(needle)
            while at >= 0:
                names.add(name or self.name(data, at))
                at = data.find(needle, at + 1)
        return names

    def name(self, data, at):
        around = data[max(0, at - 64):at + 256]
        for text in self.readings(around):
            for place in re.finditer(re.escape(self.mark), text):
                piece = text[place.end():place.end() + 3]
                if piece in self.names:
                    return self.names[piece]
        return "a piece of one"

    def readings(self, data, depth=2):
        """The bytes, and what they are as hexadecimal or base64, wherever that begins."""
        yield data
        if depth == 0:
            return
        for run in re.findall(rb"[0-9A-Fa-f]{20,}", data):
            for shift in (0, 1):
                even = run[shift:]
                yield binascii.unhexlify(even[:len(even) // 2 * 2])
        for run in re.findall(rb"[A-Za-z0-9+/_-]{10,}", data):
            run = run.translate(bytes.maketrans(b"-_", b"+/"))
            for shift in range(4):
                part = run[shift:]
                decoded = base64.b64decode(part[:len(part) // 4 * 4])
                if self.mark in decoded:
                    yield decoded
                elif depth == 2:
                    yield from self.readings(decoded, 1)

    def kind(self, name):
        return self.kinds.get(name, "a piece")
