# SPDX-License-Identifier: Apache-2.0
"""The lines that faults are put on: what is asked over each, of whom, and how to see at its source whether the
answer is true."""
import base64
import hashlib
import os
import pathlib
import random
import re
import shutil
import socket
import subprocess
import sys

SUPPORT = pathlib.Path(__file__).resolve().parent.parent / "support"
sys.path.insert(0, str(SUPPORT))
import s3 as s3_tool  # noqa: E402
from messages import payload  # noqa: E402
from servers import Servers, support  # noqa: E402

ENTRIES = 300           # of the catalogues
WEB_IMAGE = 3_000_000   # bytes: one part of a download
LONG_IMAGE = 9_000_000  # three
SSH_IMAGE = 3_000_000
BUCKET_IMAGE = 6_000_000  # two parts
# What no answer, no log line and no message may tell.
PASSWORD, TOKEN = "hunter2hunter2", "t0ken-of-a-tenant"


class Deviation(Exception):
    pass


def expect(condition, words):
    if not condition:
        raise Deviation(words)


class Site:
    """The servers, healthy all the time; what stands before them is each case's own."""

    def __init__(self, folder):
        self.folder, self.servers = folder, Servers(folder)
        self.gateway = self.ssh = self.web = None
        for size in {WEB_IMAGE, LONG_IMAGE, SSH_IMAGE, BUCKET_IMAGE}:
            self.image(size).write_bytes(random.Random(size).randbytes(size))
            # A server is believed the date of what was not written just now.
            os.utime(self.image(size), (1_700_000_000, 1_700_000_000))

    def image(self, size):
        return self.folder / f"image-{size}"

    def start_web(self):
        root = self.folder / "root"
        (root / "streams/v1").mkdir(parents=True)
        for kind, name in (("one", "appliance"), ("linuxcontainers", "streams/v1/images.json")):
            with open(root / name, "wb") as file:
                subprocess.run([SUPPORT / "make_catalogue.py", kind, str(ENTRIES)], stdout=file, check=True)
        for size in (WEB_IMAGE, LONG_IMAGE):
            shutil.copy2(self.image(size), root / f"{size}.img")
        if not shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            return False
        if support("catalogue.sh", "start", self.folder / "web", root) != 0:
            return False
        self.servers.started.append(("catalogue.sh", self.folder / "web"))
        self.web = dict(line.split("=", 1) for line in (self.folder / "web/env").read_text().splitlines())
        return True

    def start_ssh(self):
        self.ssh = self.servers.bridges()
        if self.ssh:
            image = self.image(SSH_IMAGE)
            rbd = self.folder / "ssh/host/rbd"
            rbd.write_text("#!/bin/sh\ncase \" $* \" in\n"
                           f"*' info '*) echo '{{\"size\":{SSH_IMAGE}}}' ;;\n*) exec cat '{image}' ;;\nesac\n")
            rbd.chmod(0o755)
        return bool(self.ssh)

    def start_s3(self):
        self.gateway = self.servers.gateway()
        return bool(self.gateway)

    def address(self, url):
        host, port = re.match("https?://(.*):([0-9]+)", url).groups()
        return host, int(port)

    def stop(self):
        self.servers.stop()


class Line:
    """One case of it. `needs` is the method of Site that starts what it leads to; `started` what they have."""
    name, needs, action, ident = "", "", "IMPORT", 5  # the name: who, and then how or what
    peer = r"127\.0\.0\.1:{port}"  # how a FAILURE calls who is at the other end

    def __init__(self, site, one):
        self.site, self.one = site, one
        self.public = one / "public"
        self.public.mkdir()
        self.successes = {}

    def target(self):
        raise NotImplementedError

    def prepare(self, proxy):
        """Once the line has an address."""
        self.proxy = proxy

    def path(self):
        """The driver's PATH."""
        return os.environ["PATH"]

    def message(self, ident):
        raise NotImplementedError

    def check(self, ident, text):
        """Whether the text of a SUCCESS is true."""
        raise NotImplementedError

    def after_failure(self, ident):
        """What oned says when an app whose request has failed is deleted; nothing: it is not asked."""
        return None

    def left(self):
        """What is there beside what was answered SUCCESS."""
        return sorted(set(os.listdir(self.public)) - set(self.expected()))

    def expected(self):
        names = [source.rsplit("/", 1)[1] for source in self.successes.values()]
        return [*names, *(f"{name}.json" for name in names)]

    def close(self):
        pass


