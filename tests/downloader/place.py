# SPDX-License-Identifier: Apache-2.0
"""A throw-away place where the downloader is run, and what must hold of a run."""
import os
import pathlib
import re
import shutil
import subprocess


class Deviation(Exception):
    pass


def expect(condition, words):
    if not condition:
        raise Deviation(words)


class Ended:
    def __init__(self, status, out, err):
        self.status, self.out = status, out
        self.err = err.decode("utf-8", "replace")
        self.lines = [line for line in self.err.splitlines() if not line.startswith(("INFO:", "WARN:"))]

    def __str__(self):
        return f"status {self.status}, stdout {self.out[:80]!r}, stderr:\n{self.err}"


class Place:
    """`dest`: where nothing may be left; `cwd`: where the program runs; `one`: its ONE_LOCATION."""

    def __init__(self, folder, program):
        self.folder, self.program = pathlib.Path(folder), program
        self.dest, self.cwd, self.one = (self.folder / name for name in ("dest", "cwd", "one"))
        self.etc, self.scripts = self.one / "etc", self.one / "var/remotes/datastore"
        for path in (self.dest, self.cwd, self.etc, self.scripts):
            path.mkdir(parents=True)
        self.image = self.dest / "image"
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.cwd), "LANG": "C.UTF-8",
                    "ONE_LOCATION": str(self.one)}

    def remove(self):
        shutil.rmtree(self.folder)

    def write(self, name, content, mode=0o644):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(mode)
        return path

    def stock(self, script):
        self.write("one/var/remotes/datastore/downloader.stock.sh",
                   "#!/usr/bin/env bash\n" + script, 0o755)

    def start(self, *words, **more):
        self.before = set(os.listdir(self.dest))
        return subprocess.Popen([self.program, *words], env=self.env, cwd=self.cwd,
                                stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                **{"stdout": subprocess.PIPE, **more})

    def end(self, process, limit=20):
        try:
            out, err = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Deviation(f"does not end within {limit} s") from None
        return Ended(process.returncode, out or b"", err or b"")

    def run(self, *words, **more):
        return self.end(self.start(*words, **more))

    def no_shell_ran(self):
        found = [path for path in self.folder.rglob("pwned*")]
        expect(not found, f"a shell was talked into making {found}")

    def fetched(self, *words, content=None, **more):
        """Goes well, says nothing, and leaves the content (or it is on stdout)."""
        ended = self.run(*words, **more)
        expect(ended.status == 0 and not ended.lines, ended)
        if content is not None:
            got = ended.out if words[-1] == "-" else pathlib.Path(self.cwd, words[-1]).read_bytes()
            expect(got == content, f"other bytes: {len(got)}, not {len(content)}; {ended}")
        self.no_shell_ran()
        self.nothing_new_but(pathlib.Path(words[-1]).name)
        return ended

    def nothing_new_but(self, *names):
        """In DEST's folder, since the program was started."""
        left = set(os.listdir(self.dest)) - self.before - set(names)
        expect(not left, f"left in DEST's folder: {left}")

    def refused(self, *words, says=".", never=None, **more):
        return self.is_refusal(self.run(*words, **more), says, never)

    def is_refusal(self, ended, says=".", never=None):
        """255, one line in these words, nothing left, no secret told."""
        expect(ended.status == 255, ended)
        expect(len(ended.lines) == 1, f"{len(ended.lines)} lines: {ended}")
        expect(re.search(says, ended.lines[0]), f"not in the words '{says}': {ended}")
        expect(not never or never not in ended.err, f"tells {never}: {ended}")
        self.nothing_new_but()
        self.no_shell_ran()
        return ended
