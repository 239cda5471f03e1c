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
import json
import os
import pathlib
import random
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
SUPPORT = HERE.parent / "support"
MESSAGES = HERE.parent / "fixtures/messages"
sys.path.insert(0, str(SUPPORT))
import s3 as s3_tool  # noqa: E402

STEPS = ["record made", "record written", "record kept", "begun", "exported", "upload begun",
         "before a note", "after a note", "part sent", "publishing", "object made", "published",
         "committed", "answer kept", "answer written", "retired"]
# oned's row stays LOCKED where a request was read and the process ended before it was on disk: what
# no driver can survive. Such requests count as not accepted.
SIZES = {"folder": (0, 3 << 20), "bridge": (0, 3 << 20), "s3": (0, 17 << 20)}
LARGE = (12 << 20, 30 << 20)  # so that it can be caught in the middle


class Market:
    """What a marketplace holds, seen from behind the driver's back."""

    def objects(self):
        raise NotImplementedError

    def read(self, source):
        raise NotImplementedError

    def note(self, source):
        """The MD5 the marketplace notes of it, where it always notes one."""
        return None

    def leave(self):
        """The driver cannot reach it any more."""
        raise NotImplementedError

    def come_back(self):
        raise NotImplementedError

    def drop(self):
        """What it is being told just now is cut off."""


class FolderMarket(Market):
    def __init__(self, name, folder, bridges, drop=lambda: None):
        self.name, self.folder, self.drop = name, folder, drop
        self.suffix = "http-bridge" if bridges else "http"
        self.values = {"PUBLIC_DIR": folder, "BASE_URL": f"http://{name}"}
        if bridges:
            self.values["BRIDGE_LIST"] = bridges
        folder.mkdir()

    def objects(self):
        return sorted(os.listdir(self.folder))

    def of(self, source):
        name = source.rsplit("/", 1)[1]
        return [entry for entry in self.objects() if entry.startswith(name)]

    def read(self, source):
        return (self.folder / source.rsplit("/", 1)[1]).read_bytes()

    def leave(self):
        self.folder.rename(f"{self.folder}.away")

    def come_back(self):
        pathlib.Path(f"{self.folder}.away").rename(self.folder)

    def note(self, source):
        return json.loads(self.read(source + ".json"))["md5"]

    def close(self):
        pass


class Gate:
    """A port that leads to another one as long as it is open."""

    def __init__(self, target):
        self.target, self.port, self.ends = target, 0, []
        self.listener = None
        self.open()

    def open(self):
        listener = socket.create_server(("127.0.0.1", self.port))
        self.listener, self.port = listener, listener.getsockname()[1]
        threading.Thread(target=self.serve, args=(listener,), daemon=True).start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for end in self.ends:
            self.cut(end)
        self.ends = []

    @staticmethod
    def cut(end):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def serve(self, listener):
        while True:
            try:
                near = listener.accept()[0]
                far = socket.create_connection(self.target)
            except OSError:
                return
            self.ends += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self.pass_on, args=(source, sink), daemon=True).start()

    def pass_on(self, source, sink):
        try:
            while data := source.recv(1 << 16):
                sink.sendall(data)
        except OSError:
            pass
        self.cut(source)
        self.cut(sink)


class BucketMarket(Market):
    suffix = "s3"

    def __init__(self, gateway):
        self.name = "s3"
        self.bucket = f"chaos-{os.getpid()}-{int(time.time())}"
        self.s3 = s3_tool.S3(gateway["S3_ENDPOINT"], gateway["S3_ACCESS_KEY"],
                             gateway["S3_SECRET_KEY"])
        host, port = re.match("http://(.*):([0-9]+)", gateway["S3_ENDPOINT"]).groups()
        self.gate = Gate((host, int(port)))
        self.values = {"ENDPOINT": f"http://127.0.0.1:{self.gate.port}", "BUCKET": self.bucket,
                       "ACCESS_KEY": gateway["S3_ACCESS_KEY"],
                       "SECRET_KEY": gateway["S3_SECRET_KEY"], "READ_LENGTH": 5}
        self.s3.request("PUT", self.bucket)

    def objects(self):
        return sorted(list(self.s3.keys(self.bucket)) +
                      [f"{key}?{upload}" for key, upload in self.s3.uploads(self.bucket)])

    def leave(self):
        self.gate.close()

    def come_back(self):
        self.gate.open()

    def of(self, source):
        return [source.rsplit("/", 1)[1]]

    def read(self, source):
        return self.s3.request("GET", self.bucket, source.rsplit("/", 1)[1])[1]

    def close(self):
        self.s3.purge(self.bucket)


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


class Driver:
    def __init__(self, options, one, path, kill_at):
        env = {"PATH": path, "ONE_LOCATION": str(one), "HOME": str(one)}
        if kill_at:
            env["ONEMARKET_KILL_AT"] = kill_at
        self.process = subprocess.Popen([options.driver, "-t 3 -m http,s3"], env=env, bufsize=0,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
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
        self.gateway_started = False
        self.markets = []
        self.apps, self.next_id = {}, 1
        self.kills = collections.Counter()
        self.errors = []
        self.repeats = 0
        self.away = False  # a marketplace is, or has been in this life, out of reach
        self.life_number = 0

    # --- what it runs on ---

    def support(self, script, action, data, *words):
        return subprocess.run([SUPPORT / script, action, data, *words], stdout=subprocess.PIPE,
                              text=True).returncode

    def set_up(self):
        wanted = self.options.markets.split(",")
        if "folder" in wanted:
            self.markets.append(FolderMarket("folder", self.folder / "public", ""))
        if "bridge" in wanted:
            if self.support("sshd.sh", "start", self.folder / "ssh") == 0:
                self.path = f"{self.folder}/ssh/bin:{self.path}"
                self.markets.append(FolderMarket(
                    "bridge", self.folder / "far", "bridge1 bridge2",
                    lambda: self.support("sshd.sh", "drop", self.folder / "ssh")))
            else:
                print("no sshd: without bridges")
        if "s3" in wanted:
            gateway = self.gateway()
            if gateway:
                self.markets.append(BucketMarket(gateway))
            else:
                print("no Ceph gateway: without S3")

    def gateway(self):
        data = pathlib.Path(os.environ.get("ONEMARKET_RADOSGW", self.folder / "radosgw"))
        if not (data / "env").exists():
            if self.support("radosgw.sh", "start", data) != 0:
                return None
            self.gateway_started = data
        return dict(line.split("=", 1) for line in (data / "env").read_text().splitlines())

    def tear_down(self):
        for market in self.markets:
            market.close()
        if (self.folder / "ssh").exists():
            self.support("sshd.sh", "stop", self.folder / "ssh")
        if self.gateway_started:
            self.support("radosgw.sh", "stop", self.gateway_started)

    # --- what oned says and hears ---

    def payload(self, action, market, **more):
        xml = (MESSAGES / f"{action}-{market.suffix}.xml").read_text().strip()
        for key, value in {**market.values, **more}.items():
            xml = xml.replace(f"@{key}@", str(value))
        left = re.search("@[A-Z_]+@", xml)
        assert not left, f"{action}-{market.suffix}: {left.group()}"
        return base64.b64encode(xml.encode()).decode()

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
        driver = Driver(self.options, self.one, self.path, kill_at)
        driver.say("INIT")
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
        driver = Driver(self.options, self.one, self.path, kill_at)
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
