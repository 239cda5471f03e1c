#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""systemd has nothing to say against the units of the package, and calls their sandbox OK or better.

    tests/package/units.py PACKAGE.deb
"""
import pathlib
import re
import subprocess
import tempfile

from common import Faults, need, package

# What the units need of the system, and what belongs to OpenNebula.
OTHERS = {
    "opennebula.service": "[Service]\nType=notify\nUser=oneadmin\nExecStart=/usr/bin/oned -f\n",
    "opennebula-ssh-agent.service": "[Service]\nExecStart=/usr/bin/oned\n",
    **dict.fromkeys(("sysinit.target", "basic.target", "shutdown.target", "timers.target",
                     "time-set.target", "time-sync.target", "network-online.target",
                     "remote-fs.target"), ""),
}


def analyze(*arguments):
    return subprocess.run(["systemd-analyze", f"--root={root}", *arguments], capture_output=True,
                          text=True)


need("systemd-analyze", "dpkg-deb")
faults = Faults()
with tempfile.TemporaryDirectory(prefix="onemarketd-units-") as root:
    subprocess.run(["dpkg-deb", "-x", package(), root], check=True)
    folder = pathlib.Path(root, "usr/lib/systemd/system")
    ours = sorted(path.name for path in folder.iterdir() if path.is_file())
    faults.same(ours, ["onemarket-gc@.service", "onemarket-gc@.timer", "onemarket-verify@.service",
                       "onemarket-verify@.timer"], "units")
    for name, text in OTHERS.items():
        (folder / name).write_text(f"[Unit]\nDescription={name}\nDefaultDependencies=no\n{text}")
    pathlib.Path(root, "usr/bin/oned").write_text("")
    pathlib.Path(root, "usr/bin/oned").chmod(0o755)

    # The drop-in is looked at with the service it is for.
    for unit in [*ours, "opennebula.service"]:
        done = analyze("verify", "--man=no", unit)
        faults.same((done.returncode, done.stdout + done.stderr), (0, ""), f"verify {unit}")
    for unit in ours:
        if not unit.endswith(".service"):
            continue
        done = analyze("security", "--offline=true", unit)
        level = re.search(r"exposure level for .*: ([\d.]+) (\w+)", done.stdout)
        print(f"{unit}: {level[1]} {level[2]}" if level else done.stdout + done.stderr)
        faults.check(level and level[2] in ("OK", "SAFE", "PERFECT"), f"security {unit}")
faults.end()
