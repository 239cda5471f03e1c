#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""There and back again: images that the driver imports into a marketplace, as oned asks it to, are
fetched by the downloader from where the driver says they are, with the MD5 it says they have.

    round_trip.py --driver build/onemarketd --downloader build/onemarket-downloader

Markets: http, a folder that nginx serves; the same behind a bridge; s3, a bucket of the Ceph gateway
whose folder ONEMARKET_RADOSGW names. Exit status: 0 all came back as it was, 1 something did not, 77
all did, but a market was left out for want of its programs.
"""
import argparse
import base64
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TESTS = pathlib.Path(__file__).resolve().parent.parent
SUPPORT = TESTS / "support"
sys.path[:0] = [str(TESTS / "demo"), str(SUPPORT)]
from demo import Driver, attribute, message  # noqa: E402
import s3  # noqa: E402

SLACK = 1 << 20  # bytes a file system may take beside those that were written


class Skipped(Exception):
    pass


def support(script, *words):
    done = subprocess.run([SUPPORT / script, *words], stdout=subprocess.PIPE, text=True)
    if done.returncode == 77:
        raise Skipped(f"{script} has not what it needs")
    done.check_returncode()
    return done.stdout.strip()


class Market:
    """`values` go into its message, `env` to whoever fetches from it."""

    def __init__(self, name, suffix, values, env=None, close=lambda: None):
        self.name, self.suffix, self.values = name, suffix, values
        self.env, self.close = env or {}, close


class Trip:
    def __init__(self, options, folder):
        self.options, self.folder, self.faults = options, folder, []
        self.one, self.datastores, self.to = folder / "one", folder / "datastores", folder / "to"
        for path in (self.one / "etc", self.one / "var/remotes/market/http", self.datastores / "1",
                     self.one / "var/remotes/market/s3", self.to):
            path.mkdir(parents=True)
        (self.one / "var/remotes/VERSION").write_text("7.0.0\n")
        self.images = self.make_images()

    def make_images(self):
        """(format, path), both with data here and there, the raw one with holes between."""
        raw, qcow2 = self.datastores / "1/raw", self.datastores / "1/qcow2"
        with open(raw, "wb") as file:
            for at in (0, 37 << 20, (61 << 20) + 12345):
                file.seek(at)
                file.write(os.urandom(3_000_000))
            file.truncate(96 << 20)
        subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, qcow2], check=True)
        return (("raw", raw), ("qcow2", qcow2))

    def folder_market(self, name, suffix, **values):
        root = self.folder / f"{name} folder"
        root.mkdir()
        data = self.folder / name
        url = support("nginx.sh", "start", data, root)
        return Market(name, suffix, {"PUBLIC_DIR": root, "BASE_URL": url, **values},
                      close=lambda: support("nginx.sh", "stop", data))

    def http(self):
        return self.folder_market("http", "http")

    def http_over_a_bridge(self):
        data = self.folder / "hosts"
        ssh = support("sshd.sh", "start", data)
        os.environ["PATH"] = f"{ssh}:{os.environ['PATH']}"  # the driver's
        market = self.folder_market("bridge", "http-bridge", BRIDGE_LIST="bridge1 bridge2")
        stop = market.close
        market.close = lambda: (stop(), support("sshd.sh", "stop", data))
        return market

    def s3(self):
        env = pathlib.Path(os.environ.get("ONEMARKET_RADOSGW", "/nowhere")) / "env"
        if not env.exists():
            raise Skipped("no Ceph gateway, which ONEMARKET_RADOSGW would name")
        gateway = dict(line.split("=", 1) for line in env.read_text().splitlines())
        bucket = f"round-trip-{os.getpid()}"
        values = {"ENDPOINT": gateway["S3_ENDPOINT"], "BUCKET": bucket, "READ_LENGTH": 5,
                  "ACCESS_KEY": gateway["S3_ACCESS_KEY"], "SECRET_KEY": gateway["S3_SECRET_KEY"]}
        # As oned hands a marketplace on to a datastore's driver.
        document = re.search("<MARKETPLACE><ID>.*</TEMPLATE></MARKETPLACE>",
                             message("import-s3", "", **values)["xml"])[0]
        action = f"<DS_DRIVER_ACTION_DATA>{document}</DS_DRIVER_ACTION_DATA>"
        client = s3.S3(gateway["S3_ENDPOINT"], gateway["S3_ACCESS_KEY"], gateway["S3_SECRET_KEY"])
        return Market("s3", "s3", values, {"DRV_ACTION": base64.b64encode(action.encode()).decode()},
                      lambda: client.purge(bucket))

    def travel(self, market):
        driver = Driver(self.options.driver, self.one, "-t 4 -m http,s3")
        try:
            self.converse(driver, market)
        finally:
            driver.process.kill()

    def converse(self, driver, market):
        print("> INIT")
        driver.say("INIT")
        driver.answer()
        for ident, (kind, image) in enumerate(self.images, 5):
            reply = driver.ask("IMPORT", ident, message(
                f"import-{market.suffix}", f"{kind} into {market.name}", SOURCE=image, FORMAT=kind,
                DATASTORES=self.datastores, **market.values))
            if " SUCCESS " not in reply:
                self.faults.append(f"{market.name}: {reply}")
                continue
            self.fetch(market, kind, image, attribute(reply, "SOURCE"), attribute(reply, "MD5"))
        driver.say("FINALIZE")
        driver.process.stdin.close()
        if driver.process.wait(timeout=30) != 0:
            self.faults.append(f"{market.name}: the driver's exit status")

    def fetch(self, market, kind, image, source, md5):
        env = {"PATH": os.environ["PATH"], "ONE_LOCATION": str(self.one), **market.env}

        def downloaded(*words):
            done = subprocess.run([self.options.downloader, *words], env=env, capture_output=True)
            if done.returncode != 0 or done.stderr:
                self.faults.append(f"{market.name}, {kind}: {words} {done.returncode} "
                                   f"{done.stderr.decode()}")
            return done.stdout

        def check(condition, words):
            print(f"  {'as it should be' if condition else 'WRONG'}: {words}")
            if not condition:
                self.faults.append(f"{market.name}, {kind}: not {words}")

        expected = image.read_bytes()
        print(f"$ onemarket-downloader -m {md5} {source} ...")
        check(hashlib.md5(expected).hexdigest() == md5, "the image's MD5")
        file = self.to / f"{market.name}-{kind}"
        downloaded("-m", md5, source, str(file))
        if file.exists():
            check(file.read_bytes() == expected, "the same bytes in a file")
            check(file.stat().st_blocks * 512 <= image.stat().st_blocks * 512 + SLACK,
                  f"{file.stat().st_blocks // 2} KiB on disk, as the image has")
        check(downloaded("-m", md5, "-n", source, "-") == expected, "the same bytes on stdout")
        check(sorted(os.listdir(self.to)) == [file.name], "nothing beside it")
        file.unlink(missing_ok=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", required=True)
    parser.add_argument("--downloader", required=True)
    options = parser.parse_args()
    options.driver, options.downloader = map(os.path.abspath, (options.driver, options.downloader))
    for program in ("qemu-img", "nginx"):
        if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            print(f"skipped: {program} is not installed")
            return 77
    skipped = False
    with tempfile.TemporaryDirectory(prefix="onemarket-round-trip-") as name:
        trip = Trip(options, pathlib.Path(name))
        for make in (trip.http, trip.http_over_a_bridge, trip.s3):
            print(f"== {make.__name__.replace('_', ' ')}")
            try:
                market = make()
            except Skipped as reason:
                print(f"skipped: {reason}")
                skipped = True
                continue
            try:
                trip.travel(market)
            finally:
                market.close()
    print("".join(f"WRONG: {fault}\n" for fault in trip.faults)
          or ("what was not left out came back as it was" if skipped else "all came back as it was"))
    return 1 if trip.faults else 77 if skipped else 0


if __name__ == "__main__":
    sys.exit(main())