def attribute(text, key):
    found = re.search(f'^{key}="([^"]*)"', base64.b64decode(text).decode(), re.M)
    expect(found, f"no {key} in {base64.b64decode(text)[:200]}")
    return found[1]


# ---- catalogues ----

class Catalogue(Line):
    needs, action, ident, scheme = "start_web", "MONITOR", 100, "HTTP"
    kind = "one"
    truth = None

    def target(self):
        return self.site.address(self.site.web[f"{self.scheme}_URL"])

    def message(self, ident):
        return payload(f"monitor-{self.kind}", IMAGE_SIZE_MB=1024, PRIVILEGED="yes", SKIP_UNTESTED="yes",
                       ENDPOINT=f"{self.scheme.lower()}://127.0.0.1:{self.proxy.port}")

    def check(self, ident, text):
        # Two answers by one address: the second comes over a healthy line.
        text = base64.b64decode(text).decode()
        apps = sum(line.startswith("APP=") for line in text.splitlines())
        expect(apps == (ENTRIES if self.kind == "one" else ENTRIES // 2 * 2), f"{apps} apps")
        expect(self.truth in (None, text), "another list than over a healthy line")
        self.truth = text

    def expected(self):
        return []


class One(Catalogue):
    name = "catalogue: one"


class OneTls(Catalogue):
    name, scheme = "catalogue: one, https", "HTTPS"


class Containers(Catalogue):
    name, kind = "catalogue: linuxcontainers", "linuxcontainers"


class ContainersTls(Containers):
    name, scheme = "catalogue: linuxcontainers, https", "HTTPS"


# ---- images that are imported into a folder ----

class IntoFolder(Line):
    size = WEB_IMAGE

    def check(self, ident, text):
        source = attribute(text, "SOURCE")
        got = (self.public / source.rsplit("/", 1)[1]).read_bytes()
        self.successes[ident] = source
        content = self.site.image(self.size).read_bytes()
        expect(got == content, f"other bytes in {source}")
        expect(attribute(text, "MD5") == hashlib.md5(content).hexdigest(), "another MD5")

    def after_failure(self, ident):
        return "DELETE", payload("delete-http", SOURCE="", PUBLIC_DIR=self.public, BASE_URL="http://m")


class Web(IntoFolder):
    """A datastore's script names an image on a web server."""
    name, needs, scheme, md5 = "image: http, MD5 promised", "start_web", "HTTP", True

    def target(self):
        return self.site.address(self.site.web[f"{self.scheme}_URL"])

    def location(self):
        return (f"{self.scheme.lower()}://tenant:{PASSWORD}@127.0.0.1:{self.proxy.port}/{self.size}.img"
                f"?token={TOKEN}")

    def prepare(self, proxy):
        super().prepare(proxy)
        md5 = hashlib.md5(self.site.image(self.size).read_bytes()).hexdigest() if self.md5 else "-"
        script = self.one / "var/remotes/datastore/web/export"
        script.parent.mkdir(parents=True)
        script.write_text(f"#!/bin/sh\ncat > /dev/null\ncat <<'END'\n<IMPORT_INFO><IMPORT_SOURCE><![CDATA["
                          f"{self.location()}]]></IMPORT_SOURCE><MD5>{md5}</MD5><SIZE>3</SIZE>"
                          "<FORMAT>raw</FORMAT></IMPORT_INFO>\nEND\n")
        script.chmod(0o755)

    def message(self, ident):
        return payload("import-http-script-ds", DS_MAD="web", DATASTORES=self.one, PUBLIC_DIR=self.public,
                       BASE_URL="http://m")


class WebUnknown(Web):
    name, md5 = "image: http", False


class WebTls(Web):
    name, scheme, md5 = "image: https", "HTTPS", False


class FromBucket(Web):
    """... an object of a service."""
    name, needs, md5 = "image: S3, MD5 promised", "start_s3", True
    peer = r"127\.0\.0\.1:{port}|s3://faults-"

    def target(self):
        return self.site.address(self.site.gateway["S3_ENDPOINT"])

    def location(self):
        return f"s3://{self.bucket.name}/image"

    def prepare(self, proxy):
        self.bucket = Bucket(self.site.gateway, self.one)
        self.bucket.put("image", self.site.image(self.size).read_bytes())
        super().prepare(proxy)

    def message(self, ident):
        keys = (f"<ACCESS_KEY_ID>{self.site.gateway['S3_ACCESS_KEY']}</ACCESS_KEY_ID>"
                f"<SECRET_ACCESS_KEY>{self.site.gateway['S3_SECRET_KEY']}</SECRET_ACCESS_KEY>"
                f"<REGION>default</REGION><ENDPOINT>http://127.0.0.1:{self.proxy.port}</ENDPOINT>"
                "<FORCE_PATH_STYLE>YES</FORCE_PATH_STYLE>")
        xml = base64.b64decode(super().message(ident)).decode()
        end = "</TEMPLATE></DATASTORE>"
        return base64.b64encode(xml.replace(end, keys + end).encode()).decode()

    def close(self):
        self.bucket.close()


class Bridged(IntoFolder):
    """An image of a datastore behind bridge1, and perhaps bridge2, which is reached by another line."""
    name, needs, size, peer, hosts = "ssh: image", "start_ssh", SSH_IMAGE, "bridge1", "bridge1"
    ident = 6

    def target(self):
        config = (self.site.ssh.parent / "config").read_text()
        return "127.0.0.1", int(re.search("^    Port ([0-9]{2,})$", config, re.M)[1])

    def path(self):
        return f"{self.one}/bin:{os.environ['PATH']}"

    def prepare(self, proxy):
        """What ssh reads first counts."""
        super().prepare(proxy)
        site = self.site.ssh.parent / "config"
        (self.one / "ssh_config").write_text(f"Host bridge1\n    Port {proxy.port}\n" + site.read_text())
        (self.one / "bin").mkdir()
        ssh = self.one / "bin/ssh"
        ssh.write_text((self.site.ssh / "ssh").read_text().replace(str(site), f"{self.one}/ssh_config"))
        ssh.chmod(0o755)

    def message(self, ident):
        return payload("import-http-fs-bridge", SOURCE=self.site.image(self.size), FORMAT="raw",
                       DATASTORES=self.one, BRIDGE_LIST=self.hosts, PUBLIC_DIR=self.public,
                       BASE_URL="http://m")


class BridgedTwice(Bridged):
    name, hosts = "ssh: image, two hosts", "bridge1 bridge2"


class Rbd(Bridged):
    name = "ssh: RBD image"

    def message(self, ident):
        return payload("import-http-ceph", SOURCE="one/one-42", POOL_NAME="one", CEPH_CONF="/c", CEPH_KEY="/k",
                       CEPH_USER="u", DATASTORES=self.one, BRIDGE_LIST=self.hosts, PUBLIC_DIR=self.public,
                       BASE_URL="http://m")


class IntoBridged(Bridged):
    """The folder is behind the bridge, the image is here."""
    name = "ssh: IMPORT"

    def values(self):
        return {"PUBLIC_DIR": self.public, "BASE_URL": "http://m", "BRIDGE_LIST": self.hosts}

    def message(self, ident):
        return payload("import-http-bridge", SOURCE=self.site.image(self.size), FORMAT="raw",
                       DATASTORES=self.site.folder, **self.values())

    def after_failure(self, ident):
        return "DELETE", payload("delete-http-bridge", SOURCE="", **self.values())


class IntoBridgedTwice(IntoBridged):
    name, hosts = "ssh: IMPORT, two hosts", "bridge1 bridge2"


class BridgedMonitor(IntoBridged):
    name, action, ident = "ssh: MONITOR", "MONITOR", 100

    def message(self, ident):
        return payload("monitor-http-bridge", **self.values())

    def check(self, ident, text):
        text = base64.b64decode(text).decode()
        expect(re.fullmatch(r"(\w+_MB=\d+\n){3}", text + "\n" * (not text.endswith("\n"))), text)

    def after_failure(self, ident):
        return None


class BridgedDelete(IntoBridged):
    name, action = "ssh: DELETE", "DELETE"

    def message(self, ident):
        name = f"marketapp-{ident}-0123456789abcdef"
        (self.public / name).write_bytes(b"an image")
        return payload("delete-http-bridge", SOURCE=f"http://m/{name}", **self.values())

    def check(self, ident, text):
        expect(not list(self.public.glob(f"marketapp-{ident}-*")), "it is still there")

    def after_failure(self, ident):
        return None  # the driver goes on with it by itself


# ---- buckets ----

class Bucket:
    def __init__(self, gateway, one):
        self.name = "faults-" + hashlib.md5(str(one).encode()).hexdigest()[:16]
        self.s3 = s3_tool.S3(gateway["S3_ENDPOINT"], gateway["S3_ACCESS_KEY"], gateway["S3_SECRET_KEY"])
        self.s3.request("PUT", self.name)

    def put(self, key, content):
        self.s3.request("PUT", self.name, key, body=content)

    def names(self):
        return sorted([*self.s3.keys(self.name),
                       *(f"{key}?{upload}" for key, upload in self.s3.uploads(self.name))])

    def close(self):
        self.s3.purge(self.name)


class IntoBucket(Line):
    name, needs, scheme, size = "bucket: IMPORT in parts", "start_s3", "http", BUCKET_IMAGE

    def target(self):
        return self.site.address(
            self.site.gateway["S3_ENDPOINT" if self.scheme == "http" else "S3_TLS_ENDPOINT"])

    def prepare(self, proxy):
        super().prepare(proxy)
        gateway = self.site.gateway
        self.bucket = Bucket(gateway, self.one)
        self.values = {"ENDPOINT": f"{self.scheme}://127.0.0.1:{proxy.port}", "BUCKET": self.bucket.name,
                       "ACCESS_KEY": gateway["S3_ACCESS_KEY"], "SECRET_KEY": gateway["S3_SECRET_KEY"],
                       "READ_LENGTH": 5}

    def message(self, ident):
        return payload("import-s3", SOURCE=self.site.image(self.size), FORMAT="raw",
                       DATASTORES=self.site.folder, **self.values)

    def check(self, ident, text):
        self.successes[ident] = attribute(text, "SOURCE")
        content = self.site.image(self.size).read_bytes()
        got = self.bucket.s3.request("GET", self.bucket.name, f"marketapp-{ident}")[1]
        expect(got == content, "other bytes in the bucket")
        expect(attribute(text, "MD5") == hashlib.md5(content).hexdigest(), "another MD5")

    def after_failure(self, ident):
        return "DELETE", payload("delete-s3", SOURCE="", **self.values)

    def left(self):
        return sorted(set(self.bucket.names()) - {f"marketapp-{ident}" for ident in self.successes})

    def close(self):
        self.bucket.close()


class IntoBucketWhole(IntoBucket):
    name, size = "bucket: IMPORT in one request", WEB_IMAGE


class IntoBucketTls(IntoBucket):
    name, scheme = "bucket: IMPORT in parts, https", "https"


class BucketMonitor(IntoBucket):
    name, action, ident, used = "bucket: MONITOR", "MONITOR", 100, 3

    def prepare(self, proxy):
        super().prepare(proxy)
        self.bucket.put("marketapp-1", bytes(self.used << 20))

    def message(self, ident):
        return payload("monitor-s3", **self.values)

    def check(self, ident, text):
        expect(f"USED_MB={self.used}\n" in base64.b64decode(text).decode(), base64.b64decode(text))

    def after_failure(self, ident):
        return None

    def left(self):
        return sorted(set(self.bucket.names()) - {"marketapp-1"})


class BucketMonitorTls(BucketMonitor):
    name, scheme = "bucket: MONITOR, https", "https"


class BucketDelete(IntoBucket):
    name, action = "bucket: DELETE", "DELETE"

    def message(self, ident):
        self.bucket.put(f"marketapp-{ident}", b"an image")
        return payload("delete-s3", SOURCE=f"s3://{self.bucket.name}/marketapp-{ident}", **self.values)

    def check(self, ident, text):
        expect(f"marketapp-{ident}" not in self.bucket.names(), "it is still there")

    def after_failure(self, ident):
        return None


# ---- the downloader, a process a request ----

class Download(Line):
    name, needs, scheme, size, action = "downloader: http, -m", "start_web", "HTTP", LONG_IMAGE, "download"
    md5, peer = True, Line.peer + "|Hash does not match"  # SOURCE is that of the command

    def target(self):
        return self.site.address(self.site.web[f"{self.scheme}_URL"])

    def words(self, dest):
        source = (f"{self.scheme.lower()}://tenant:{PASSWORD}@127.0.0.1:{self.proxy.port}/{self.size}.img"
                  f"?token={TOKEN}")
        md5 = hashlib.md5(self.site.image(self.size).read_bytes()).hexdigest()
        return [*(["-m", md5] if self.md5 else []), source, dest]

    def environment(self):
        return {}

    def check(self, ident, text):
        got = (self.public / f"image-{ident}").read_bytes()
        self.successes[ident] = f"/image-{ident}"
        expect(got == self.site.image(self.size).read_bytes(), "other bytes in DEST")


class DownloadUnknown(Download):
    name, md5 = "downloader: http", False


class DownloadTls(Download):
    name, scheme, md5 = "downloader: https", "HTTPS", False


class DownloadBucket(Download):
    name, needs, peer = "downloader: s3, -m", "start_s3", Download.peer + "|s3://faults-"

    def target(self):
        return self.site.address(self.site.gateway["S3_ENDPOINT"])

    def prepare(self, proxy):
        super().prepare(proxy)
        self.bucket = Bucket(self.site.gateway, self.one)
        self.bucket.put("image", self.site.image(self.size).read_bytes())

    def words(self, dest):
        return [*super().words(dest)[:2], f"s3://{self.bucket.name}/image", dest]

    def environment(self):
        gateway = self.site.gateway
        xml = ("<DS_DRIVER_ACTION_DATA><MARKETPLACE><TEMPLATE>"
               f"<ACCESS_KEY_ID>{gateway['S3_ACCESS_KEY']}</ACCESS_KEY_ID>"
               f"<SECRET_ACCESS_KEY>{gateway['S3_SECRET_KEY']}</SECRET_ACCESS_KEY><REGION>default</REGION>"
               f"<ENDPOINT>http://127.0.0.1:{self.proxy.port}</ENDPOINT><FORCE_PATH_STYLE>YES</FORCE_PATH_STYLE>"
               "</TEMPLATE></MARKETPLACE></DS_DRIVER_ACTION_DATA>")
        return {"DRV_ACTION": base64.b64encode(xml.encode()).decode()}

    def close(self):
        self.bucket.close()
