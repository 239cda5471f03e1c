# SPDX-License-Identifier: Apache-2.0
"""What stands between the driver and a server, and can be shut."""
import socket
import threading


class Gate:
    """A port that leads to another one as long as it is open."""

    def __init__(self, target):
        self.target, self.port, self.ends = target, 0, set()
        self.listener = None
        self.open()

    def open(self):
        listener = socket.create_server(("127.0.0.1", self.port))
        self.listener, self.port = listener, listener.getsockname()[1]
        threading.Thread(target=self.serve, args=(listener,), daemon=True).start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for end in list(self.ends):
            self.cut(end)

    @staticmethod
    def cut(end):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def serve(self, listener):
        while True:
            try:
                near = listener.accept()[0]
            except OSError:
                return
            try:
                far = socket.create_connection(self.target)
            except OSError:
                near.close()
                continue
            self.ends |= {near, far}
            if listener.fileno() < 0:  # closed meanwhile
                self.cut(near)
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self.pass_on, args=(source, sink), daemon=True).start()

    def pass_on(self, source, sink):
        try:
            while data := source.recv(1 << 16):
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            self.cut(end)
            self.ends.discard(end)
