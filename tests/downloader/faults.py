#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What may go wrong when an image is fetched, one situation a row, looked at from the outside: exit
status, what is said, and what is left.

    faults.py --downloader build/onemarket-downloader [-v] [ROW...]

ROW: only the rows whose names have it in them. Needs openssl and zstd. Exit status: 0 all as it
should be, 1 a deviation, 77 a program is missing.
"""
import argparse
import base64
import binascii
import bz2
import email.utils
import gzip
import hashlib
import io
import itertools
import lzma
import os
import pathlib
import resource
import shutil
import signal
import stat
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import zipfile

import server
from place import Deviation, Place, expect

NAMES = ["two words", "'single' \"double\"", "$(touch pwned)", "`touch pwned`", "; touch pwned;",
         "a & touch pwned &", "a\nb", "caf\u00e9 \u96ea", "*?[a]", "--md5", "a|touch pwned"]
NOBODY = 65534
LONELY = 61234  # has no process

ROWS = []
SHARED = {}  # servers, bytes


def row(function):
    ROWS.append((function.__name__.replace("_", " "), function))
    return function


def url(answer, name="image"):
    return SHARED["http"].url(answer, name)


def noise(size):
    return SHARED["noise"][:size]


# ---- names ----

@row
def source_with_odd_name(place):
    for name in NAMES:
        path = place.write(f"from/{name}", noise(1000))
        place.fetched("--", str(path), str(place.image), content=noise(1000))
        place.image.unlink()


@row
def source_in_the_working_folder(place):
    for name in ("-rf", "--", "a b"):
        place.write(f"cwd/{name}", noise(1000))
        place.fetched("-n", "--", name, "-", content=noise(1000))


@row
def url_with_odd_name(place):
    seen = []

    def answer(asked):
        seen.append(asked.target)
        server.file(noise(1000))(asked)
    SHARED["http"].answers["/odd/"] = answer
    for name in NAMES:
        # Whatever stands there comes at the server in one piece.
        SHARED["http"].answers[f"/odd/{asked_as(name)}"] = answer
        place.fetched(f"{SHARED['http'].base}/odd/{name}", "-", content=noise(1000))
        expect(f"/odd/{asked_as(name)}" == seen[-1].split("?")[0], f"{name!r} was asked as {seen[-1]}")


def asked_as(name):
    keep = "!$%&'()*+,-./:;=@[]_~"
    name = name.split("?")[0]
    return "".join(c if c.isascii() and (c.isalnum() or c in keep) else
                   "".join(f"%{byte:02X}" for byte in c.encode()) for c in name)


@row
def destination_with_odd_name(place):
    source = url(server.file(noise(1000)))
    for name in NAMES:
        place.fetched("--", source, str(place.dest / name), content=noise(1000))
        expect(os.listdir(place.dest) == [name], os.listdir(place.dest))
        (place.dest / name).unlink()


@row
def destination_with_a_leading_dash(place):
    place.cwd = place.dest
    place.fetched("-n", "--", url(server.file(noise(1000))), "-rf", content=noise(1000))
    expect(os.listdir(place.dest) == ["-rf"], os.listdir(place.dest))


@row
def bytes_that_are_no_unicode_in_names(place):
    path = os.path.join(os.fsencode(place.folder), b"from-\xff\xfe")
    with open(path, "wb") as file:
        file.write(noise(1000))
    place.fetched(os.fsdecode(path), str(place.image), content=noise(1000))


# ---- arguments ----

@row
def malformed_options(place):
    source = str(place.write("from/image", noise(1000)))
    for words in (["-m", "xyz"], ["-m", "0" * 31], ["-m", ""], ["-s", "0" * 39], ["-s", "0" * 32],
                  ["--sha256", "g" * 64], ["-l", "fast"], ["-l", "-1"], ["-l", ""],
                  ["-c", "-1"], ["-c", "1q"], ["-c", ""], ["-c", "99999999999999999999"],
                  ["--nodecomp=false"], ["--noretry=0"], ["--nonsense"], ["-x"], ["a third"], ["--md5="], ["--limit="]):
        place.refused(*words, source, str(place.image), says="Arguments error: ")
    for words in ([], [source], ["", str(place.image)], [source, ""], ["-m"], [source, "x", "-l"]):
        place.refused(*words, says="Arguments error: ")


@row
def option_that_is_not_known(place):
    place.refused("--mdd5", "0" * 32, "http://localhost/x", str(place.image),
                  says="Arguments error: unknown option --mdd5")


@row
def option_that_is_said_twice(place):
    place.fetched("-m", "0" * 32, "-m", hashlib.md5(noise(1000)).hexdigest(), "-l", "1", "-l", "10M",
                  url(server.file(noise(1000))), str(place.image), content=noise(1000))


@row
def limit_of_nothing_is_none(place):
    """As a site writes it that has switched it off."""
    content = noise(9 << 20)
    place.fetched("-l", "0", url(server.file(content)), str(place.image), content=content)
    place.fetched("-c", "100B", url(server.file(content)), str(place.image), content=content[:100])


@row
def option_with_a_newline(place):
    place.refused("-m", "a\nb", "/x", str(place.image), says="Arguments error")
    place.refused("--a\nb", "/x", str(place.image), says="Arguments error")


@row
def help_and_version(place):
    for words in (["--help"], ["-h"], ["--version"], ["-V"]):
        ended = place.run(*words)
        expect(ended.status == 0 and b"onemarket-downloader" in ended.out and not ended.err, ended)


@row
def hash_with_a_size(place):
    place.refused("-m", "0" * 32, "-c", "10", "/x", str(place.image),
                  says="Hash check not supported for partial downloads")


# ---- hashes ----

KINDS = (("-m", "md5"), ("-s", "sha1"), ("--sha256", "sha256"))


@row
def right_hashes(place):
    content = noise(300_000)
    packed = gzip.compress(content)
    for option, kind in KINDS:
        # Of the bytes as they come.
        for served, words in ((content, ()), (packed, ()), (packed, ("-n",))):
            right = hashlib.new(kind, served).hexdigest()
            for digits in (right, right.upper()):
                place.fetched(option, digits, *words, url(server.file(served)), str(place.image),
                              content=served if words else content)
    every = [word for option, kind in KINDS
             for word in (option, hashlib.new(kind, content).hexdigest())]
    place.fetched(*every, url(server.file(content)), "-", content=content)


@row
def wrong_hashes(place):
    content = noise(300_000)
    packed = gzip.compress(content)
    archive = tar(("a", content))
    for option, kind in KINDS:
        wrong = hashlib.new(kind, b"another").hexdigest()
        for served in (content, packed, archive, gzip.compress(archive)):
            place.refused(option, wrong, url(server.file(served)), str(place.image),
                          says=f"Hash does not match: {kind.upper()} is [0-9a-f]+, not {wrong}")
        # The hash of what it becomes is not asked for.
        place.refused(option, hashlib.new(kind, content).hexdigest(), url(server.file(packed)),
                      str(place.image), says="Hash does not match")
    place.refused("-m", "0" * 32, url(server.file(content)), "-", says="Hash does not match")
    right = hashlib.md5(content).hexdigest()
    place.refused("-m", right, "-s", "0" * 40, url(server.file(content)), str(place.image),
                  says="Hash does not match: SHA1")


# ---- what servers do ----

@row
def in_parts_and_in_one(place):
    content = noise(9 << 20)
    md5 = hashlib.md5(content).hexdigest()
    for answer in (server.file(content), server.without_ranges(content),
                   server.chunked(content[:5 << 20], content[5 << 20:])):
        place.fetched("-m", md5, url(answer), str(place.image), content=content)
        place.fetched(url(answer), "-", content=content)


@row
def cut_off(place):
    content = noise(300_000)
    place.refused("-o", url(server.without_ranges(content[:1000], length=300_000)), str(place.image),
                  says="1000 of 300000 bytes")
    place.refused("-o", url(server.chunked(content, whole=False)), str(place.image))
    place.refused("-o", url(server.chunked(content, whole=False)), "-")


@row
def cut_off_and_taken_up_again(place):
    content = noise(9 << 20)

    def cutting(asked):  # every other answer ends early
        start, last = asked.range or (0, len(content) - 1)
        last = len(content) - 1 if last is None else last
        cut.append(asked)
        sent = content[start:last + 1]
        asked.send("206 Partial Content" if asked.range else "200 OK",
                   sent[:len(sent) // 2] if len(cut) % 2 and len(sent) > 1 else sent, len(sent),
                   [f"ETag: {server.ETAG}", f"Content-Range: bytes {start}-{last}/{len(content)}"])
    cut = []
    place.fetched("-m", hashlib.md5(content).hexdigest(), url(cutting), str(place.image),
                  content=content)


@row
def length_that_is_a_lie(place):
    content = noise(300_000)
    # Said to be shorter: only a hash can tell, and does.
    place.refused("-m", hashlib.md5(content).hexdigest(), "-o",
                  url(server.without_ranges(content, length=200_000)), str(place.image),
                  says="Hash does not match")
    place.refused("-o", url(server.without_ranges(content, length=300_001)), str(place.image),
                  says="300000 of 300001")

    def lying(said):  # in ranges
        def answer(asked):
            asked.send("206 Partial Content" if asked.range else "200 OK",
                       content[:1] if asked.range else content,
                       headers=[f"ETag: {server.ETAG}", f"Content-Range: bytes 0-0/{said}"])
        return answer
    # At the end of numbers, too: sums with them would not fit.
    for said in (9 << 20, "*", "x", -1, 0, 1 << 63, (1 << 64) - 1, (1 << 64) - (1 << 22) + 1):
        ended = place.run("-o", url(lying(said)), str(place.image))
        if said == 9 << 20:
            place.is_refusal(ended)
        elif ended.status == 0:
            expect(place.image.read_bytes() == content, f"{said}: other bytes")
            place.image.unlink()
        else:
            place.is_refusal(ended)


@row
def neither_length_nor_end(place):
    place.refused(url(server.without_ranges(noise(1000), length=False)), str(place.image),
                  says="neither how long it is nor where it ends")


@row
def changed_while_it_was_read(place):
    old, new = noise(9 << 20), noise(9 << 20)[::-1]
    place.refused("-o", url(server.first(2, server.file(old), lambda asked: asked.send(
        "206 Partial Content", new[asked.range[0]:asked.range[1] + 1], headers=[
            'ETag: "two"', f"Content-Range: bytes {asked.range[0]}-{asked.range[1]}/{len(new)}"]))),
                  str(place.image), says="changed")


@row
def other_part_than_was_asked_for(place):
    content = noise(9 << 20)

    def shifted(asked):
        start, last = asked.range
        if start == 0:
            return server.file(content)(asked)
        asked.send("206 Partial Content", content[start - 1:last], headers=[
            f"ETag: {server.ETAG}", f"Content-Range: bytes {start - 1}-{last - 1}/{len(content)}"])
    place.refused("-o", url(shifted), str(place.image), says="another part")


@row
def ranges_that_are_none(place):
    """All of it for each part would be the square of it."""
    content = noise(9 << 20) * 5
    sent = []

    def answer(asked):
        if asked.range == (0, 0):
            return server.file(content)(asked)
        asked.send(length=len(content), headers=[f"ETag: {server.ETAG}"])
        for start in range(0, len(content), 1 << 16):
            asked.connection.sendall(content[start:start + (1 << 16)])
            sent.append(1 << 16)
    place.fetched("-m", hashlib.md5(content).hexdigest(), url(answer), str(place.image),
                  content=content)
    expect(sum(sent) < 3 * len(content), f"{sum(sent) >> 20} of {len(content) >> 20} MiB")


def at_most(connections, answer):
    """Answers no more requests at a time."""
    free = threading.Semaphore(connections)

    def answering(asked):
        if not free.acquire(blocking=False):
            return server.status("503 Service Unavailable")(asked)
        try:
            time.sleep(0.05)
            answer(asked)
        finally:
            free.release()
    return answering


@row
def fewer_connections_than_are_asked_for(place):
    content = noise(9 << 20) * 2
    for connections in (1, 2, 3):
        place.fetched("-o", url(at_most(connections, server.file(content))), str(place.image),
                      content=content)


@row
def parts_that_are_refused(place):
    content = noise(9 << 20)
    for line in ("403 Forbidden", "405 Method Not Allowed", "416 Range Not Satisfiable",
                 "501 Not Implemented"):
        for first in (0, 1, 4 << 20):  # 0: the first byte too
            def answer(asked):
                end = asked.range and (asked.range[1] or len(content))
                (server.status(line) if end and end > first or end == first == 0 else
                 server.file(content))(asked)
            place.fetched("-o", url(answer), str(place.image), content=content)


@row
def too_few_processes(place):
    """A limit of the account, which may be that of many others."""
    if os.geteuid() != 0:
        return
    content = noise(9 << 20)
    place.program = str(shutil.copy(place.program, place.folder / "downloader"))
    for folder in (place.folder.parent, place.folder):
        folder.chmod(0o755)
    place.dest.chmod(0o777)
    place.env["ASAN_OPTIONS"] = "detect_leaks=0"  # to look for them would take one more
    source = url(server.file(content))
    for most in range(1, 9):
        ended = place.run(source, str(place.image), user=LONELY, group=LONELY, extra_groups=[],
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NPROC, (most, most)))
        if ended.status == 0:
            expect(place.image.read_bytes() == content, f"{most}: other bytes")
            place.image.unlink()
        else:
            expect(most < 8, f"{most}: {ended}")
            place.is_refusal(ended, says="no thread could be started: Resource temporarily unavailable")


@row
def date_of_just_now_is_no_version(place):
    """It changes within the second its date tells."""
    date = email.utils.formatdate(usegmt=True)
    count = itertools.count()

    def answer(asked):
        content = (b"A" if next(count) < 3 else b"B") * (12 << 20)
        first, last = asked.range or (0, len(content) - 1)
        last = min(len(content) - 1 if last is None else last, len(content) - 1)
        asked.send("206 Partial Content" if asked.range else "200 OK", content[first:last + 1],
                   headers=[f"Last-Modified: {date}", f"Date: {date}",
                            *[f"Content-Range: bytes {first}-{last}/{len(content)}"
                              for _ in range(1 if asked.range else 0)]])
    place.fetched(url(answer), str(place.image))
    expect(len(set(place.image.read_bytes())) == 1, "a mixture of two versions")


@row
def empty_image(place):
    for answer in (server.file(b""), server.without_ranges(b""), server.chunked()):
        place.fetched(url(answer), str(place.image), content=b"")
    place.fetched(str(place.write("from/empty", b"")), "-", content=b"")


@row
def no_http_at_all(place):
    place.refused("-o", url(lambda asked: asked.connection.sendall(b"SSH-2.0-x\r\n")),
                  str(place.image), says="is that an HTTP server")
    place.refused("-o", "http://localhost:1/x", str(place.image), says="onnect")
    place.refused("-o", "http://", str(place.image), says="address")
    place.refused("-o", "http://localhost:99999/x", str(place.image), says="has a port that is none")
    place.env["http_proxy"] = "http://127.0.0.1:1"
    place.refused("-o", "http://somewhere.example/x", str(place.image), says="(that is the proxy's)")
    del place.env["http_proxy"]
    place.refused("-o", "http://nowhere.invalid/x", str(place.image), says="nowhere.invalid")


@row
def redirections(place):
    content = noise(1000)
    target = SHARED["http"].path(server.file(content))
    for line in ("301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect",
                 "308 Permanent Redirect"):
        relative = url(server.moved(target, line))
        place.fetched(url(server.moved(relative, line)), str(place.image), content=content)


@row
def redirections_that_are_refused(place):
    loop = SHARED["http"].path(lambda asked: server.moved(loop)(asked))
    place.refused(SHARED["http"].base + loop, str(place.image), says="more than [0-9]+ redirections")
    place.refused(url(server.status("302 Found")), str(place.image), says="without a location")
    place.refused(url(server.moved("file:///etc/passwd")), str(place.image), says="no host|neither http")
    place.refused(url(server.moved("ftp://localhost/x")), str(place.image), says="neither http")
    place.write("one/etc/onemarketd.conf", f"CA_FILE = {SHARED['certificate']}\n")
    down = SHARED["https"].url(server.moved(url(server.file(noise(10)))))
    place.refused(down, str(place.image), says="leads from https to http")


@row
def tls(place):
    content = noise(6 << 20)
    source = SHARED["https"].url(server.file(content))
    place.refused(source, str(place.image), says="CA_FILE says which ones are trusted")
    place.write("one/etc/onemarketd.conf", f"CA_FILE = {SHARED['certificate']}\n")
    place.fetched("-m", hashlib.md5(content).hexdigest(), source, str(place.image), content=content)
    # A certificate for another name.
    place.refused(source.replace("localhost", "127.0.0.1"), str(place.image),
                  says="127.0.0.1.*another name's; TLS_UNVERIFIED_HOSTS excepts a host")
    place.refused("-o", SHARED["http"].base.replace("http:", "https:") + "/x", str(place.image))


@row
def basic_authentication(place):
    content, password = noise(1000), "pa:s's/wor$d"
    right = "Basic " + base64.b64encode(f"user:{password}".encode()).decode()
    source = url(server.guarded(right, server.file(content)))
    written = "pa%3As's%2Fwor$d"
    place.fetched(source.replace("//", f"//user:{written}@"), str(place.image), content=content)
    place.image.unlink()
    for wrong in ("secret'quo te", "secretword", "secret%00"):
        place.refused(source.replace("//", f"//user:{wrong}@"), str(place.image), never="secret")
    place.refused(source, str(place.image), says="401")
    place.refused("-o", f"http://user:{written}@localhost:1/x", str(place.image), never=written)
    place.refused("-o", f"http://user:{written}@", str(place.image), never=written)
    place.refused("-o", f"http://user:{written}@local host:x y/x", str(place.image), never=written)
    place.refused("-o", "-m", "1", f"http://user:{written}@localhost/x", str(place.image),
                  never=written)


@row
def credentials_are_not_for_other_servers(place):
    seen = []

    def looking(asked):
        seen.append(asked.headers.get("authorization"))
        server.file(noise(1000))(asked)
    other = SHARED["other"].url(looking)
    place.fetched(url(server.moved(other)).replace("//", "//user:secret@"), str(place.image),
                  content=noise(1000))
    expect(seen and not any(seen), f"told another server: {seen}")


@row
def query_is_not_told(place):
    place.refused(url(server.status("403 Forbidden")) + "?X-Amz-Signature=secret", str(place.image),
                  says="403", never="secret")


@row
def not_there(place):
    source = url(server.status("404 Not Found"))
    place.refused(source, str(place.image), says="404 Not Found")
    expect(SHARED["http"].count(source) == 1, "a 404 was asked for again")
    place.refused("/nowhere/image", str(place.image), says="/nowhere/image")
    place.refused("nowhere", str(place.image), says="nowhere")
    place.refused(str(place.folder), str(place.image), says="neither a file nor")


@row
def failure_that_passes(place):
    for line in ("500 Internal Server Error", "503 Service Unavailable", "429 Too Many Requests"):
        source = url(server.first(2, server.status(line), server.file(noise(1000))))
        place.fetched(source, str(place.image), content=noise(1000))
        place.image.unlink()


@row
def failure_that_is_not_tried_again(place):
    for options in (["-o"], ["--noretry"]):
        source = url(server.first(1, server.status("503 Service Unavailable"), server.file(b"x")))
        place.refused(*options, source, str(place.image), says="503")
        expect(SHARED["http"].count(source) == 1, f"asked {SHARED['http'].count(source)} times")


# ---- where it goes ----

def small_files(size):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@row
def full_disk(place):
    content = noise(300_000)
    source = url(server.file(content))
    for words in ((source,), (url(server.file(gzip.compress(content))),),
                  (url(server.file(tar(("a", content)))),),
                  (url(server.file(zipped({"a": content}))),)):
        place.refused(*words, str(place.image), preexec_fn=small_files(100_000),
                      says="File too large")
    place.refused(source, "/dev/full", says="/dev/full: No space left")
    with open("/dev/full", "wb") as full:
        place.refused(source, "-", stdout=full, says="stdout: No space left")


@row
def destination_is_no_place(place):
    source = url(server.file(noise(1000)))
    archive = url(server.file(tar(("a", b"x"))))
    for answer in (source, archive):
        place.refused(answer, str(place.dest / "missing/image"), says="No such file")
        place.refused(answer, str(place.write("file", b"")) + "/image", says="Not a directory")
    place.refused(source, str(place.dest), says="s a directory")
    place.refused(source, str(place.image) + "/", says="directory")
    place.refused(source, str(place.dest / ("x" * 300)), says="name too long")
    (place.dest / "full").mkdir()
    place.write("dest/full/kept", b"kept")
    place.refused(archive, str(place.dest / "full"), says="not empty")
    # Before all of it has come, be it as long as it may.
    go_on = threading.Event()
    many = tar(("a", noise(300_000)))[:300_000]
    endless = url(server.stalling(many, 400_000, go_on))
    place.refused(endless, str(place.dest / "full"), says="not empty")
    place.refused(endless, str(place.dest / "full/kept"), says="Not a directory")
    for words in ((), ("-n",)):
        place.refused(*words, endless, str(place.dest / ("x" * 256)), says="name too long")
    go_on.set()
    expect(os.listdir(place.dest / "full") == ["kept"], "something else is in a folder that was there")


@row
def destination_in_a_read_only_folder(place):
    program = shutil.copy(place.program, place.folder / "downloader")
    place.program = str(program)
    for folder in (place.folder.parent, place.folder):
        folder.chmod(0o755)
    place.dest.chmod(0o555)
    as_nobody = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    for content in (noise(1000), tar(("a", b"x"))):
        place.refused(url(server.file(content)), str(place.image), says="ermission denied", **as_nobody)


@row
def destination_that_is_there(place):
    source = url(server.file(noise(1000)))
    place.write("dest/image", b"old", 0o640)
    place.refused("-m", "0" * 32, source, str(place.image))
    expect(place.image.read_bytes() == b"old", "a failure has changed what was there")
    place.fetched(source, str(place.image), content=noise(1000))
    expect(stat.S_IMODE(place.image.stat().st_mode) == 0o640, "other rights than it had")
    # An archive takes no file's place.
    place.write("dest/image", b"old")
    place.refused(url(server.file(tar(("a", b"x")))), str(place.image))
    expect(place.image.read_bytes() == b"old", "a failure has changed what was there")


@row
def destination_is_new(place):
    for mask, mode in ((0o022, 0o644), (0o077, 0o600)):
        place.fetched(url(server.file(noise(1000))), str(place.image), content=noise(1000),
                      umask=mask)
        expect(stat.S_IMODE(place.image.stat().st_mode) == mode, oct(place.image.stat().st_mode))
        place.image.unlink()


@row
def destination_is_a_link(place):
    source = url(server.file(noise(1000)))
    real = place.folder / "elsewhere"
    real.mkdir()
    for there in (True, False):
        if there:
            (real / "image").write_bytes(b"old")
        place.image.symlink_to("../elsewhere/image")
        place.fetched(source, str(place.image), content=noise(1000))
        expect(place.image.is_symlink() and os.listdir(real) == ["image"], "the link is gone")
        place.image.unlink()
        (real / "image").unlink()
    place.image.symlink_to("image")
    place.refused(source, str(place.image))


@row
def destination_is_a_fifo(place):
    os.mkfifo(place.image)
    content = noise(1 << 20)
    process = place.start("-m", hashlib.md5(content).hexdigest(), url(server.file(content)),
                          str(place.image))
    with open(place.image, "rb") as fifo:
        got = fifo.read()
    ended = place.end(process)
    expect(ended.status == 0 and got == content, ended)
    expect(stat.S_ISFIFO(place.image.stat().st_mode), "it is no FIFO any more")


@row
def destination_is_a_name_of_stdout(place):
    # What a shell's redirection has opened is written to, not replaced.
    for name in ("/dev/stdout", "/dev/fd/1"):
        with open(place.folder / "out", "wb") as out:
            out.write(b"before ")
            out.flush()
            inode = os.fstat(out.fileno()).st_ino
            ended = place.run(url(server.file(noise(1000))), name, stdout=out)
        expect(ended.status == 0, ended)
        expect(os.stat(place.folder / "out").st_ino == inode, "another file is there")
        expect((place.folder / "out").read_bytes() == b"before " + noise(1000), "other bytes")


@row
def destination_is_dev_null(place):
    for content in (noise(1000), tar(("a", b"x")), gzip.compress(noise(1000))):
        place.fetched(url(server.file(content)), "/dev/null")
    expect(stat.S_ISCHR(os.stat("/dev/null").st_mode), "/dev/null is no device any more")


@row
def stdout_that_nobody_reads(place):
    for source in (url(server.file(noise(6 << 20))), url(server.endless(noise(65536))),
                   str(place.write("from/image", noise(6 << 20)))):
        process = place.start("-n", source, "-")
        expect(len(process.stdout.read(10)) == 10, "nothing comes")
        process.stdout.close()
        process.stdout = None
        place.is_refusal(place.end(process), says="stdout: Broken pipe")


# ---- in the middle ----

@row
def signals(place):
    go_on = threading.Event()
    content = noise(300_000)
    archive = tar(("a", content), ("b", content))
    sources = {"file": (content, 600_000), "archive": (archive[:400_000], len(archive)),
               "packed": (gzip.compress(content)[:200_000], 300_000)}
    for kind, (sent, length) in sources.items():
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL):
            source = url(server.stalling(sent, length, go_on))
            process = place.start(source, str(place.image))
            wait_for(lambda: SHARED["http"].count(source) > 0)
            time.sleep(0.15)
            process.send_signal(number)
            began = time.monotonic()
            ended = place.end(process, 5)
            expect(time.monotonic() - began < 2, f"{kind}, {number}: not at once")
            if number != signal.SIGKILL:
                place.is_refusal(ended)
            elif kind != "archive":  # what is half a folder has a name
                expect(ended.status == -signal.SIGKILL, ended)
                place.nothing_new_but()
    go_on.set()


@row
def signals_of_a_stream(place):
    """What the site's own script has started goes, too."""
    os.mkfifo(place.image)
    fifo = os.open(place.image, os.O_RDONLY | os.O_NONBLOCK)
    place.stock('sleep 60 & echo $! >"$ONE_LOCATION/new"; mv "$ONE_LOCATION/new" "$ONE_LOCATION/pid"; wait')
    written = place.one / "pid"
    for destination in ("-", str(place.image)):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            process = place.start("lxd://x", destination)
            wait_for(written.exists)
            started = written.read_text().strip()
            written.unlink()
            process.send_signal(number)
            ended = place.end(process, 5)
            expect(ended.status == -number, ended)
            wait_for(lambda: not is_running(started), 5)
    os.close(fifo)


