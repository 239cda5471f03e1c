#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A driver that does what its stdin says, right or wrong, to test the runner with."""

import base64
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time


def write(data):
    with contextlib.suppress(BrokenPipeError):
        while data:
            data = data[os.write(1, data):]


def answer(text):
    write(b"MONITOR SUCCESS 0 " + base64.b64encode(text.encode()) + b"\n")


def child(kind):
    """Leaves a process: in its own group, in its own session, or in ours but without our
    environment."""
    subprocess.Popen(["sleep", "60"], close_fds=True, start_new_session=kind == "session",
                     preexec_fn=os.setpgrp if kind == "group" else None,
                     env={} if kind == "bare" else None,
                     **({} if kind == "stdout" else {"stdout": subprocess.DEVNULL}))


def main():
    stubborn = telling = False
    for line in iter(sys.stdin.buffer.readline, b""):
        word, _, rest = line.rstrip(b"\n").partition(b" ")
        if word == b"INIT":
            write(b"INIT SUCCESS - \n")
        elif word == b"FINALIZE" and telling:
            write(b"DELETE SUCCESS 0 FINALIZE came\n")
        elif word == b"FINALIZE" and not stubborn:
            return 0
        elif word == b"TELLING":   # answers FINALIZE, and ends only at the end of stdin
            telling = True
        elif word == b"SAY":       # a line
            write(rest + b"\n")
        elif word == b"RAW":       # bytes in hexadecimal
            write(bytes.fromhex(rest.decode()))
        elif word == b"LATER":     # seconds, a line
            seconds, _, text = rest.partition(b" ")
            threading.Timer(float(seconds), write, [text + b"\n"]).start()
        elif word == b"DECODE":    # base64
            text = base64.b64decode(rest, validate=True).hex()
            write(b"MONITOR SUCCESS 0 %s\n" % text.encode())
        elif word == b"FLOOD":     # a number of long lines
            for i in range(1, int(rest) + 1):
                write(b"DELETE SUCCESS %d %s\n" % (i, b"x" * 4000))
        elif word == b"EXIT":      # a status
            return int(rest)
        elif word == b"DIE":
            os.kill(os.getpid(), signal.SIGKILL)
        elif word == b"HANG":      # neither reads nor writes nor ends
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            time.sleep(600)
        elif word == b"STUBBORN":  # does not end when told
            stubborn = True
        elif word == b"CHILD":
            child(rest.decode())
        elif word == b"TELL":
            answer({
                b"argv": lambda: json.dumps(sys.argv[1:]),
                b"env": lambda: " ".join(sorted(os.environ)),
                b"fd2": lambda: "open" if os.path.exists("/proc/self/fd/2") else "closed",
                b"fds": lambda: str(len(os.listdir("/proc/self/fd")) - 1),
                b"blocked": lambda: str(len(signal.pthread_sigmask(signal.SIG_BLOCK, []))),
            }[rest]())
    if stubborn:
        time.sleep(600)
    return 0


if __name__ == "__main__":
    os._exit(main())
