# SPDX-License-Identifier: Apache-2.0
"""What the system tells of processes: arguments and environment of those that begin meanwhile, and what
is in the memory of one."""
import array
import os
import re
import threading
import time

EVERY = 0.03  # seconds between two looks


def pids():
    return {int(name) for name in os.listdir("/proc") if name.isdigit()}


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:  # it is gone, or somebody else's
        return b""


def parent(pid):
    """0 where it has gone."""
    behind_name = read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return int(behind_name[1]) if behind_name else 0


class Watch(threading.Thread):
    """Of whatever this process has started, and what those have: others have secrets of their own, and the same gateway.
    `seen`: (arguments, what was seen, "argv" or "environ")."""

    def __init__(self):
        super().__init__(daemon=True)
        self.seen, self.over, self.looks = set(), threading.Event(), 0
        self.ours = set()  # Whose parent has ended stays one of ours.
        self.start()

    def run(self):
        while not self.over.wait(EVERY):
            self.looks += 1
            running = pids()
            self.ours &= running
            for pid in sorted(running - {os.getpid()}):
                if pid in self.ours or self.descends(pid):
                    self.ours.add(pid)
                    self.look(pid)

    def descends(self, pid):
        while pid > 1:
            pid = parent(pid)
            if pid == os.getpid() or pid in self.ours:
                return True
        return False

    def look(self, pid):
        arguments, environment = read(f"/proc/{pid}/cmdline"), read(f"/proc/{pid}/environ")
        self.seen.add((arguments, arguments, "argv"))
        self.seen.add((arguments, environment, "environ"))

    def end(self):
        self.over.set()
        self.join()
        return self.seen


PAGE = os.sysconf("SC_PAGESIZE")


def present(pagemap, begin, end):
    """Runs of pages that are there, or swapped out: of a stack nobody was deep in most are not."""
    pagemap.seek(begin // PAGE * 8)
    entries = array.array("Q", pagemap.read((end - begin) // PAGE * 8))
    run = None
    for number, entry in enumerate(entries):
        if entry >> 62 and run is None:
            run = number
        if not entry >> 62 and run is not None:
            yield begin + run * PAGE, (number - run) * PAGE
            run = None
    if run is not None:
        yield begin + run * PAGE, (len(entries) - run) * PAGE


def memory(pid):
    """(where, bytes) of all that the process may write to. Raises OSError where nobody may look."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as file, \
            open(f"/proc/{pid}/pagemap", "rb", buffering=0) as pagemap:
        for line in maps:
            begin, end, rights, name = re.match(r"(\w+)-(\w+) (\S+) \S+ \S+ \d+ *(.*)", line).groups()
            if "w" not in rights:
                continue
            for at, size in present(pagemap, int(begin, 16), int(end, 16)):
                file.seek(at)
                yield f"{name or 'anonymous'} at {at:x}", file.read(size)


def until(what, look, patience=30):
    """What `look` gives once it gives something."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise SystemExit(f"waited in vain: {what}")
