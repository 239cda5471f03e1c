# SPDX-License-Identifier: Apache-2.0
"""A server that says again whatever it was told, and secrets of its own, in each way a server can. What
it does is the first part of the path: the bucket of an S3 request, the folder of a catalogue or image."""
import pathlib
import threading

from web_server import WebServer  # tests/support

IMAGE = bytes(range(256)) * 4096
LIST = (pathlib.Path(__file__).resolve().parent.parent / "fixtures/catalogues/one.json").read_bytes()


class Hostile(WebServer):
    """`token`: a secret that it gives away."""

    def __init__(self, token, certificate=None):
        super().__init__(certificate)
        self.token, self.asked = token, []
        self.go_on = threading.Event()
        self.start()

    def answer(self, connection, head):
        target = head.split(b" ")[1].decode()
        path = target.split("://", 1)[-1]
        path = path[path.find("/"):] if "://" in target else path
        what = path.split("?")[0].strip("/").split("/")[0]
        self.asked.append(what)
        getattr(self, "do_" + what.replace("-", "_"), self.do_denied)(connection, head)

    def send(self, connection, status, body=b"", headers=(), length=None):
        lines = [f"HTTP/1.1 {status}", "Connection: close", f"Set-Cookie: session={self.token}", *headers,
                 f"Content-Length: {len(body) if length is None else length}"]
        connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    @staticmethod
    def error(code, head):
        """As S3 has it, with the request in it, as some services have that."""
        words = head.decode("latin-1").replace("&", "&amp;").replace("<", "&lt;").replace("\r\n", " ")
        return f"<Error><Code>{code}</Code><Message>{words}</Message></Error>".encode()

    def do_denied(self, connection, head):
        self.send(connection, "403 Forbidden", self.error("AccessDenied", head), ["Content-Type: application/xml"])

    def do_login(self, connection, head):
        sent = [line.split(" ", 1)[1] for line in head.decode().split("\r\n") if line.startswith("Authorization")]
        self.send(connection, " ".join(["401 Not for", *sent]), head, [f'WWW-Authenticate: Basic realm="{self.token}"'])

    def do_proxy(self, connection, head):
        self.send(connection, "407 Proxy Authentication Required", head,
                  [f'Proxy-Authenticate: Basic realm="{self.token}"'])

    def do_broken(self, connection, head):
        self.send(connection, "500 Internal Server Error", self.error("InternalError", head))

    def do_moved(self, connection, head):
        self.send(connection, "302 Found", head, [f"Location: {self.base}/file?token={self.token}"])

    def do_moved_away(self, connection, head):
        self.send(connection, "307 Temporary Redirect", self.error("TemporaryRedirect", head),
                  [f"Location: http://127.0.0.1:1/x?token={self.token}"])

    def do_moved_with_password(self, connection, head):
        self.send(connection, "301 Moved Permanently", head, [f"Location: http://u:{self.token}@{self.place}/file"])

    def do_page(self, connection, head):
        self.send(connection, "200 OK", b"<html>" + head + b"</html>", ["Content-Type: text/html"])

    def do_torn(self, connection, head):
        self.send(connection, "200 OK", b'<ListBucketResult><Name a="' + head)

    def do_json(self, connection, head):
        self.send(connection, "200 OK", b'{"appliances": [{"name": "' + self.token.encode() + b'"')

    def do_cut(self, connection, head):
        self.send(connection, "200 OK", IMAGE[:1000], length=2000)

    def do_moved_list(self, connection, head):
        self.send(connection, "302 Found", head, [f"Location: {self.base}/list?token={self.token}"])

    def do_list(self, connection, head):
        self.send(connection, "200 OK", LIST, ['ETag: "one"'])

    def do_parts(self, connection, head):
        """An S3 service that begins an upload and takes no part of it."""
        if head.startswith(b"POST"):
            self.send(connection, "200 OK", b"<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>")
        elif head.startswith(b"GET"):
            self.send(connection, "200 OK", b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")
        elif head.startswith(b"DELETE"):
            self.send(connection, "204 No Content")
        else:
            self.do_denied(connection, head)

    def do_file(self, connection, head):
        self.send(connection, "200 OK", b"" if head.startswith(b"HEAD") else IMAGE, ['ETag: "one"'], len(IMAGE))

    def do_stall(self, connection, head):
        self.send(connection, "200 OK", IMAGE[:5000], ['ETag: "one"'], len(IMAGE))
        self.go_on.wait(60)

    def do_silent(self, connection, head):
        self.go_on.wait(60)

    def do_no_http(self, connection, head):
        connection.sendall(b"220 " + head)
