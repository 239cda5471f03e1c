# SPDX-License-Identifier: Apache-2.0
"""A system that has nothing but what the distribution is made of, in a folder, to install into."""
import hashlib
import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys

from common import need, skip

ENVIRONMENT = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8",
               "DEBIAN_FRONTEND": "noninteractive"}
PROXIES = ("http_proxy", "https_proxy", "no_proxy")


def become_root():
    """With mounts of our own, where that is allowed: they go when this ends."""
    if os.geteuid() != 0:
        if not shutil.which("sudo") or subprocess.run(
                ["sudo", "-n", "true"], stderr=subprocess.DEVNULL).returncode != 0:
            skip("a clean root needs root, or sudo without a password")
        os.execvp("sudo", ["sudo", "-n", f"--preserve-env={','.join(PROXIES)}", sys.executable, "-B", *sys.argv])
    alone = ["unshare", "--mount", "--propagation", "private"]
    if "ONEMARKET_ALONE" not in os.environ and subprocess.run(
            [*alone, "true"], stderr=subprocess.DEVNULL).returncode == 0:
        os.execvpe(alone[0], [*alone, sys.executable, *sys.argv], {**os.environ, "ONEMARKET_ALONE": "1"})


def mirror():
    """Where this system's packages come from: address, release, components."""
    release = re.search(r"^VERSION_CODENAME=(\S+)", pathlib.Path("/etc/os-release").read_text(), re.MULTILINE)
    if not release:
        skip("/etc/os-release names no release of Debian's kind")
    lines = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(CREATED_BY) $(RELEASE) $(REPO_URI) $(COMPONENT)"],
        capture_output=True, text=True, check=True).stdout.splitlines()
    sources = [line.split()[2:] for line in lines if line.startswith(f"Packages {release[1]} ")]
    if not sources:
        skip(f"apt knows no source of {release[1]}")
    address = sources[0][0]
    if not address.startswith("http"):
        skip(f"{address} is no mirror on the network")
    return address, release[1], sorted({part for uri, part in sources if uri == address})


def proxies():
    """Those of the environment, or else apt's."""
    found = {name: os.environ[name] for name in PROXIES if name in os.environ}
    for name in ("http", "https"):
        said = subprocess.run(["apt-config", "shell", "P", f"Acquire::{name}::Proxy"], capture_output=True,
                              text=True, check=True).stdout
        if said:
            found.setdefault(f"{name}_proxy", said.strip()[3:-1])
    return found


class CleanRoot:
    """The smallest system there is, in `folder`, and what `depends` asks for. A context."""

    # What changes with every package that comes or goes.
    NOISE = re.compile(r"/(proc|dev|var/lib/dpkg|var/lib/apt|var/cache|var/lib/logrotate|var/log/(dpkg\.log|apt))(/|$)")

    def __init__(self, folder, depends):
        need("debootstrap", "chroot", "dpkg-deb")
        self.folder = pathlib.Path(folder)
        self.depends = depends
        self.mounts = []

    def __enter__(self):
        self.folder.mkdir()
        # Nobody needs it after a crash; it is not to be synced, file by file.
        self.mount("tmpfs", self.folder, "-o", "mode=0755")
        address, release, components = mirror()
        made = subprocess.run(
            ["debootstrap", "--variant=minbase", f"--components={','.join(components)}", release, self.folder,
             address], capture_output=True, text=True, env={**os.environ, **proxies()})
        if made.returncode != 0:
            print(made.stdout[-3000:] + made.stderr[-3000:])
            self.__exit__()
            if "Failed getting release file" in made.stdout + made.stderr:
                skip(f"{address} does not answer")
            sys.exit("the clean root could not be made")
        self.mount("proc", self.folder / "proc")
        ENVIRONMENT.update(proxies())
        self.must("apt-get", "update", "-q")
        self.must("apt-get", "satisfy", "-q", "-y", "--no-install-recommends", self.depends)
        return self

    def __exit__(self, *failure):
        for place in reversed(self.mounts):
            subprocess.run(["umount", "--lazy", place], check=False)

    def mount(self, kind, place, *options):
        if "ONEMARKET_ALONE" in os.environ:
            subprocess.run(["mount", "-t", kind, *options, "none", place], check=True)
            self.mounts.append(place)

    def path(self, path):
        return self.folder / path.lstrip("/")

    def command(self, words, user="root"):
        return ["chroot", f"--userspec={user}", str(self.folder), *words]

    def run(self, *words, user="root"):
        """Finished, with its output; it has no terminal, and nobody answers questions."""
        return subprocess.run(self.command(words, user), capture_output=True, text=True, env=ENVIRONMENT,
                              stdin=subprocess.DEVNULL)

    def must(self, *words):
        done = self.run(*words)
        if done.returncode != 0:
            sys.exit(f"{' '.join(words)}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def write(self, path, text, owner="root", group="root", mode=0o644):
        self.path(path).parent.mkdir(parents=True, exist_ok=True)
        self.path(path).write_text(text)
        self.must("chown", f"{owner}:{group}", path)
        self.path(path).chmod(mode)

    def state(self, path):
        """OWNER:GROUP:MODE, as the system within names them."""
        return self.must("stat", "-c", "%U:%G:%a", path).strip()

    def snapshot(self):
        """{path: what it is} of all there is."""
        found = {}
        for where, folders, files in os.walk(self.folder):
            inner = where[len(str(self.folder)):]
            folders[:] = [name for name in folders if not self.NOISE.match(f"{inner}/{name}")]
            for name in folders + files:
                path = f"{inner}/{name}"
                status = os.lstat(f"{where}/{name}")
                content = ""
                if stat.S_ISREG(status.st_mode):
                    content = hashlib.md5(pathlib.Path(where, name).read_bytes()).hexdigest()
                if not self.NOISE.match(path):
                    found[path] = (oct(status.st_mode), status.st_uid, status.st_gid, content)
        return found


def difference(before, after):
    """What came, went or changed, a line each."""
    lines = [f"+ {path}" for path in sorted(after.keys() - before.keys())]
    lines += [f"- {path}" for path in sorted(before.keys() - after.keys())]
    return lines + [f"! {path}" for path in sorted(before.keys() & after.keys())
                    if before[path] != after[path]]
