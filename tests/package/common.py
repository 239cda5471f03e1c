# SPDX-License-Identifier: Apache-2.0
"""What the tests of the package have in common."""
import os
import shutil
import sys


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            skip(f"{program} is not installed")


def package():
    """The one that package.build has made, named by the command line."""
    if not os.path.exists(sys.argv[1]):
        skip("no package was made")
    return os.path.abspath(sys.argv[1])


class Faults:
    """What is wrong is told all at once."""

    def __init__(self):
        self.count = 0

    def check(self, good, what):
        if not good:
            self.count += 1
            print(f"WRONG: {what}")

    def same(self, found, right, what):
        self.check(found == right, f"{what}: {found!r}, not {right!r}")

    def end(self):
        print(f"{self.count} faults")
        sys.exit(1 if self.count else 0)
