#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that run.py fails when it should: plays selftest/*.mad against a fake driver.

The first lines of each file tell what must come out:
    # outcome: ok | fail | skip, or for each mode: sync=fail many=ok
    # says: text that the report must have (as often as needed, only looked for on fail)
"""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
STATUS = {0: "ok", 1: "fail", 77: "skip"}


def command(tmp, mode, *files):
    return [sys.executable, str(HERE / "run.py"), "--driver", str(tmp / "fake-driver"), "--tmp",
            str(tmp / "kept"), "--fixtures", str(HERE / "selftest"), "--mode", mode,
            *map(str, files)]


def play(tmp, mode, *files, env=None):
    """The outcome, the report and the seconds of one run.py."""
    began = time.monotonic()
    done = subprocess.run(
        command(tmp, mode, *files), env={**os.environ, "CI": "", **(env or {})}, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    return (STATUS.get(done.returncode, done.returncode), done.stdout, time.monotonic() - began)


def check(tmp, path, mode):
    """What is wrong with how run.py plays this file; empty when nothing is."""
    head = path.read_text(encoding="utf-8")
    outcome = re.search(r"^# outcome: (.*)$", head, re.MULTILINE).group(1)
    if "=" in outcome:
        outcome = dict(word.split("=") for word in outcome.split())[mode]
    got, output, seconds = play(tmp, mode, path)
    problems = []
    if got != outcome:
        problems.append("expected %s, got %s" % (outcome, got))
    for text in re.findall(r"^# says: (.*)$", head, re.MULTILINE):
        if outcome == "fail" and text not in output:
            problems.append("the report lacks: %s" % text)
    if "Traceback" in output:
        problems.append("traceback")
    if seconds > 30:
        problems.append("took %.0f s" % seconds)
    return ["%s %s: %s\n%s" % (path.name, mode, p, output) for p in problems]


def check_command_line(tmp):
    """Exit status over several files, what is kept, the filters."""
    good, bad, skipped = (HERE / "selftest" / name for name in
                          ("ok-session.mad", "fail-wrong-answer.mad", "skip-needs.mad"))
    problems = []

    def must(condition, what):
        if not condition:
            problems.append("command line: " + what)

    must(play(tmp, "both", good, bad, skipped)[0] == "fail", "one failure of many is a failure")
    must(play(tmp, "both", good, skipped)[0] == "ok", "a skip among successes is a success")
    must(play(tmp, "both", good, "--only-under", "/nowhere")[0] == "skip", "only-under")
    must(play(tmp, "both", good, "--only-under", HERE)[1].count("ok ") == 2,
         "two modes are two lines")
    must(play(tmp, "sync", tmp / "no-such.mad")[0] == "fail", "a missing file is a failure")
    kept = re.search(r"kept: (.*)", play(tmp, "sync", bad)[1])
    must(kept and os.path.isdir(kept.group(1)), "a failed test's folder is kept")
    must("kept:" not in play(tmp, "sync", bad, env={"CI": "1"})[1], "but not under CI")
    (tmp / "hangs.mad").write_text("> HANG\n< never\n")
    runner = subprocess.Popen(command(tmp, "sync", tmp / "hangs.mad"), stdout=subprocess.DEVNULL)
    patience = time.monotonic() + 20
    while not list(tmp.glob("kept/hangs-*")) and time.monotonic() < patience:
        time.sleep(0.02)
    time.sleep(0.3)
    runner.terminate()  # as a build system does when it loses patience; see leftovers() too
    must(runner.wait(10) == 143, "ends soon when terminated")
    (tmp / "empty").mkdir()
    play(tmp, "both", good, "--tmp", tmp / "empty")
    must(not list((tmp / "empty").iterdir()), "nothing is left of a success")
    return problems


def leftovers(tmp):
    """Command lines of processes that came from here and still live."""
    found = []
    for proc in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            environ = (proc / "environ").read_bytes()
            command = (proc / "cmdline").read_bytes().replace(b"\0", b" ")
        except OSError:
            continue
        if bytes(tmp / "kept") in environ or bytes(tmp) in command:
            found.append("%s: %s" % (proc.name, command.decode(errors="replace")))
    return found


def main():
    with tempfile.TemporaryDirectory(prefix="selftest-") as name:
        tmp = pathlib.Path(name).resolve()
        source = (HERE / "selftest" / "fake-driver.py").read_text(encoding="utf-8")
        (tmp / "fake-driver").write_text("#!%s\n%s" % (sys.executable, source), encoding="utf-8")
        (tmp / "fake-driver").chmod(0o755)
        files = sorted((HERE / "selftest").glob("*.mad"))
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            jobs = [pool.submit(check, tmp, path, mode) for path in files
                    for mode in ("sync", "many")]
            problems = [problem for job in jobs for problem in job.result()]
        problems += check_command_line(tmp)
        problems += ["left behind: " + found for found in leftovers(tmp)]
    print("\n".join(problems) or "ok: %d files in both modes" % len(files))
    return 1 if problems or not files else 0


if __name__ == "__main__":
    sys.exit(main())
