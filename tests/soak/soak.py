#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One driver that lives all the time and is asked very much, while the world around it fails: whether it
answers each request once and as it may, and whether it takes more of the machine in the end than in the
beginning.

    soak.py --driver build/onemarketd [--requests N | --seconds S] [--rate N] [--seed N]
            [--markets folder,bridge,s3,one,linuxcontainers,lab] [--growth MB] [--folder DIR]

Of the requests most are MONITORs; IMPORTs are of small and of larger images, from a datastore's folder and by
export scripts, into a folder, a folder behind bridges, a bucket of a Ceph gateway and a marketplace of scripts;
what was imported is deleted again, some while it is LOCKED; some is cancelled, by onemarketctl and by oned. There
are requests nobody can read or serve, catalogues, and scripts that fail, die, print rubbish and hang. Meanwhile
marketplaces go and come back, connections are cut, the configuration is read again, oned stops reading for a
while, and the driver is asked for its status (troubles.py).

At each mark nothing more is asked, until all is answered; then

- each request has been answered once, with what it may be answered: SUCCESS, or the FAILURE that belongs to it;
  another one where its marketplace was out of reach meanwhile;
- folders, bucket, pending uploads, journal, copies to be disposed of hold what they must and nothing else;
- what was told SUCCESS is whole: looked at before it is deleted, and in the end;
- descriptors, threads and the state folder are what they were at the first mark, the warm-up; no process is left;
- the log takes no more than it may; the memory is no more than GROWTH above what it was at the warm-up.