def is_running(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"
    except OSError:
        return False


@row
def signals_that_come_blocked_or_ignored(place):
    def inherited():
        signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.valid_signals()))
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    go_on = threading.Event()
    source = url(server.stalling(noise(1000), 2000, go_on))
    process = place.start(source, str(place.image), preexec_fn=inherited)
    wait_for(lambda: SHARED["http"].count(source) > 0)
    process.send_signal(signal.SIGTERM)
    place.is_refusal(place.end(process, 5))
    go_on.set()
    # How a script ends is known all the same.
    place.stock("printf half; exit 1")
    place.refused("lxd://x", str(place.image), preexec_fn=inherited, says="exit status 1")
    place.stock("printf whole")
    place.fetched("lxd://x", str(place.image), content=b"whole", preexec_fn=inherited)


@row
def standard_descriptors_that_are_closed(place):
    content = noise(6 << 20)
    for closed in ((0,), (1,), (2,), (0, 2), (0, 1, 2)):
        def close():
            for descriptor in closed:
                os.close(descriptor)
        # With something to say in the middle of it.
        source = url(server.first(1, server.status("503 Service Unavailable"), server.file(content)))
        ended = place.run(source, str(place.image), preexec_fn=close)
        expect(ended.status == 0 and place.image.read_bytes() == content, f"{closed}: {ended}")
        place.image.unlink()
        ended = place.run(source, "-", preexec_fn=close)
        expect(ended.status == (255 if 1 in closed else 0), f"{closed}: {ended}")
        expect(1 not in closed or 2 in closed or "stdout: Bad file descriptor" in ended.err, ended)


