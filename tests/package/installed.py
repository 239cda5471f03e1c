#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The package in a system that has nothing else: installed, at work, upgraded, removed and purged; on
a plain one, and beside OpenNebula's own files.

    tests/package/installed.py PACKAGE.deb
"""
import base64
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from clean_root import ENVIRONMENT, CleanRoot, become_root, difference
from common import Faults, need, package

MESSAGES = pathlib.Path(__file__).resolve().parents[1] / "fixtures/messages"
CONF = "/etc/one/onemarketd.conf"
STATE = "/var/lib/one/onemarketd"
WANTS = "/etc/systemd/system/timers.target.wants"
STAMPS = "/var/lib/systemd/timers"
OURS = [
    "/usr/lib/one/mads/onemarketd", "/usr/bin/onemarketctl", "/usr/bin/onemarket-downloader", CONF,
    "/etc/logrotate.d/onemarketd", "/usr/share/man/man8/onemarketd.8.gz",
    "/usr/share/man/man5/onemarketd.conf.5.gz", "/usr/share/man/man1/onemarketctl.1.gz",
    "/usr/share/man/man1/onemarket-downloader.1.gz",
    "/usr/share/bash-completion/completions/onemarketctl",
    "/usr/share/bash-completion/completions/onemarket-downloader",
    "/usr/lib/systemd/system/onemarket-gc@.service", "/usr/lib/systemd/system/onemarket-gc@.timer",
    "/usr/lib/systemd/system/onemarket-verify@.service", "/usr/lib/systemd/system/onemarket-verify@.timer",
    "/usr/lib/systemd/system/opennebula.service.d/onemarketd.conf",
    "/usr/share/onemarketd/grafana/onemarketd.json", "/usr/share/onemarketd/prometheus/onemarketd.rules.yml",
    "/usr/share/onemarketd/prometheus/consoles/onemarketd.html",
    "/usr/share/doc/onemarketd/README.md", "/usr/share/doc/onemarketd/docs/install.md",
    "/usr/share/doc/onemarketd/changelog.gz", "/usr/share/doc/onemarketd/changelog.Debian.gz",
    "/usr/share/doc/onemarketd/copyright",
]


class Session:
    """The driver, started as oned does."""

    def __init__(self, root, user):
        self.root = root
        self.process = subprocess.Popen(
            root.command(["/usr/lib/one/mads/onemarketd", "-t 15 -m http"], user), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=ENVIRONMENT)

    def ask(self, *words):
        self.process.stdin.write(" ".join(words) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if not line.startswith("LOG "):
                return line.split()
        sys.exit("the driver is gone")

    def ask_about(self, action, ident, name, **values):
        text = (MESSAGES / f"{name}.xml").read_text()
        for key, value in {"PUBLIC_DIR": "/srv/apps", "BASE_URL": "http://h/apps",
                           "DATASTORES": "/srv/datastores", **values}.items():
            text = text.replace(f"@{key}@", value)
        answer = self.ask(action, "", str(ident), base64.b64encode(text.encode()).decode())
        what = " ".join(answer[3:])
        if answer[1] == "SUCCESS" and what != "-":
            what = base64.b64decode(what).decode()
        return " ".join(answer[:3]), dict(re.findall(r'(\w+)="?([^"\s]*)', what)) or what

    def end(self):
        self.process.stdin.close()
        return self.process.wait(timeout=15)


def work(root, user, ident):
    """A session that imports a real image; the driver goes on."""
    session = Session(root, user)
    faults.same(session.ask("INIT"), ["INIT", "SUCCESS", "-", "-"], "INIT")
    told, values = session.ask_about("MONITOR", 100, "monitor-http")
    faults.same(told, "MONITOR SUCCESS 100", "MONITOR")
    faults.check("FREE_MB" in values, f"MONITOR says {values}")
    told, values = session.ask_about("IMPORT", ident, "import-http", SOURCE="/srv/datastores/1/disk",
                                     FORMAT="qcow2")
    faults.same(told, f"IMPORT SUCCESS {ident}", f"IMPORT, {values}")
    if told.split()[1] == "SUCCESS":
        image = root.path("/srv/datastores/1/disk").read_bytes()
        published = root.path("/srv/apps/" + values["SOURCE"].rsplit("/", 1)[1])
        faults.check(published.read_bytes() == image, "the image is another one")
        faults.same((values["MD5"], values["FORMAT"]), (hashlib.md5(image).hexdigest(), "qcow2"), "IMPORT")
    return session


def market(root, owner):
    """A datastore with an image, and a folder to publish in."""
    shutil.rmtree(root.path("/srv/apps"), ignore_errors=True)
    for folder in ("/srv/apps", "/srv/datastores/1"):
        root.path(folder).mkdir(parents=True, exist_ok=True)
        root.must("chown", owner, folder)
    shutil.copy(IMAGE, root.path("/srv/datastores/1/disk"))


def upgrade(folder):
    """The package once more, newer and with another configuration file."""
    tree = folder / "newer"
    subprocess.run(["dpkg-deb", "-R", DEB, tree], check=True)
    control = tree / "DEBIAN/control"
    control.write_text(re.sub(r"^Version: .*", r"\g<0>.1", control.read_text(), flags=re.MULTILINE))
    with open(f"{tree}{CONF}", "a") as file:
        file.write("# new in this version\n")
    (tree / "DEBIAN/md5sums").unlink(missing_ok=True)
    subprocess.run(["dpkg-deb", "-Znone", "-b", tree, folder / "newer.deb"], check=True,
                   stdout=subprocess.DEVNULL)
    return folder / "newer.deb"


def install(root, deb, *options):
    shutil.copy(deb, root.path("/package.deb"))
    said = root.must("dpkg", *options, "-i", "/package.deb")
    root.path("/package.deb").unlink()
    return said


def check_programs(root):
    for path in OURS:
        faults.check(root.path(path).is_file(), f"{path} is not there")
    for program in ("/usr/lib/one/mads/onemarketd", "onemarketctl", "onemarket-downloader"):
        done = root.run(program, "--version")
        faults.check(done.returncode == 0 and re.search(r"\d+\.\d+\.\d+", done.stdout),
                     f"{program} --version: {done}")


def on_a_plain_system(root):
    """No user oneadmin, nothing of OpenNebula's but where it would look."""
    market(root, "root")
    root.path("/var/lib/one").mkdir()
    before = root.snapshot()
    install(root, DEB)
    check_programs(root)
    faults.same(root.state(CONF), "root:root:644", CONF)
    faults.same(root.state("/etc/one"), "root:root:755", "/etc/one")
    checked = root.run("/usr/lib/one/mads/onemarketd", "--check-config")
    faults.check(checked.returncode == 1 and "VERSION is missing" in checked.stdout, f"--check-config: {checked}")
    root.write("/var/lib/one/remotes/VERSION", "7.0.0\n")
    checked = root.run("/usr/lib/one/mads/onemarketd", "--check-config")
    faults.same((checked.returncode, checked.stdout), (0, f"{CONF}: correct\n"), "--check-config")
    session = work(root, "root", 5)
    faults.same(session.end(), 0, "the driver's end")
    faults.check(root.path(STATE).is_dir(), f"{STATE} is not there")
    shutil.rmtree(root.path("/var/lib/one/remotes"))
    market(root, "root")

    said = root.must("dpkg", "-r", "onemarketd")
    faults.check("still names it" not in said, f"removal says {said}")
    left = [line[2:] for line in difference(before, root.snapshot())]
    faults.same([path for path in left if not path.startswith(STATE)],
                ["/etc/logrotate.d/onemarketd", "/etc/one", CONF], "left by a removal")
    faults.check(STATE in left, "a removal takes the state with it")
    # The folder is its user's, who may have put anything there: a purge does not wait for it.
    lock = root.path(STATE + "/lock")
    lock.unlink()
    os.mkfifo(lock)
    root.must("timeout", "60", "dpkg", "-P", "onemarketd")
    faults.same(difference(before, root.snapshot()), [], "left by a purge")


