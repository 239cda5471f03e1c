#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Figures of exports over a bridge beside the commands one would use by hand, against a throw-away
sshd and Ceph, in one run, alternating, as medians and ratios. Prints a Markdown table.

    tests/bench/bridges.py --driver build/onemarketd [--runs 5] [--megabytes 1024] [--folder DIR]

Needs the packages of tests/support/sshd.sh and tests/support/rbd.sh.
"""
import base64
import os
import pathlib
import statistics
import subprocess
import time

from bench import Driver, measured, message, settle, timed

SUPPORT = pathlib.Path(__file__).resolve().parent.parent / "support"


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.one, self.public = folder / "one", folder / "public"
        for path in (self.one / "etc", self.one / "var/remotes/market", self.public):
            path.mkdir(parents=True)
        (self.one / "var/remotes/VERSION").write_text("7.0.0\n")
        (self.one / "etc/defaultrc").write_text("PRIORITY=0\n")
        self.image = folder / "image"
        with open(self.image, "wb") as file:
            for _ in range(options.megabytes):
                file.write(os.urandom(1 << 20))
        self.md5 = subprocess.run(["md5sum", self.image], check=True, stdout=subprocess.PIPE,
                                  text=True).stdout.split()[0]
        self.support("sshd.sh", "start", "ssh")
        self.support("rbd.sh", "start", "ceph")
        self.support("rbd.sh", "import", "ceph", self.image, "image")
        os.environ["PATH"] = f"{folder}/ssh/bin:{os.environ['PATH']}"
        self.rbd = f"rbd --conf={folder}/ceph/ceph.conf --id=market --keyfile={folder}/ceph/key"

    def support(self, script, action, data, *words):
        subprocess.run([SUPPORT / script, action, self.folder / data, *words], check=True,
                       stdout=subprocess.DEVNULL)

    def close(self):
        self.support("sshd.sh", "stop", "ssh")
        self.support("rbd.sh", "stop", "ceph")

    def shell(self, script):
        """(wall, nothing else that can be compared)"""
        return timed(["bash", "-o", "pipefail", "-c", script])[0], 0, 0

    def driver(self, name, **values):
        """(wall, CPU of the driver itself, its peak RSS in KiB)"""
        driver = Driver(self.options, self.one)
        before, began = driver.cpu(), time.perf_counter()
        driver.say("IMPORT  5 " + message(name, PUBLIC_DIR=self.public, BASE_URL="http://x",
                                          DATASTORES="/d", BRIDGE_LIST="bridge1 bridge2", **values))
        answer = driver.line()
        result = time.perf_counter() - began, driver.cpu() - before, driver.status("VmHWM")
        assert answer.startswith("IMPORT SUCCESS"), answer
        assert f'MD5="{self.md5}"' in base64.b64decode(answer.split()[3]).decode()
        driver.close()
        return result

    def empty(self):
        for name in os.listdir(self.public):
            os.unlink(self.public / name)
        settle(self.folder, self.options.megabytes)

    def run(self):
        ceph = self.folder / "ceph"
        ways = {
            "`ssh HOST cat IMAGE \\| md5sum`": lambda: self.shell(
                f"ssh bridge1 cat {self.image} | md5sum"),
            "IMPORT, fs over a bridge to a folder": lambda: self.driver(
                "import-http-fs-bridge", SOURCE=self.image, FORMAT="raw"),
            "`rbd export IMAGE - \\| md5sum`": lambda: self.shell(
                f"{self.rbd} export --no-progress one/image - | md5sum"),
            "`ssh HOST rbd export IMAGE - \\| md5sum`": lambda: self.shell(
                f"ssh bridge1 {self.rbd} export --no-progress one/image - | md5sum"),
            "the stock order: that, then again to a file": lambda: self.shell(
                f"ssh bridge1 {self.rbd} export --no-progress one/image - | md5sum; "
                f"ssh bridge1 {self.rbd} export --no-progress one/image - "
                f"| dd bs=64k iflag=fullblock conv=fsync of={self.public}/stock"),
            "IMPORT, ceph over a bridge to a folder": lambda: self.driver(
                "import-http-ceph", SOURCE="one/image", POOL_NAME="one", CEPH_USER="market",
                CEPH_KEY=ceph / "key", CEPH_CONF=ceph / "ceph.conf"),
        }
        rows = {name: [] for name in ways}
        for _ in range(self.options.runs):
            for name, way in ways.items():
                self.empty()
                rows[name].append(way())
        return rows


def median(values):
    return statistics.median(values)


def main():
    options, rows = measured(Bench, "driver")
    print(f"{options.megabytes} MiB of random bytes, page cache warm, sshd and Ceph on the same two "
          f"processors, medians of {options.runs} runs that alternate; × is run by run\n")
    print("| | wall s | × the first of its kind | driver's CPU s | peak RSS MiB |")
    print("|---|---|---|---|---|")
    first = None
    for name, row in rows.items():
        if first is None or name.startswith("`rbd"):
            first = row
        wall, cpu, rss = (median([r[i] for r in row]) for i in range(3))
        ratio = median([r[0] / f[0] for r, f in zip(row, first)])
        ours = f"{cpu:.2f} | {rss / 1024:.0f}" if rss else "|"
        print(f"| {name} | {wall:.2f} | {ratio:.2f} | {ours} |")


if __name__ == "__main__":
    main()
