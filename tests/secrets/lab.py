# SPDX-License-Identifier: Apache-2.0
"""Where a driver works with secrets around it, the driver as oned starts it, and what of them was found."""
import base64
import datetime
import fcntl
import hashlib
import hmac
import json
import os
import pathlib
import stat
import subprocess
import termios
import threading
import time

from hostile import IMAGE, Hostile
from processes import memory, until
from tokens import Tokens

MESSAGES = pathlib.Path(__file__).resolve().parent.parent / "fixtures/messages"

# Kinds of secrets, and where they may be, as docs/security.md says: in the journal and the kept messages, in
# the arguments of market scripts, and of datastore scripts of old releases.
TEMPLATE = "template"
SOURCE = "source"            # in the address of an image, from the answer of an export script
ENVIRONMENT = "environment"  # oned's own: the driver's and its children's environment and memory
SERVER = "server"            # what a server says
DOWNLOADER = "downloader"    # the command line or DRV_ACTION of onemarket-downloader

SETTLES = 5  # seconds until a driver that has answered has given back what it had


class Lab:
    """Where the driver works, what it meets there, and what was found."""

    def __init__(self, options, folder):
        self.options, self.folder, self.tokens, self.faults = options, folder, Tokens(), []
        self.one, self.public = folder / "one", folder / "public"
        self.images, self.record, self.bin = folder / "datastores/1", folder / "record", folder / "bin"
        self.temporary, self.var = folder / "tmp", folder / "one/var"
        for path in (self.one / "etc", self.var / "remotes/market/one", self.var / "remotes/market/linuxcontainers",
                     self.var / "remotes/market/s3", self.var / "remotes/market/http", self.public, self.images,
                     self.record, self.bin, self.temporary, self.one / "sources"):
            path.mkdir(parents=True)
        (self.var / "remotes/VERSION").write_text("7.0.0\n")
        (self.images / "image").write_bytes(IMAGE)
        self.served = Hostile(self.tokens.plant("server's", SERVER))
        self.tls = Hostile(self.tokens.plant("TLS server's", SERVER), self.certificate())
        self.scripts()
        self.values = {"PUBLIC_DIR": self.public, "BASE_URL": "http://h/m", "DATASTORES": folder / "datastores",
                       "FORMAT": "raw", "SOURCE": self.images / "image", "ENDPOINT": self.served.base,
                       "BUCKET": "denied", "ACCESS_KEY": "AKIDEXAMPLE", "READ_LENGTH": 5, "BRIDGE_LIST": "bridge1",
                       "MARKET_ID": 100, "MARKET_MAD": "loud", "DS_MAD": "loud",
                       "SECRET": self.plant("SECRET_ACCESS_KEY"), "SECRET_KEY": self.plant("SECRET_ACCESS_KEY of s3")}
        self.market = {name: self.plant(f"market's {name}")
                       for name in ("SESSION_TOKEN", "PASSWORD", "API_KEY")}
        self.market["TOKEN"] = self.plant("market's short TOKEN", short=True)
        self.datastore = {name: self.plant(f"datastore's {name}") for name in
                          ("SECRET_ACCESS_KEY", "SESSION_TOKEN", "PASSWORD", "TOKEN", "RESTIC_PASSWORD")}
        self.environment = {"SITE_TOKEN": self.tokens.plant("oned's SITE_TOKEN", ENVIRONMENT)}
        self.adopt_signing_keys()

    def plant(self, name, kind=TEMPLATE, short=False):
        return self.tokens.plant(name, kind, short)

    def adopt_signing_keys(self):
        """What signatures are made with is as good as the key."""
        for name in ("SECRET_KEY", "SECRET"):
            key = ("AWS4" + self.values[name]).encode()
            day = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%d")
            for step in (day, "default", "s3", "aws4_request"):
                key = hmac.new(key, step.encode(), hashlib.sha256).digest()
                self.tokens.adopt(f"signing key of {name}", TEMPLATE, key)

    def certificate(self):
        file = self.folder / "pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                        "-nodes", "-keyout", file, "-out", self.folder / "crt", "-subj", "/CN=nobody"],
                       check=True, stderr=subprocess.DEVNULL)
        file.write_bytes(file.read_bytes() + (self.folder / "crt").read_bytes())
        return file

    def script(self, path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)

    def scripts(self):
        """The site's own, which say all they know; and what is found in PATH, which notes how it was called."""
        remotes = self.var / "remotes"
        shout = ('said=$(printf %s "$1" | base64 -d 2>/dev/null)\n'
                 'for level in ERROR INFO WARN DEBUG; do echo "$level: $0 $* $said" >&2; done\n'
                 'echo "cannot do $said with $1" >&2\n')
        for action in ("import", "delete", "monitor"):
            self.script(remotes / "market/loud" / action, shout + "exit 1\n")
        self.script(remotes / "market/slow/import", shout + f"echo >{self.folder}/began-$2\nexec sleep 60\n")
        self.script(remotes / "market/good/monitor", f"umask >{self.folder}/umask\n" + shout + "echo USED_MB=1\n")
        self.script(remotes / "market/good/import",
                    shout + 'printf \'SOURCE="s"\\nMD5="m"\\nSIZE="1"\\nFORMAT="raw"\\n\'\n')
        self.script(remotes / "datastore/loud/export",
                    'app=$1; set -- "$(cat)"\n' + shout + 'cat "$ONE_LOCATION/sources/$app" || exit 1\n')
        self.script(remotes / "datastore/downloader.sh", shout + "exit 1\n")
        note = (f'f=$(mktemp {self.record}/XXXXXX)\ntr "\\0" "\\n" </proc/$$/cmdline >$f\nenv >>$f\n')
        self.script(self.bin / "ssh", note + 'while [ $# -gt 1 ]; do shift; done\necho "ssh: banner" >&2\nexec /bin/sh -c "$1"\n')
        for name in ("sudo", "rbd", "curl"):
            self.script(self.bin / name, note + f"echo '{name}: no' >&2\nexit 1\n")

    def configure(self, **keys):
        text = "".join(f'{key} = "{value}"\n' for key, value in
                       {"LOG_LEVEL": "debug", "MONITOR_TIMEOUT": 2, "DELETE_TIMEOUT": 2, "TRANSFERS": 16, **keys}.items())
        (self.one / "etc/onemarketd.conf").write_text(text)

    def message(self, name, **values):
        """With secrets in the templates of marketplace and datastore, and where `values` say."""
        text = (MESSAGES / f"{name}.xml").read_text().strip()
        if "EXPORT" in values:
            text = text.replace("<DS_MAD><![CDATA[fs]]>", f"<DS_MAD><![CDATA[{values['EXPORT']}]]>")
        for key, value in {**self.values, **values}.items():
            text = text.replace(f"@{key}@", str(value))
        for owner, attributes in (("MARKETPLACE", self.market), ("DATASTORE", self.datastore)):
            more = "".join(f"<{key}><![CDATA[{value}]]></{key}>" for key, value in attributes.items()
                           if f"<{key}>" not in text.rsplit(f"</{owner}>", 1)[0].rsplit("<TEMPLATE>", 1)[-1])
            text = text.replace(f"</TEMPLATE></{owner}>", f"{more}</TEMPLATE></{owner}>")
        return text

    # --- what was found ---

    def faults_of(self, where, data, allowed=()):
        found = sorted(self.tokens.found(data if isinstance(data, bytes) else data.encode()))
        return [f"{where}: {name}" for name in found if self.tokens.kind(name) not in allowed]

    def look(self, where, data, allowed=()):
        self.faults += self.faults_of(where, data, allowed)

    def look_at_files(self, folder):
        """All of it but for what belongs to the test itself; names too."""
        ours = {self.one / "sources", self.one / "etc", self.bin}
        kept = [self.var / "onemarketd/journal", self.var / "onemarketd/markets"]
        for path in sorted(folder.rglob("*")):
            if path in ours or ours & set(path.parents) or not path.is_file():
                continue
            private = path.parent in kept
            self.look(f"file {path.relative_to(self.folder)}", str(path).encode() + path.read_bytes(),
                      [TEMPLATE, SOURCE] if private else [ENVIRONMENT] if path.parent == self.record else [])
            if private:
                for what, mode in ((path, 0o600), (path.parent, 0o700)):
                    if stat.S_IMODE(what.stat().st_mode) != mode:
                        self.faults.append(f"{what}: mode {what.stat().st_mode:o}")

    def ours(self, arguments):
        return arguments.split(b"\0")[0].decode() in (self.options.driver, self.options.downloader)

    def look_at_processes(self, seen):
        for arguments, data, kind in sorted(seen):
            shown = arguments.replace(b"\0", b" ")[:100].decode(errors="replace")
            allowed = []
            if kind == "argv" and b"/remotes/market/" in arguments:
                allowed = [TEMPLATE, SOURCE]  # the site's own calling convention
            elif kind == "argv" and self.ours(arguments):
                allowed = [ENVIRONMENT, DOWNLOADER]  # before main() has hidden them; what stays is looked at below
            if kind == "environ":
                allowed = [ENVIRONMENT]
                if self.ours(arguments) or b"downloader.stock.sh" in arguments:
                    allowed = [ENVIRONMENT, DOWNLOADER]
            self.look(f"{kind} of {shown}", data, allowed)


