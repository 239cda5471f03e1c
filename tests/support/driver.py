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

    def lines(self, seconds):
        """What it says within that time; ends early when it has ended."""
        end = time.monotonic() + seconds
        while True:
            while b"\n" in self.buffer:
                line, self.buffer = self.buffer.split(b"\n", 1)
                yield line.decode()
            left = end - time.monotonic()
            if left <= 0 or self.ended:
                return
            if not select.select([self.process.stdout], [], [], left)[0]:
                return
            data = os.read(self.process.stdout.fileno(), 1 << 20)
            self.ended = not data
            self.buffer += data

    def kill(self):
        self.process.kill()
