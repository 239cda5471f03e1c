#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A session with the driver, as its metrics tell it: over a port, over a Unix socket, in a file.

    metrics_test.py --driver build/onemarketd [--promtool PROMTOOL]

Exit status: 0 all is well, 1 something is not, 77 all is but nobody looked at the text's form, for want of
promtool.
"""
import argparse
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "demo"))
from demo import Driver, attribute, message  # noqa: E402

PATIENCE = 30  # seconds


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def connect(address):
    if address.startswith("/"):
        talk = socket.socket(socket.AF_UNIX)
        talk.settimeout(PATIENCE)
        talk.connect(address)
        return talk
    host, port = address.rsplit(":", 1)
    return socket.create_connection((host, int(port)), PATIENCE)


def scrape(address):
    with connect(address) as talk:
        talk.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = b"".join(iter(lambda: talk.recv(65536), b"")).decode()
    if not answer:
        raise ConnectionError("closed without an answer")
    head, text = answer.split("\r\n\r\n", 1)
    assert head.startswith("HTTP/1.1 200 "), head
    return text


def values(text):
    return {name: float(value) for name, value in re.findall(r"^([a-z].*) (\S+)$", text, re.MULTILINE)}


def until(what, look):
    """What `look` gives once it gives something."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            found = look()
            if found:
                return found
        except OSError:
            pass
        time.sleep(0.05)
    raise SystemExit(f"waited in vain: {what}")


class Session:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.one, self.public, self.images = folder / "one", folder / "public", folder / "datastores/1"
        for path in (self.one / "etc", self.one / "var/remotes/market/http", self.public, self.images):
            path.mkdir(parents=True)
        (self.one / "var/remotes/VERSION").write_text("7.0.0\n")
        (self.images / "good").write_bytes(os.urandom(3_000_000))
        self.market = {"PUBLIC_DIR": self.public, "BASE_URL": "http://h/m", "DATASTORES": folder / "datastores",
                       "FORMAT": "raw"}
        self.file = folder / "onemarketd.prom"
        self.checked = 0

    def configure(self, **keys):
        (self.one / "etc/onemarketd.conf").write_text(
            "".join(f'{key} = "{value}"\n' for key, value in keys.items()))

    def expect(self, text, **wanted):
        found = values(text)
        for name, value in wanted.items():
            assert found.get(name) == value, f"{name}: {found.get(name)}, not {value}\n{text}"

    def check(self, text):
        """By Prometheus' own eyes."""
        if not self.options.promtool:
            return
        done = subprocess.run([self.options.promtool, "check", "metrics"], input=text, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == 0 and not done.stdout, done.stdout
        self.checked += 1

    def run(self):
        port, path = f"127.0.0.1:{free_port()}", str(self.folder / "metrics.sock")
        self.configure(METRICS_LISTEN=port, METRICS_FILE=self.file)
        driver = Driver(self.options.driver, self.one, "-t 4 -m http")
        try:
            self.converse(driver, port, path)
        finally:
            driver.process.kill()
            driver.process.wait()

    def converse(self, driver, port, path):
        driver.say("INIT")
        driver.answer()
        first = until("the port", lambda: scrape(port))
        self.check(first)
        self.expect(first, **{'onemarketd_failures_total{action="import",kind="not_found"}': 0,
                              "onemarketd_journal_usable": 1})

        driver.ask("MONITOR", 100, message("monitor-http", "", **self.market))
        reply = driver.ask("IMPORT", 5, message("import-http", "", SOURCE=self.images / "good", **self.market))
        driver.ask("IMPORT", 6, message("import-http", "", SOURCE=self.images / "none", **self.market))
        driver.ask("DELETE", 5, message("delete-http", "", SOURCE=attribute(reply, "SOURCE"), **self.market))
        deleted = 'onemarketd_requests_total{action="delete",result="success"}'
        text = until("the DELETE", lambda: (lambda t: t if values(t).get(deleted) == 1 else "")(scrape(port)))
        self.check(text)
        self.session_told(text)
        assert values(text)["process_open_fds"] > 3

        self.flooded(driver, port)

        self.configure(METRICS_LISTEN=path, METRICS_FILE=self.file)
        driver.process.send_signal(signal.SIGHUP)
        text = until("the socket", lambda: scrape(path))
        self.check(text)
        self.session_told(text)
        assert os.stat(path).st_mode & 0o777 == 0o660
        try:
            scrape(port)
            raise SystemExit("the port is still there")
        except ConnectionRefusedError:
            pass

        # What is written every 15 s; moved, it is written at once.
        self.expect(self.file.read_text(), **{"onemarketd_journal_usable": 1})
        moved = self.folder / "moved.prom"
        self.configure(METRICS_FILE=moved)
        driver.process.send_signal(signal.SIGHUP)
        text = until("the file", moved.read_text)
        self.check(text)
        self.session_told(text)
        assert "process_" not in text, "names that node_exporter has as well, which would end its answers"
        until("the end of the socket", lambda: not os.path.exists(path))
        assert not self.file.exists() and os.stat(moved).st_mode & 0o777 == 0o644

        driver.say("FINALIZE")
        assert driver.process.wait(PATIENCE) == 0
        assert not moved.exists(), "the file of a driver that is no more"

    def flooded(self, driver, port):
        """oned is served while many ask who do not listen."""
        crowd = []
        for number in range(200):
            talk = connect(port)
            talk.sendall(b"GET /metrics HTTP/1.1\r\n\r\n" if number % 2 else b"GET /metr")
            crowd.append(talk)
        begin = time.monotonic()
        gone = message("monitor-http", "", **dict(self.market, PUBLIC_DIR=self.public / "none"))
        driver.ask("MONITOR", 101, gone)
        assert time.monotonic() - begin < 5, "the driver had no time for oned"
        for talk in crowd:
            talk.close()
        until("the port, after the crowd", lambda: scrape(port))

    def session_told(self, text):
        market = '{market="100",name="Lab"}'
        self.expect(text, **{
            'onemarketd_requests_total{action="import",result="success"}': 1,
            'onemarketd_requests_total{action="import",result="failure"}': 1,
            'onemarketd_requests_total{action="monitor",result="success"}': 1,
            'onemarketd_failures_total{action="import",kind="not_found"}': 1,
            'onemarketd_request_duration_seconds_count{action="import"}': 2,
            "onemarketd_image_bytes_total": 3_000_000,
            'onemarketd_requests_running{action="import"}': 0,
            "onemarketd_journal_oldest_age_seconds": 0,
            f"onemarketd_market_monitor_success{market}": 1})
        found = values(text)
        assert found[f"onemarketd_market_total_bytes{market}"] > 0
        assert abs(found[f"onemarketd_market_monitor_timestamp_seconds{market}"] - time.time()) < 600


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", required=True)
    parser.add_argument("--promtool", default=shutil.which("promtool"))
    options = parser.parse_args()
    options.driver = os.path.abspath(options.driver)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="onemarketd-metrics-"))
    try:
        session = Session(options, folder)
        session.run()
    finally:
        shutil.rmtree(folder)
    print(f"promtool has looked at {session.checked} texts")
    return 0 if session.checked else 77


if __name__ == "__main__":
    sys.exit(main())
