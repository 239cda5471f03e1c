#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cpack makes the package, under a umask that keeps others out, and says nothing alarming.

    tests/package/build.py BUILD_FOLDER FOLDER CPACK     leaves FOLDER/onemarketd.deb
"""
import pathlib
import re
import shutil
import subprocess
import sys

from common import Faults, need

BUILD, FOLDER, CPACK = sys.argv[1:]
need("dpkg-shlibdeps", "dpkg-deb")
faults = Faults()
shutil.rmtree(FOLDER, ignore_errors=True)
done = subprocess.run([CPACK, "--config", f"{BUILD}/CPackConfig.cmake", "-B", FOLDER], capture_output=True,
                      text=True, umask=0o077)
said = done.stdout + done.stderr
print(said)
faults.same(done.returncode, 0, "cpack")
faults.check(not re.search(r"warning|error", said, re.IGNORECASE), "cpack is not content")
made = list(pathlib.Path(FOLDER).glob("onemarketd_*.deb"))
faults.same(len(made), 1, "packages")
if made:
    depends = subprocess.run(["dpkg-deb", "-f", made[0], "Depends"], capture_output=True, text=True).stdout
    for library in ("libc6", "libcurl", "libssl", "libtinyxml2"):
        faults.check(library in depends, f"it does not depend on {library}: {depends}")
    made[0].rename(f"{FOLDER}/onemarketd.deb")
faults.end()