--rate: requests a second, else as many as it takes. onemarketctl is to be beside the driver. `folder` is to be
among the marketplaces; others are left out where the packages of tests/support/sshd.sh, radosgw.sh or catalogue.sh
are missing. Exit status: 0 all
holds, 1 something does not.
"""
import argparse
import collections
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]
from driver import Driver  # noqa: E402
from figures import Figures, LogSize, family, seconds_used  # noqa: E402
from installation import LIMIT, TYPES, WRONG  # noqa: E402
from troubles import Troubles  # noqa: E402
from work import Work  # noqa: E402
from world import World  # noqa: E402

MARKETS = "folder,bridge,s3,one,linuxcontainers,lab"
# How many wait for an answer at a time; of one kind; of what costs as much as a bridge does.
WINDOW, MANY, FEW = 64, 16, 4
WORKERS = 8
POPULATION = 150  # apps that are there


class Soak:
    def __init__(self, options, folder):
        self.options = options
        self.random = random.Random(options.seed)
        self.world = World(folder, self.random)
        self.rows = []  # of the marks: seconds, requests, figures
        self.next = 0   # when the next request is due

    # --- what is asked ---

    def start(self):
        installation = self.world.installation
        self.driver = Driver(self.options.driver, f"-t {WORKERS} -w {LIMIT} -m {TYPES}", installation.one, self.world.path,
                             TMPDIR=str(installation.temporary))
        self.driver.say("INIT")
        assert self.driver.heard(10) == ["INIT SUCCESS - -"], "INIT"
        self.work = Work(self.driver, pathlib.Path(self.options.driver).parent / "onemarketctl",
                         installation, self.world.places, self.random)
        self.troubles = Troubles(self.work, installation, self.random)
        self.log = LogSize(installation.one / "var/onemarketd.log")
        self.kinds = self.weighed()

    def opening(self):
        """Everything, as often as there are workers, so that what each keeps of it is there at the warm-up."""
        for _, _, act, *words in self.kinds * WORKERS:
            act(*words)
        self.work.monitor_of_script("hangs")
        self.work.monitor_of_silence(self.troubles.silence.port)
        self.work.import_into_wrong("hangs")
        self.work.import_of_wrong("hangs")

    def weighed(self):
        """What is asked, each with its weight and the name it is counted by."""
        work, places, wrong = self.work, self.world.places, [how for how in WRONG if how != "hangs"]
        # A request over a bridge takes the processors longer than hundreds of others.
        dear = 4 if self.options.rate else 1
        monitors = {"folder": 30, "s3": 12, "one": 10, "linuxcontainers": 10, "lab": 3, "bridge": 0.1 * dear}
        images = {"folder": 6, "s3": 2, "lab": 0.6, "bridge": 0.05 * dear}
        large = {"folder": 0.1, "s3": 0.1, "bridge": 0.01 * dear}
        return [
            *((monitors[name], f"MONITOR {name}", work.monitor, name) for name in places),
            *((images[name], f"IMPORT {name}", work.import_image, name) for name in places if name in images),
            *((large[name], f"IMPORT {name} large", work.import_image, name, True)
              for name in places if name in large),
            *((0.5, "", work.refused, name) for name in places if name in ("one", "linuxcontainers")),
            *((0.3, f"MONITOR {how}", work.monitor_of_script, how) for how in wrong),
            *((0.2, f"IMPORT of {how}", work.import_of_wrong, how) for how in wrong),
            *((0.2, f"IMPORT {how}", work.import_into_wrong, how) for how in wrong),
            *((weight, "", act) for weight, act in (
                (0.2, work.monitor_large), (1.5, work.monitor_unserved), (1.5, work.undecodable),
                (1.5, work.bad_line), (2, work.template), (1, work.import_exported), (0.5, work.import_of_nothing),
                (0.5, work.delete_nothing), (1, work.deleted_while_locked), (0.4, work.cancelled))),
        ]

    # --- asking and hearing ---

    def ask(self):
        if len(self.work.there) > POPULATION:
            self.work.delete()
            return
        weights = [kind[0] for kind in self.kinds]
        for _, name, act, *words in self.random.choices(self.kinds, weights, k=8):
            # What has to wait, for its marketplace say, does not keep others from being asked.
            if self.work.outstanding[name] < (FEW if "bridge" in name else MANY):
                break
        act(*words)

    def hear(self, seconds):
        for line in self.driver.heard(seconds):
            self.work.hear(line)
        self.work.go_on()
        self.log.look()
        if self.driver.ended:
            self.work.wrong("the driver has ended")

    def turn(self, until, end):
        """Asks what is due, hears what there is; UNTIL: how many may have been asked, END: when a mark comes."""
        self.troubles.tick(end)
        room = min(WINDOW - sum(self.work.outstanding.values()), until - self.work.sent())
        while room > 0 and time.monotonic() >= self.next:
            self.ask()
            room -= 1
            if self.options.rate:
                self.next += 1 / self.options.rate
        wait = 0.02
        if time.monotonic() < self.troubles.deaf_until:
            time.sleep(wait)
            self.work.go_on()
        else:
            self.hear(wait)

    def drain(self):
        """Until nothing is asked that is not answered, and nothing left to do."""
        self.troubles.end()
        end = time.monotonic() + 180
        while not self.work.quiet() and not self.driver.ended:
            self.hear(0.05)
            if time.monotonic() > end:
                self.work.wrong(f"not answered: {+self.work.outstanding}")
                return
        end = time.monotonic() + 90
        while (names := self.journal()) and not self.driver.ended:
            self.hear(0.1)
            if time.monotonic() > end:
                self.work.wrong(f"left over in the journal: {names}")
                return

    def journal(self):
        return os.listdir(self.world.installation.one / "var/onemarketd/journal")

    # --- marks ---

    def mark(self, name):
        self.drain()
        if self.driver.ended:
            return
        figures = self.settled()
        self.check_contents()
        tallies = self.work.tallies.values()
        used = seconds_used(self.driver.process.pid)
        seconds, sent = time.monotonic() - self.began, self.work.sent()
        before = self.rows[-1][:2] if self.rows else (0, 0)
        self.rows.append((seconds, sent, figures))
        print(f"{name:8}{seconds:9.0f}{sent:10}{sum(tally.successes for tally in tallies):10}"
              f"{sum(tally.failures for tally in tallies):9}{self.work.unanswered:11}"
              f"{(sent - before[1]) / max(seconds - before[0], 0.001):5.0f}{figures.rss:8.1f}"
              f"{figures.descriptors:6}{figures.threads:9}{figures.children:10}{figures.state / 1000:10.1f}"
              f"{self.log.written / sent:15.0f}{sum(used[:2]):7.0f}", flush=True)
        self.compare(name, figures)

    def settled(self):
        """The figures, once they are what they were at the warm-up; or after ten seconds."""
        end = time.monotonic() + 10
        while True:
            figures = Figures(self.driver.process.pid, self.world.installation.one)
            if figures.children == 0 and (not self.rows or self.same(figures)) or time.monotonic() > end:
                return figures
            self.hear(0.2)

    def same(self, figures):
        first = self.rows[0][2]
        return (figures.descriptors, figures.threads, figures.state) == \
            (first.descriptors, first.threads, first.state)

    def compare(self, name, figures):
        first = self.rows[0][2]
        for what in ("descriptors", "threads", "state"):
            if getattr(figures, what) != getattr(first, what):
                self.work.wrong(f"{name}: {what} {getattr(figures, what)}, {getattr(first, what)} at the warm-up")
        if figures.descriptors != first.descriptors:
            self.work.wrong(f"descriptors: {figures.leads()}")
        if self.log.kept() > 3.1 * (1 << 20):
            self.work.wrong(f"{name}: {self.log.kept()} bytes of logs, of at most 3 MiB")
        if figures.children:
            self.work.wrong(f"{name}: {figures.children} processes are left")
        if figures.rss > first.rss + self.options.growth:
            self.work.wrong(f"{name}: {figures.rss:.1f} MiB, {first.rss:.1f} at the warm-up")

    def check_contents(self):
        for place in self.world.places.values():
            names, expected = collections.Counter(place.market.objects()), self.work.expected(place)
            extra, missing = names - collections.Counter(expected), collections.Counter(expected) - names
            if place.name == "lab":  # what was killed in the middle is the script's own
                for name in [name for name in extra if self.work.apps[int(name)].cut]:
                    (self.world.installation.store / name).unlink()
                    del extra[name]
            if extra or missing:
                self.work.wrong(f"in {place.name} left over: {sorted(extra)}, missing: {sorted(missing)}")
        if "bridge" in self.world.places and (connections := self.world.servers.bridge_connections()):
            self.work.wrong(f"{connections} connections to bridges are left")
        for folder in (self.world.installation.copies, self.world.installation.temporary):
            if left := os.listdir(folder):
                self.work.wrong(f"left over in {folder.name}: {left}")
        self.work.apps = {app.id: app for app in self.work.apps.values() if app.source and not app.gone}

    # --- the run ---

    def run(self):
        self.began = time.monotonic()
        print(f"seed {self.options.seed}, over {', '.join(self.world.places)}\n\n"
              "mark      seconds  requests   success  failure  no answer  /s  RSS MiB  fds  threads  children  "
              "state kB  log B/request  CPU s", flush=True)
        self.opening()
        steps = 6 if (self.options.seconds or 600) < 600 else 10
        last = time.monotonic() + (self.options.seconds or 10**9)
        for step in range(1, steps + 1):
            until = (self.options.requests or 10**9) * step // steps
            now = self.next = time.monotonic()
            end = now + (last - now) / (steps - step + 1)
            while self.work.sent() < until and not self.work.errors and time.monotonic() < end:
                self.turn(until, end)
            self.mark("warm-up" if step == 1 else str(step))
            if self.work.errors:
                return
        for app in self.work.there:
            self.work.look_at(app)
        while self.work.there:
            self.work.delete()
            self.hear(0)
        self.mark("end")

    def finish(self):
        self.used = seconds_used(self.driver.process.pid)
        self.driver.say("FINALIZE")
        for line in self.driver.lines(10):
            self.work.hear(line)
        if not self.driver.ended:
            self.work.wrong("it does not end")
            self.driver.kill()
        if status := self.driver.process.wait():
            self.work.wrong(f"exit status {status}")
        if left := family(self.world.installation.one):
            self.work.wrong(f"processes are left: {left}")

    # --- telling ---

    def report(self):
        work = self.work
        print("\nkind                      asked  success  failure  of these while it was out of reach")
        for name, tally in sorted(work.tallies.items()):
            print(f"{name:23}{tally.sent:8}{tally.successes:9}{tally.failures:9}{tally.troubled:9}")
        print("\n" + ", ".join(f"{name}: {count}" for name, count in sorted(self.troubles.counts.items())))
        print("LOG lines: " + ", ".join(f"{level} {count}" for level, count in sorted(work.logged.items())))
        print("CPU: driver {:.0f} s, what it started {:.0f} s, this program {:.0f} s".format(*self.used))
        for error in work.errors[:30]:
            print("WRONG: " + error)
        print(f"wrong: {len(work.errors)}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", required=True)
    parser.add_argument("--requests", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--markets", default=MARKETS)
    parser.add_argument("--growth", type=float, default=3)
    parser.add_argument("--folder")
    options = parser.parse_args()
    options.driver = os.path.abspath(options.driver)
    if not options.requests and not options.seconds:
        options.requests = 300000
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="onemarketd-soak-", dir=options.folder))
    soak = Soak(options, folder)
    errors = ["it did not come to its end"]
    try:
        soak.world.set_up(options.markets.split(","))
        soak.start()
        try:
            soak.run()
        finally:
            soak.finish()
        errors = soak.work.errors
        soak.report()
    finally:
        soak.world.tear_down()
        if errors:
            print(f"kept: {folder}")
        else:
            shutil.rmtree(folder)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
