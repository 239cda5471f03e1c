#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What comes of a request when the line it goes over fails: each line by each fault.

    network.py --driver build/onemarketd --downloader build/onemarket-downloader
               [--first] [--only WORDS] [--table] [--jobs 16]

Each case has a driver and a line (tests/support/faulty_proxy.py) of its own. It is asked something over the line,
the fault strikes, and what must come within a time is in the table below: a SUCCESS that is true, seen at its
source behind the driver's back, or a FAILURE that names who is at the other end, the reason and no secret.
Meanwhile requests that do not need the line are answered. Then the line is healed: the next request is served;
what the failed one has made is gone, by itself or with the DELETE that oned sends for its app; journal, folder,
bucket, descriptors and processes are as before.

--first: each kind of line once. --only: cases whose line and fault have these words.
--table: the result as the table of docs/reliability.md. Exit status: 0 all came as it must, 1 something did not,
77 all did, but lines were left out for want of their programs.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import lines
from lines import PASSWORD, TOKEN, Deviation, Site, expect, payload
from driver import Driver  # tests/support
from faulty_proxy import Proxy

SLACK = 20       # seconds a busy machine may be late
BYSTANDERS = 10  # seconds within which others must be served, meanwhile
SETTLES = 15     # seconds, once the line is healed
SOON = 8         # -w, unless a case says otherwise
SUCCESS = "SUCCESS"
UNSEEN = "SUCCESS with other bytes, which nobody on this side can know"


class Case:
    def __init__(self, line, faults, must, within, wait=SOON):
        self.line, self.must, self.within, self.wait = line, must, within, wait
        self.fault, self.faults = faults, faults.split()
        self.title = f"{line.name}: {faults}"
        self.outcome, self.seconds, self.wrong = "", 0, ""


# What libcurl says where a connection ends too early, is aborted, or is no HTTP or TLS.
ENDS = "Empty reply|closed|SSL_ERROR_SYSCALL|unexpected eof"
ENDS_AT_LAST = ENDS + "|Timeout: no"  # or -w ends the tries in the middle of one
ABORTED = "Recv failure|Send failure|reset"
NO_SERVER = "is that an HTTP server|is that an https server"


def catalogue(line, tls=False):
    """Nothing is tried again: oned asks by itself."""
    return [Case(line, *row) for row in (
        ("refuse", "Failed to connect", 2),
        ("unanswered", "Timeout: not done within 8 s", 9),
        ("unanswered", "Connection timed? ?out|Failed to connect", 12, None),
        ("mute", "Timeout: not done within 8 s", 9),
        ("mute", "SSL connection timeout" if tls else "Operation too slow", 32, None),
        ("cut", ENDS, 2),
        ("reset", ABORTED, 2),
        ("garbage", NO_SERVER, 2),
        ("cut,to=server,at=60", ENDS, 2),
        ("end,to=server,at=60", ENDS, 2),
        ("drop,at=5000", "Timeout: not done within 8 s", 9),
        ("cut,at=5000", ENDS, 2),
        ("reset,at=5000", ABORTED, 2),
        ("end,at=5000", ENDS, 2),
        ("slow,at=5000,rate=200", "Timeout: not done within 8 s", 9),
        # What is packed has a checksum, and so has TLS.
        ("flip,at=5000", "SSL_read" if tls else "no JSON|unencoding", 2),
        ("garbage,at=5000", "SSL_read" if tls else "no JSON|unencoding", 2),
        ("drop,at=5000,for=2", SUCCESS, 3),
        ("delay,for=0.3", SUCCESS, 3),
    )]


