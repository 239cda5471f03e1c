#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sends a driver N imports in one write and TERM behind it. Each is to be answered or in the journal,
and not both; else exit status 1.

    burst.py N < message

Of the environment: DRIVER, ONE_LOCATION. In the message @ID@ is the app's id.
"""
import base64
import collections
import os
import re
import subprocess
import sys
import threading


def main():
    count = int(sys.argv[1])
    message = sys.stdin.read()
    line = lambda app: "IMPORT  %d %s\n" % (
        app, base64.b64encode(message.replace("@ID@", str(app)).encode()).decode())
    burst = "".join(map(line, range(count)))
    driver = subprocess.Popen([os.environ["DRIVER"], "-t 1 -m http"], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    answers = []
    reader = threading.Thread(target=lambda: answers.extend(driver.stdout))
    reader.start()
    driver.stdin.write(burst)
    driver.stdin.flush()
    driver.terminate()
    status = driver.wait()
    reader.join()
    told = collections.Counter(int(answer.split()[2]) for answer in answers if answer.startswith("IMPORT"))
    journal = os.path.join(os.environ["ONE_LOCATION"], "var/onemarketd/journal")
    noted = collections.Counter(int(re.match(r"import-(\d+)-", name)[1]) for name in os.listdir(journal))
    unread = count - len(told | noted)
    twice = sum((told + noted).values()) - len(told | noted)
    print(f"exit status {status}, {len(told)} answered, {len(noted)} noted, {unread} neither, {twice} twice")
    print("".join(sorted(answers)[:1]))
    return 0 if (status, unread, twice) == (0, 0, 0) else 1


if __name__ == "__main__":
    sys.exit(main())
