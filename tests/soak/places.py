# SPDX-License-Identifier: Apache-2.0
"""The marketplaces a soak asks about, beside those of tests/support: and when each was out of reach."""
import collections
import os
import pathlib
import re
import time

import messages
from faulty_proxy import Proxy
from marketplaces import Market

# What a request is answered that met a marketplace which was out of reach.
OUT_OF_REACH = {
    "http": r".*No such file or directory|.*: it has gone, or another folder .*|.* is not in the marketplace",
    "http-bridge": r".*bridge[12].*|Timeout: .*|PUBLIC_DIR .*|.* is not in the marketplace",
    "s3": r".*http://127\.0\.0\.1:.*|Timeout: .*|.* is not in the marketplace",
    "one": r"http://127\.0\.0\.1:.*|Timeout: .*",
    "linuxcontainers": r"http://127\.0\.0\.1:.*|Timeout: .*",
}


class ScriptMarket(Market):
    """That of the site's scripts, which keep images as files."""
    name, suffix = "lab", "script"

    def __init__(self, store):
        self.store, self.values = store, {"MARKET_MAD": "lab", "SECRET": "s3cret"}

    def objects(self):
        return sorted(os.listdir(self.store))

    def of(self, source):
        return [source.rsplit("/", 1)[1]]

    def read(self, source):
        return (self.store / source.rsplit("/", 1)[1]).read_bytes()

    def close(self):
        pass


class CatalogueMarket(Market):
    """A catalogue of two versions that take turns, behind a gate."""

    def __init__(self, name, file, versions, address):
        self.name = self.suffix = name
        self.file, self.versions, self.shown = file, versions, 0
        host, port = re.match("http://(.*):([0-9]+)", address).groups()
        self.gate = Proxy((host, int(port)))
        self.values = {"ENDPOINT": f"http://127.0.0.1:{self.gate.port}", "MARKET_MAD": name, "DS_MAD": "fs",
                       "SOURCE": "", "FORMAT": "raw", "DATASTORES": "", "IMAGE_SIZE_MB": "", "SKIP_UNTESTED": "", "PRIVILEGED": ""}
        file.parent.mkdir(parents=True, exist_ok=True)
        self.change()

    def change(self):
        self.shown += 1
        new = pathlib.Path(f"{self.file}.new")
        new.write_bytes(self.versions[self.shown % 2])
        new.rename(self.file)

    def objects(self):
        return []

    def leave(self):
        self.gate.close()

    def come_back(self):
        self.gate.open()

    def close(self):
        pass


class Place:
    """A marketplace as oned knows it."""

    def __init__(self, ident, market):
        self.id, self.market, self.name = ident, market, market.name
        self.away = False
        self.troubles = collections.deque(maxlen=50)  # [since, until]
        self.out_of_reach = OUT_OF_REACH.get(market.suffix)
        self.monitor = self.payload("monitor")

    def payload(self, action, app=None, datastore="fs", **values):
        xml = messages.message(f"{action}-{self.market.suffix}",
                               **{**self.market.values, "MARKET_ID": self.id, **values})
        xml = xml.replace("<MARKETPLACE><ID>100<", f"<MARKETPLACE><ID>{self.id}<")
        if app is not None:
            xml = xml.replace("<MARKETPLACEAPP><ID>5<", f"<MARKETPLACEAPP><ID>{app}<")
        if datastore != "fs":
            xml = xml.replace("<DS_MAD><![CDATA[fs]]>", f"<DS_MAD><![CDATA[{datastore}]]>")
        return messages.encoded(xml)

    def leave(self):
        self.troubles.append([time.monotonic(), float("inf")])
        self.away = True
        self.market.leave()
        self.market.drop()

    def come_back(self):
        self.market.come_back()
        self.away = False
        self.troubles[-1][1] = time.monotonic()

    def drop(self):
        """What is on its way there is cut off."""
        self.troubles.append([time.monotonic(), float("inf")])
        self.market.drop()
        self.troubles[-1][1] = time.monotonic()

    def was_away(self, since):
        return any(until >= since for _, until in self.troubles)
