#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A server on loopback that gives every request the same bytes, whatever these are.

    scripted_http.py DIR ANSWER [hold]

Writes DIR/url once it listens, and to DIR/requests a line a request; `hold`: an answer waits until
there is DIR/go. Runs until it is killed.
"""
import os
import pathlib
import socket
import sys
import threading
import time

folder, answer = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]).read_bytes()
hold = sys.argv[3:] == ["hold"]
lock = threading.Lock()


def serve(connection):
    with connection:
        request = b""
        while b"\r\n\r\n" not in request:
            data = connection.recv(65536)
            if not data:
                return
            request += data
        with lock, open(folder / "requests", "a") as file:
            file.write(request.split(b"\r\n")[0].decode() + "\n")
        while hold and not (folder / "go").exists():
            time.sleep(0.01)
        connection.sendall(answer)


folder.mkdir(exist_ok=True)
listener = socket.create_server(("127.0.0.1", 0))
(folder / "url.new").write_text(f"http://127.0.0.1:{listener.getsockname()[1]}")
os.rename(folder / "url.new", folder / "url")
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
