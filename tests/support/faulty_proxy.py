#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A line that fails as it is told to: forwards TCP from loopback to a server.

    faulty_proxy.py HOST:PORT [FAULT...]

Prints its own address, host:port, and runs until it is killed. A FAULT is what happens, and perhaps
where, with commas, as `cut,on=1-2,at=3000000`:

    on=1-2, on=3       connections it happens to, in the order they come; all, unless this is said
    to=client|server   direction of the bytes; client, unless this is said
    at=N               it happens when the byte behind the first N of that direction comes; 0
    for=S              so many seconds; for good, unless this is said

What may happen:

    refuse      nobody listens (`on`, `to`, `at` mean nothing)
    unanswered  not even that is told (likewise)
    mute        the connection is taken, and nothing is said (`to`, `at` mean nothing)
    drop        a black hole: nothing passes any more in either direction, and nobody is told
    cut         the connection is closed, for both
    reset       it is aborted, for both
    end         half of it is closed: this direction ends, the other goes on
    delay       what comes after a silence is for= seconds late
    slow        from there on rate=N bytes a second pass
    flip        size=N bytes (1) have all their bits turned over
    garbage     size=N bytes (all that come) are others

A program that imports this has a Proxy, whose faults may be others at any time, and which counts those
that struck.
"""
import dataclasses
import math
import random
import socket
import struct
import sys
import threading
import time

PIECE = 65536
LISTENERS = ("refuse", "unanswered")
KINDS = (*LISTENERS, "mute", "drop", "cut", "reset", "end", "delay", "slow", "flip", "garbage")


@dataclasses.dataclass(frozen=True)
class Fault:
    kind: str
    first: int = 1          # connections, counted from 1
    last: float = math.inf
    to: str = "client"
    at: int = 0
    seconds: float = math.inf
    rate: int = 1000
    size: float = math.inf


def parse(text):
    kind, *words = text.split(",")
    said = {"size": 1} if kind == "flip" else {}
    for word in words:
        key, _, value = word.partition("=")
        if key == "on":
            first, _, last = value.partition("-")
            said.update(first=int(first), last=int(last or first))
        elif key == "to" and value in ("client", "server"):
            said["to"] = value
        elif key == "for":
            said["seconds"] = float(value)
        elif key in ("at", "rate", "size"):
            said[key] = int(value)
        else:
            raise ValueError(f"'{word}' of the fault '{text}'")
    if kind not in KINDS:
        raise ValueError(f"no fault is called '{kind}'")
    return Fault(kind, **said)


class Over(Exception):
    """The connection is."""


class Connection:
    """One that was taken, and the one to the server behind it."""

    def __init__(self, near, far, faults, count):
        self.near, self.far, self.count = near, far, count
        self.over = threading.Event()
        self.dark_until = 0  # nothing passes before
        self.directions = 2
        for fault in faults:
            if fault.kind == "mute":
                self.strike(fault, near)
        for source, sink, to in ((near, far, "server"), (far, near, "client")):
            mine = sorted((fault for fault in faults if fault.to == to and fault.kind != "mute"),
                          key=lambda fault: fault.at)
            threading.Thread(target=self.pass_on, args=(source, sink, mine), daemon=True).start()

    def pass_on(self, source, sink, faults):
        try:
            self.pass_all(source, sink, faults)
        except Over:
            pass
        except OSError:
            self.end()  # who has gone on one side is not waited for on the other
        self.directions -= 1
        if self.directions == 0:
            self.end()

    def pass_all(self, source, sink, faults):
        place, manners, heard = 0, [], 0
        while data := source.recv(PIECE):
            silence = time.monotonic() - heard
            while data:
                while faults and faults[0].at <= place:
                    manners += self.strike(faults.pop(0), sink)
                size = min([PIECE, *(fault.at - place for fault in faults[:1]),
                            *(max(1, fault.rate // 10) for fault in manners
                              if fault.kind == "slow")])
                piece, data = data[:size], data[size:]
                for fault in manners:
                    piece = self.treat(fault, piece, place, silence)
                self.wait_for_light()
                sink.sendall(piece)
                place, silence = place + len(piece), 0
            heard = time.monotonic()
        self.wait_for_light()
        sink.shutdown(socket.SHUT_WR)

    def strike(self, fault, sink):
        """It happens; what changes how bytes pass from here on is given back."""
        self.count(fault)
        if fault.kind in ("cut", "reset"):
            self.end(abort=fault.kind == "reset")
            raise Over
        if fault.kind == "end":
            sink.shutdown(socket.SHUT_WR)
            raise Over
        if fault.kind in ("drop", "mute"):
            self.dark_until = time.monotonic() + fault.seconds
            return []
        return [fault]

    def treat(self, fault, piece, place, silence):
        if fault.kind == "delay":
            if silence > fault.seconds:
                self.wait(fault.seconds)
            return piece
        if fault.kind == "slow":
            self.wait(len(piece) / fault.rate)
            return piece
        count = int(min(len(piece), max(0, fault.at + fault.size - place)))
        if fault.kind == "flip":
            return bytes(255 - byte for byte in piece[:count]) + piece[count:]
        return random.randbytes(count) + piece[count:]

    def wait_for_light(self):
        self.wait(self.dark_until - time.monotonic())

    def wait(self, seconds):
        if seconds > 0 and self.over.wait(None if seconds == math.inf else seconds):
            raise Over

    def end(self, abort=False):
        self.over.set()
        for side in (self.near, self.far):
            try:
                if abort:
                    side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                # It wakes who reads from it. An abort is told to the other side by close() alone.
                side.shutdown(socket.SHUT_RD if abort else socket.SHUT_RDWR)
            except OSError:
                pass
            side.close()


class Proxy:
    """`target`: (host, port). Faults are Faults, or their words."""

    def __init__(self, target, faults=()):
        self.target, self.address = target, ("127.0.0.1", 0)
        self.lock, self.listener, self.filling = threading.Lock(), None, []
        self.connections = []
        self.tell(faults)
        self.open()

    @property
    def port(self):
        return self.address[1]

    def tell(self, faults):
        """What happens to connections that are yet to come; the next is number 1."""
        with self.lock:
            self.faults = [parse(fault) if isinstance(fault, str) else fault for fault in faults]
            self.accepted, self.struck = 0, []

    def count(self, fault):
        self.struck.append(fault)

    def open(self):
        for fault in self.faults:
            if fault.kind in LISTENERS:
                self.count(fault)
                return self.refuse(fault)
        self.listen(self.bind())

    def bind(self):
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(self.address)
        self.listener, self.address = sock, sock.getsockname()
        return sock

    def refuse(self, fault):
        sock = self.bind()  # the port stays ours
        if fault.kind == "unanswered":
            # Of a queue that is full the kernel forgets who comes next.
            sock.listen(0)
            for _ in range(2):
                one = socket.socket()
                one.setblocking(False)
                one.connect_ex(self.address)
                self.filling.append(one)
        if fault.seconds == math.inf:
            return

        def end():
            if self.listener is sock:
                self.close()
                self.listen(self.bind())
        timer = threading.Timer(fault.seconds, end)
        timer.daemon = True
        timer.start()

    def listen(self, sock):
        sock.listen(128)
        threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        while True:
            try:
                near = sock.accept()[0]
            except OSError:
                return
            try:
                far = socket.create_connection(self.target)
            except OSError:
                near.close()
                continue
            for side in (near, far):
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self.lock:
                if self.listener is not sock:
                    near.close()
                    far.close()
                    return
                self.accepted += 1
                faults = [fault for fault in self.faults if fault.kind not in LISTENERS
                          and fault.first <= self.accepted <= fault.last]
                self.connections = [*(one for one in self.connections if not one.over.is_set()),
                                    Connection(near, far, faults, self.count)]

    def close(self):
        """Nobody listens any more, and what was connected is not."""
        with self.lock:
            sock, self.listener = self.listener, None
            connections, self.connections = self.connections, []
        if sock:
            try:
                sock.shutdown(socket.SHUT_RDWR)  # wakes who waits for the next
            except OSError:
                pass
            sock.close()
        for one in (*self.filling, *connections):
            one.end() if isinstance(one, Connection) else one.close()
        self.filling = []

    def heal(self):
        """A line as it should be, to whoever comes now."""
        self.close()
        self.tell(())
        self.open()


def main():
    if len(sys.argv) < 2 or ":" not in sys.argv[1]:
        sys.exit(__doc__)
    host, port = sys.argv[1].rsplit(":", 1)
    proxy = Proxy((host, int(port)), sys.argv[2:])
    print("%s:%d" % proxy.address, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
