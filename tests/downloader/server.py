# SPDX-License-Identifier: Apache-2.0
"""A web server on loopback of which every path answers by a function: what good servers do, and what
no good one would."""
import itertools
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from web_server import WebServer  # noqa: E402

ETAG = '"one"'


class Asked:
    """One request, and the connection it came over."""

    def __init__(self, connection, head):
        lines = head.decode("latin-1").split("\r\n")
        self.connection, self.target = connection, lines[0].split(" ")[1]
        self.headers = {name.lower(): value.strip() for name, _, value in
                        (line.partition(":") for line in lines[1:] if line)}
        found = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("range", ""))
        self.range = found and (int(found[1]), int(found[2]) if found[2] else None)

    def send(self, status="200 OK", body=b"", length=None, headers=()):
        """`length`: what is said of the body's; False: nothing is."""
        head = [f"HTTP/1.1 {status}", "Connection: close", *headers]
        if length is not False:
            head.append(f"Content-Length: {len(body) if length is None else length}")
        self.connection.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + body)

    def chunk(self, data):
        self.connection.sendall(b"%x\r\n%s\r\n" % (len(data), data))


class Server(WebServer):
    def __init__(self, certificate=None):
        super().__init__(certificate, "localhost")
        self.answers, self.asked, self.numbers = {}, {}, itertools.count()
        self.start()

    def answer(self, connection, head):
        asked = Asked(connection, head)
        path = asked.target.split("?")[0]
        self.asked.setdefault(path, []).append(asked)
        self.answers[path](asked)

    def path(self, answer, name="image"):
        """A path of its own, that answers so."""
        path = f"/{next(self.numbers)}/{name}"
        self.answers[path] = answer
        return path

    def url(self, answer, name="image"):
        return self.base + self.path(answer, name)

    def count(self, url):
        return len(self.asked.get(url[len(self.base):].split("?")[0], []))


# ---- answers ----

def file(content):
    """As nginx answers."""
    def answer(asked):
        if asked.headers.get("if-match", ETAG) != ETAG:
            return asked.send("412 Precondition Failed")
        if not asked.range:
            return asked.send(body=content, headers=[f"ETag: {ETAG}"])
        first, last = asked.range
        last = min(len(content) - 1 if last is None else last, len(content) - 1)
        if first > last:
            return asked.send("416 Range Not Satisfiable")
        return asked.send("206 Partial Content", content[first:last + 1], headers=[
            f"ETag: {ETAG}", f"Content-Range: bytes {first}-{last}/{len(content)}"])
    return answer


def without_ranges(content, **how):
    return lambda asked: asked.send(body=content, **how)


def status(line, *headers):
    return lambda asked: asked.send(line, headers=headers)


def moved(to, line="302 Found"):
    return status(line, f"Location: {to}")


def first(times, answer, then):
    """The first requests are answered otherwise."""
    count = itertools.count()
    return lambda asked: (answer if next(count) < times else then)(asked)


def guarded(authorization, answer):
    return lambda asked: (answer if asked.headers.get("authorization") == authorization
                          else status("401 Unauthorized"))(asked)


def chunked(*chunks, whole=True):
    def answer(asked):
        asked.send(length=False, headers=["Transfer-Encoding: chunked"])
        for data in chunks:
            asked.chunk(data)
        if whole:
            asked.chunk(b"")
    return answer


def endless(data):
    def answer(asked):
        asked.send(length=False, headers=["Transfer-Encoding: chunked"])
        while True:
            asked.chunk(data)
    return answer


def stalling(content, length, go_on):
    """Says nothing more after the content, though it promised more, until the event."""
    def answer(asked):
        asked.send(body=content, length=length)
        go_on.wait(60)
    return answer