def web(line, tls=False, flipped="MD5"):
    """Taken up again where it broke. `flipped`: what a byte that was changed comes to."""
    return [Case(line, *row) for row in (
        ("refuse", "Failed to connect", 9),
        ("refuse", "Failed to connect", 26, None),
        ("refuse,for=1", SUCCESS, 5),
        ("unanswered", "Timeout: no progress for 8 s", 9),
        ("mute", "Timeout: no progress for 8 s", 9),
        ("mute,on=1", SUCCESS, 13 if tls else 32, None),
        ("cut", ENDS_AT_LAST, 9),
        ("cut,on=1-2", SUCCESS, 3),
        ("reset,on=1", SUCCESS, 3),
        ("garbage", NO_SERVER, 5),
        ("cut,on=1-2,at=1000000", SUCCESS, 3),
        ("cut,at=1200000", SUCCESS, 3),
        ("cut,at=9000", ENDS_AT_LAST, 14),
        ("reset,on=1,at=1000000", SUCCESS, 3),
        ("end,on=1,at=1000000", SUCCESS, 3),
        ("drop,at=1000000", "Timeout: no progress for 8 s", 10),
        ("drop,on=1,at=1000000", SUCCESS, 38, None),
        ("drop,at=1000000,for=2", SUCCESS, 4),
        ("slow,on=1,at=1000000,rate=200", SUCCESS, 48, None),
        ("slow,rate=2000000", SUCCESS, 4),
        ("delay,for=0.3", SUCCESS, 4),
        ("flip,at=1000000", SUCCESS if tls else flipped, 4),
        ("garbage,at=1000000", SUCCESS if tls else flipped, 4),
        ("flip,on=1-2,at=9000", SUCCESS if tls else flipped, 4),
    )]


def downloader(line, tls=False, flipped="MD5"):
    """As `web`; what is long comes over four connections. It has no limit but those of the line."""
    return [Case(line, *row, None) for row in (
        ("refuse", "Failed to connect", 26),
        ("refuse,for=1", SUCCESS, 5),
        ("mute,on=1", SUCCESS, 13 if tls else 32),
        ("cut", ENDS, 26),
        ("cut,on=1-2", SUCCESS, 3),
        ("garbage", NO_SERVER, 5),
        ("cut,on=1-4,at=1000000", SUCCESS, 3),
        ("cut,at=1200000", SUCCESS, 6),
        # First each part over its own connection, then the rest over one.
        ("cut,at=9000", ENDS, 46),
        ("reset,on=1-3,at=1000000", SUCCESS, 3),
        ("end,on=1-3,at=1000000", SUCCESS, 3),
        ("drop,on=1-3,at=1000000", SUCCESS, 38),
        ("slow,rate=2000000", SUCCESS, 7),
        ("delay,for=0.3", SUCCESS, 4),
        ("flip,on=1-3,at=1000000", SUCCESS if tls else flipped, 4),
    )]


# What ssh says, as far as it does; of a changed byte it says no more than of a broken line.
LOST = "connection was lost|Connection (closed|reset|to .* closed)|kex_exchange_identification"


def bridge(line):
    """Nothing is taken up again once the host has spoken."""
    return [Case(line, *row) for row in (
        ("refuse", "Connection refused", 3),
        ("unanswered", "Connection timed out", 12, None),
        ("mute", "Timeout: n", 9),
        ("mute", "timed out", 12, None),
        ("cut", LOST, 3),
        ("reset", LOST, 3),
        ("garbage", LOST, 3),
        ("cut,at=500", LOST, 3),
        ("cut,to=server,at=4500", LOST, 3),
        ("drop,to=server,at=2000", "Timeout: n", 9),
        ("drop,to=server,at=2000", "connection was lost", 30, None),
        ("flip,at=1300", LOST, 3),
        ("drop,at=600,for=2", SUCCESS, 5),
        ("delay,for=0.2", SUCCESS, 6),
    )]


IDLE = "Timeout: no progress for 8 s"


def bridged_bytes(line, to):
    """In the middle of the image. What goes to the host may all be in the system's buffers by then: it is at work."""
    return [Case(line, *row) for row in (
        (f"cut,to={to},at=1000000", LOST, 12),
        (f"reset,to={to},at=1000000", LOST, 12),
        (f"end,to={to},at=1000000", LOST, 20),
        (f"drop,to={to},at=1000000", IDLE if to == "client" else f"{IDLE}|{LOST}", 10 if to == "client" else 22),
        (f"drop,to={to},at=1000000", "connection was lost", 30, None),
        (f"drop,to={to},at=1000000,for=2", SUCCESS, 5),
        (f"flip,to={to},at=1000000", LOST, 12),
        (f"garbage,to={to},at=1000000", LOST, 12),
        (f"slow,to={to},rate=2000000", SUCCESS, 5),
    )]