class Driver:
    """As oned starts it, but that its stderr is kept."""

    def __init__(self, lab, number, arguments="", **environment):
        self.lab, self.number, self.answers, self.lines = lab, number, {}, []
        env = {"PATH": f"{lab.bin}:{os.environ['PATH']}", "ONE_LOCATION": str(lab.one), "HOME": str(lab.folder),
               "TMPDIR": str(lab.temporary), **lab.environment, **environment}
        with open(lab.folder / f"stderr.{number}", "wb") as errors:
            self.process = subprocess.Popen([lab.options.driver, f"-t 30 {arguments}"], env=env, stderr=errors,
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
                                            preexec_fn=lambda: os.umask(0o002))
        self.thread = threading.Thread(target=self.hear, daemon=True)
        self.thread.start()
        self.say("INIT")

    def hear(self):
        for line in self.process.stdout:
            self.lines.append(line)
            words = line.split(b" ", 3)
            if words[0] != b"LOG" and len(words) == 4:
                self.answers[(words[0].decode(), words[2].decode())] = words[1] == b"SUCCESS", words[3]

    def say(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def payload(self, name, values):
        return base64.b64encode(self.lab.message(name, **values).encode()).decode()

    def ask(self, action, ident, name, **values):
        self.say(f"{action}  {ident} {self.payload(name, values)}")
        return action, str(ident)

    def ask_in_pieces(self, action, ident, name, **values):
        """As the system does it with what is longer than the pipe: the driver has read the first when the next comes."""
        pipe = self.process.stdin
        for piece in (f"{action}  {ident} ", self.payload(name, values), "\n"):
            pipe.write(piece.encode())
            pipe.flush()
            until("that it is read", lambda: fcntl.ioctl(pipe, termios.FIONREAD, b"\0" * 4) == b"\0" * 4)
        return action, str(ident)

    def expect(self, asked, successes=()):
        """Waits for the answers: SUCCESS to those, FAILURE to the others."""
        self.await_all(asked)
        for what in asked:
            if self.answers[what][0] != (what in successes):
                self.lab.faults.append(f"{what}: {self.answers[what]}")

    def await_all(self, asked):
        missing = lambda: [what for what in asked if what not in self.answers]  # noqa: E731
        try:
            until("answers", lambda: not missing())
        except SystemExit:
            raise SystemExit(f"no answer to {missing()}") from None

    def idle(self):
        def look():
            counts = self.status().get("counts")
            return counts and counts["running"] + counts["waiting"] + counts["delayed"] == 0
        until("the end of all work", look)

    def status(self):
        done = subprocess.run([self.lab.options.ctl, "status", "--json"], capture_output=True,
                              env={"ONE_LOCATION": str(self.lab.one)})
        told = json.loads(done.stdout or b"{}")
        return told.get("status", told)

    def look_at_memory(self):
        if not self.lab.options.memory:
            return
        self.idle()
        end = time.monotonic() + SETTLES
        while True:
            faults = [fault for where, data in memory(self.process.pid)
                      for fault in self.lab.faults_of(f"memory of driver {self.number}, {where}", data, [ENVIRONMENT])]
            if not faults or time.monotonic() > end:
                break
            time.sleep(0.1)
        self.lab.faults += faults

    def end(self):
        self.say("FINALIZE")
        self.process.stdin.close()
        self.process.wait(20)
        self.told()

    def told(self):
        self.thread.join(10)
        for line in self.lines:
            words = line.split(b" ", 3)
            decoded = b""
            if len(words) == 4 and words[1] == b"SUCCESS" and words[3] != b"-\n":
                decoded = base64.b64decode(words[3])
            self.lab.look(f"oned was told by driver {self.number} {line[:200]}", line + decoded)