def wait_for(condition, limit=10):
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            raise Deviation("waited in vain")
        time.sleep(0.01)


@row
def rate(place):
    content = noise(1 << 20)
    for source, words in ((url(server.file(content)), ["-l", "700k"]),
                          (str(place.write("from/image", content)), ["--limit=700k"])):
        began = time.monotonic()
        place.fetched(*words, source, str(place.image), content=content)
        took, due = time.monotonic() - began, len(content) / (700 << 10)
        expect(0.75 * due < took < 1.25 * due + 0.3, f"{took:.2f} s, not {due:.2f} s")
        place.image.unlink()


@row
def first_bytes_of_something_endless(place):
    block = noise(65536)
    bomb = gzip.compress(bytes(64 << 20), 1)
    for source in (url(server.endless(block)), url(server.endless(bomb))):
        began = time.monotonic()
        ended = place.fetched("-c", "1M", source, "-")
        expect(len(ended.out) == 1 << 20, f"{len(ended.out)} bytes")
        expect(time.monotonic() - began < 5, "does not end")
    place.fetched("-c", "100000", url(server.endless(block)), str(place.image),
                  content=(block * 2)[:100_000])


@row
def first_bytes_are_not_fetched_in_parts(place):
    content = noise(9 << 20) * 3
    source = url(server.file(content))
    place.fetched("-c", "1000", source, str(place.image), content=content[:1000])
    expect(SHARED["http"].count(source) == 1, f"{SHARED['http'].count(source)} requests")