def second_bridge(line):
    """The next host of the list serves for one that cannot be reached."""
    return [Case(line, *row, None) for row in (
        ("refuse", SUCCESS, 5),
        ("unanswered", SUCCESS, 13),
        ("mute", SUCCESS, 13),
        ("cut", SUCCESS, 3),
        ("garbage", SUCCESS, 3),
        ("cut,at=500", SUCCESS, 3),
        ("flip,at=1300", SUCCESS, 3),
        ("drop,to=server,at=2000", SUCCESS, 42),
    )]


def bucket(line, tls=False):
    """Each request is tried again."""
    return [Case(line, *row) for row in (
        ("refuse", "Failed to connect", 9),
        ("refuse", "Failed to connect", 26, None),
        ("refuse,for=1", SUCCESS, 5),
        ("unanswered", "Timeout: n", 9),
        ("mute", "Timeout: n", 9),
        ("mute,on=1", SUCCESS, 13 if tls else 32, None),
        ("cut", ENDS_AT_LAST, 9),
        ("cut,on=1-2", SUCCESS, 3),
        ("reset,on=1", SUCCESS, 3),
        ("end,on=1", SUCCESS, 3),
        ("cut,to=server,at=60", ENDS + "|" + ABORTED, 9),
        ("garbage", NO_SERVER, 5),
        ("delay,for=0.2", SUCCESS, 5),
        ("drop,at=100,for=2", SUCCESS, 5),
    )]


def bucket_bytes(line, tls=False, parts=True):
    """On the way there. The service compares what came with what was signed, and TLS with what was sent. The
    first connections are those of the first requests and of the parts, which are on their way together."""
    at = 500000
    return [Case(line, *row) for row in (
        (f"cut,to=server,on=1-3,at={at}", SUCCESS, 4),
        (f"reset,to=server,on=1-3,at={at}", SUCCESS, 4),
        (f"drop,to=server,on=1-3,at={at}", SUCCESS, 38 if parts else 70, None),
        (f"drop,to=server,at={at}", "Timeout: no progress for 8 s", 10),
        (f"drop,to=server,at={at},for=2", SUCCESS, 5),
        (f"cut,to=server,at={at}", ENDS + "|" + ABORTED, 12),
        (f"flip,to=server,on=1-3,at={at}", SUCCESS, 5),
        (f"garbage,to=server,on=1-3,at={at},size=5000", SUCCESS, 5),
        # A request that is sent once more over the same connection is past the place.
        (f"flip,to=server,at={at}", SUCCESS if parts and not tls else
         "XAmzContentSHA256Mismatch|bad record mac", 14),
        ("slow,to=server,rate=4000000", SUCCESS, 5),
        *([] if tls else [
            # Ceph has a word of its own for what is only half there.
            (f"end,to=server,at={at}", "404 NoSuchKey", 12),
            (f"garbage,to=server,at={at}", "400|" + ENDS + "|" + ABORTED, 12)]),
    )]


# What ./check has time for: each kind of line once.
FIRST = [
    *catalogue(lines.One), *catalogue(lines.OneTls, tls=True),
    *web(lines.Web), *web(lines.WebTls, tls=True),
    *downloader(lines.Download),
    *bridge(lines.Bridged), *bridged_bytes(lines.IntoBridged, "server"),
    *bucket(lines.BucketMonitor), *bucket_bytes(lines.IntoBucket), *bucket(lines.BucketDelete),
]
CASES = [
    *FIRST,
    *catalogue(lines.Containers), *catalogue(lines.ContainersTls, tls=True),
    *web(lines.WebUnknown, flipped=UNSEEN), *web(lines.FromBucket),
    *downloader(lines.DownloadUnknown, flipped=UNSEEN), *downloader(lines.DownloadTls, tls=True),
    *downloader(lines.DownloadBucket),
    *bridged_bytes(lines.Bridged, "client"), *bridged_bytes(lines.Rbd, "client"),
    *second_bridge(lines.BridgedTwice),
    *bridge(lines.IntoBridged), *second_bridge(lines.IntoBridgedTwice),
    *bridge(lines.BridgedMonitor), *bridge(lines.BridgedDelete),
    *bucket(lines.IntoBucket),
    *bucket(lines.IntoBucketWhole), *bucket_bytes(lines.IntoBucketWhole, parts=False),
    *bucket(lines.IntoBucketTls, tls=True), *bucket_bytes(lines.IntoBucketTls, tls=True),
    *bucket(lines.BucketMonitorTls, tls=True),
]


