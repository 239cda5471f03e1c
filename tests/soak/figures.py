# SPDX-License-Identifier: Apache-2.0
"""What the driver takes of the machine."""
import os
import pathlib
import resource

TICKS = os.sysconf("SC_CLK_TCK")


def bytes_in(folder):
    """Of all files below a folder."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


def family(one):
    """The processes that have this ONE_LOCATION."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"ONE_LOCATION={one}".encode() in entry.read_bytes().split(b"\0"):
                found.append(int(entry.parent.name))
        except OSError:
            continue
    return found


class Figures:
    def __init__(self, pid, one):
        self.pid, self.one = pid, one
        status = dict(line.split(":", 1) for line in
                      pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
        self.rss = int(status["VmRSS"].split()[0]) / 1024
        self.threads = int(status["Threads"])
        self.descriptors = len(os.listdir(f"/proc/{pid}/fd"))
        self.children = len(family(one)) - 1
        self.state = bytes_in(one / "var/onemarketd")

    def leads(self):
        """Where descriptors lead, to be shown when there are too many."""
        targets = []
        for number in os.listdir(f"/proc/{self.pid}/fd"):
            try:
                targets.append(os.readlink(f"/proc/{self.pid}/fd/{number}"))
            except OSError:
                continue
        return sorted(targets)


def seconds_used(pid):
    """Of the processors: by the driver, by what it has started, by this program with its servers' scripts."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    user, system, children_user, children_system = (int(field) / TICKS for field in fields[11:15])
    own = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return user + system, children_user + children_system, sum(one.ru_utime + one.ru_stime for one in own)


class LogSize:
    """How much has been written to a log that is rotated."""

    def __init__(self, path):
        self.path, self.written = path, 0  # bytes, those included that are gone
        self.inode, self.seen = 0, 0

    def look(self):
        try:
            now = self.path.stat()
        except FileNotFoundError:  # it is being rotated just now: next time
            return self.written
        if now.st_ino != self.inode:
            old = self.path.with_suffix(".1.log")
            if old.exists() and old.stat().st_ino == self.inode:
                self.written += old.stat().st_size - self.seen
            self.inode, self.seen = now.st_ino, 0
        self.written += now.st_size - self.seen
        self.seen = now.st_size
        return self.written

    def kept(self):
        """Bytes of it that are there."""
        return sum(path.stat().st_size for path in self.path.parent.glob(f"{self.path.stem}*"))
