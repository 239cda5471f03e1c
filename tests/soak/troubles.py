# SPDX-License-Identifier: Apache-2.0
"""What happens to the driver and around it while it works."""
import os
import signal
import socket
import threading
import time

from installation import LIMIT
from work import OF_SCRIPT


class Silence:
    """A server that takes connections and says nothing."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            near = self.listener.accept()[0]
            threading.Thread(target=self.hear, args=(near,), daemon=True).start()

    @staticmethod
    def hear(near):
        with near:
            try:
                while near.recv(1 << 16):
                    pass
            except OSError:
                pass


class Troubles:
    """Each comes about once in so many seconds."""

    def __init__(self, work, installation, random):
        self.work, self.installation, self.random = work, installation, random
        self.silence = Silence()
        self.deaf_until = 0
        self.counts = {}
        self.ends = []  # (when, what)
        places = work.places
        self.kinds = {
            "configuration read again": (15, self.reload),
            "status asked": (3, work.status),
            "oned does not read": (20, self.deaf),
            "monitor script hangs": (25, lambda: self.once(work.monitor_of_script, "hangs")),
            "import script hangs": (40, lambda: self.once(work.import_into_wrong, "hangs")),
            "export script hangs": (40, lambda: self.once(work.import_of_wrong, "hangs")),
            "web server hangs": (25, lambda: self.once(work.monitor_of_silence, self.silence.port)),
            "burst of imports": (20, lambda: self.burst(work.import_image, 60, "folder")),
            "burst of monitors": (20, lambda: self.burst(work.monitor, 300, "folder")),
        }
        for name in ("folder", "bridge", "s3", "one", "linuxcontainers"):
            if name in places:
                self.kinds[f"{name} away"] = (20, lambda place=places[name]: self.leave(place))
        if "bridge" in places:
            self.kinds["bridges' connections cut"] = (10, places["bridge"].drop)
        for name in ("one", "linuxcontainers"):
            if name in places:
                self.kinds[f"{name} changed"] = (10, places[name].market.change)
        self.due = {name: time.monotonic() + random.uniform(0, min(10, kind[0]))
                    for name, kind in self.kinds.items()}

    def tick(self, end):
        now = time.monotonic()
        for name, (mean, act) in self.kinds.items():
            # What hangs would have the mark wait for its limit.
            if now >= self.due[name] and not (name.endswith("hangs") and now + LIMIT > end):
                self.due[name] = now + self.random.expovariate(1 / mean)
                self.counts[name] = self.counts.get(name, 0) + 1
                act()
        self.come_back(now)

    def come_back(self, now):
        for entry in [entry for entry in self.ends if entry[0] <= now]:
            entry[1].come_back()
            self.ends.remove(entry)

    def end(self):
        """All is well from now on."""
        self.come_back(float("inf"))
        self.deaf_until = 0

    def leave(self, place):
        if not place.away:
            place.leave()
            self.ends.append((time.monotonic() + self.random.choice((0.05, 0.3, 1, 3)), place))

    def reload(self):
        self.installation.configure()
        os.kill(self.work.driver.process.pid, signal.SIGHUP)

    def deaf(self):
        self.deaf_until = time.monotonic() + self.random.uniform(0.2, 2)

    def once(self, ask, what):
        """Not two at a time: each holds a thread until its limit."""
        if not any(asked.failure == OF_SCRIPT["hangs"] for queue in self.work.waiting.values() for asked in queue):
            ask(what)

    @staticmethod
    def burst(ask, count, name):
        for _ in range(count):
            ask(name)