class Session:
    """The driver, and what it has said."""

    def __init__(self, *words):
        self.driver = Driver(*words)
        self.pid = self.driver.process.pid
        self.answers, self.said = {}, []
        self.ask("INIT", "", "")
        expect(self.answer("INIT", "-", 20)[0] == "INIT SUCCESS - -", "INIT fails")

    def ask(self, action, ident, message):
        self.driver.say(f"{action}  {ident} {message}" if message else action)
        return time.monotonic()

    def answer(self, action, ident, limit):
        """The line, and when it came."""
        key, end = (action, str(ident)), time.monotonic() + limit
        while key not in self.answers:
            left = end - time.monotonic()
            expect(left > 0, f"no answer to {action} {ident} within {limit} s")
            expect(not self.driver.ended, "the driver is gone")
            for line in self.driver.lines(min(left, 0.1)):
                self.said.append(line)
                words = line.split(" ")
                if words[0] != "LOG":
                    expect((words[0], words[2]) not in self.answers, f"a second answer: {line}")
                    self.answers[words[0], words[2]] = line, time.monotonic()
        return self.answers[key]

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def children(self):
        found = []
        for path in pathlib.Path(f"/proc/{self.pid}/task").glob("*/children"):
            try:
                found += path.read_text().split()
            except OSError:  # a thread that has just ended
                pass
        return found

    def finish(self):
        self.driver.say("FINALIZE")
        end = time.monotonic() + 10
        while not self.driver.ended and time.monotonic() < end:
            self.said += self.driver.lines(0.1)
        expect(self.driver.process.wait(timeout=10) == 0, "its exit status")


def settles(state, wanted, words, limit=SETTLES):
    end = time.monotonic() + limit
    while (seen := state()) != wanted:
        expect(time.monotonic() < end, f"{words}: {seen}, not {wanted}")
        time.sleep(0.05)


