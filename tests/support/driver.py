# SPDX-License-Identifier: Apache-2.0
"""The driver as oned has it: a process of its own session with two pipes."""
import os
import select
import subprocess
import time


class Driver:
    def __init__(self, program, arguments, one, path, **environment):
        self.process = subprocess.Popen(
            [program, arguments], bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env={"PATH": path, "ONE_LOCATION": str(one), "HOME": str(one), **environment},
            start_new_session=True)
        self.buffer, self.ended = b"", False

    def say(self, line):
        try:
            self.process.stdin.write(line.encode() + b"\n")
        except BrokenPipeError:
            pass

    def heard(self, seconds):
        """The lines it has said; waits at most that long for some."""
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            return []
        data = os.read(self.process.stdout.fileno(), 1 << 20)
        self.ended = not data
        *lines, self.buffer = (self.buffer + data).split(b"\n")
        return [line.decode() for line in lines]

    def lines(self, seconds):
        """What it says within that time; ends early when it has ended. To be read to its end."""
        end = time.monotonic() + seconds
        while not self.ended and (left := end - time.monotonic()) > 0:
            yield from self.heard(left)

    def kill(self):
        self.process.kill()
