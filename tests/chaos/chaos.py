#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kills the driver, again and again, at random and at every named step of an import's life, and looks
in the end whether what it promises holds (docs/durability.md).

    chaos.py --driver build/onemarketd_chaos [--kills 1000 | --seconds 60] [--seed N]
             [--markets folder,bridge,s3] [--folder DIR]

A life is a session as oned has it: the driver is started, asked to import and delete apps in a folder,
in a folder behind a bridge and in a bucket of a Ceph gateway, and killed with SIGKILL; then the next
one is started. At some starts no marketplace can be reached, for a while or for the whole life: the
folders are not there, nobody listens where the gateway did. In some lives they go in the middle of the work and come
back; in some oned dies without having read what it was told; in some what oned says first is an IMPORT of an app with
the id of one that was just finished and not told of. After the last kill it may live until the journal is empty. Then

- every import that was accepted, that is whose record was seen on disk, has been answered;
- never with two different answers; with one answer twice only in two lives;
- what was answered SUCCESS and not deleted is whole at its SOURCE, in a folder with its manifest;
- nothing else is in folders, bucket, pending uploads, journal, or alive.

Needs the packages of tests/support/sshd.sh and radosgw.sh. Exit status: 0 all holds, 1 something
does not, 77 nothing to run on.
"""
import argparse
import base64
import collections
import hashlib
import os
import pathlib
import random
import re
import shutil
import signal
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
import s3 as s3_tool  # noqa: E402
from driver import Driver  # noqa: E402
from marketplaces import BucketMarket, FolderMarket  # noqa: E402
from messages import payload  # noqa: E402
from servers import Servers  # noqa: E402

STEPS = ["record made", "record written", "record kept", "begun", "exported", "upload begun",
         "before a note", "after a note", "part sent", "publishing", "object made", "published",
         "committed", "answer kept", "answer written", "retired"]
# oned's row stays LOCKED where a request was read and the process ended before it was on disk: what
# no driver can survive. Such requests count as not accepted.
SIZES = {"folder": (0, 3 << 20), "bridge": (0, 3 << 20), "s3": (0, 17 << 20)}
LARGE = (12 << 20, 30 << 20)  # so that it can be caught in the middle


class App:
    def __init__(self, ident, market, image, md5):
        self.id, self.market, self.image, self.md5 = ident, market, image, md5
        self.accepted = False      # its record was seen
        self.answers = []          # to its IMPORT
        self.answered_in = 0       # the life that has told it last
        self.delete_sent = self.deleted = False

    @property
    def source(self):
        for success, text in self.answers:
            if success:
                info = base64.b64decode(text).decode()
                return re.search('SOURCE="([^"]*)"', info).group(1)
        return ""


class Campaign:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.random = random.Random(options.seed)
        self.one = folder / "one"
        for part in ("etc", "var/remotes/market/http", "var/remotes/market/s3", "ds/1"):
            (self.one / part).mkdir(parents=True)
        (self.one / "var/remotes/VERSION").write_text("7.0.0\n")
        (self.one / "etc/defaultrc").write_text("PRIORITY=0\n")
        (self.one / "etc/onemarketd.conf").write_text(
            'SHUTDOWN_GRACE="0"\nDELETE_RETRY="1"\nTRANSFERS="3"\n')
        self.journal = self.one / "var/onemarketd/journal"
        self.path = os.environ["PATH"]
        self.servers = Servers(folder)
        self.markets = []
        self.apps, self.next_id = {}, 1
        self.kills = collections.Counter()
        self.errors = []
        self.repeats = 0
        self.away = False  # a marketplace is, or has been in this life, out of reach
        self.life_number = 0

    # --- what it runs on ---

    def set_up(self):
        wanted = self.options.markets.split(",")
        if "folder" in wanted:
            self.markets.append(FolderMarket("folder", self.folder / "public", ""))
        if "bridge" in wanted:
            if bridges := self.servers.bridges():
                self.path = f"{bridges}:{self.path}"
                self.markets.append(FolderMarket("bridge", self.folder / "far", "bridge1 bridge2",
                                                 self.servers.drop_bridges))
            else:
                print("no sshd: without bridges")
        if "s3" in wanted:
            if gateway := self.servers.gateway():
                self.markets.append(BucketMarket(gateway, "chaos"))
            else:
                print("no Ceph gateway: without S3")

    def tear_down(self):
        for market in self.markets:
            market.close()
        self.servers.stop()

    # --- what oned says and hears ---

    def payload(self, action, market, **more):
        return payload(f"{action}-{market.suffix}", **market.values, **more)

    def new_app(self, market=None, size=None):
        market = market or self.random.choice(self.markets)
        low, high = size or SIZES[market.name]
        content = self.random.randbytes(self.random.randint(low, high))
        app = App(self.next_id, market, self.one / f"ds/1/{self.next_id}",
                  hashlib.md5(content).hexdigest())
        app.image.write_bytes(content)
        self.next_id += 1
        self.apps[app.id] = app
        return app

    def ask_import(self, driver, market=None, size=None):
        app = self.new_app(market, size)
        driver.say(f"IMPORT  {app.id} " + self.payload(
            "import", app.market, SOURCE=app.image, FORMAT="raw", DATASTORES=self.one / "ds"))
        return app

    def ask_delete(self, driver, app):
        app.delete_sent = True
        driver.say(f"DELETE  {app.id} " + self.payload("delete", app.market, SOURCE=app.source))

    def ask_monitor(self, driver):
        driver.say("MONITOR  100 " + self.payload("monitor", self.markets[0]))

    def hear(self, line):
        words = line.split(" ", 3)
        if words[0] == "LOG" or words[0] == "INIT":
            return
        success, ident, text = words[1] == "SUCCESS", int(words[2]), words[3]
        if words[0] == "IMPORT":
            app = self.apps[ident]
            answer = (success, text)
            if answer in app.answers:
                self.repeats += 1
                if app.answered_in == self.life_number:
                    self.errors.append(f"app {ident}: answered twice in one life")
            elif app.answers:
                self.errors.append(f"app {ident}: two answers: {app.answers[0]} and {answer}")
            app.answers.append(answer)
            app.answered_in = self.life_number
        elif words[0] == "DELETE":
            # One that was killed after the removal finds nothing when it is asked again.
            self.apps[ident].deleted = success or "not in the marketplace" in text
            # Of what is out of reach: the driver goes on with it by itself, and the end asks again.
            if not self.apps[ident].deleted and not self.away:
                self.errors.append(f"DELETE of app {ident}: {text}")

    def see_records(self):
        if not self.journal.exists():
            return 0
        names = os.listdir(self.journal)
        for name in names:
            kind, ident, _ = name.split("-")
            if kind == "import":
                self.apps[int(ident)].accepted = True
        return len(names)

    # --- lives ---

    def life(self):
        end = self.random.choice(STEPS + ["at random"] * 4)
        kill_at = None if end == "at random" else f"{end}:{self.random.randint(1, 4)}"
        driver = self.driver(kill_at)
        pause = self.random.uniform(0, 0.6)
        began = time.monotonic()
        present = [app for app in self.apps.values() if not app.deleted and not app.delete_sent]
        for app in [self.ask_import(driver) for _ in range(self.random.randint(1, 3))]:
            if self.random.random() < 0.15:
                self.ask_delete(driver, app)  # while it is LOCKED
        ready = [app for app in present if app.source]
        if ready and self.random.random() < 0.7:
            self.ask_delete(driver, self.random.choice(ready))
        self.ask_monitor(driver)
        limit = pause if end == "at random" else 4
        while not driver.ended and time.monotonic() - began < limit:
            for line in driver.lines(max(0, min(0.05, limit - (time.monotonic() - began)))):
                self.hear(line)
            self.see_records()
            if end != "at random" and self.idle():
                break  # it will not get there any more
        driver.kill()
        reached = driver.ended
        for line in driver.lines(10):
            self.hear(line)
        driver.process.wait()
        self.kills[end if reached else "at random"] += 1
        self.see_records()

    def life_apart(self):
        """No marketplace can be reached when it begins: imports of earlier lives wait, and nothing
        new is asked but, at times, that one of them be deleted."""
        self.away = True
        for market in self.markets:
            market.leave()
        driver = self.driver()
        self.ask_monitor(driver)
        waiting = [app for app in self.apps.values() if app.accepted and not app.answers]
        began = time.monotonic()
        back = self.random.choice([0.3, 1, 9])
        end = self.random.uniform(0.2, 2.5)
        away = True
        if waiting and self.random.random() < 0.3:
            self.ask_delete(driver, self.random.choice(waiting))
        while not driver.ended and (now := time.monotonic() - began) < end:
            if away and now > back:
                away = False
                for market in self.markets:
                    market.come_back()
            for line in driver.lines(0.05):
                self.hear(line)
        driver.kill()
        for line in driver.lines(10):
            self.hear(line)
        driver.process.wait()
        if away:
            for market in self.markets:
                market.come_back()
        self.kills["with no marketplace in reach"] += 1
        self.see_records()

    def driver(self, kill_at=None):
        at = {"ONEMARKET_KILL_AT": kill_at} if kill_at else {}
        driver = Driver(self.options.driver, "-t 3 -m http,s3", self.one, self.path, **at)
        driver.say("INIT")
        return driver

    def halves(self):
        """What there is of images that are not whole."""
        return {name for market in self.markets for name in market.objects()
                if name.startswith(".") or "?" in name}

    def listen(self, driver, seconds, enough=lambda: False):
        end = time.monotonic() + seconds
        while not driver.ended and not enough() and time.monotonic() < end:
            for line in driver.lines(0.02):
                self.hear(line)
            self.see_records()

    def end(self, driver, how):
        driver.kill()
        for line in driver.lines(10):
            self.hear(line)
        driver.process.wait()
        self.kills[how] += 1
        self.see_records()

    def life_cut_off(self):
        """The marketplaces go while it is at work with imports of an earlier life, and come back."""
        driver = self.driver()
        for market in self.markets:
            self.ask_import(driver, market, LARGE)
        self.listen(driver, 1, self.halves)
        self.end(driver, "with imports begun")
        before = self.halves()
        self.life_number += 1
        driver = self.driver()
        self.ask_monitor(driver)
        self.listen(driver, 1, lambda: self.halves() - before)
        self.listen(driver, self.random.choice([0, 0, 0.05, 0.2]))
        self.away = True
        for market in self.markets:
            market.leave()
            market.drop()
        self.listen(driver, self.random.uniform(0, 0.5))
        for market in self.markets:
            market.come_back()
        # Long enough for what waits to be tried again, and for what it has left to be cleared away.
        self.listen(driver, self.random.uniform(1, 4))
        self.end(driver, "cut off from its marketplaces")

    def life_unread(self):
        """oned hangs, and dies without having read what it was told."""
        driver = self.driver()
        self.ask_import(driver)
        self.ask_monitor(driver)
        end = time.monotonic() + self.random.uniform(0.1, 1)
        while time.monotonic() < end:
            self.see_records()
        driver.process.stdout.close()
        driver.process.stdin.close()
        driver.process.wait()
        self.kills["not read by oned"] += 1
        self.see_records()

    def life_anew(self):
        """An import of an earlier life ends before oned speaks, which then asks for one of its id. False
        where no earlier life has left one that was not answered, or it takes too long."""
        def notes(app):
            for path in self.journal.glob(f"import-{app.id}-*"):
                return path.read_text(errors="replace")
            return ""
        left = [app for app in self.apps.values() if app.accepted and not app.answers and
                not app.delete_sent and notes(app) and " answer " not in notes(app)]
        if not left:
            return False
        old = self.random.choice(left)
        driver = self.driver()
        self.listen(driver, 2, lambda: " answer " in notes(old))
        if " answer " not in notes(old):
            self.end(driver, "while oned said nothing")
            return True
        new = self.new_app(old.market)
        del self.apps[new.id]
        new.id = old.id
        self.apps[new.id] = new
        driver.say(f"IMPORT  {new.id} " + self.payload(
            "import", new.market, SOURCE=new.image, FORMAT="raw", DATASTORES=self.one / "ds"))
        self.listen(driver, 10, lambda: new.answers)
        if not new.answers:
            self.errors.append(f"app {new.id}: asked for anew, and not answered")
        self.listen(driver, self.random.uniform(0, 2))
        self.end(driver, "behind an import anew")
        return True

    def idle(self):
        return all(app.answers or app.delete_sent for app in self.apps.values() if app.accepted)

    def last_life(self):
        """Until nothing is left to do; then what was asked and never accepted is deleted, as an
        administrator would."""
        self.life_number += 1
        self.away = False
        driver = self.driver()
        self.ask_monitor(driver)
        end = time.monotonic() + 120 + len(self.apps)  # a second for each that is to be deleted
        while self.see_records() and time.monotonic() < end and not driver.ended:
            for line in driver.lines(0.1):
                self.hear(line)
        for app in self.apps.values():
            if not app.deleted and (app.delete_sent or not app.accepted and not app.answers):
                self.ask_delete(driver, app)
        while time.monotonic() < end and not driver.ended and not all(
                app.deleted for app in self.apps.values() if app.delete_sent):
            for line in driver.lines(0.1):
                self.hear(line)
        driver.say("FINALIZE")
        for line in driver.lines(10):
            self.hear(line)
        driver.process.wait()

    # --- the reckoning ---

    def check(self):
        expected = {market.name: [] for market in self.markets}
        for app in self.apps.values():
            if app.accepted and not app.answers and not app.deleted:
                self.errors.append(f"app {app.id}: accepted, never answered")
            if app.delete_sent and not app.deleted:
                self.errors.append(f"app {app.id}: its DELETE was never answered")
            if not app.source or app.deleted:
                continue
            expected[app.market.name] += app.market.of(app.source)
            try:
                md5 = hashlib.md5(app.market.read(app.source)).hexdigest()
                if app.market.note(app.source) not in (None, md5):
                    self.errors.append(f"app {app.id}: its manifest is another image's")
            except (OSError, ValueError, KeyError, s3_tool.Failure) as error:
                self.errors.append(f"app {app.id}: SUCCESS, but {error}")
                continue
            if md5 != app.md5:
                self.errors.append(f"app {app.id}: SUCCESS, but other bytes at {app.source}")
        for market in self.markets:
            extra = set(market.objects()) - set(expected[market.name])
            if extra:
                self.errors.append(f"left over in {market.name}: {sorted(extra)}")
        if os.listdir(self.journal):
            self.errors.append(f"left over in the journal: {os.listdir(self.journal)}")
        for entry in pathlib.Path("/proc").glob("[0-9]*/environ"):
            try:
                if f"ONE_LOCATION={self.one}".encode() in entry.read_bytes().split(b"\0"):
                    self.errors.append(f"process {entry.parent.name} is left")
            except OSError:
                continue

    def run(self):
        end = time.monotonic() + (self.options.seconds or 1e9)
        while sum(self.kills.values()) < self.options.kills and time.monotonic() < end:
            self.life_number += 1
            self.away = False
            kind = self.random.random() if self.next_id > 1 else 1
            if kind < 0.15:
                self.life_apart()
            elif kind < 0.3:
                self.life_cut_off()
            elif kind < 0.4:
                self.life_unread()
            elif kind >= 0.5 or not self.life_anew():
                self.life()
            if self.errors:
                break
        self.last_life()
        self.check()

    def report(self):
        apps = self.apps.values()
        answered = [app for app in apps if app.answers]
        print(f"seed {self.options.seed}: {sum(self.kills.values())} kills over "
              f"{', '.join(market.name for market in self.markets)}")
        for step, count in sorted(self.kills.items(), key=lambda item: -item[1]):
            print(f"  {count:5} {step}")
        print(f"{len(self.apps)} imports asked for, {sum(app.accepted for app in apps)} seen "
              f"accepted, {len(answered)} answered, {sum(bool(app.source) for app in apps)} of them "
              f"SUCCESS; {self.repeats} answers repeated; {sum(app.deleted for app in apps)} deleted")
        for error in self.errors:
            print("WRONG: " + error)
        print("lost, contradictory or left over: " + str(len(self.errors)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", required=True)
    parser.add_argument("--kills", type=int, default=10**9)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--markets", default="folder,bridge,s3")
    parser.add_argument("--folder")
    options = parser.parse_args()
    options.driver = os.path.abspath(options.driver)
    if options.kills == 10**9 and not options.seconds:
        options.kills = 1000
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="onemarketd-chaos-", dir=options.folder))
    campaign = Campaign(options, folder)
    try:
        campaign.set_up()
        if not campaign.markets:
            return 77
        campaign.run()
        campaign.report()
    finally:
        campaign.tear_down()
        if not campaign.errors:
            shutil.rmtree(folder)
        else:
            print(f"kept: {folder}")
    return 1 if campaign.errors else 0


if __name__ == "__main__":
    sys.exit(main())
