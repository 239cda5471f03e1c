#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A line that breaks: forwards TCP from loopback to a server, and cuts the first connections.

    cutting_proxy.py HOST:PORT CUTS BYTES

Each of the first CUTS connections ends once BYTES have come from the server. Prints its own
address, host:port, and runs until it is killed.
"""
import socket
import sys
import threading


def copy(source, target, limit=None):
    """All of it, or `limit` bytes; then nothing goes there any more."""
    try:
        while limit is None or limit > 0:
            data = source.recv(65536 if limit is None else min(65536, limit))
            if not data:
                break
            target.sendall(data)
            limit = None if limit is None else limit - len(data)
        if limit == 0:
            source.shutdown(socket.SHUT_RDWR)
            target.shutdown(socket.SHUT_RDWR)
        else:
            target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def main():
    host, port = sys.argv[1].rsplit(":", 1)
    cuts, limit = int(sys.argv[2]), int(sys.argv[3])
    listener = socket.create_server(("127.0.0.1", 0))
    print("127.0.0.1:%d" % listener.getsockname()[1], flush=True)
    while True:
        client = listener.accept()[0]
        server = socket.create_connection((host, int(port)))
        cut = limit if cuts > 0 else None
        cuts -= 1
        for job in ((client, server, None), (server, client, cut)):
            threading.Thread(target=copy, args=job, daemon=True).start()


if __name__ == "__main__":
    main()
