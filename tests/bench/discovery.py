#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a MONITOR of a discovered marketplace costs, by the size of its catalogue: from the request to
the last byte of the reply, nginx on loopback serving it compressed. Medians; prints a Markdown table.

    tests/bench/discovery.py --driver build/onemarketd [--runs 5] [--largest 100000]
"""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

from bench import Driver, message

SUPPORT = pathlib.Path(__file__).resolve().parent.parent / "support"
PATHS = {"one": "appliance", "linuxcontainers": "streams/v1/images.json"}
# The stock driver's, of 10,000 appliances and 7,200 products: CPU s of its process tree, peak MB of the
# driver and its script; measured on the machine of docs/performance.md.
STOCK = {("one", 10000): (0.99, 137 + 87), ("linuxcontainers", 7200): (0.66, None)}


class Reader(Driver):
    """Takes lines of many megabytes, without looking at a byte twice."""

    def line(self):
        pieces, out = [self.buffer], self.process.stdout.fileno()
        while b"\n" not in pieces[-1]:
            data = os.read(out, 1 << 20)
            assert data, "the driver is gone"
            pieces.append(data)
        line, self.buffer = b"".join(pieces).split(b"\n", 1)
        return self.line() if line.startswith(b"LOG ") else line.decode()

    def cpu(self):
        """Seconds; finer than clock ticks."""
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def monitor(driver, mad, endpoint):
    values = {"ENDPOINT": endpoint}
    if mad == "linuxcontainers":
        values.update(IMAGE_SIZE_MB="", SKIP_UNTESTED="", PRIVILEGED="")
    before, began = driver.cpu(), time.perf_counter()
    driver.say("MONITOR  100 " + message(f"monitor-{mad}", **values))
    answer = driver.line()
    wall = time.perf_counter() - began
    assert answer.startswith("MONITOR SUCCESS 100 "), answer[:200]
    return driver.cpu() - before, wall, len(answer)


def measure(options, one, web, mad, entries):
    file = web / "root" / PATHS[mad]
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(file, "w") as out:
        subprocess.run([SUPPORT / "make_catalogue.py", mad, str(entries)], check=True, stdout=out)
    url = dict(line.split("=", 1) for line in (web / "env").read_text().split())["HTTP_URL"]
    rows, peak = {"first": [], "again": []}, 0
    for _ in range(options.runs):
        driver = Reader(options, one, "-m one,linuxcontainers -w 300")
        rows["first"].append(monitor(driver, mad, url))
        peak = max(peak, driver.status("VmHWM"))
        rows["again"].append(monitor(driver, mad, url))
        driver.close()
    cpu, wall, again = (statistics.median(row[i] for row in rows[name])
                        for name, i in (("first", 0), ("first", 1), ("again", 0)))
    stock_cpu, stock_peak = STOCK.get((mad, entries), (None, None))
    print(f"| {mad}, {entries:,} | {file.stat().st_size / 1e6:.1f} | {rows['first'][0][2] / 1e6:.1f} "
          f"| {cpu:.3f} | {f'{cpu / stock_cpu:.2f}' if stock_cpu else ''} | {cpu / entries * 1e6:.0f} "
          f"| {wall:.2f} | {peak / 1024:.0f} | {f'{peak / 1024 / stock_peak:.2f}' if stock_peak else ''} "
          f"| {again:.3f} |", flush=True)
    file.unlink()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", required=True)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--largest", type=int, default=100000, help="entries of the largest catalogue")
    options = parser.parse_args()
    options.driver = os.path.abspath(options.driver)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="onemarketd-bench-"))
    one, web = folder / "one", folder / "web"
    for path in ("etc", "var/remotes/market"):
        (one / path).mkdir(parents=True)
    (one / "var/remotes/VERSION").write_text("7.0.0\n")
    (one / "etc/defaultrc").write_text("PRIORITY=0\n")
    try:
        subprocess.run([SUPPORT / "catalogue.sh", "start", web, web / "root"], check=True)
        print("| catalogue, entries | JSON MB | reply MB | CPU s | × stock | µs an entry | wall s "
              "| peak RSS MiB | × stock | CPU s, unchanged |\n|---|---|---|---|---|---|---|---|---|---|")
        for mad, sizes in (("one", (100, 1000, 10000, 100000)), ("linuxcontainers", (720, 7200))):
            for entries in sizes:
                if entries <= options.largest:
                    measure(options, one, web, mad, entries)
    finally:
        subprocess.run([SUPPORT / "catalogue.sh", "stop", web], check=True)
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
