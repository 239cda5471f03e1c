# SPDX-License-Identifier: Apache-2.0
"""What marketplaces hold, seen from behind the driver's back; and how they are taken out of its reach."""
import json
import os
import pathlib
import re
import time

import s3 as s3_tool
from faulty_proxy import Proxy


class Market:
    """What a marketplace holds, seen from behind the driver's back."""

    def objects(self):
        raise NotImplementedError

    def of(self, source):
        """The names of all it holds of an app with this SOURCE."""
        raise NotImplementedError

    def read(self, source):
        raise NotImplementedError

    def note(self, source):
        """The MD5 the marketplace notes of it, where it always notes one."""
        return None

    def leave(self):
        """The driver cannot reach it any more."""
        raise NotImplementedError

    def come_back(self):
        raise NotImplementedError

    def drop(self):
        """What it is being told just now is cut off."""


class FolderMarket(Market):
    def __init__(self, name, folder, bridges, drop=lambda: None):
        self.name, self.folder, self.drop = name, folder, drop
        self.suffix = "http-bridge" if bridges else "http"
        self.values = {"PUBLIC_DIR": folder, "BASE_URL": f"http://{name}"}
        if bridges:
            self.values["BRIDGE_LIST"] = bridges
        folder.mkdir()

    def objects(self):
        return sorted(os.listdir(self.folder))

    def of(self, source):
        name = source.rsplit("/", 1)[1]
        return [entry for entry in self.objects() if entry.startswith(name)]

    def read(self, source):
        return (self.folder / source.rsplit("/", 1)[1]).read_bytes()

    def leave(self):
        self.folder.rename(f"{self.folder}.away")

    def come_back(self):
        pathlib.Path(f"{self.folder}.away").rename(self.folder)

    def note(self, source):
        return json.loads(self.read(source + ".json"))["md5"]

    def close(self):
        pass


class BucketMarket(Market):
    suffix = "s3"

    def __init__(self, gateway, prefix):
        self.name = "s3"
        self.bucket = f"{prefix}-{os.getpid()}-{int(time.time())}"
        self.s3 = s3_tool.S3(gateway["S3_ENDPOINT"], gateway["S3_ACCESS_KEY"],
                             gateway["S3_SECRET_KEY"])
        host, port = re.match("http://(.*):([0-9]+)", gateway["S3_ENDPOINT"]).groups()
        self.gate = Proxy((host, int(port)))
        self.values = {"ENDPOINT": f"http://127.0.0.1:{self.gate.port}", "BUCKET": self.bucket,
                       "ACCESS_KEY": gateway["S3_ACCESS_KEY"],
                       "SECRET_KEY": gateway["S3_SECRET_KEY"], "READ_LENGTH": 5}
        self.s3.request("PUT", self.bucket)

    def objects(self):
        return sorted(list(self.s3.keys(self.bucket)) +
                      [f"{key}?{upload}" for key, upload in self.s3.uploads(self.bucket)])

    def leave(self):
        self.gate.close()

    def come_back(self):
        self.gate.open()

    def of(self, source):
        return [source.rsplit("/", 1)[1]]

    def read(self, source):
        return self.s3.request("GET", self.bucket, source.rsplit("/", 1)[1])[1]

    def close(self):
        self.s3.purge(self.bucket)
