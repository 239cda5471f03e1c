#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes docs/metrics.png: a driver that imports, deletes and fails, a Prometheus that looks at it every
second, and its console etc/prometheus/consoles/onemarketd.html, as a browser shows it.

    picture.py --driver build/onemarketd --to docs/metrics.png

Needs Debian's packages prometheus, chromium and nginx-light; --prometheus and --chromium say where they are.
Takes four minutes.
"""
import argparse
import base64
import contextlib
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(HERE.parent / "demo")]
from demo import Driver, attribute, message  # noqa: E402
from metrics_test import free_port, scrape, until  # noqa: E402

SIZE = "1180,574"  # of the picture, in points


class Life:
    """What happens at a front-end, faster."""

    def __init__(self, driver, folder, market, catalogue):
        self.driver, self.market, self.catalogue = driver, market, catalogue
        self.images = folder / "datastores/1"
        self.images.mkdir(parents=True)
        self.dice, self.app, self.sources = random.Random(7), 100, {}
        self.lock = threading.Lock()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.driver.process.stdout:
            words = line.decode().split(" ", 3)
            if words[:2] == ["IMPORT", "SUCCESS"]:
                with self.lock:
                    self.sources[int(words[2])] = line.decode().rstrip("\n")

    def send(self, action, ident, xml):
        self.driver.say(f"{action}  {ident} {base64.b64encode(xml.encode()).decode()}")

    def monitor(self):
        lab = message("monitor-http", "", **self.market)["xml"]
        self.send("MONITOR", 100, lab)
        gone = dict(self.market, PUBLIC_DIR=self.market["PUBLIC_DIR"] / "gone")
        self.send("MONITOR", 101, message("monitor-http", "", **gone)["xml"].replace(
            "<ID>100<", "<ID>101<").replace(">Lab<", ">Attic<"))
        self.send("MONITOR", 0, message("monitor-one", "", ENDPOINT=self.catalogue)["xml"].replace(
            "<ID>100<", "<ID>0<").replace(">Lab<", ">Public Marketplace<"))

    def import_one(self):
        self.app += 1
        image, fate = self.images / str(self.app), self.dice.random()
        size = self.dice.choice((6, 10, 20, 40, 60, 180)) << 20
        if fate > 0.06:
            with open(image, "wb") as file:
                file.write(os.urandom(size))
        kind = "qcow2" if 0.06 < fate < 0.1 else "raw"  # which it is not
        self.send("IMPORT", self.app, message("import-http", "", SOURCE=image, FORMAT=kind, **self.market)["xml"])
        if fate > 0.95:
            self.delete(self.app, "")

    def delete(self, app, source):
        self.send("DELETE", app, message("delete-http", "", SOURCE=source, **self.market)["xml"])

    def tidy(self):
        with self.lock:
            done, self.sources = self.sources, {}
        for app, line in done.items():
            if self.dice.random() < 0.7:
                self.delete(app, attribute(line, "SOURCE"))
            with contextlib.suppress(OSError):
                (self.images / str(app)).unlink()

    def go_on(self, span):
        end, look = time.monotonic() + span, 0
        while time.monotonic() < end:
            if time.monotonic() >= look:
                self.monitor()
                look = time.monotonic() + 10
            for _ in range(self.dice.choice((0, 1, 1, 2, 6))):
                self.import_one()
            self.tidy()
            time.sleep(self.dice.uniform(0.5, 4))


@contextlib.contextmanager
def running(words, **more):
    process = subprocess.Popen(words, **more)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def catalogue(folder):
    """Its address."""
    root, nginx = folder / "root", HERE.parent / "support/nginx.sh"
    root.mkdir(parents=True)
    with open(root / "appliance", "w") as file:
        subprocess.run([HERE.parent / "support/make_catalogue.py", "one", "1200"], stdout=file, check=True)
    started = subprocess.run([nginx, "start", folder / "nginx", root], stdout=subprocess.PIPE, text=True, check=True)
    try:
        yield started.stdout.strip()
    finally:
        subprocess.run([nginx, "stop", folder / "nginx"], check=False)


def prometheus(options, folder, port, target):
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
        f"rule_files: [{ROOT}/etc/prometheus/onemarketd.rules.yml]\n"
        "scrape_configs:\n  - job_name: onemarketd\n"
        f"    static_configs: [{{targets: ['{target}']}}]\n"
        "    relabel_configs: [{target_label: instance, replacement: front-end}]\n")
    return [options.prometheus, f"--config.file={folder}/prometheus.yml", f"--web.listen-address=127.0.0.1:{port}",
            f"--storage.tsdb.path={folder}/tsdb", f"--web.console.templates={ROOT}/etc/prometheus/consoles",
            f"--web.console.libraries={ROOT}/etc/prometheus/consoles", "--log.level=warn"]


def photograph(options, folder, url):
    picture = folder / "picture.png"
    subprocess.run([options.chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                    f"--user-data-dir={folder}/browser", f"--window-size={SIZE}", "--force-device-scale-factor=1",
                    "--virtual-time-budget=10000", f"--screenshot={picture}", url],
                   check=True, timeout=120, stderr=subprocess.DEVNULL)
    shutil.copyfile(picture, options.to)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--driver", required=True)
    parser.add_argument("--to", required=True)
    parser.add_argument("--seconds", type=int, default=220)
    parser.add_argument("--prometheus", default="prometheus")
    parser.add_argument("--chromium", default="chromium")
    options = parser.parse_args()
    options.driver = os.path.abspath(options.driver)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="onemarketd-picture-"))
    try:
        take(options, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def take(options, folder):
    one, public = folder / "one", folder / "public"
    for path in (one / "etc", one / "var/remotes/market/http", one / "var/remotes/market/one", public):
        path.mkdir(parents=True)
    (one / "var/remotes/VERSION").write_text("7.0.0\n")
    target, port = f"127.0.0.1:{free_port()}", free_port()
    (one / "etc/onemarketd.conf").write_text(
        f'METRICS_LISTEN = "{target}"\nTRANSFERS = 3\nBANDWIDTH_MB = 25\n')
    market = {"PUBLIC_DIR": public, "BASE_URL": "http://h/m", "DATASTORES": folder / "datastores"}
    driver = Driver(options.driver, one, "-t 4 -m http,one")
    try:
        driver.say("INIT")
        driver.answer()
        until("the driver's metrics", lambda: scrape(target))
        with catalogue(folder / "catalogue") as endpoint, running(prometheus(options, folder, port, target)):
            Life(driver, folder, market, endpoint).go_on(options.seconds)
            minutes = options.seconds / 60 - 0.1
            photograph(options, folder, f"http://127.0.0.1:{port}/consoles/onemarketd.html?still&minutes={minutes:.2f}")
    finally:
        driver.process.kill()
        driver.process.wait()
    print(f"{options.to}: {os.path.getsize(options.to)} bytes")


if __name__ == "__main__":
    sys.exit(main())
