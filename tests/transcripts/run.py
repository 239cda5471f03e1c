#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plays session files (*.mad) against the driver the way oned would; README.md has the format."""

import argparse
import base64
import binascii
import collections
import contextlib
import os
import pathlib
import queue
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid

HERE = pathlib.Path(__file__).resolve().parent
LINE = re.compile(r"(INIT|IMPORT|DELETE|MONITOR|LOG) (\S+) (\S+)( .*)?")
STEP = re.compile(r"(>\||>\*|>|<~|<\*|<LOG|<noLOG|<none|<|\$\w+=|\$|!|@)(?: (.*))?")
PLAIN = re.compile(rb"\\(x[0-9a-fA-F]{2}|.?)|\$\{([^}]*)\}?", re.DOTALL)
HOLE = re.compile(r"\{(?:([A-Za-z]\w*)=)?re:")
MOST = 1 << 28  # bytes of stdout; a driver gone wild must not fill the memory
SIMPLE = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"0": b"\0", b"\\": b"\\"}

Step = collections.namedtuple("Step", "line op text")


class Failed(Exception):
    """The session did not go as its file says, or the file itself is wrong."""

    def __init__(self, message, line=None):
        super().__init__(message)
        self.line = line


# ---- Text: bytes that are no UTF-8 travel in str as lone surrogates ----


def to_bytes(text):
    return text.encode("utf-8", "surrogateescape")


def to_text(data):
    return data.decode("utf-8", "surrogateescape")


def lookup(name, variables):
    if name not in variables:
        raise Failed("no variable ${%s} here (in mode many, a capture cannot be used in the run of "
                     "answers it is made in)" % name)
    return variables[name]


def plain(text, variables):
    """The bytes `text` stands for: escapes interpreted, ${NAME} replaced."""

    def one(match):
        escape, name = match.groups()
        if name is not None:
            return to_bytes(lookup(to_text(name), variables))
        if len(escape) == 3:
            return bytes([int(escape[1:], 16)])
        if escape not in SIMPLE:
            raise Failed("unknown escape \\%s" % to_text(escape))
        return SIMPLE[escape]

    return PLAIN.sub(one, to_bytes(text))


def pattern(text, variables):
    """`text` as a regular expression: {re:...} as they are, the rest literally."""
    out, at = "", 0
    while True:
        hole = HOLE.search(text, at)
        out += re.escape(to_text(plain(text[at:hole.start() if hole else None], variables)))
        if not hole:
            return out
        depth = 1
        for token in re.finditer(r"\\.|[{}]", text[hole.end():]):
            depth += {"{": 1, "}": -1}.get(token.group(), 0)
            if depth == 0:
                break
        else:
            raise Failed("%s without its }" % hole.group())
        at = hole.end() + token.end()
        regex = re.sub(r"\$\{(\w+)\}", lambda m: re.escape(lookup(m.group(1), variables)),
                       text[hole.end():at - 1])
        out += "(%s%s)" % ("?P<%s>" % hole.group(1) if hole.group(1) else "?:", regex)


def split_b64(text):
    """`text` as (before, content, after) of its b64(content); content is None without one."""
    start, end = text.find("b64("), text.rfind(")")
    if start < 0:
        return text, None, ""
    if end < start:
        raise Failed("b64( without its )")
    return text[:start], text[start + 4:end], text[end + 1:]


