# SPDX-License-Identifier: Apache-2.0
"""The servers a campaign runs on: started by the scripts beside this file, stopped together."""
import os
import pathlib
import shutil
import subprocess

SUPPORT = pathlib.Path(__file__).resolve().parent


def support(script, action, data, *words):
    """The exit status of a script beside this file."""
    return subprocess.run([SUPPORT / script, action, data, *words], stdout=subprocess.PIPE,
                          text=True).returncode


def variables(file):
    return dict(line.split("=", 1) for line in file.read_text().splitlines())


class Servers:
    def __init__(self, folder):
        self.folder, self.started = folder, []

    def bridges(self):
        """The folder of an `ssh` that knows bridge1 to bridge3; none without OpenSSH."""
        data = self.folder / "ssh"
        if support("sshd.sh", "start", data) != 0:
            return None
        self.started.append(("sshd.sh", data))
        return data / "bin"

    def drop_bridges(self):
        """The connections to them are cut."""
        support("sshd.sh", "drop", self.folder / "ssh")

    def gateway(self):
        """Where a Ceph gateway is and its keys, that of ctest if there is one; none without Ceph."""
        data = pathlib.Path(os.environ.get("ONEMARKET_RADOSGW", self.folder / "radosgw"))
        if not (data / "env").exists():
            if support("radosgw.sh", "start", data) != 0:
                return None
            self.started.append(("radosgw.sh", data))
        return variables(data / "env")

    def bridge_connections(self):
        """How many processes serve connections to them now."""
        return int(subprocess.check_output([SUPPORT / "sshd.sh", "connections", self.folder / "ssh"]))

    def catalogue(self, root):
        """The address of a web server for that folder; none without nginx."""
        data = self.folder / "web"
        if not shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            return None
        if support("catalogue.sh", "start", data, root) != 0:
            return None
        self.started.append(("catalogue.sh", data))
        return variables(data / "env")["HTTP_URL"]

    def stop(self):
        for script, data in reversed(self.started):
            support(script, "stop", data)
