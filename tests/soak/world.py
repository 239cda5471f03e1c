# SPDX-License-Identifier: Apache-2.0
"""What is around the driver in a soak: an OpenNebula, servers, and the marketplaces on them."""
import os
import pathlib
import subprocess

from installation import Installation
from marketplaces import BucketMarket, FolderMarket
from places import CatalogueMarket, Place, ScriptMarket
from servers import Servers

MAKE_CATALOGUE = pathlib.Path(__file__).resolve().parent.parent / "support/make_catalogue.py"


class World:
    """`places`: the marketplaces, by name; `path`: where programs are, the bridges' ssh among them."""

    def __init__(self, folder, random):
        self.folder = folder
        self.installation, self.servers = Installation(folder, random), Servers(folder)
        self.places, self.path, self.web = {}, os.environ["PATH"], None

    def set_up(self, names):
        make = {"folder": self.folder_market, "bridge": self.bridge_market, "s3": self.bucket_market,
                "one": self.catalogue, "linuxcontainers": self.catalogue, "lab": self.script_market}
        for ident, name in enumerate(names, 101):
            if market := make[name](name):
                self.places[name] = Place(ident, market)
            else:
                print(f"{name}: its packages are missing, it is left out")

    def folder_market(self, name):
        return FolderMarket(name, self.folder / "public", "")

    def bridge_market(self, name):
        if not (bridges := self.servers.bridges()):
            return None
        self.path = f"{bridges}:{self.path}"
        return FolderMarket(name, self.folder / "far", "bridge1 bridge2", self.servers.drop_bridges)

    def bucket_market(self, _):
        gateway = self.servers.gateway()
        return gateway and BucketMarket(gateway, "soak")

    def catalogue(self, name):
        root = self.folder / "root"
        root.mkdir(exist_ok=True)
        self.web = self.web or self.servers.catalogue(root)
        file = {"one": "appliance", "linuxcontainers": "streams/v1/images.json"}[name]
        versions = [subprocess.check_output([MAKE_CATALOGUE, name, str(entries)]) for entries in (20, 21)]
        return self.web and CatalogueMarket(name, root / file, versions, self.web)

    def script_market(self, _):
        return ScriptMarket(self.installation.store)

    def tear_down(self):
        for place in self.places.values():
            place.market.close()
        self.servers.stop()