class Runner:
    def __init__(self, options, site, folder):
        self.options, self.site, self.folder = options, site, folder
        self.secrets = [PASSWORD, TOKEN]
        if site.gateway:
            self.secrets.append(site.gateway["S3_SECRET_KEY"])

    def run(self, case, number):
        case.wrong = ""
        one = self.folder / str(number)
        for part in ("etc", "1", "local", "var/remotes/datastore", *(
                f"var/remotes/market/{kind}" for kind in ("http", "s3", "one", "linuxcontainers"))):
            (one / part).mkdir(parents=True)
        (one / "var/remotes/VERSION").write_text("7.0.0\n")
        (one / "etc/defaultrc").write_text("PRIORITY=0\n")
        (one / "1/small").write_bytes(b"small" * 1000)
        (one / "etc/onemarketd.conf").write_text(
            'TRANSFERS="4"\nDELETE_RETRY="1"\nLOG_LEVEL="debug"\nSHUTDOWN_GRACE="1"\n' + "".join(
                f'CA_FILE="{path}"\n' for path in [self.authority(case.line, one)] if path))
        line = case.line(self.site, one)
        proxy = Proxy(line.target(), case.faults)
        try:
            line.prepare(proxy)
            (self.download if line.action == "download" else self.converse)(case, line, proxy, one)
        except Deviation as deviation:
            case.wrong = str(deviation)
        finally:
            proxy.close()
            line.close()
        if not case.wrong:
            shutil.rmtree(one)

    def authority(self, line, one):
        if line.needs == "start_web":
            return self.site.web["CA_FILE"]
        return self.site.gateway["S3_CA_FILE"] if line.needs == "start_s3" else None

    def judge(self, case, line, success, text, ident, began, ended, proxy):
        case.seconds = ended - began
        case.outcome = SUCCESS if success else text
        expect(proxy.struck, f"the fault did not strike; {case.outcome}")
        if success:
            expect(case.must in (SUCCESS, UNSEEN), f"SUCCESS, not a FAILURE with '{case.must}'")
            self.check(case, line, ident, text)
        else:
            expect(case.must not in (SUCCESS, UNSEEN), f"FAILURE {text}")
            expect(re.search(case.must, text), f"not '{case.must}': {text}")
            peer = line.peer.format(port=proxy.port)
            expect(re.search(peer, text), f"does not name {peer}: {text}")
        expect(case.seconds <= case.within + SLACK, f"after {case.seconds:.1f} s, not {case.within}")

    def check(self, case, line, ident, text):
        try:
            line.check(ident, text)
        except Deviation as deviation:
            if case.must != UNSEEN or "other bytes" not in str(deviation):
                raise
            case.outcome = UNSEEN
            return
        expect(case.must != UNSEEN, "the bytes are right")

    def no_secret(self, words):
        for secret in self.secrets:
            expect(secret not in words, "a secret is told: " + words[max(0, words.find(secret) - 200):][:300])

    # --- a program a request ---

    def download(self, case, line, proxy, one):
        environment = {"PATH": os.environ["PATH"], "HOME": str(one), "ONE_LOCATION": str(one),
                       **line.environment()}

        def fetch(ident, limit):
            began = time.monotonic()
            try:
                done = subprocess.run(
                    [self.options.downloader, *line.words(str(line.public / f"image-{ident}"))],
                    env=environment, capture_output=True, text=True, timeout=limit, stdin=subprocess.DEVNULL)
            except subprocess.TimeoutExpired:
                raise Deviation(f"does not end within {limit} s") from None
            self.no_secret(done.stdout + done.stderr)
            told = [words for words in done.stderr.splitlines() if not words.startswith(("INFO:", "WARN:"))]
            expect(done.returncode == (0 if not told else 255) and len(told) <= 1, f"{done}")
            return not told, "".join(told), began, time.monotonic()

        success, text, began, ended = fetch(1, case.within + SLACK + 10)
        self.judge(case, line, success, text, 1, began, ended, proxy)
        line.expected = lambda: [source[1:] for source in line.successes.values()]
        expect(not line.left(), f"left in DEST's folder: {line.left()}")
        proxy.heal()
        success, text, *_ = fetch(3, 30)
        expect(success, f"over the healthy line: {text}")
        line.check(3, text)

    # --- one driver ---

    def converse(self, case, line, proxy, one):
        arguments = "-t 15 -m http,s3,one,linuxcontainers" + (f" -w {case.wait}" if case.wait else "")
        session = Session(self.options.driver, arguments, one, line.path())
        try:
            self.request(case, line, proxy, one, session)
            session.finish()
            self.no_secret("\n".join(session.said))
            self.no_secret((one / "var/onemarketd.log").read_text())
        finally:
            session.driver.kill()
            session.driver.process.wait()
        self.nobody_lives(one)

    def bystander(self, session, one, number):
        """An image of this host into a folder of it, and that folder's size: when they were asked."""
        folder = {"PUBLIC_DIR": one / "local", "BASE_URL": "http://local"}
        return (session.ask("IMPORT", 900 + number, payload(
                    "import-http", SOURCE=one / "1/small", FORMAT="raw", DATASTORES=one, **folder)),
                session.ask("MONITOR", 900 + number, payload("monitor-http", **folder)))

    def request(self, case, line, proxy, one, session):
        self.bystander(session, one, 0)
        for action in ("IMPORT", "MONITOR"):
            expect(" SUCCESS " in session.answer(action, 900, 20)[0], session.answers)
        before = session.descriptors()
        began = session.ask(line.action, line.ident, line.message(line.ident))
        time.sleep(0.1)
        asked = self.bystander(session, one, 1)
        answer, ended = session.answer(line.action, line.ident, case.within + SLACK + 10)
        for action, then in zip(("IMPORT", "MONITOR"), asked):
            told, when = session.answer(action, 901, BYSTANDERS)
            expect(" SUCCESS " in told, told)
            expect(when - then < BYSTANDERS, f"others were held up for {when - then:.1f} s")
        _, status, _, text = answer.split(" ", 3)
        success = status == SUCCESS
        self.judge(case, line, success, text, line.ident, began, ended, proxy)
        proxy.heal()
        if not success and (undo := line.after_failure(line.ident)):
            session.ask(undo[0], line.ident, undo[1])
            session.answer(undo[0], line.ident, 30)
        self.follow_up(line, session)
        settles(line.left, [], "left behind")
        journal = one / "var/onemarketd/journal"
        settles(lambda: os.listdir(journal) if journal.exists() else [], [], "left in the journal")
        settles(session.children, [], "processes that are left")
        settles(lambda: session.descriptors() - before, 0, "descriptors more than before")

    def follow_up(self, line, session):
        """The next request is served; where the machine is busy it may take another one."""
        for again in range(line.ident + 2, line.ident + 8, 2):
            session.ask(line.action, again, line.message(again))
            answer = session.answer(line.action, again, 60)[0]
            if " SUCCESS " in answer:
                return line.check(again, answer.split(" ", 3)[3])
            if undo := line.after_failure(again):
                session.ask(undo[0], again, undo[1])
                session.answer(undo[0], again, 30)
            if "Timeout: " not in answer:
                break
        raise Deviation(f"over the healthy line: {answer}")

    def nobody_lives(self, one):
        for entry in pathlib.Path("/proc").glob("[0-9]*/environ"):
            try:
                expect(f"ONE_LOCATION={one}".encode() not in entry.read_bytes().split(b"\0"),
                       f"process {entry.parent.name} is left")
            except OSError:
                continue


