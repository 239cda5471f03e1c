#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two drivers beside each other, in one run, alternating: what a change costs. Prints, for each figure,
the median of the second and of its ratios to the first. CPU is that of the process alone.

    tests/bench/beside.py --driver build/onemarketd --before OTHER/onemarketd [--runs 15] [--megabytes 512]
"""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

from bench import Driver, make_location, message

CATALOGUE = pathlib.Path(__file__).resolve().parents[1] / "support"


class Pair:
    def __init__(self, options, folder, arguments="-t 4 -m http,one"):
        self.drivers = []
        for number, program in enumerate((options.before, options.driver)):
            one = folder / f"one{number}"
            make_location(one)
            self.drivers.append(Driver(argparse.Namespace(driver=program), one, arguments))

    def measure(self, runs, work):
        """(CPU, wall) of that work by each, a pair a run."""
        rows = []
        for run in range(runs + 1):
            row = [None, None]
            for which in ((0, 1), (1, 0))[run % 2]:
                driver = self.drivers[which]
                before, began = cpu(driver), time.perf_counter()
                work(driver)
                row[which] = cpu(driver) - before, time.perf_counter() - began
            rows.append(row)
        return rows[1:]  # the first has warmed them up

    def close(self):
        for driver in self.drivers:
            driver.close()


def cpu(driver):
    """Seconds on a processor, of threads that have ended too: the process's own clock (clock_getcpuclockid(3))."""
    return time.clock_gettime(~driver.process.pid << 3 | 2)


def burst(lines, count):
    def work(driver):
        driver.say(lines)
        for _ in range(count):
            answer = driver.line()
            assert answer.split(" ")[1] == "SUCCESS", answer
    return work


def main():
    parser = argparse.ArgumentParser()
    for name in ("driver", "before"):
        parser.add_argument(f"--{name}", required=True, type=os.path.abspath)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--megabytes", type=int, default=512)
    options = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="onemarket-bench-", dir="/dev/shm"))
    public, web = folder / "public", folder / "web"
    for path in (public, web / "root"):
        path.mkdir(parents=True)
    for name, size in (("large", options.megabytes << 20), ("small", 4096)):
        (folder / name).write_bytes(os.urandom(size))
    base = {"PUBLIC_DIR": public, "BASE_URL": "http://x", "DATASTORES": "/d", "FORMAT": "raw"}
    with open(web / "root/appliance", "wb") as file:
        subprocess.run(["python3", CATALOGUE / "make_catalogue.py", "one", "2000"], check=True, stdout=file)
    subprocess.run([CATALOGUE / "catalogue.sh", "start", web / "server", web / "root"], check=True, stdout=subprocess.DEVNULL)
    url = dict(line.split("=", 1) for line in (web / "server/env").read_text().splitlines())["HTTP_URL"].strip("'\"")

    def imports(name, count):
        def work(driver):
            for app in range(count):
                driver.say(f"IMPORT  {app} " + message("import-http", SOURCE=folder / name, **base))
                assert driver.line().startswith("IMPORT SUCCESS")
            for left in public.iterdir():
                left.unlink()
        return work

    def changed(driver):
        """So that it is no 304."""
        os.utime(web / "root/appliance", (next(times), next(times)))
        burst("MONITOR  1 " + catalogue, 1)(driver)

    times = iter(range(1_700_000_000, 1_800_000_000))
    monitor = message("monitor-http", PUBLIC_DIR=public, BASE_URL="http://x")
    catalogue = message("monitor-one", ENDPOINT=url)
    count = 1000
    works = [(f"{count} MONITORs http, queued", burst("\n".join(f"MONITOR  {i} {monitor}" for i in range(count)), count)),
             ("100 MONITORs, one after the other", lambda driver: [burst(f"MONITOR  1 {monitor}", 1)(driver) for _ in range(100)]),
             ("50 IMPORTs of 4 KiB", imports("small", 50)),
             (f"IMPORT of {options.megabytes} MiB", imports("large", 1)),
             ("MONITOR one, 2,000 entries", changed)]
    pair = Pair(options, folder)
    try:
        print("| | CPU s | × before | wall s | × before |\n|---|---|---|---|---|")
        for title, work in works:
            rows = pair.measure(options.runs, work)
            figures = []
            for which in (0, 1):
                figures += [statistics.median(after[which] for _, after in rows),
                            statistics.median(after[which] / before[which] for before, after in rows)]
            print("| {} | {:.4f} | {:.3f} | {:.4f} | {:.3f} |".format(title, *figures))
    finally:
        pair.close()
        subprocess.run([CATALOGUE / "catalogue.sh", "stop", web / "server"], check=False)
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
