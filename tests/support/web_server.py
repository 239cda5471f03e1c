# SPDX-License-Identifier: Apache-2.0
"""A web server on loopback that answers as whoever inherits it says: one request a connection."""
import socket
import ssl
import threading

TLS_HANDSHAKE = 22  # the first byte of who speaks TLS


class WebServer:
    def __init__(self, certificate=None, name="127.0.0.1"):
        self.tls = None
        if certificate:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(certificate)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.place = f"{name}:{self.listener.getsockname()[1]}"
        self.base = f"http{'s' if certificate else ''}://{self.place}"

    def start(self):
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            connection = self.listener.accept()[0]
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            with connection:
                head = b""
                while b"\r\n\r\n" not in head:
                    data = connection.recv(65536)
                    if not data:
                        return
                    head += data
                    if head[0] == TLS_HANDSHAKE:
                        return connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                self.answer(connection, head)
        except OSError:  # the client went away, or trusts nobody
            pass

    def answer(self, connection, head):
        """`head`: the request to its blank line, and what came of its body with it."""
        raise NotImplementedError