def report(cases):
    for case in cases:
        print(f"{'WRONG' if case.wrong else 'ok':5} {case.seconds:5.1f} s  {case.title}: "
              f"{case.outcome[:150]}" + (f"\n      {case.wrong}" if case.wrong else ""))


def in_a_word(case):
    if case.wrong:
        return "WRONG"
    word = "done" if case.outcome == SUCCESS else "unseen" if case.outcome == UNSEEN else "failed"
    return f"{word} {case.seconds:.1f}"


def tables(cases):
    """A table for each kind of line: a row a fault, a column a line; how it went, and after how many seconds."""
    kinds = {}
    for case in cases:
        kind, line = case.line.name.split(": ")
        kinds.setdefault(kind, {}).setdefault(line, {})[case.fault, case.wait] = case
    for kind, columns in kinds.items():
        print(f"\n| {kind} | " + " | ".join(columns) + " |\n| --- |" + " --- |" * len(columns))
        for fault, wait in dict.fromkeys(row for column in columns.values() for row in column):
            cells = [in_a_word(column[fault, wait]) if (fault, wait) in column else ""
                     for column in columns.values()]
            print(f"| `{fault}`{' *' if wait else ''} | " + " | ".join(cells) + " |")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", required=True)
    parser.add_argument("--downloader", required=True)
    parser.add_argument("--first", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--jobs", type=int, default=16)
    options = parser.parse_args()
    options.driver, options.downloader = map(os.path.abspath, (options.driver, options.downloader))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    left_out = False
    chosen = [case for case in (FIRST if options.first else CASES)
              if all(word in case.title for word in options.only.split())]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="onemarketd-network-"))
    site = Site(folder)
    try:
        for need in sorted({case.line.needs for case in chosen}):
            if not getattr(site, need)():
                print(f"left out: what {need} wants is not installed")
                left_out = True
                chosen = [case for case in chosen if case.line.needs != need]
        runner = Runner(options, site, folder)
        # Those that take long begin first.
        order = sorted(chosen, key=lambda case: -case.within)
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for _ in pool.map(runner.run, order, range(len(order))):
                pass
        wrong = [case for case in chosen if case.wrong]
        if options.table:
            tables(chosen)
        report(wrong if options.table else chosen)
        usage = os.times()
        print(f"{len(chosen)} cases in {time.monotonic() - began:.0f} s, {usage.user + usage.system:.0f} s of CPU "
              f"and {usage.children_user + usage.children_system:.0f} s in programs; wrong: {len(wrong)}")
    finally:
        site.stop()
        if not any(case.wrong for case in chosen):
            shutil.rmtree(folder)
        else:
            print(f"kept: {folder}")
    return 1 if wrong else 77 if left_out else 0


if __name__ == "__main__":
    sys.exit(main())
