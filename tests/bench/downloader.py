#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Figures of onemarket-downloader beside the tools one would use by hand, against a throw-away nginx
and Ceph gateway, in one run, alternating, as medians and ratios. Prints a Markdown table.

    tests/bench/downloader.py --downloader build/onemarket-downloader [--runs 5] [--megabytes 1024]

Needs the packages of tests/support/{nginx,radosgw}.sh, curl and xz.
"""
import base64
import os
import pathlib
import statistics
import subprocess
import sys
import time

from bench import measured, settle

SUPPORT = pathlib.Path(__file__).resolve().parent.parent / "support"
sys.path.insert(0, str(SUPPORT))
import s3  # noqa: E402

BUCKET = "bench"

# An image of noise, and one that xz has something to do with. In a process of its own: what this one
# takes in memory would count for those it starts.
MAKE_FILES = """
import os, sys
megabytes = int(sys.argv[3])
with open(sys.argv[1], "wb") as file:
    for _ in range(megabytes):
        file.write(os.urandom(1 << 20))
words = [os.urandom(3).hex().encode() for _ in range(4096)]
text = b" ".join(words[16 * b % 4096] for b in os.urandom(1 << 20))
with open(sys.argv[2], "wb") as file:
    for i in range(megabytes // 8):
        file.write(text[i % 997:] + text[:i % 997])
"""


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.root, self.to = folder / "root", folder / "to"
        self.root.mkdir()
        self.to.mkdir()
        self.image = self.root / "image"
        subprocess.run([sys.executable, "-c", MAKE_FILES, self.image, folder / "text",
                        str(options.megabytes)], check=True)
        subprocess.run(f"xz -0 -c {folder}/text > {self.root}/text.xz", shell=True, check=True)
        self.md5 = self.hash_of(self.image)
        self.xz_md5 = self.hash_of(self.root / "text.xz")
        self.base = self.support("nginx.sh", "start", folder / "nginx", self.root).strip()
        started = self.support("radosgw.sh", "start", folder / "gateway")
        env = dict(line.split("=", 1) for line in started.splitlines())
        self.s3 = s3.S3(env["S3_ENDPOINT"], env["S3_ACCESS_KEY"], env["S3_SECRET_KEY"])
        self.s3.request("PUT", BUCKET)
        self.signed = (f"curl -sSf --aws-sigv4 aws:amz:default:s3 "
                       f"-H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' --user "
                       f"{env['S3_ACCESS_KEY']}:{env['S3_SECRET_KEY']} "
                       f"{env['S3_ENDPOINT']}/{BUCKET}/image")
        subprocess.run(f"{self.signed} -T {self.image}",
                       shell=True, check=True, stdout=subprocess.DEVNULL)
        market = "".join(f"<{key}><![CDATA[{value}]]></{key}>" for key, value in {
            "ACCESS_KEY_ID": env["S3_ACCESS_KEY"], "SECRET_ACCESS_KEY": env["S3_SECRET_KEY"],
            "ENDPOINT": env["S3_ENDPOINT"], "REGION": "default", "FORCE_PATH_STYLE": "YES",
        }.items())
        os.environ["DRV_ACTION"] = base64.b64encode(
            f"<DS_DRIVER_ACTION_DATA><MARKETPLACE><TEMPLATE>{market}</TEMPLATE></MARKETPLACE>"
            f"</DS_DRIVER_ACTION_DATA>".encode()).decode()

    @staticmethod
    def support(script, *words):
        return subprocess.run([SUPPORT / script, *words], check=True, stdout=subprocess.PIPE,
                              text=True).stdout

    @staticmethod
    def hash_of(path):
        return subprocess.run(["md5sum", path], check=True, stdout=subprocess.PIPE,
                              text=True).stdout.split()[0]

    def close(self):
        self.support("nginx.sh", "stop", self.folder / "nginx")
        self.support("radosgw.sh", "stop", self.folder / "gateway")

    def shell(self, script):
        return self.timed(["bash", "-o", "pipefail", "-c", script])

    # What has to be done at least, by two processes that know nothing of each other: nobody is faster here.
    def beside_md5sum(self, fetch):
        return self.shell(f"{fetch} & md5sum {self.image} && wait $!")

    def pipeline(self, fetch):
        return self.shell(f"{fetch} | tee >(md5sum > /dev/null) | cat > {self.to}/x")

    def ours(self, md5, source):
        return self.timed([self.options.downloader, "-m", md5, source, self.to / "ours"])

    def timed(self, command):
        """(wall, CPU, peak RSS in KiB)"""
        for name in os.listdir(self.to):
            os.unlink(self.to / name)
        settle(self.folder, self.options.megabytes)
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        assert status == 0, command
        return wall, used.ru_utime + used.ru_stime, used.ru_maxrss

    def run(self):
        url, to = f"{self.base}/image", self.to
        ways = {
            "`md5sum IMAGE`": (lambda: self.shell(f"exec md5sum {self.image}"), 0),
            "`curl -o FILE` of nginx": (lambda: self.shell(f"exec curl -sS -o {to}/x {url}"), 0),
            "`curl \\| tee >(md5sum) \\| cat > FILE`": (lambda: self.pipeline(f"curl -sS {url}"), 0),
            "`curl -o FILE` of nginx beside `md5sum IMAGE`": (
                lambda: self.beside_md5sum(f"curl -sS -o {to}/x {url}"), 0),
            "onemarket-downloader -m, http": (lambda: self.ours(self.md5, url), 1),
            "`curl -o FILE` of S3": (lambda: self.shell(f"exec {self.signed} -o {to}/x"), 0),
            "`curl \\| md5sum` of S3, no file": (
                lambda: self.shell(f"{self.signed} | md5sum"), 0),
            "`curl \\| tee >(md5sum) \\| cat > FILE` of S3": (lambda: self.pipeline(self.signed), 0),
            "`curl -o FILE` of S3 beside `md5sum IMAGE`": (
                lambda: self.beside_md5sum(f"{self.signed} -o {to}/x"), 0),
            "onemarket-downloader -m, s3": (
                lambda: self.ours(self.md5, f"s3://{BUCKET}/image"), 1),
            "`xz -dc IMAGE.xz > FILE`": (
                lambda: self.shell(f"exec xz -dc {self.root}/text.xz > {to}/x"), 0),
            "onemarket-downloader -m, http, xz": (
                lambda: self.ours(self.xz_md5, f"{self.base}/text.xz"), 1),
        }
        rows = {name: [] for name in ways}
        for _ in range(self.options.runs):
            for name, (way, _) in ways.items():
                rows[name].append(way())
        return rows


def main():
    options, rows = measured(Bench, "downloader")
    print(f"{options.megabytes} MiB, page cache warm, servers on the same two processors, medians of "
          f"{options.runs} runs that alternate; × is run by run\n")
    print("| | wall s | CPU s | peak RSS MiB | × |")
    print("|---|---|---|---|---|")
    beside = {
        "onemarket-downloader -m, http": ["`md5sum IMAGE`", "`curl -o FILE` of nginx",
                                          "`curl -o FILE` of nginx beside `md5sum IMAGE`",
                                          "`curl \\| tee >(md5sum) \\| cat > FILE`"],
        "onemarket-downloader -m, s3": ["`md5sum IMAGE`", "`curl -o FILE` of S3",
                                        "`curl -o FILE` of S3 beside `md5sum IMAGE`",
                                        "`curl \\| md5sum` of S3, no file",
                                        "`curl \\| tee >(md5sum) \\| cat > FILE` of S3"],
        "onemarket-downloader -m, http, xz": ["`xz -dc IMAGE.xz > FILE`"],
    }
    for name, row in rows.items():
        wall, cpu, rss = (statistics.median([r[i] for r in row]) for i in range(3))
        ratios = ", ".join(
            f"{statistics.median([r[0] / f[0] for r, f in zip(row, rows[other])]):.2f} × {other}"
            for other in beside.get(name, []))
        print(f"| {name} | {wall:.2f} | {cpu:.2f} | {rss / 1024:.0f} | {ratios} |")


if __name__ == "__main__":
    main()