def strict_b64(token):
    """The decoded bytes, or None when `token` is not canonical standard base64."""
    try:
        data = base64.b64decode(token, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if base64.b64encode(data).decode() == token else None


def show(text, cut=400):
    """One printable line for the reports, base64 payloads decoded."""
    words = text.rstrip("\n").split(" ")
    for i, word in enumerate(words):
        data = strict_b64(word) if i >= 2 and len(word) >= 8 else None
        with contextlib.suppress(UnicodeDecodeError):
            words[i] = word if data is None else "b64(%s)" % data.decode()
    text = re.sub(r"[\x00-\x1f\x7f\udc80-\udcff]", lambda m: "\\x%02x" % (ord(m.group()) & 0xff),
                  " ".join(words).replace("\n", "\\n"))
    return text if len(text) <= cut else "%s... (%d characters)" % (text[:cut], len(text))


class Expected:
    """One answer the file expects."""

    def __init__(self, step, text, session):
        self.line, self.text = step.line, text
        self.literal = None
        if not HOLE.search(text):  # nothing variable in it: compared as it is
            self.literal = to_text(session.payload(text))
            return
        before, content, after = split_b64(text)
        outer, self.inner = pattern(before, session.variables), None
        if content is not None:
            self.inner = re.compile(pattern(content, session.variables), re.DOTALL)
            outer += r"(?P<_b64>\S*)" + pattern(after, session.variables)
        self.outer = re.compile(outer)

    def match(self, got):
        """The captures when the line `got` is what was expected (with holes), else None."""
        outer = self.outer.fullmatch(got)
        if not outer:
            return None
        captures = outer.groupdict()
        if self.inner:
            data = strict_b64(captures.pop("_b64"))
            inner = None if data is None else self.inner.fullmatch(to_text(data))
            if not inner:
                return None
            captures.update(inner.groupdict())
        return {name: value or "" for name, value in captures.items()}


# ---- Processes ----


def processes(marker, session=None):
    """{pid: command line} of the living processes with `marker` in their environment, or in that
    session whatever their environment is."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        proc, environ, command = pathlib.Path("/proc", pid), b"", b""
        try:
            stat = (proc / "stat").read_bytes().rpartition(b")")[2].split()
            with contextlib.suppress(PermissionError):
                environ = (proc / "environ").read_bytes()
                command = (proc / "cmdline").read_bytes()
        except OSError:
            continue  # gone in the meantime
        if stat[0] not in b"ZX" and (marker.encode() in environ or int(stat[3]) == session):
            found[int(pid)] = to_text(command.replace(b"\0", b" ")).strip()
    return found


def kill_all(marker, session=None):
    for _ in range(20):  # again: a process that is just forking escapes one look
        found = processes(marker, session)
        if not found:
            return
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


class Driver:
    """One life of the driver: its process, both pipes, and a thread that always reads."""

    def __init__(self, argv, env, cwd, settings, record):

        def like_oned():
            if settings["signals"] == "blocked":
                signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
            if settings["stderr"] == "closed":
                with contextlib.suppress(OSError):
                    os.close(2)

        with open(os.path.join(cwd, "driver.stderr"), "ab") as stderr:
            self.process = subprocess.Popen(
                argv, env=env, cwd=cwd, bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=stderr, close_fds=True, start_new_session=True, preexec_fn=like_oned)
        self.stdin, self.stdout = self.process.stdin, self.process.stdout
        os.set_blocking(self.stdin.fileno(), False)
        self.record = record
        self.lines = queue.Queue()  # bytes with their newline; None is the end
        self.at_end = False         # None was taken from the queue
        self.ended_at = None        # when the file told it to end
        self.stop, self.stop_writer = os.pipe()
        self.reading = threading.Event()
        self.reading.set()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        rest, total = b"", 0
        while True:
            self.reading.wait()
            ready = select.select([self.stdout, self.stop], [], [])[0]
            if self.stop in ready:  # we are about to close the pipe; half a line is nobody's fault
                rest = b""
                break
            if not self.reading.is_set():
                continue
            chunk = os.read(self.stdout.fileno(), 1 << 16)
            total += len(chunk)
            if not chunk:
                break
            if total > MOST:
                rest = b"(more than %d bytes: the runner reads no more)" % MOST
                break
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                self.got(line + b"\n")
        if rest:
            self.got(rest)
        self.lines.put(None)

    def got(self, line):
        self.record("<", line)
        self.lines.put(line)

    def send(self, data, deadline):
        self.record(">", data)
        view = memoryview(data)
        while view:
            left = max(0, deadline - time.monotonic())
            if self.stdin.closed or not select.select([], [self.stdin], [], left)[1]:
                raise Failed("could not send: stdin is %s" % ("closed" if self.stdin.closed else
                             "full, the driver does not read (%d bytes left)" % len(view)))
            try:
                view = view[os.write(self.stdin.fileno(), view):]
            except BrokenPipeError:
                raise Failed("could not send: the driver has closed its stdin") from None

    def end(self):
        self.ended_at = time.monotonic()

    def close(self, *pipes):
        if "stdout" in pipes and not self.stdout.closed:
            os.write(self.stop_writer, b".")  # a pipe being read does not close: stop that first
            self.reading.set()
            self.reader.join()
            self.stdout.close()
            os.close(self.stop)
            os.close(self.stop_writer)
        if "stdin" in pipes:
            self.stdin.close()


# ---- The session ----


def one_of(*choices):
    def check(text):
        if text not in choices:
            raise ValueError("one of %s" % ", ".join(choices))
        return text
    return check


def exit_status(text):
    number = re.fullmatch(r"(signal:)?(\d+)", text)
    if not number:
        raise ValueError("a number or signal:NUMBER")
    return -int(number.group(2)) if number.group(1) else int(number.group(2))


SETTINGS = {  # `@ name value`: how the value is read, and what it is at first
    "args": (str, "-t 4 -m http"),
    "argv": (one_of("one", "split"), "one"),
    "through": (shlex.split, []),
    "stderr": (one_of("closed", "open"), "closed"),
    "signals": (one_of("default", "blocked"), "default"),
    "timeout": (float, 15.0),
    "end": (one_of("finalize", "eof", "closed", "none"), "finalize"),
    "exit": (exit_status, 0),
    "exit-within": (float, 6.0),
    "modes": (one_of("sync", "many", "both"), "both"),
    "limit": (float, 60.0),
    "needs": (str.split, []),
}
HEADER = ("modes", "limit", "needs")  # read before anything runs, wherever they stand


def gateway():
    """What tests/support/radosgw.sh says of the S3 service it has started; empty without one."""
    path = pathlib.Path(os.environ.get("ONEMARKET_RADOSGW", "/nowhere"), "env")
    if not path.is_file():
        return {}
    return dict(line.split("=", 1) for line in path.read_text().splitlines())


def faulty_io(driver):
    """The library of tests/support/faulty_io.cpp, which is built beside the driver."""
    return pathlib.Path(driver).parent / "libfaulty_io.so"


def missing_need(need, driver):
    if need == "S3_ENDPOINT":
        return not gateway()
    if need == "FAULTY_IO":
        return not faulty_io(driver).is_file()
    if need == "PLAIN_DRIVER":
        return b"__sanitizer" in pathlib.Path(driver).read_bytes()
    return not shutil.which(need, path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin")


def setting(name, value, line=None):
    try:
        return SETTINGS[name][0](value)
    except ValueError as error:
        raise Failed("@ %s: %s" % (name, error), line) from None


def parse(path):
    """The file as (steps, settings to begin with)."""
    steps, settings = [], {name: default for name, (_, default) in SETTINGS.items()}
    for number, text in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if not text.strip() or text.startswith("#"):
            continue
        match = STEP.fullmatch(text)
        if not match:
            raise Failed("no such line: %s" % text, number)
        step = Step(number, match.group(1), match.group(2) or "")
        word, _, value = step.text.partition(" ")
        if step.op == "@" and word in HEADER:
            settings[word] = setting(word, value, number)
        elif step.op == "@" and word not in SETTINGS and not hasattr(Session, "at_" + word):
            raise Failed("no such directive: @ %s" % word, number)
        elif step.op == "<" and word == "LOG":
            raise Failed("LOG lines are expected with <LOG", number)
        else:
            steps.append(step)
    return steps, settings


class Session:
    """One file in one mode."""

    def __init__(self, options, mode, steps, settings, tmp):
        self.mode, self.steps, self.settings, self.tmp = mode, steps, settings, tmp
        self.fixtures = options.fixtures
        self.began = time.monotonic()
        self.deadline = self.began + settings["limit"]
        self.at = 0             # the line of the file being played
        self.driver = None
        self.lives = 0
        self.logs = []          # LOG lines of all lives, without "LOG "
        self.log_checks = []    # (line, wanted, regex source, text)
        self.transcript = []    # (time, direction, bytes)
        mark = uuid.uuid4().hex
        self.marker = "ONEMARKET_TEST_ID=" + mark
        self.shell_marker = "ONEMARKET_TEST_SHELL=" + mark
        one = tmp + "/one"
        self.variables = {
            "TMP": tmp, "ONE_LOCATION": one, "PUBLIC_DIR": tmp + "/public",
            "BASE_URL": "http://127.0.0.1:8080/market", "DATASTORES": tmp + "/datastores",
            "IMAGES": tmp + "/images", "FIXTURES": str(options.fixtures),
            "DRIVER": options.driver, "FAULTY_IO": str(faulty_io(options.driver)), **gateway()}
        self.env = {"PATH": os.environ.get("PATH", os.defpath), "HOME": tmp, "LANG": "C.UTF-8",
                    "ONE_LOCATION": one}
        for folder in ("one/etc", "one/lib", "one/var/remotes/market", "one/var/remotes/datastore",
                       "public", "datastores/1", "images"):
            os.makedirs(os.path.join(tmp, folder))
        pathlib.Path(one, "var/remotes/VERSION").write_text("7.0.0\n")

    def record(self, direction, data):
        self.transcript.append((time.monotonic() - self.began, direction, data))

    def until(self, seconds):
        return min(time.monotonic() + seconds, self.deadline)

    def fill(self, text):
        return to_text(plain(text, self.variables))

    def play(self):
        at = 0
        while at < len(self.steps):
            step = self.steps[at]
            self.at = step.line
            if step.op in ("<", "<~", "<*"):
                at = self.expect_run(at)
            else:
                self.other_step(step)
                at += 1
            if time.monotonic() > self.deadline:
                raise Failed("the limit of %g s for the file is over" % self.settings["limit"])
        if not self.lives:
            raise Failed("the file never started the driver")
        self.finish()
        for line, wanted, regex, text in self.log_checks:
            if wanted and not any(re.fullmatch(regex, log) for log in self.logs):
                raise Failed("expected a line: LOG %s\ngot: %d other LOG lines"
                             % (text, len(self.logs)), line)
            for log in self.logs if not wanted else ():
                if re.search(regex, log):
                    raise Failed("expected no line: LOG %s\ngot: LOG %s" % (text, show(log)), line)

    def other_step(self, step):
        op, text = step.op, step.text
        if op == ">":
            self.send(self.payload(text) + b"\n")
            if text == "FINALIZE":
                self.driver.end()
        elif op == ">|":
            self.send(self.payload(text))
        elif op == ">*":
            self.send(b"".join(self.payload(line) + b"\n" for line in self.repeated(text)))
        elif op == "<none":
            with contextlib.suppress(queue.Empty):
                line = self.next_line(self.until(float(text)))
                if line is not None:
                    raise Failed("expected nothing for %s s\ngot: %s" % (text, show(line)))
        elif op in ("<LOG", "<noLOG"):
            self.log_checks.append((step.line, op == "<LOG", pattern(text, self.variables), text))
        elif op == "$":
            self.shell(text)
        elif op == "!":
            self.finish()
            self.shell(text)
        elif op == "@":
            name, _, value = text.partition(" ")
            if name in SETTINGS:
                self.settings[name] = setting(name, self.fill(value))
            else:
                getattr(self, "at_" + name)(value)
        else:  # $NAME=
            self.variables[op[1:-1]] = self.shell(text).strip()

    # -- what is sent

    def payload(self, text):
        before, content, after = split_b64(text)
        data = plain(before, self.variables)
        if content is not None:
            inner = self.fixture(content)
            data += base64.b64encode(plain(content, self.variables) if inner is None else inner)
        return data + plain(after, self.variables)

    def fixture(self, content):
        """The message of `@name.xml KEY=VALUE ...`, None when `content` is no such thing."""
        named = re.match(r"\s*@([\w.-]+\.xml)(?=\s|$)", content)
        if not named:
            return None
        rest, given = content[named.end():], {}
        one = r"(\w+)=(\"[^\"]*\"|[^\"\s]*)"
        if not re.fullmatch(r"(\s+%s)*\s*" % one, rest):
            raise Failed("after @%s come KEY=VALUE or KEY=\"VALUE\", not:%s"
                         % (named.group(1), rest))
        for key, value in re.findall(one, rest):
            given[key] = self.fill(value[1:-1] if value.startswith('"') else value)
        path = self.fixtures / "messages" / named.group(1)
        if not path.is_file():
            raise Failed("no such message: %s" % path)
        message = to_text(path.read_bytes())
        message = message[:-1] if message.endswith("\n") else message
        keys = set(re.findall(r"@([A-Z][A-Z0-9_]*)@", message))
        values = {**self.variables, **given}
        if keys - set(values) or set(given) - keys:
            raise Failed("%s: no value for %s, no place for %s" % (
                named.group(1), sorted(keys - set(values)), sorted(set(given) - keys)))
        return to_bytes(re.sub(r"@([A-Z][A-Z0-9_]*)@", lambda m: values[m.group(1)], message))

    def repeated(self, text):
        count, _, text = text.partition(" ")
        try:
            return [text.replace("%i", str(i)) for i in range(1, int(self.fill(count)) + 1)]
        except ValueError:
            raise Failed("not a number of lines: %s" % count) from None

    def send(self, data):
        self.running().send(data, self.until(self.settings["timeout"]))

    # -- what is expected

    def next_line(self, deadline):
        """The next line that is no LOG; None at the end of stdout; queue.Empty when too late."""
        driver = self.running()
        while not driver.at_end:
            data = driver.lines.get(timeout=max(0, deadline - time.monotonic()))
            if data is None:
                driver.at_end = True
                break
            line = to_text(data[:-1])
            if not data.endswith(b"\n") or not LINE.fullmatch(line) or re.search(
                    "[\udc80-\udcff]", line):
                raise Failed("expected a line TYPE STATUS ID REST in UTF-8, ending in newline\n"
                             "got: %s" % show(to_text(data)))
            if not line.startswith("LOG "):
                return line
            self.logs.append(line[4:])
        return None

    def expect_run(self, at):
        """Expects the answers from step `at` on that may come in any order; the step after them.
        Mode sync: one `<`, or a run of `<~` and `<*`. Mode many: a run of all three, but INIT's
        answer stands alone. <LOG and <noLOG in between do not end a run: they wait for nothing."""
        group, logs = [], []
        for step in self.steps[at:]:
            pair = group[-1:] + [step]
            if step.op in ("<LOG", "<noLOG"):
                logs.append(step)
            elif step.op not in ("<", "<~", "<*"):
                break
            elif len(pair) == 2 and any(s.text.startswith("INIT ") or
                                        (self.mode == "sync" and s.op == "<") for s in pair):
                break
            else:
                group.append(step)
        expected = []
        for step in group:
            self.at = step.line
            for text in self.repeated(step.text) if step.op == "<*" else [step.text]:
                expected.append(Expected(step, text, self))
        self.expect(expected)
        for step in logs:
            self.at = step.line
            self.other_step(step)
        return at + len(group) + len(logs)

    def expect(self, group):
        """Takes a line for each of the group, in any order."""
        literals = collections.defaultdict(list)  # text: those waiting for exactly this line
        for expected in group:
            literals[expected.literal].append(expected)
        holes = literals.pop(None, [])
        free = dict.fromkeys(range(len(holes)))  # indices in holes
        taken = {}                               # index in holes: its line

        def place(line, seen):  # finds a place for the line, moving earlier lines when it must
            for i in [*free, *taken]:
                if i not in seen and holes[i].match(line) is not None:
                    seen.add(i)
                    if i in free or place(taken[i], seen):
                        free.pop(i, None)
                        taken[i] = line
                        return True
            return False

        def wrong(got):
            missing = [e for waiting in literals.values() for e in waiting]
            missing = sorted(missing + [holes[i] for i in free], key=lambda e: e.line)
            texts = [re.sub(r"\$\{(\w+)\}", lambda m: self.variables.get(m.group(1), m.group()),
                            e.text) for e in missing[:10]]
            more = "\n(and %d more)" % (len(missing) - 10) if missing[10:] else ""
            return Failed("expected%s: %s%s\ngot: %s" % (
                " (any order)" if texts[1:] else "", "\n     or: ".join(texts), more, got),
                missing[0].line)

        for _ in group:
            started = time.monotonic()
            try:
                line = self.next_line(self.until(self.settings["timeout"]))
            except queue.Empty:
                raise wrong("nothing for %.1f s" % (time.monotonic() - started)) from None
            if line is None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.driver.process.wait(0.2)
                raise wrong("the end of the driver's stdout (exit status %s)"
                            % self.driver.process.returncode)
            if literals.get(line):
                literals[line].pop()
            elif not place(line, set()):
                raise wrong(show(line))
        for i, line in taken.items():
            self.variables.update(holes[i].match(line))

    # -- shell commands

    def shell(self, command, seconds=None, must=True):
        """The command's stdout, or None when it did not exit 0 though it need not (`must`)."""
        # The kernel takes no variable of more than 128 KiB; lines of the file can still use it.
        env = {**self.env, **{k: v for k, v in self.variables.items() if len(v) < 100_000}}
        env.update([self.shell_marker.split("=")])
        # Files, not pipes: what the command leaves in the background would keep pipes open.
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            child = subprocess.Popen(
                ["bash", "-euo", "pipefail", "-c", command], cwd=self.tmp, env=env, stdout=out,
                stderr=err, stdin=subprocess.DEVNULL, start_new_session=True)
            try:
                deadline = self.deadline if seconds is None else self.until(seconds)
                status = child.wait(max(0.01, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                status = "timeout"
            finally:
                if child.poll() is None:
                    child.kill()
                    child.wait()
            out.seek(0)
            err.seek(0)
            output = to_text(out.read())
            if status != 0 and must:
                raise Failed("expected exit status 0 of: %s\ngot: %s\n%s" % (
                    command, status, (output + to_text(err.read())).rstrip()))
            return output if status == 0 else None

    # -- the driver's life

    def running(self):
        if self.driver is None:
            if self.lives:
                raise Failed("the driver has ended; `@ restart` would start another one")
            self.start()
        return self.driver

    def start(self):
        args = self.settings["args"] + (" --sync" if self.mode == "sync" else "")
        argv = shlex.split(args) if self.settings["argv"] == "split" else [args]
        env = dict(self.env)
        env.update([self.marker.split("=")])
        try:
            argv = self.settings["through"] + [self.variables["DRIVER"]] + argv
            self.driver = Driver(argv, env, self.tmp, self.settings,
                                 self.record)
        except (OSError, subprocess.SubprocessError) as error:
            raise Failed("the driver cannot be started: %s" % error) from None
        self.lives += 1
        self.variables["DRIVER_PID"] = str(self.driver.process.pid)

    def finish(self):
        """Ends the driver if the file has not, and checks how it went."""
        driver, problems = self.driver, []
        if driver is None:
            return
        if driver.ended_at is None and self.settings["end"] != "none":
            if self.settings["end"] == "finalize":
                with contextlib.suppress(Failed):  # it may be gone: its exit status will tell
                    driver.send(b"FINALIZE\n", self.until(1))
            driver.close("stdin", *(["stdout"] if self.settings["end"] == "closed" else []))
            driver.end()
        deadline = (driver.ended_at or time.monotonic()) + self.settings["exit-within"]
        try:
            driver.process.wait(max(0.01, deadline - time.monotonic()))
            if driver.process.returncode != self.settings["exit"]:
                problems.append("expected exit status: %s\ngot: %s (a negative number is a signal)"
                                % (self.settings["exit"], driver.process.returncode))
        except subprocess.TimeoutExpired:
            problems.append("expected the driver to exit within %g s\ngot: it is still running"
                            % self.settings["exit-within"])
            driver.process.kill()
            driver.process.wait()
        driver.reading.set()
        patience = time.monotonic() + 1
        while True:
            left = processes(self.marker, driver.process.pid)
            if not left or time.monotonic() > patience:
                break
            time.sleep(0.01)
        if left:
            problems.append("expected no process of the driver's 1 s after its exit\n"
                            "got: %s" % left)
            kill_all(self.marker, driver.process.pid)
        closed = driver.stdout.closed  # by us: what was under way then is lost, not unexpected
        try:
            lines = list(iter(lambda: self.next_line(time.monotonic() + 2), None))
            if lines and not closed:
                problems.append("expected no further line\ngot: %s%s" % (
                    show(lines[0]), " (and %d more)" % (len(lines) - 1) if lines[1:] else ""))
        except queue.Empty:
            problems.append("expected the end of stdout\ngot: someone holds it open")
        except Failed as failed:
            problems.append(str(failed))
        driver.close("stdin", "stdout")
        self.driver = None
        if problems:
            raise Failed("\n".join(problems))

    def cleanup(self):
        if self.driver:
            self.driver.process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.driver.process.wait(5)
            kill_all(self.marker, self.driver.process.pid)
            self.driver.close("stdin", "stdout")
        kill_all(self.shell_marker)

    # -- directives that do something; the others are SETTINGS and HEADER

    def at_start(self, _):
        self.running()

    def at_restart(self, _):
        self.finish()
        self.start()

    def at_env(self, text):
        name, _, value = text.partition("=")
        self.env[name] = self.fill(value)

    def at_unset(self, name):
        self.env.pop(name, None)

    def at_kill(self, name):
        if not hasattr(signal, "SIG" + name):
            raise Failed("no such signal: %s" % name)
        self.running().process.send_signal(getattr(signal, "SIG" + name))
        if name in ("TERM", "INT", "KILL"):
            self.driver.end()

    def at_close(self, which):
        if which not in ("stdin", "stdout", "both"):
            raise Failed("@ close stdin, stdout or both")
        self.running().close(*(("stdin", "stdout") if which == "both" else (which,)))
        if which != "stdout":
            self.driver.end()

    def at_stdout(self, what):
        if what not in ("unread", "read"):
            raise Failed("@ stdout unread or read")
        reading = self.running().reading
        reading.set() if what == "read" else reading.clear()

    def at_finalize(self, _):
        self.send(b"FINALIZE\n")
        self.driver.end()

    def at_sleep(self, seconds):
        time.sleep(max(0, self.until(float(seconds)) - time.monotonic()))

    def at_wait(self, command):
        deadline = self.until(self.settings["timeout"])
        while self.shell(command, deadline - time.monotonic(), must=False) is None:
            if time.monotonic() > deadline:
                raise Failed("expected to come true within %g s: %s"
                             % (self.settings["timeout"], command))
            time.sleep(0.02)


# ---- The files ----


def report(session, verbose):
    """What was said, and what the driver left in its log and on its stderr."""
    print("  -- the session's last lines (> sent, < received, base64 decoded)")
    count = 400 if verbose else 40
    said = [(when, direction, part) for when, direction, data in session.transcript[-count:]
            for part in data.rstrip(b"\n").split(b"\n")]
    for when, direction, part in said[-count:]:
        print("  %7.3f %s %s" % (when, direction, show(to_text(part))))
    for name in ("one/var/onemarketd.log", "driver.stderr"):
        path = pathlib.Path(session.tmp, name)
        if path.is_file() and path.stat().st_size:
            lines = to_text(path.read_bytes()).splitlines()[-20:]
            print("\n  ".join(["  -- %s" % path] + lines))


def remove(tmp):
    shutil.rmtree(tmp, ignore_errors=True)
    if os.path.exists(tmp):  # a test took away the rights
        subprocess.run(["chmod", "-R", "u+rwX", tmp], check=False, stderr=subprocess.DEVNULL)
        shutil.rmtree(tmp, ignore_errors=True)


def run(options, base, path, mode):
    """Plays one file in one mode: True, False, or None when skipped."""
    began, session, failed, tmp = time.monotonic(), None, None, None

    def headline(word, why=""):
        print("%-4s %s %6.2f s  %s%s" % (word, mode, time.monotonic() - began, path, why))

    try:
        steps, settings = parse(path)
        missing = [need for need in settings["needs"] if missing_need(need, options.driver)]
        if missing or settings["modes"] not in (mode, "both"):
            headline("skip", ": needs " + " ".join(missing) if missing else ": not in this mode")
            return None
        tmp = tempfile.mkdtemp(prefix="%s-%s-" % (path.stem, mode), dir=base)
        session = Session(options, mode, steps, settings, tmp)
        session.play()
    except (Failed, OSError, ValueError, re.error) as error:
        failed = error
    finally:
        if session:
            session.cleanup()
    headline("FAIL" if failed else "ok")
    if failed:
        line = getattr(failed, "line", None) or (session.at if session else 0)
        text = str(failed) if isinstance(failed, Failed) else repr(failed)
        print("  %s:%d: %s" % (path, line, text.replace("\n", "\n  ")))
    if session and (failed or options.verbose):
        report(session, options.verbose)
    if tmp and failed and not os.environ.get("CI"):
        print("  -- kept: %s" % tmp)
    elif tmp:
        remove(tmp)
    return not failed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--driver", required=True, help="the program to test")
    parser.add_argument("--mode", choices=("sync", "many", "both"), default="both")
    parser.add_argument("--only-under", type=pathlib.Path, help="only the FILES in this folder")
    parser.add_argument("--tmp", help="where the tests' folders are made")
    parser.add_argument("--fixtures", type=pathlib.Path, default=HERE.parent / "fixtures")
    parser.add_argument("-v", "--verbose", action="store_true", help="show what was said always")
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    options = parser.parse_args()
    options.driver = os.path.abspath(options.driver)
    options.fixtures = options.fixtures.resolve()
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # clean up, then go

    base = os.path.realpath(options.tmp or tempfile.mkdtemp(prefix="transcripts-"))
    os.makedirs(base, exist_ok=True)
    results = []
    try:
        for path in options.files:
            if not options.only_under or options.only_under.resolve() in path.resolve().parents:
                for mode in ("sync", "many") if options.mode == "both" else (options.mode,):
                    results.append(run(options, base, path, mode))
    finally:
        if not options.tmp:
            with contextlib.suppress(OSError):
                os.rmdir(base)
    if False in results:
        return 1
    return 0 if True in results else 77


if __name__ == "__main__":
    sys.exit(main())
