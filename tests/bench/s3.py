#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Figures of the S3 marketplace beside the tools one would use by hand, against a throw-away Ceph
gateway, in one run, alternating, as medians and ratios. Prints Markdown tables.

    tests/bench/s3.py --driver build/onemarketd [--runs 5] [--megabytes 1024] [--objects 10000]

Needs the packages of tests/support/radosgw.sh, and rclone, awscli and curl.
"""
import base64
import os
import pathlib
import statistics
import subprocess
import sys
import time

from bench import Driver, measured, message, settle, timed

SUPPORT = pathlib.Path(__file__).resolve().parent.parent / "support"
sys.path.insert(0, str(SUPPORT))
import s3  # noqa: E402

PART = 32 << 20
BUCKET = "bench"


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.one = folder / "one"
        for path in ("etc", "var/remotes/market", "var/remotes/datastore/fs"):
            (self.one / path).mkdir(parents=True)
        (self.one / "var/remotes/VERSION").write_text("7.0.0\n")
        (self.one / "etc/defaultrc").write_text("PRIORITY=0\n")
        started = subprocess.run([SUPPORT / "radosgw.sh", "start", folder / "gateway"], check=True,
                                 stdout=subprocess.PIPE, text=True).stdout
        self.env = dict(line.split("=", 1) for line in started.splitlines())
        self.s3 = s3.S3(self.env["S3_ENDPOINT"], self.env["S3_ACCESS_KEY"],
                        self.env["S3_SECRET_KEY"])
        self.s3.request("PUT", BUCKET)
        os.environ.pop("AWS_CA_BUNDLE", None)  # rclone does not start with one
        os.environ.update({
            "AWS_ACCESS_KEY_ID": self.env["S3_ACCESS_KEY"], "AWS_DEFAULT_REGION": "default",
            "AWS_SECRET_ACCESS_KEY": self.env["S3_SECRET_KEY"],
            "RCLONE_CONFIG_GW_TYPE": "s3", "RCLONE_CONFIG_GW_PROVIDER": "Ceph",
            "RCLONE_CONFIG_GW_ENDPOINT": self.env["S3_ENDPOINT"],
            "RCLONE_CONFIG_GW_ACCESS_KEY_ID": self.env["S3_ACCESS_KEY"],
            "RCLONE_CONFIG_GW_SECRET_ACCESS_KEY": self.env["S3_SECRET_KEY"]})
        self.image = folder / "image"
        with open(self.image, "wb") as file:
            for _ in range(options.megabytes):
                file.write(os.urandom(1 << 20))
        self.parts = []
        subprocess.run(["split", "-b", str(PART), "-d", "-a", "4", self.image, folder / "part."],
                       check=True)
        self.parts = sorted(folder.glob("part.*"))

    def close(self):
        subprocess.run([SUPPORT / "radosgw.sh", "stop", self.folder / "gateway"], check=True)

    def market(self, name, **more):
        return message(name, ENDPOINT=self.env["S3_ENDPOINT"], BUCKET=BUCKET,
                       ACCESS_KEY=self.env["S3_ACCESS_KEY"],
                       SECRET_KEY=self.env["S3_SECRET_KEY"], **more)

    def empty(self):
        for key in list(self.s3.keys(BUCKET)):
            self.s3.request("DELETE", BUCKET, key)
        for key, upload in list(self.s3.uploads(BUCKET)):
            self.s3.request("DELETE", BUCKET, key, {"uploadId": upload})
        # The gateway's garbage is gone before the next run begins.
        subprocess.run(["radosgw-admin", "-c", self.env["CEPH_CONF"], "gc", "process",
                        "--include-all"], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        settle()

    # Each returns (wall, CPU of the client, its peak RSS in KiB).

    def driver(self, stream):
        config = 'DATASTORE_SCRIPTS="fs"\n' if stream else ""
        (self.one / "etc/onemarketd.conf").write_text(config)
        driver = Driver(self.options, self.one, "-t 15 -m s3")
        before, began = driver.cpu(), time.perf_counter()
        driver.say("IMPORT  5 " + self.market("import-s3", SOURCE=self.image, FORMAT="raw",
                                              DATASTORES="/d", READ_LENGTH=32))
        answer = driver.line()
        result = time.perf_counter() - began, driver.cpu() - before, driver.status("VmHWM")
        assert answer.startswith("IMPORT SUCCESS"), answer
        text = base64.b64decode(answer.split()[3]).decode()
        assert f'MD5="{self.md5}"' in text, text
        driver.close()
        return result

    def tool(self, *command):
        usage = self.folder / "usage"
        wall, cpu = timed(["/usr/bin/env", "time", "-f", "%M", "-o", usage, *command])
        return wall, cpu, int(usage.read_text().split()[-1])

    def rclone(self):
        return self.tool("rclone", "copyto", "-I", "--s3-no-check-bucket",
                         "--s3-upload-concurrency", "4", "--s3-chunk-size", "32M", self.image,
                         f"gw:{BUCKET}/rclone")

    def aws(self):
        return self.tool("/usr/bin/aws", "--endpoint-url", self.env["S3_ENDPOINT"], "s3", "cp",
                         self.image, f"s3://{BUCKET}/aws")

    def curl(self):
        """Bare parts, four at a time, nothing hashed, never completed."""
        begun = self.s3.request("POST", BUCKET, "curl", {"uploads": ""})[1].decode()
        upload = begun.split("<UploadId>")[1].split("<")[0]
        configs = [[] for _ in range(min(4, len(self.parts)))]
        for number, part in enumerate(self.parts, 1):
            url, headers = self.s3.signed("PUT", BUCKET, "curl",
                                          {"partNumber": str(number), "uploadId": upload})
            lines = [f'url = "{url}"', f'upload-file = "{part}"', 'output = "/dev/null"', "fail",
                     'header = "Expect:"']
            lines += [f'header = "{name}: {value}"' for name, value in headers.items()
                      if name != "host"]
            configs[number % len(configs)].append("\n".join(lines) + "\n")
        names = []
        for i, config in enumerate(configs):
            names.append(str(self.folder / f"curl{i}"))
            pathlib.Path(names[-1]).write_text("next\n".join(config))
        script = "".join(f"curl -sS -K {name} & p{i}=$!; " for i, name in enumerate(names))
        script += "".join(f"wait $p{i} || exit 1; " for i in range(len(names)))
        return self.tool("sh", "-c", script)

    def lists(self):
        """The bare time of the list pages a MONITOR needs."""
        began, query = time.perf_counter(), {"list-type": "2", "prefix": "marketapp-",
                                             "max-keys": "1000"}
        wall = 0.0
        while True:
            began = time.perf_counter()
            data = self.s3.request("GET", BUCKET, "", query)[1]
            wall += time.perf_counter() - began
            if b"<IsTruncated>true" not in data:
                return wall
            query["continuation-token"] = data.split(b"NextContinuationToken>")[1][:-2].decode()

    def monitors(self):
        self.empty()
        self.s3.fill(BUCKET, self.options.objects, 64, "marketapp")
        driver = Driver(self.options, self.one, "-t 15 -m s3")
        line = "MONITOR  100 " + self.market("monitor-s3")
        pairs = []
        for _ in range(self.options.runs + 1):
            bare = self.lists()
            began = time.perf_counter()
            driver.say(line)
            answer = driver.line()
            assert answer.startswith("MONITOR SUCCESS"), answer
            pairs.append((time.perf_counter() - began, bare))
        driver.close()
        return pairs[1:]  # the first pair warms up

    def stream_scripts(self):
        """A datastore whose script names a source only the site's downloader can read."""
        export = self.one / "var/remotes/datastore/fs/export"
        export.write_text("#!/bin/sh\ncat >/dev/null\necho '<IMPORT_INFO><IMPORT_SOURCE>odd://x"
                          f"</IMPORT_SOURCE><MD5></MD5><SIZE>{self.options.megabytes}</SIZE>"
                          "<FORMAT>raw</FORMAT></IMPORT_INFO>'\n")
        downloader = self.one / "var/remotes/datastore/downloader.sh"
        downloader.write_text(f"#!/bin/sh\nexec cat {self.image}\n")
        for path in (export, downloader):
            path.chmod(0o755)

    def run(self):
        self.md5 = subprocess.run(["md5sum", self.image], check=True, stdout=subprocess.PIPE,
                                  text=True).stdout.split()[0]
        self.stream_scripts()
        ways = {"IMPORT of a file": lambda: self.driver(False),
                "IMPORT of a stream": lambda: self.driver(True),
                "`rclone copyto -I`, 4 × 32 MiB": self.rclone, "`aws s3 cp`": self.aws,
                "`curl`, 4 × 32 MiB, no hash": self.curl}
        rows = {name: [] for name in ways}
        for run in range(self.options.runs + 1):
            for name, way in ways.items():
                self.empty()
                result = way()
                if run > 0:  # the first warms up: the gateway's store gets its memory then
                    rows[name].append(result)
        return rows, self.monitors()


def median(values):
    return statistics.median(values)


def main():
    options, (rows, pairs) = measured(Bench, "driver", objects=10_000)
    mine = rows["IMPORT of a file"]
    print(f"{options.megabytes} MiB of random bytes, page cache warm, Ceph's gateway on the same "
          f"two processors, medians of {options.runs} runs that alternate; × is the driver's "
          "import of a file divided by this, run by run\n")
    print("| | wall s | × | client CPU s | × | peak RSS MiB |\n|---|---|---|---|---|---|")
    for name, row in rows.items():
        wall, cpu, rss = (median([r[i] for r in row]) for i in range(3))
        ratios = [median([m[i] / r[i] for m, r in zip(mine, row)]) for i in (0, 1)]
        print(f"| {name} | {wall:.2f} | {ratios[0]:.2f} | {cpu:.2f} | {ratios[1]:.2f} "
              f"| {rss / 1024:.0f} |")
    ratio = median([m / bare for m, bare in pairs])
    print(f"\nMONITOR of {options.objects} objects: {median([m for m, _ in pairs]) * 1e3:.0f} ms, "
          f"{ratio:.2f} × the bare list pages ({median([b for _, b in pairs]) * 1e3:.0f} ms)")


if __name__ == "__main__":
    main()