@row
def first_bytes(place):
    content = noise(300_000)
    for most, size in (("0", 0), ("1", 1), ("10k", 10240), ("10kB", 10000), ("1G", 300_000)):
        for source, words in ((content, ()), (gzip.compress(content), ()), (content, ("-n",))):
            place.fetched("-c", most, *words, url(server.file(source)), str(place.image),
                          content=content[:size])
    # After it is unpacked; what is behind it is not looked at.
    packed = gzip.compress(content)
    place.fetched("-c", "1000", url(server.file(packed[:-8])), "-", content=content[:1000])
    place.fetched("-c", "1000", "-n", url(server.file(packed)), "-", content=packed[:1000])
    archive = tar(("a", content))
    place.fetched("-c", "1000", url(server.file(archive)), str(place.image), content=archive[:1000])


# ---- packed, and archives ----

def zstd(data):
    return subprocess.run(["zstd", "-q", "-c"], input=data, check=True, stdout=subprocess.PIPE).stdout


def tar(*entries, kind=tarfile.GNU_FORMAT):
    """Of (name, content) or (name, type, link)."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=kind) as archive:
        for name, *what in entries:
            info = tarfile.TarInfo(name)
            if isinstance(what[0], bytes):
                info.size = len(what[0])
                archive.addfile(info, io.BytesIO(what[0]))
                continue
            info.type, info.linkname = what[0].encode(), what[1]
            info.mode = 0o755
            archive.addfile(info)
    return out.getvalue()


LINK, HARD, CHAR, BLOCK, FOLDER, FIFO = "2", "1", "3", "4", "5", "6"


def zipped(files, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            if isinstance(content, str):  # a link
                info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
                content = content.encode()
            archive.writestr(info, content)
    return out.getvalue()


def tree(folder):
    return {str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()}


@row
def packed_images(place):
    content = noise(300_000) + bytes(1 << 20)
    for pack in (gzip.compress, bz2.compress, lzma.compress, zstd):
        packed = pack(content)
        place.fetched(url(server.file(packed)), str(place.image), content=content)
        expect(place.image.stat().st_blocks * 512 < 400_000, "zeros take room")
        place.fetched(url(server.file(packed)), "-", content=content)
        place.fetched(str(place.write("from/image", packed)), "-", content=content)
        place.fetched("-n", url(server.file(packed)), "-", content=packed)
        place.fetched(url(server.file(pack(b""))), "-", content=b"")
        # Members one behind the other, as pigz, pbzip2 and pixz leave them.
        place.fetched(url(server.file(packed + packed)), "-", content=content + content)
    # As pzstd leaves them.
    place.fetched(url(server.file(b"\x50\x2a\x4d\x18\4\0\0\0abcd" + zstd(content))), "-",
                  content=content)
    # And where the first frame that is skipped is long.
    for size in (500, 503, 504, 3000):
        frame = b"\x5f\x2a\x4d\x18" + size.to_bytes(4, "little") + bytes(size)
        place.fetched(url(server.file(frame + zstd(content))), "-", content=content)
    # Once: what is in it is an image.
    twice = gzip.compress(gzip.compress(content))
    place.fetched(url(server.file(twice)), "-", content=gzip.decompress(twice))


@row
def packed_and_damaged(place):
    content = noise(300_000)
    for pack in (gzip.compress, bz2.compress, lzma.compress, zstd):
        packed = bytearray(pack(content))
        packed[len(packed) // 2] ^= 0x55
        place.refused(url(server.file(bytes(packed))), str(place.image),
                      says="the packed image is damaged")
        for more in (b"and this", pack(content)[:6], pack(content)[:1000]):
            place.refused(url(server.file(pack(content) + more)), str(place.image),
                          says="the packed image (goes on|is damaged|is cut off)")
    # As on a tape.
    place.fetched(url(server.file(gzip.compress(content) + bytes(512))), "-", content=content)


@row
def packed_and_cut_off(place):
    for size in (1, 10_000, 300_000):
        for pack in (gzip.compress, bz2.compress, lzma.compress, zstd):
            packed = pack(noise(size))
            for left in (len(packed) // 2, len(packed) - 1, len(packed) - 4):
                place.refused(str(place.write("from/image", packed[:max(left, 12)])), str(place.image),
                              says="the packed image is cut off$")


@row
def archives(place):
    files = {"disk.vmdk": noise(300_000), "folder/a b": b"x", "folder/caf\u00e9": b"", "image.ovf": b"<x/>"}
    plain = tar(*files.items())
    packed = [plain, tar(*files.items(), kind=tarfile.PAX_FORMAT), gzip.compress(plain),
              bz2.compress(plain), lzma.compress(plain), zstd(plain), zipped(files),
              zipped(files, zipfile.ZIP_STORED)]
    for number, archive in enumerate(packed):
        md5 = hashlib.md5(archive).hexdigest()
        place.fetched("-m", md5, url(server.file(archive)), str(place.image))
        expect(place.image.is_dir() and tree(place.image) == files, f"{number}: {tree(place.image).keys()}")
        shutil.rmtree(place.image)
        place.fetched("-n", url(server.file(archive)), str(place.image), content=archive)
        place.image.unlink()
    place.image.mkdir()  # a place that is free
    place.fetched(url(server.file(plain)), str(place.image))
    expect(tree(place.image) == files, tree(place.image).keys())


@row
def links_that_stay_within(place):
    archive = tar(("a/file", b"x"), ("a/link", LINK, "../a/file"), ("hard", HARD, "a/file"))
    place.fetched(url(server.file(archive)), str(place.image))
    expect(os.readlink(place.image / "a/link") == "../a/file", "another link")
    expect((place.image / "hard").read_bytes() == b"x", "another file")


@row
def hostile_archives(place):
    out = str(place.folder / "pwned")
    for entries in ((("../pwned", b"x"),), (("a/../../pwned", b"x"),), ((out, b"x"),),
                    (("..", FOLDER, ""),), (("a", LINK, "../.."), ("a/pwned", b"x")),
                    (("a", LINK, str(place.folder)), ("a/pwned", b"x")),
                    (("a", LINK, "."), ("a/b", LINK, ".."), ("a/b/pwned", b"x")),
                    (("d", FOLDER, ""), ("d/up", LINK, ".."), ("d/up/up", LINK, "../.."),),
                    (("a", HARD, "/etc/passwd"),), (("a", HARD, "../../secret"),),
                    (("a", CHAR, ""),), (("a", BLOCK, ""),), (("a", FIFO, ""),),
                    (("good", b"x"), ("/etc/pwned", b"x"))):
        place.write("secret", b"secret")
        for pack in (bytes, gzip.compress):
            place.refused(url(server.file(pack(tar(*entries)))), str(place.image),
                          says="Error uncompressing archive: ")
    for files in ({"../pwned": b"x"}, {"/pwned": b"x"}, {"a": "../..", "a/pwned": b"x"}):
        place.refused(url(server.file(zipped(files))), str(place.image),
                      says="Error uncompressing archive: ")


@row
def setuid_is_not_taken_over(place):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo("a")
        info.mode, info.uid = 0o6777, 12345
        archive.addfile(info)
    place.fetched(url(server.file(out.getvalue())), str(place.image))
    status = (place.image / "a").stat()
    expect(status.st_mode & 0o7022 == 0 and status.st_uid == os.geteuid(), oct(status.st_mode))


@row
def archives_that_end_early(place):
    """Between two entries, where libarchive sees nothing wrong."""
    archive = tar(("a", noise(1000)), ("b", noise(1000)))
    for size in (1536, 3072):
        for pack in (bytes, gzip.compress):
            place.refused(url(server.file(pack(archive[:size]))), str(place.image),
                          says="Error uncompressing archive: the archive is cut off")
    zip_file = zipped({"a": noise(1000)})
    for size in (zip_file.rindex(b"PK\5\6"), len(zip_file) - 19, len(zip_file) - 1):
        place.refused(url(server.file(zip_file[:size])), str(place.image),
                      says="Error uncompressing archive: the archive is cut off")


@row
def archives_with_a_hole(place):
    """What libarchive takes for a gap, or for the end."""
    archive = tar(("a", noise(1000)), ("b", noise(1000)), ("c", noise(1000)))
    place.refused(url(server.file(archive[:1536] + bytes(512) + archive[2048:])), str(place.image),
                  says="Error uncompressing archive: the archive goes on behind a block of zeros")
    archive = zipped({"a": noise(1000), "b": noise(1000), "c": noise(1000)})
    second = archive.index(b"PK\3\4", 4)
    third = archive.index(b"PK\3\4", second + 4)
    for broken in (archive[:second] + bytes(third - second) + archive[third:],
                   archive[:second + 1] + b"X" + archive[second + 2:]):
        place.refused(url(server.file(broken)), str(place.image),
                      says="Error uncompressing archive: 'b' is in the archive's directory")


@row
def links_to_nothing(place):
    place.refused(url(server.file(tar(("a", b"1"), ("b", HARD, "b")))), str(place.image),
                  says="'b' is a link to itself")
    place.refused(url(server.file(tar(("a", b"1"), ("b", HARD, "missing")))), str(place.image),
                  says="missing")


@row
def deep_archives(place):
    """Nothing may be left of one, which there are too few descriptors to remove."""
    few = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))}
    place.fetched(url(server.file(tar(("a/" * 199 + "x", b"1")))), str(place.image), **few)
    shutil.rmtree(place.image)
    place.refused(url(server.file(tar(("a/" * 199 + "x", b"1"), ("../x", b"1")))), str(place.image),
                  says="no name of something", **few)
    for name in ("a/" * 1100, "a/" * 30_000):
        place.refused(url(server.file(tar((name, FOLDER, ""), ("../x", b"1")))), str(place.image),
                      says="more than 200 folders deep", **few)


@row
def links_and_rights_of_a_zip(place):
    files = (("run", 0o100755, b"#!/bin/sh"), ("d/link", 0o120777, b"../run"))
    place.fetched(url(server.file(zip_of_unix(*files))), str(place.image))
    expect(os.readlink(place.image / "d/link") == "../run", "no link")
    expect((place.image / "run").stat().st_mode & 0o777 == 0o755, "it cannot be executed")
    shutil.rmtree(place.image)
    place.refused(url(server.file(zip_of_unix(("link", 0o120777, b"../../x")))), str(place.image),
                  says="'link' is a link that leads out of the archive")


def zip_of_unix(*files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, mode, content in files:
            info = zipfile.ZipInfo(name)
            info.create_system, info.external_attr = 3, mode << 16
            archive.writestr(info, content)
    return out.getvalue()


@row
def memory_of_xz(place):
    """Its header asks for as much as it likes: here for 1.5 GiB."""
    packed = bytearray(lzma.compress(b"content"))
    packed[16] = 37
    packed[20:24] = binascii.crc32(packed[12:20]).to_bytes(4, "little")
    place.refused(url(server.file(bytes(packed))), str(place.image),
                  says="needs 1537 MiB of memory to be unpacked, more than 512 MiB")


@row
def memory_of_zstd(place):
    """A window of 2^28 bytes."""
    packed = subprocess.run(["zstd", "-q", "--long=28"], input=bytes(1000), check=True, stdout=subprocess.PIPE).stdout
    place.refused(url(server.file(packed)), str(place.image),
                  says="Error copying: .*the packed image needs a window of more than 128 MiB to be unpacked")


@row
def signal_among_many_small_entries(place):
    header = tarfile.TarInfo("f")
    many = gzip.compress(b"".join(renamed(header, f"{number}") for number in range(50_000)), 1)
    process = place.start(url(server.file(many)), str(place.image))
    wait_for(lambda: any(os.scandir(folder) for folder in place.dest.iterdir()))
    process.send_signal(signal.SIGTERM)
    began = time.monotonic()
    place.is_refusal(place.end(process, 20))
    expect(time.monotonic() - began < 5, "not at once")


def renamed(header, name):
    header.name = name
    return header.tobuf()


@row
def damaged_archives(place):
    archive = tar(("a", noise(300_000)), ("b", noise(300_000)))
    for broken in (archive[:400_000], gzip.compress(archive)[:300_000],
                   archive[:300_000 + 1024] + b"\xff" * 4096, zipped({"a": noise(300_000)})[:200_000]):
        place.refused(url(server.file(broken)), str(place.image), says="Error uncompressing archive: ")


@row
def bombs(place):
    many = io.BytesIO()
    header = tarfile.TarInfo("d")
    header.type, header.mode = tarfile.DIRTYPE, 0o755
    many.write(header.tobuf() * 100_001 + bytes(1024))
    place.refused(url(server.file(gzip.compress(many.getvalue(), 1))), str(place.image),
                  says="more than 100000 files")
    # A hole of 5 TiB in a header.
    large = tarfile.TarInfo("a")
    large.pax_headers = {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.name": "a",
                         "GNU.sparse.size": str(5 << 40), "GNU.sparse.numblocks": "1",
                         "GNU.sparse.map": f"{(5 << 40) - 1},1"}
    large.size = 1
    sparse = large.tobuf(tarfile.PAX_FORMAT) + b"x" + bytes(511 + 1024)
    place.refused(url(server.file(sparse)), str(place.image), says="larger than")
    place.refused(url(server.file(gzip.compress(tar(("a", bytes(4 << 20)))))), str(place.image),
                  preexec_fn=small_files(1 << 20), says="Error uncompressing archive: ")


# ---- the site's scripts ----

@row
def unknown_schemes_go_to_the_stock_script(place):
    place.stock('printf "%s\\0" "$@" > "$ONE_LOCATION/arguments"; printf image')
    for location in ("lxd://images/alpine", "docker://x?a=b&c=d e", "s3://bucket/key", "file:///x"):
        place.fetched(location, "-", content=b"image")
        words = (place.one / "arguments").read_bytes().decode().split("\0")[:-1]
        expect(words == ["--nodecomp", location, "-"], words)
    place.fetched("-m", hashlib.md5(b"image").hexdigest(), "lxd://x", str(place.image), content=b"image")
    place.image.unlink()
    # It puts them into a command.
    for location in ("restic://$(touch pwned)", "x://`touch pwned`", "x://a\nb;touch pwned",
                     "docker://x?c='d e'", 'x://a"b'):
        place.refused(location, str(place.image), says="characters a shell would read")


@row
def stock_script_that_fails(place):
    for script, says in (("echo 'Error copying' >&2; exit 255", "Error copying"),
                         ("printf half; echo it broke >&2; exit 1", "it broke"),
                         ("echo 'ERROR: no such image' >&2; exit 1", "no such image"),
                         ("echo 'ERROR MESSAGE --8<------' >&2; echo its words >&2; exit 1", "its words"),
                         ("exit 3", "exit status 3"), ("kill -9 $$", "signal 9")):
        place.stock(script)
        place.refused("lxd://x", str(place.image), says=says)
    place.stock("echo 'INFO: by the way' >&2; echo good")
    place.fetched("lxd://x", "-", content=b"good\n")


@row
def no_stock_script(place):
    place.refused("lxd://x", str(place.image), says="downloader.stock.sh: No such file")
    place.refused("s3://bucket/key", str(place.image),
                  says="no ACCESS_KEY_ID and SECRET_ACCESS_KEY in DRV_ACTION, and no .*downloader.stock.sh")
    place.write("one/var/remotes/datastore/downloader.stock.sh", "exit 0", 0o644)
    place.refused("lxd://x", str(place.image), says="downloader.stock.sh: Permission denied")


@row
def wrong_credentials_document(place):
    for action in ("no base64!", base64.b64encode(b"<A").decode(),
                   base64.b64encode(b"<OTHER/>").decode()):
        place.env["DRV_ACTION"] = action
        place.refused("s3://bucket/key", str(place.image), says="Error copying: DRV_ACTION: ")
        # Nobody else needs it.
        ended = place.fetched(url(server.file(noise(1000))), "-", content=noise(1000))
        expect("WARN: onemarket-downloader: DRV_ACTION: " in ended.err, ended)
    place.env["DRV_ACTION"] = base64.b64encode(
        b"<DS_DRIVER_ACTION_DATA><MARKETPLACE><TEMPLATE><ACCESS_KEY_ID>a</ACCESS_KEY_ID>"
        b"<SECRET_ACCESS_KEY>topsecret</SECRET_ACCESS_KEY><REGION>x y</REGION></TEMPLATE>"
        b"</MARKETPLACE></DS_DRIVER_ACTION_DATA>").decode()
    place.refused("s3://bucket/key", str(place.image), says="REGION", never="topsecret")


@row
def credentials_document_in_lines(place):
    """As base64(1) breaks them."""
    place.env["DRV_ACTION"] = "\n " + base64.encodebytes(
        b"<DS_DRIVER_ACTION_DATA><MARKETPLACE><TEMPLATE><ACCESS_KEY_ID>a</ACCESS_KEY_ID>"
        b"<SECRET_ACCESS_KEY>topsecret</SECRET_ACCESS_KEY><REGION>x y</REGION></TEMPLATE>"
        b"</MARKETPLACE></DS_DRIVER_ACTION_DATA>").decode()
    place.refused("s3://bucket/key", str(place.image), says="REGION", never="topsecret")


@row
def hosts_that_are_options(place):
    for location in ("ssh://-oProxyCommand=touch pwned:/x", "ssh://:x", "ssh://host", "ssh://host:",
                     "rbd://-oProxyCommand=touch${IFS}pwned/one/x", "rbd://host", "rbd://host/",
                     "rbd://host/--help", "ssh://a b:/x", "ssh://a;touch pwned:/x"):
        place.refused("-o", location, str(place.image))


# ---- ----

def certificate(folder):
    pem = folder / "tls.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost", "-keyout", folder / "key", "-out", pem],
                   check=True, stderr=subprocess.DEVNULL)
    pem.write_bytes(pem.read_bytes() + (folder / "key").read_bytes())
    return pem


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--downloader", required=True)
    parser.add_argument("-v", action="store_true", help="how long each row takes")
    parser.add_argument("rows", nargs="*")
    options = parser.parse_args()
    for program in ("openssl", "zstd"):
        if not shutil.which(program):
            print(f"skipped: {program} is not installed")
            return 77
    with tempfile.TemporaryDirectory(prefix="onemarket-faults-") as name:
        return run(options, pathlib.Path(name))


def run(options, folder):
    SHARED.update(certificate=certificate(folder), noise=os.urandom(9 << 20), http=server.Server(),
                  other=server.Server())
    SHARED["https"] = server.Server(SHARED["certificate"])
    rows = [(name, function) for name, function in ROWS
            if not options.rows or any(word in name for word in options.rows)]
    failed = []
    for number, (name, function) in enumerate(rows):
        began = time.monotonic()
        place = Place(folder / str(number), os.path.abspath(options.downloader))
        try:
            function(place)
        except Deviation as deviation:
            failed.append(name)
            print(f"FAILED  {name}: {deviation}")
        place.remove()
        if options.v:
            print(f"{time.monotonic() - began:6.2f} s  {name}")
    print(f"{len(rows) - len(failed)} of {len(rows)} rows as they should be"
          + "".join(f"\n  not: {name}" for name in failed))
    return 1 if failed or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
