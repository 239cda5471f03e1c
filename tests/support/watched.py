#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a command that shows frame after frame, on a terminal that is small at first. Ends well where
each frame fits it, and the next ones follow when it becomes larger.

    tests/support/watched.py COMMAND ARGUMENT...
"""
import fcntl
import os
import pty
import struct
import sys
import termios

HOME, TO_LINE_END, TO_END = b"\x1b[H", b"\x1b[K", b"\x1b[J"


def resize(terminal, rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def frames(terminal):
    text = b""
    while True:
        while text.count(HOME) < 2:
            text += os.read(terminal, 65536)
        _, frame, text = text.split(HOME, 2)
        text = HOME + text
        yield frame.replace(TO_LINE_END, b"").replace(TO_END, b"").decode().splitlines()


def main():
    child, terminal = pty.fork()
    if child == 0:
        resize(1, 4, 20)
        os.execvp(sys.argv[1], sys.argv[1:])
    shown = frames(terminal)
    small = next(shown)
    resize(terminal, 24, 200)
    next(shown)  # may be the one before
    large = next(shown)
    os.close(terminal)
    os.waitpid(child, 0)
    assert len(small) == 3 and max(map(len, small)) == 19, small
    assert 3 < len(large) < 24 and 19 < max(map(len, large)) < 200, large


main()
