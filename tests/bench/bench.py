#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Figures of the driver beside the tools one would use by hand, in one run, alternating, as medians
and ratios. Prints a Markdown table.

    tests/bench/bench.py --driver build/onemarketd [--runs 5] [--megabytes 2048] [--folder DIR]
"""
import argparse
import base64
import os
import pathlib
import resource
import select
import shutil
import statistics
import subprocess
import tempfile
import time

MESSAGES = pathlib.Path(__file__).resolve().parent.parent / "fixtures/messages"


def message(name, **values):
    xml = (MESSAGES / f"{name}.xml").read_text().strip()
    for key, value in values.items():
        xml = xml.replace(f"@{key}@", str(value))
    return base64.b64encode(xml.encode()).decode()


class Driver:
    def __init__(self, options, one, arguments="-t 15 -m http"):
        env = {"PATH": os.environ["PATH"], "ONE_LOCATION": str(one)}
        self.began = time.perf_counter()
        self.process = subprocess.Popen([options.driver, arguments], env=env, bufsize=0,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.buffer = b""
        self.say("INIT")
        assert self.line() == "INIT SUCCESS - -"
        self.init_seconds = time.perf_counter() - self.began

    def say(self, line):
        self.process.stdin.write(line.encode() + b"\n")

    def line(self):
        while True:
            while b"\n" not in self.buffer:
                data = os.read(self.process.stdout.fileno(), 1 << 20)
                assert data, "the driver is gone"
                self.buffer += data
            line, self.buffer = self.buffer.split(b"\n", 1)
            if not line.startswith(b"LOG "):
                return line.decode()

    def status(self, key):
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith(key + ":"):
                return int(line.split()[1])
        raise KeyError(key)

    def cpu(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def timed(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def settle(folder=None, megabytes=0):
    """What the run before left dirty is not this run's work. With a folder: touches as much page
    cache as the run will take, since a virtual machine may have given free memory back to its
    host, and getting it again costs more than all that is measured here."""
    if folder:
        subprocess.run(["dd", "if=/dev/zero", f"of={folder / 'touch'}", "bs=1M", f"count={megabytes}",
                        "status=none"], check=True)
        os.unlink(folder / "touch")
    os.sync()


def measured(bench_type, program, **more):
    """The options of the command line, and what a run of that bench gives. `program` names what is
    measured, `more` further numbers with their defaults."""
    parser = argparse.ArgumentParser()
    parser.add_argument(f"--{program}", required=True)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--megabytes", type=int, default=1024)
    for name, default in more.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--folder", help="where the images go")
    options = parser.parse_args()
    setattr(options, program, os.path.abspath(getattr(options, program)))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="onemarket-bench-", dir=options.folder))
    bench = bench_type(options, folder)
    try:
        return options, bench.run()
    finally:
        bench.close()
        shutil.rmtree(folder)


def imports(options, folder, one):
    public, image = folder / "public", folder / "image"
    public.mkdir()
    with open(image, "wb") as file:
        for _ in range(options.megabytes):
            file.write(os.urandom(1 << 20))
    base = {"PUBLIC_DIR": public, "BASE_URL": "http://x", "DATASTORES": "/d", "FORMAT": "raw"}
    rows = {"md5sum": [], "import": [], "md5 alone": [], "copy": []}
    configuration = one / "etc/onemarketd.conf"
    peak = 0
    subprocess.run(["md5sum", image], check=True, stdout=subprocess.DEVNULL)
    for _ in range(options.runs):
        settle()
        rows["md5sum"].append(timed(["md5sum", image]))
        for row, sha256 in (("import", "yes"), ("md5 alone", "no")):
            configuration.write_text(f"SHA256 = {sha256}\n")
            settle(folder, options.megabytes)
            driver = Driver(options, one)
            before, began = driver.cpu(), time.perf_counter()
            driver.say("IMPORT  5 " + message("import-http", SOURCE=image, **base))
            answer = driver.line()
            rows[row].append((time.perf_counter() - began, driver.cpu() - before))
            assert answer.startswith("IMPORT SUCCESS"), answer
            peak = max(peak, driver.status("VmHWM"))
            driver.close()
            for name in os.listdir(public):
                os.unlink(public / name)
        settle(folder, options.megabytes)
        rows["copy"].append(timed(["dd", f"if={image}", f"of={folder / 'copy'}", "bs=1M",
                                   "conv=fsync"]))
        os.unlink(folder / "copy")
    return rows, peak


def monitors(options, folder, one, count=2000):
    public = folder / "public"
    public.mkdir(exist_ok=True)
    driver = Driver(options, one)
    payload = message("monitor-http", PUBLIC_DIR=public, BASE_URL="http://x")
    lines = "".join(f"MONITOR  {i} {payload}\n" for i in range(count)).encode()
    rates = []
    for _ in range(options.runs):
        began, sent, got = time.perf_counter(), 0, 0
        out, into = driver.process.stdout.fileno(), driver.process.stdin.fileno()
        os.set_blocking(into, False)
        while got < count:
            ready = select.select([out], [into] if sent < len(lines) else [], [])
            if ready[1]:
                sent += os.write(into, lines[sent:sent + (1 << 16)])
            if ready[0]:
                data = os.read(out, 1 << 20)
                got += data.count(b"\n")
        rates.append(count / (time.perf_counter() - began))
    driver.close()
    return rates


def starts(options, one):
    times, idle = [], []
    for _ in range(max(11, options.runs)):
        driver = Driver(options, one)
        times.append(driver.init_seconds)
        idle.append(driver.status("VmRSS"))
        driver.close()
    return times, idle


def small_imports(options, folder, ones, count=200):
    """Seconds of imports of 4 KiB, one after the other, with the journal on each of these
    ONE_LOCATIONs."""
    public, image = folder / "public", folder / "small"
    public.mkdir(exist_ok=True)
    image.write_bytes(os.urandom(4096))
    payload = message("import-http", SOURCE=image, FORMAT="raw", PUBLIC_DIR=public,
                      BASE_URL="http://x", DATASTORES="/d")
    drivers = [Driver(options, one) for one in ones]
    times = [[] for _ in ones]
    for number in range(count):
        for driver, seconds in zip(drivers, times):
            began = time.perf_counter()
            driver.say(f"IMPORT  {number} {payload}")
            answer = driver.line()
            seconds.append(time.perf_counter() - began)
            assert answer.startswith("IMPORT SUCCESS"), answer
    for driver in drivers:
        driver.close()
    return times


def make_location(one):
    for path in ("etc", "var/remotes/market"):
        (one / path).mkdir(parents=True)
    (one / "var/remotes/VERSION").write_text("7.0.0\n")
    # The same niceness for all that is compared.
    (one / "etc/defaultrc").write_text("PRIORITY=0\n")


def median(values):
    return statistics.median(values)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", required=True)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--megabytes", type=int, default=2048)
    parser.add_argument("--folder", help="where the images go (a file system of your choice)")
    options = parser.parse_args()
    options.driver = os.path.abspath(options.driver)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="onemarketd-bench-", dir=options.folder))
    one = folder / "one"
    memory = pathlib.Path(tempfile.mkdtemp(prefix="onemarketd-bench-", dir="/dev/shm"))
    make_location(one)
    make_location(memory)
    try:
        times, idle = starts(options, one)
        rows, peak = imports(options, folder, one)
        rates = monitors(options, folder, one)
        on_disk, in_memory = small_imports(options, folder, (one, memory))
    finally:
        shutil.rmtree(folder)
        shutil.rmtree(memory)
    md5_wall, md5_cpu = (median([r[i] for r in rows["md5sum"]]) for i in (0, 1))
    print(f"{options.megabytes} MiB of random bytes, page cache warm, medians of {options.runs} "
          "runs that alternate\n")
    print("| | wall s | × md5sum | CPU s | × md5sum |\n|---|---|---|---|---|")
    for name, title in (("md5sum", "`md5sum IMAGE`"), ("copy", "`dd bs=1M conv=fsync` (no hash)"),
                        ("md5 alone", "IMPORT with `SHA256 = no`, fsync included"),
                        ("import", "IMPORT, fsync included")):
        walls, cpus = ([r[i] for r in rows[name]] for i in (0, 1))
        ratio_wall = median([w / m[0] for w, m in zip(walls, rows["md5sum"])])
        ratio_cpu = median([c / m[1] for c, m in zip(cpus, rows["md5sum"])])
        print(f"| {title} | {median(walls):.2f} | {ratio_wall:.2f} | {median(cpus):.2f} "
              f"| {ratio_cpu:.2f} |")
    print("\n| | median | min | max |\n|---|---|---|---|")
    for title, values, scale, unit in (
            ("spawn to `INIT SUCCESS`", times, 1e3, "ms"), ("idle RSS", idle, 1 / 1024, "MiB"),
            ("MONITOR http, 2,000 queued", rates, 1, "/s")):
        print(f"| {title} | {median(values) * scale:.1f} {unit} | {min(values) * scale:.1f} "
              f"| {max(values) * scale:.1f} |")
    for title, values in (("IMPORT of 4 KiB", on_disk),
                          ("the same, journal in memory (tmpfs)", in_memory),
                          ("what the journal's disk adds",
                           [a - b for a, b in zip(on_disk, in_memory)])):
        print(f"| {title} | {median(values) * 1e3:.2f} ms | {min(values) * 1e3:.2f} "
              f"| {max(values) * 1e3:.2f} |")
    print(f"| peak RSS of the import | {peak / 1024:.1f} MiB | | |")


if __name__ == "__main__":
    main()
