#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A server on loopback that gives every request the same bytes, whatever these are.

    scripted_http.py DIR ANSWER [hold]

Writes DIR/url once it listens, and to DIR/requests a line a request; `hold`: an answer waits until
there is DIR/go. Runs until it is killed.
"""
import os
import pathlib
import sys
import threading
import time

from web_server import WebServer


class Scripted(WebServer):
    def __init__(self, folder, reply, hold):
        super().__init__()
        self.folder, self.reply, self.hold = folder, reply, hold
        self.lock = threading.Lock()

    def answer(self, connection, head):
        with self.lock, open(self.folder / "requests", "a") as file:
            file.write(head.split(b"\r\n")[0].decode() + "\n")
        while self.hold and not (self.folder / "go").exists():
            time.sleep(0.01)
        connection.sendall(self.reply)


def main():
    folder, reply = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).read_bytes()
    folder.mkdir(exist_ok=True)
    server = Scripted(folder, reply, sys.argv[3:] == ["hold"])
    (folder / "url.new").write_text(server.base)
    os.rename(folder / "url.new", folder / "url")
    server.listen()


main()