def beside_opennebula(root, folder):
    """With its user, and its files in the folders that we use too."""
    root.must("useradd", "--system", "--home-dir", "/var/lib/one", "--shell", "/bin/bash", "--user-group", "oneadmin")
    for path, owner, mode in (("/etc/one", "root", 0o750), ("/var/lib/one", "oneadmin", 0o750),
                              ("/var/log/one", "oneadmin", 0o750)):
        root.path(path).mkdir(parents=True, exist_ok=True)
        root.must("chown", f"{owner}:oneadmin", path)
        root.path(path).chmod(mode)
    root.write("/etc/one/oned.conf", 'MARKET_MAD = [\n    EXECUTABLE = "onemarketd",\n    ARGUMENTS = "-t 15" ]\n',
               group="oneadmin", mode=0o640)
    root.write("/etc/one/defaultrc", "PRIORITY=19\n", group="oneadmin", mode=0o640)
    root.write("/usr/lib/one/mads/one_market", "#!/bin/sh\n", mode=0o755)
    root.write("/usr/lib/one/mads/one_market.rb", "exit\n", mode=0o755)
    root.write("/etc/logrotate.d/opennebula", "/var/log/one/oned.log {\n    missingok\n}\n")
    root.write("/usr/lib/systemd/system/opennebula.service", "[Service]\nExecStart=/usr/bin/oned -f\n")
    root.write("/var/lib/one/remotes/VERSION", "7.0.0\n", "oneadmin", "oneadmin")
    for wants in (WANTS, STAMPS):
        root.path(wants).mkdir(parents=True, exist_ok=True)
    market(root, "oneadmin")
    before = root.snapshot()

    install(root, DEB)
    check_programs(root)
    came = [line for line in difference(before, root.snapshot()) if line[0] != "+"]
    faults.same(came, [], "changed by the installation")
    faults.same(root.state(CONF), "root:oneadmin:640", CONF)
    checked = root.run("/usr/lib/one/mads/onemarketd", "--check-config", user="oneadmin")
    faults.same((checked.returncode, checked.stdout), (0, f"{CONF}: correct\n"), "--check-config")
    session = work(root, "oneadmin", 5)
    faults.same(root.state(STATE), "oneadmin:oneadmin:700", STATE)

    # The log is put away under the driver's hands; it goes on in the same file.
    log = "/var/log/one/onemarketd.log"
    noted = root.path(log).read_text()
    root.must("logrotate", "--force", "/etc/logrotate.d/onemarketd")
    faults.check("IMPORT done" in noted and root.path(log).read_text() == "", "the log after logrotate")
    faults.same(root.state(log), "oneadmin:oneadmin:640", log)
    session.ask_about("DELETE", 5, "delete-http", SOURCE="http://h/apps/marketapp-5-0000000000000000")
    again = root.path(log).read_text()
    faults.check("DELETE" in again and "\0" not in again, f"the log behind logrotate: {again!r}")
    faults.same(root.must("gzip", "-dc", f"{log}.1.gz"), noted, "what logrotate has kept")
    faults.same(session.end(), 0, "the driver's end")

    # What an administrator has set stays, the file's mode too, though the new version brings another.
    text = root.path(CONF).read_text() + 'LOG_LEVEL = "debug"\n'
    root.write(CONF, text, mode=0o600)
    said = install(root, upgrade(folder), "--force-confold")
    faults.check("still names it" not in said, f"an upgrade says {said}")
    faults.check(root.must("dpkg-query", "-W", "-f", "${Version}", "onemarketd").endswith(".1"), "no upgrade")
    faults.same((root.path(CONF).read_text(), root.state(CONF)), (text, "root:root:600"), "after an upgrade")
    root.must("chown", "root:oneadmin", CONF)
    root.path(CONF).chmod(0o640)

    session = work(root, "oneadmin", 6)
    # What systemd makes of a timer that is enabled, and has run.
    root.path(f"{WANTS}/onemarket-gc@100.timer").symlink_to("/lib/systemd/system/onemarket-gc@.timer")
    root.write(f"{STAMPS}/stamp-onemarket-gc@100.timer", "")
    said = root.must("dpkg", "-r", "onemarketd")
    faults.check("oned.conf still names it" in said, f"removal says {said}")
    faults.check(root.path(CONF).is_file(), f"a removal takes {CONF} with it")
    said = root.must("dpkg", "-P", "onemarketd")
    faults.check("stays: a driver runs" in said and root.path(STATE + "/lock").exists(), f"purge says {said}")
    faults.same(session.end(), 0, "the driver's end")
    shutil.rmtree(root.path(STATE))
    root.path(log).unlink(missing_ok=True)
    market(root, "oneadmin")
    faults.same(difference(before, root.snapshot()), [], "left by a purge")


need("qemu-img")
DEB = package()
become_root()
faults = Faults()
with tempfile.TemporaryDirectory(prefix="onemarketd-package-") as scratch:
    os.chmod(scratch, 0o755)
    IMAGE = pathlib.Path(scratch, "disk")
    raw = pathlib.Path(scratch, "disk.raw")
    raw.write_bytes(os.urandom(4 << 20) + bytes(28 << 20))
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, IMAGE], check=True)
    depends = subprocess.run(["dpkg-deb", "-f", DEB, "Depends"], capture_output=True, text=True, check=True).stdout
    with CleanRoot(f"{scratch}/root", f"{depends.strip()}, logrotate") as clean:
        on_a_plain_system(clean)
        beside_opennebula(clean, pathlib.Path(scratch))
faults.end()
