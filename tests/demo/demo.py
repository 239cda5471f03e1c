#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The main job on real input, shown: see ./demo."""
import argparse
import base64
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
MESSAGES = HERE.parent / "fixtures/messages"
NGINX = HERE.parent / "support/nginx.sh"


def title(text):
    print(f"\n== {text}")


class Driver:
    """The driver, started as oned does: two pipes, fd 2 closed, all arguments in one."""

    def __init__(self, program, location, arguments):
        env = {"PATH": os.environ["PATH"], "ONE_LOCATION": str(location)}
        self.process = subprocess.Popen(
            [program, arguments], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            preexec_fn=lambda: os.close(2), start_new_session=True)
        print(f"$ ONE_LOCATION=... onemarketd '{arguments}' 2>&-")

    def say(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def answer(self):
        while True:
            line = self.process.stdout.readline().decode().rstrip("\n")
            if not line:
                raise SystemExit("the driver is gone")
            print("< " + shown(line))
            if not line.startswith("LOG "):
                return line

    def ask(self, action, ident, message):
        print(f"> {action}  {ident} <{message['name']}: {message['note']}>")
        self.say(f"{action}  {ident} {base64.b64encode(message['xml'].encode()).decode()}")
        return self.answer()


def shown(line):
    words = line.split(" ")
    if len(words) == 4 and words[1] == "SUCCESS" and words[3] != "-":
        words[3] = base64.b64decode(words[3]).decode().strip().replace("\n", " ")
    return " ".join(words)


def message(name, note, **values):
    xml = (MESSAGES / f"{name}.xml").read_text().strip()
    for key, value in values.items():
        xml = xml.replace(f"@{key}@", str(value))
    return {"name": name, "note": note, "xml": xml}


def attribute(reply, key):
    text = base64.b64decode(reply.split(" ")[3]).decode()
    return re.search(f'{key}="([^"]*)"', text).group(1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--driver", required=True)
    driver_path = os.path.abspath(parser.parse_args().driver)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="onemarketd-demo-"))
    try:
        show(driver_path, folder)
    finally:
        subprocess.run([NGINX, "stop", folder / "nginx"], check=False)
        shutil.rmtree(folder)


def show(driver_path, folder):
    one, public, images = folder / "one", folder / "public", folder / "datastores/1"
    for path in (one / "etc", one / "var/remotes/market", public, images):
        path.mkdir(parents=True)
    (one / "var/remotes/VERSION").write_text("7.0.0\n")
    url = subprocess.run([NGINX, "start", folder / "nginx", public], check=True,
                         capture_output=True, text=True).stdout.strip()

    title("images, as a datastore holds them")
    qcow2, raw = images / "debian", images / "data"
    subprocess.run(["qemu-img", "create", "-q", "-f", "raw", raw, "128M"], check=True)
    with open(raw, "r+b") as file:
        for at in (0, 50 << 20, 100 << 20):
            file.seek(at)
            file.write(os.urandom(4 << 20))
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, qcow2], check=True)
    for image in (qcow2, raw):
        subprocess.run(["qemu-img", "info", image.name], cwd=images, check=True)

    title("the conversation with oned (base64 decoded)")
    driver = Driver(driver_path, one, "-t 15 -m http")
    market = {"PUBLIC_DIR": public, "BASE_URL": url + "/", "DATASTORES": folder / "datastores"}
    print("> INIT")
    driver.say("INIT")
    driver.answer()
    driver.ask("MONITOR", 100, message("monitor-http", "a folder served by nginx", **market))
    sources = {}
    for ident, image, kind in ((5, qcow2, "qcow2"), (6, raw, "raw")):
        reply = driver.ask("IMPORT", ident, message(
            "import-http", f"{image.name}, {kind}", SOURCE=image, FORMAT=kind, **market))
        sources[ident] = (attribute(reply, "SOURCE"), attribute(reply, "MD5"), image)

    title("fetched from nginx, as an importer would")
    good = True
    for source, md5, image in sources.values():
        body = urllib.request.urlopen(source).read()
        fetched, original = hashlib.md5(body).hexdigest(), hashlib.md5(image.read_bytes()).hexdigest()
        good &= fetched == original == md5
        print(f"{source}\n  {len(body)} bytes, MD5 {fetched}: "
              + ("as answered, as in the datastore" if good else "WRONG"))
    for line in subprocess.run(["ls", "-lsh", public], check=True, capture_output=True,
                               text=True).stdout.splitlines()[1:]:
        print("  " + line)

    title("deleted")
    for ident, (source, _, _) in sources.items():
        driver.ask("DELETE", ident, message("delete-http", source, SOURCE=source, **market))
    left = sorted(os.listdir(public))
    print(f"left in the folder: {left or 'nothing'}")
    print("> FINALIZE")
    driver.say("FINALIZE")
    driver.process.stdin.close()
    status = driver.process.wait(timeout=10)
    print(f"exit status {status}")
    if not good or left or status != 0:
        raise SystemExit("the demo went wrong")


if __name__ == "__main__":
    sys.exit(main())
