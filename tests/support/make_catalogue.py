#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A large catalogue in the real shape, always the same for a number: for benchmarks and tests.

    make_catalogue.py one|linuxcontainers ENTRIES > FILE

`one`: appliances of about 2.2 kB, of which one in ten is a VM template with three disks, one in
twenty a service, one in five for aarch64. `linuxcontainers`: products of two architectures with
three versions each, all of tested distributions.
"""
import hashlib
import json
import sys

INPUTS = {f"ONEAPP_SETTING_{n}": f"O|text|What setting {n} is for, in \"quotes\"| |value {n}"
          for n in range(1)}


def digest(text, name="md5"):
    return hashlib.new(name, text.encode()).hexdigest()


def appliance(number):
    id = digest(f"appliance {number}")
    id = f"{id[:8]}-{id[8:12]}-{id[12:16]}-{id[16:20]}-{id[20:]}"
    name = f"Workload {number:06}"
    template = {
        "CONTEXT": {"NETWORK": "YES", "SSH_PUBLIC_KEY": "$USER[SSH_PUBLIC_KEY]",
                    **{key: f"${key}" for key in INPUTS}},
        "CPU": "1", "MEMORY": 2048, "VCPU": 2, "USER_INPUTS": INPUTS,
        "GRAPHICS": {"LISTEN": "0.0.0.0", "TYPE": "vnc"},
    }
    entry = {
        "_id": {"$oid": id}, "name": name, "version": f"7.0.{number % 9}-{number}",
        "publisher": "Example Publisher", "publisher_email": "apps@publisher.example",
        "description": f"# {name}\n\n" + "A longer text in *Markdown* that no list shows. " * 18,
        "short_description": f"{name} on a small Linux, ready to run",
        "tags": ["linux", "example", f"group{number % 50}"], "format": "qcow2",
        "creation_time": 1700000000 + number, "os-id": "Debian", "os-release": "12",
        "os-arch": "aarch64" if number % 5 == 4 else "x86_64", "hypervisor": "KVM",
        "opennebula_version": "6.10, 7.0", "logo": "linux.png",
        "links": {"download": {"href": f"https://market.example/appliance/{id}/download"}},
    }
    if number % 20 == 19:
        entry["type"] = "SERVICE_TEMPLATE"
        entry["roles"] = {f"role{n}": f"Workload {max(0, number - n):06}" for n in (1, 2, 3)}
        template = {"name": name, "deployment": "straight", "roles": [{"name": "role1", "min_vms": 1}]}
    elif number % 10 == 9:
        entry["type"] = "VMTEMPLATE"
        entry["disks"] = [f"Workload {max(0, number - n):06}" for n in (1, 2, 3)]
    else:
        entry["files"] = [{
            "name": "system", "url": f"https://files.example/{id}.qcow2", "type": "OS",
            "dev_prefix": "vd", "driver": "qcow2", "size": 1 << 30 | number, "md5": digest(id),
            "checksum": {"md5": digest(id), "sha256": digest(id, "sha256")}, "format": "qcow2"}]
    entry["opennebula_template"] = json.dumps(template, separators=(",", ":"))
    return entry


DISTRIBUTIONS = ("almalinux", "alpine", "debian", "fedora", "opensuse", "rockylinux", "ubuntu")


def product(number):
    half = number // 2
    distro, version = DISTRIBUTIONS[half % len(DISTRIBUTIONS)], half // len(DISTRIBUTIONS)
    arch = ("amd64", "arm64")[number % 2]
    versions = {}
    for day in ("01", "02", "03"):
        stamp = f"202511{day}_07:42"
        path = f"images/{distro}/{version}/{arch}/default/{stamp}/"
        versions[stamp] = {"items": {
            name: {"ftype": name, "path": path + file, "size": 100000 + number,
                   "sha256": digest(path + file, "sha256")}
            for name, file in (("lxd.tar.xz", "incus.tar.xz"), ("root.squashfs", "rootfs.squashfs"),
                               ("root.tar.xz", "rootfs.tar.xz"))}}
    return f"{distro}:{version}:{arch}:default", {
        "aliases": f"{distro}/{version}/default,{distro}/{version}", "arch": arch, "os": distro,
        "release": str(version), "release_title": str(version), "variant": "default",
        "requirements": {}, "versions": versions}


def main():
    kind, entries = sys.argv[1], int(sys.argv[2])
    out = sys.stdout
    if kind == "one":
        out.write('{"sEcho":1,"appliances":[')
        for number in range(entries):
            out.write(("," if number else "") + json.dumps(appliance(number)))
        out.write("]}\n")
    else:
        out.write('{"content_id":"images","datatype":"image-downloads","format":"products:1.0",'
                  '"products":{')
        for number in range(entries):
            name, entry = product(number)
            out.write(("," if number else "") + json.dumps(name) + ":" + json.dumps(entry))
        out.write("}}\n")


main()
