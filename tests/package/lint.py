#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Debian's own checker finds neither an error nor a warning.

    tests/package/lint.py PACKAGE.deb
"""
import os
import subprocess
import sys

from common import need, package

need("lintian")
done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error,warning", package()],
                      env={**os.environ, "LC_ALL": "C.UTF-8"}, check=False)
sys.exit(done.returncode)
