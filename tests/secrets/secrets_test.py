#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Plants a secret in every place one can stand, lets everything go well and wrong with them, and looks for
them everywhere: in what the driver says and writes, in arguments and environments of whatever runs
meanwhile, in a core, and in the driver's memory once it has nothing to do.

    secrets_test.py --driver D --ctl C --downloader P [--memory] [--keep]

`--memory`: what is given back is cleared in that driver, which one with sanitizers does not do. With
ONEMARKET_RADOSGW (tests/support/radosgw.sh) images go into a real bucket too. Exit status 77 where the system lets
nobody look into a process.
"""
import argparse
import base64
import os
import pathlib
import shutil
import socket
import stat
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
import s3 as s3_tool  # noqa: E402
from lab import DOWNLOADER, ENVIRONMENT, SOURCE, TEMPLATE, Driver, Lab  # noqa: E402
from processes import Watch, memory, until  # noqa: E402
from tokens import Tokens  # noqa: E402

FAILS = ["denied", "moved-away", "moved-with-password", "page", "torn", "cut", "no-http"]


def sources(lab, first):
    """Images an export script says are on the web, with credentials and a token in the address: apps by what
    their server does."""
    apps = {}
    for number, what in enumerate(["file", "moved", "denied", "login", "moved-away", "moved-with-password", "cut",
                                   "broken", "silent", "no-http"]):
        app, user = first + number, "user"
        password, token = (lab.plant(f"{kind} of source {what}", SOURCE) for kind in ("password", "token"))
        address = f"http://{user}:{password.replace('/', '%2F')}@{lab.served.place}/{what}/image?token={token}"
        write_source(lab, app, address)
        apps[app] = what
    password = lab.plant("password of a source that is not reached", SOURCE).replace("/", "%2F")
    write_source(lab, first + 20, f"http://user:{password}@127.0.0.1:1/image")
    write_source(lab, first + 21, f"https://user:{password}@{lab.tls.place}/file/image")
    write_source(lab, first + 22, "s3://denied/key")
    write_source(lab, first + 23, "restic://host/image")
    write_source(lab, first + 24, f"http://user:{lab.plant('password in no address', SOURCE)}@[::bad/image")
    apps.update(dict.fromkeys(range(first + 20, first + 25), "refused"))
    return apps


def write_source(lab, app, address):
    (lab.one / "sources" / str(app)).write_text(
        f"<IMPORT_INFO><IMPORT_SOURCE><![CDATA[{address}]]></IMPORT_SOURCE><MD5></MD5><SIZE>1</SIZE>"
        "<FORMAT>raw</FORMAT><DISPOSE>NO</DISPOSE><DISPOSE_CMD></DISPOSE_CMD></IMPORT_INFO>")


def ask_everything(lab, driver):
    """Requests of all kinds, nearly all of them for failures; those that would go on trying are cancelled."""
    asked, cancelled = [], []
    ask = lambda *what, **values: asked.append(driver.ask(*what, **values))  # noqa: E731
    ids = iter(range(1000, 2000))
    for what in FAILS + ["moved", "broken", "silent"]:
        ask("MONITOR", next(ids), "monitor-s3", BUCKET=what)
        ask("MONITOR", next(ids), "monitor-one", ENDPOINT=f"{lab.served.base}/{what}")
        ask("MONITOR", next(ids), "monitor-linuxcontainers", ENDPOINT=f"{lab.served.base}/{what}", OPTIONS="")
        app = next(ids)
        ask("IMPORT", app, "import-s3", BUCKET=what)
        if what != "denied":
            cancelled.append(app)
    ask("MONITOR", next(ids), "monitor-one", ENDPOINT=f"{lab.served.base}/json")
    ask("MONITOR", next(ids), "monitor-one", ENDPOINT=f"{lab.served.base}/login")
    password = lab.plant("password of a catalogue").replace("/", "%2F")
    for endpoint in (f"http://user:{password}@{lab.served.place}/json", f"{lab.served.base}/json?token={password}",
                     f"user:{password}@host", f"http://user:{password}@[::bad"):
        ask("MONITOR", next(ids), "monitor-one", ENDPOINT=endpoint)
        ask("MONITOR", next(ids), "monitor-s3", ENDPOINT=endpoint)
        ask("IMPORT", next(ids), "import-http", BASE_URL=endpoint, PUBLIC_DIR="/none")
        app = next(ids)
        if "://" in endpoint:
            ask("DELETE", app, "delete-http", BASE_URL=endpoint, SOURCE=f"{endpoint}/marketapp-{app}-0123456789abcdef")
    for endpoint in ("http://127.0.0.1:1", lab.tls.base):
        ask("MONITOR", next(ids), "monitor-s3", ENDPOINT=endpoint)
        app = next(ids)
        ask("IMPORT", app, "import-s3", ENDPOINT=endpoint)
        cancelled.append(app)
    ask("MONITOR", 100, "monitor-http")
    ask("MONITOR", next(ids), "monitor-http-bridge")
    ask("IMPORT", next(ids), "import-http-bridge")
    ask("IMPORT", next(ids), "import-http-fs-bridge")
    for mad in ("loud", "good"):
        app = next(ids)
        ask("MONITOR", next(ids), "monitor-script", MARKET_MAD=mad)
        ask("IMPORT", app, "import-script", MARKET_MAD=mad)
        app = next(ids)
        password = lab.plant(f"password of a source for script {mad}", SOURCE).replace("/", "%2F")
        write_source(lab, app, f"http://user:{password}@{lab.served.place}/file/image?token={password}")
        ask("IMPORT", app, "import-script", MARKET_MAD=mad, EXPORT="loud")
    ask("DELETE", next(ids), "delete-s3", SOURCE="s3://denied/marketapp-1")
    app = next(ids)
    ask("IMPORT", app, "import-script", MARKET_MAD="slow")
    cancelled.append(app)
    apps = sources(lab, 2000)
    for app, what in apps.items():
        ask("IMPORT", app, "import-http-script-ds")
        if what in ("broken", "silent", "moved-away", "cut", "refused"):
            cancelled.append(app)
    ask("MONITOR", next(ids), "monitor-one", ENDPOINT="\0" + password)
    driver.say(f"MONITOR  {next(ids)} {password}")
    until("that imports try again", lambda: len(driver.answers) >= len(asked) - len(cancelled))
    for app in cancelled:
        driver.say(f"DRIVER_CANCEL {app}")
    driver.await_all(asked)
    driver.expect([("IMPORT", str(app)) for app in apps],
                  [("IMPORT", str(app)) for app, what in apps.items() if what in ("file", "moved")])


def delete_in_vain(lab, driver):
    """For reasons that may pass: such a request is kept, in memory too."""
    asked = [driver.ask("DELETE", 5000 + number, "delete-s3", BUCKET=what, SOURCE=f"s3://{what}/marketapp-1")
             for number, what in enumerate(["page", "torn", "moved-away", "broken"])]
    password = lab.plant("password of what is deleted", SOURCE).replace("/", "%2F")
    asked.append(driver.ask("DELETE", 5010, "delete-script", SOURCE=f"http://u:{password}@h/i"))
    driver.expect(asked)


def ask_gateway(lab, driver):
    """A real service: the wrong key, and the right one."""
    data = os.environ.get("ONEMARKET_RADOSGW")
    if not data or not pathlib.Path(data, "env").exists():
        return print("without a real S3 service")
    gateway = dict(line.split("=", 1) for line in pathlib.Path(data, "env").read_text().splitlines())
    bucket = f"secrets-{os.getpid()}"
    known = s3_tool.S3(gateway["S3_ENDPOINT"], gateway["S3_ACCESS_KEY"], gateway["S3_SECRET_KEY"])
    known.request("PUT", bucket)
    market, datastore = lab.market, lab.datastore
    right = {"ENDPOINT": gateway["S3_ENDPOINT"], "BUCKET": bucket, "ACCESS_KEY": gateway["S3_ACCESS_KEY"],
             "SECRET_KEY": gateway["S3_SECRET_KEY"]}
    lab.tokens.adopt("key of the gateway", TEMPLATE, gateway["S3_SECRET_KEY"].encode())
    try:
        wrong = {**right, "SECRET_KEY": lab.values["SECRET_KEY"]}
        failing = [driver.ask("MONITOR", 3000, "monitor-s3", **wrong), driver.ask("IMPORT", 3001, "import-s3", **wrong)]
        # The gateway knows no sessions.
        lab.market = {key: value for key, value in market.items() if key != "SESSION_TOKEN"}
        good = [driver.ask("MONITOR", 3002, "monitor-s3", **right), driver.ask("IMPORT", 3003, "import-s3", **right)]
        driver.expect(failing + good, good)
        for key in known.keys(bucket):
            head = str(known.request("HEAD", bucket, key)[0].getheaders())
            tags = known.request("GET", bucket, key, {"tagging": ""})[1]
            lab.look(f"object {key}", head.encode() + tags + key.encode())
        lab.look("object", known.request("GET", bucket, key)[1])
    finally:
        lab.market, lab.datastore = market, datastore
        known.purge(bucket)


def by_hand(lab):
    """onemarketctl, on each message, and on what the driver keeps."""
    environment = {"PATH": f"{lab.bin}:{os.environ['PATH']}", "ONE_LOCATION": str(lab.one), "TMPDIR": str(lab.temporary),
                   "HOME": str(lab.folder), **lab.environment}
    password = lab.plant("password in an address by hand").replace("/", "%2F")
    runs = [["status"], ["status", "--json"], ["doctor"], ["gc", "100"], ["verify", "100"], ["check", "100"],
            ["cancel", "1"], ["monitor", "none"]]
    messages = [("monitor", "monitor-s3", {}), ("monitor", "monitor-one", {"ENDPOINT": f"{lab.served.base}/moved"}),
                ("check", "monitor-s3", {}), ("check", "monitor-s3", {"ENDPOINT": f"http://u:{password}@h"}),
                ("check", "monitor-s3", {"ENDPOINT": lab.tls.base}), ("import", "import-s3", {}),
                ("import", "import-script", {}), ("delete", "delete-s3", {"SOURCE": "s3://denied/marketapp-5"}),
                ("monitor", "monitor-script", {}), ("import", "import-http", {}), ("gc", "monitor-s3", {}),
                ("decode", "import-s3", {}), ("decode", "monitor-script", {})]
    for command, name, values in messages:
        file = lab.bin / f"message-{len(runs)}"
        xml = lab.message(name, **values)
        file.write_text(f"{command.upper()}  5 {base64.b64encode(xml.encode()).decode()}\n" if command == "decode" else xml)
        runs.append([command, str(file)])
    for words in runs:
        done = subprocess.run([lab.options.ctl, *words], env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30)
        lab.look(f"onemarketctl {' '.join(words)}", done.stdout)


def downloads(lab):
    """onemarket-downloader, as a datastore's script calls it."""
    password, token = (lab.plant(f"downloader's {what}", DOWNLOADER) for what in ("password", "token"))
    keys = {key: lab.plant(f"{key} in DRV_ACTION", DOWNLOADER) for key in lab.datastore}
    template = "".join(f"<{key}>{value}</{key}>" for key, value in
                       {**keys, "ACCESS_KEY_ID": "AKID", "REGION": "default", "ENDPOINT": lab.served.base}.items())
    action = (f"<DS_DRIVER_ACTION_DATA><DATASTORE><TEMPLATE>{template}</TEMPLATE></DATASTORE></DS_DRIVER_ACTION_DATA>")
    environment = {"PATH": f"{lab.bin}:{os.environ['PATH']}", "ONE_LOCATION": str(lab.one), "HOME": str(lab.folder),
                   "TMPDIR": str(lab.temporary), "DRV_ACTION": base64.b64encode(action.encode()).decode()}
    lab.script(lab.var / "remotes/datastore/downloader.stock.sh", "echo 'ERROR: no' >&2\nexit 1\n")
    address = f"http://u:{password.replace('/', '%2F')}@{lab.served.place}"
    calls = [f"{address}/{what}/image?token={token}" for what in ("file", "moved", "denied", "login", "moved-away",
                                                                  "moved-with-password", "no-http")]
    calls += ["s3://denied/key", "s3://torn-off/key", "restic://host/image", f"http://u:{password}@[::bad/x",
              f"https://u:{password.replace('/', '%2F')}@{lab.tls.place}/file"]
    for number, source in enumerate(calls):
        done = subprocess.run([lab.options.downloader, "--noretry", source, lab.temporary / f"download-{number}"],
                              env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30)
        lab.look(f"onemarket-downloader {number}", done.stdout)
    del lab.served.do_stall
    lab.served.asked.clear()
    slow = subprocess.Popen([lab.options.downloader, "--noretry", f"{address}/stall/image?token={token}", "-"],
                            env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until("a download that is under way", lambda: "stall" in lab.served.asked)
    lab.look("arguments of a download", pathlib.Path(f"/proc/{slow.pid}/cmdline").read_bytes())
    slow.kill()
    slow.wait()


def ask_outside(lab):
    """The control socket and the metrics."""
    for path, lines in ((lab.var / "onemarketd/control.sock", [b'{"version": 1, "do": "status"}\n', b'{"version": 1}\n']),
                        (lab.folder / "metrics.sock", [b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"])):
        with socket.socket(socket.AF_UNIX) as talk:
            talk.settimeout(10)
            talk.connect(str(path))
            for line in lines:
                talk.sendall(line)
                lab.look(str(path), talk.recv(1 << 20))
    lab.look("metrics file", (lab.folder / "secrets.prom").read_bytes())


def begin_what_dies(lab, driver):
    """Imports that are in the middle when the driver ends."""
    for app, what in ((4000, "silent"), (4001, "stall")):
        password = lab.plant(f"password of a source that is {what}", SOURCE).replace("/", "%2F")
        write_source(lab, app, f"http://user:{password}@{lab.served.place}/{what}/image")
    lab.served.asked.clear()
    driver.ask("IMPORT", 4000, "import-http-script-ds")
    driver.ask("IMPORT", 4001, "import-http-script-ds")
    driver.ask("IMPORT", 4002, "import-script", MARKET_MAD="slow")
    until("imports in the middle", lambda: {"silent", "stall"} <= set(lab.served.asked))
    until("a script", lambda: (lab.folder / "began-4002").exists())
    until("records", lambda: len(list((lab.var / "onemarketd/journal").glob("import-400?-*"))) == 3)


def kill(lab, driver):
    driver.process.kill()
    driver.process.wait()
    driver.told()


def limits(lab, pid):
    """What the driver forbids itself."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    limit = pathlib.Path(f"/proc/{pid}/limits").read_text()
    core_filter = pathlib.Path(f"/proc/{pid}/coredump_filter")
    for what, right in (("umask", "Umask:\t0027" in text), ("umask of scripts", (lab.folder / "umask").read_text() == "0002\n"),
                        ("core", any(line.split()[4] == "0" for line in limit.splitlines() if "core" in line)),
                        ("memory in cores", not core_filter.exists() or int(core_filter.read_text(), 16) == 0)):
        if not right:
            lab.faults.append(f"limit: {what}")
    for path in lab.public.iterdir():
        if stat.S_IMODE(path.stat().st_mode) != 0o644:
            lab.faults.append(f"{path}: mode {path.stat().st_mode:o}")


def with_credentials_in_addresses(lab):
    """A session whose address is right."""
    lab.configure(METRICS_LISTEN=lab.folder / "metrics.sock", METRICS_FILE=lab.folder / "secrets.prom")
    driver = Driver(lab, 1)
    ask_everything(lab, driver)
    ask_gateway(lab, driver)
    ask_outside(lab)
    by_hand(lab)
    limits(lab, driver.process.pid)
    driver.look_at_memory()
    begin_what_dies(lab, driver)
    kill(lab, driver)
    lab.served.do_silent, lab.served.do_stall = lab.served.do_denied, lab.served.do_file

    driver = Driver(lab, 2)
    driver.say("MONITOR  1 x")  # what is late waits for a word of oned's
    driver.expect([("IMPORT", str(app)) for app in (4000, 4001, 4002)], [("IMPORT", "4001")])
    driver.look_at_memory()
    driver.end()


def with_nobody_asked(lab):
    """Addresses of sources are read and no server is asked: nothing else has made libcurl ready. Of many lengths: some lie
    where nothing else comes to lie."""
    driver = Driver(lab, 3)
    asked = []
    for number, ask in enumerate([driver.ask] * 24 + [driver.ask_in_pieces]):
        password = lab.plant(f"password of address {number} that is not asked", SOURCE).replace("/", "%2F")
        write_source(lab, 6000 + number, f"http://{'u' * 50 * number}:{password}@{lab.served.place}/file/image")
        asked.append(ask("IMPORT", 6000 + number, "import-http-script-ds", PUBLIC_DIR="/none"))
    driver.expect(asked)
    driver.look_at_memory()
    driver.end()


def with_uploads_in_parts(lab):
    """Each part is sent by a thread that has ended when nothing is left to do."""
    driver = Driver(lab, 4)
    image = lab.images / "large"
    with open(image, "wb") as file:
        file.truncate(24 << 20)
    asked = [driver.ask("IMPORT", 7000 + number, "import-s3", BUCKET="parts", SOURCE=image) for number in range(2)]
    driver.expect(asked)
    driver.look_at_memory()
    driver.end()


def with_the_loop_alone(lab):
    """What is no request for a worker stays with the thread that reads; and a list is kept, with an address that has a
    token in it."""
    driver = Driver(lab, 5)
    known = lab.market
    lab.market = {name: lab.plant(f"market's short {name}", short=True) for name in known}
    asked = [driver.ask("MONITOR", 1, "monitor-one", ENDPOINT=f"{lab.served.base}/moved-list"),
             driver.ask("MONITOR", 2, "monitor-one", ENDPOINT=f"{lab.served.base}/denied")]
    lab.market = known
    for action, ident in (("IMPORT", "3"), ("DELETE", "4")):
        driver.say(f"{action} {ident} {lab.plant(f'payload of {action}', short=action == 'DELETE')}")
        asked.append((action, ident))
    driver.expect(asked, [("MONITOR", "1")])
    driver.look_at_memory()
    driver.end()


def with_proxies(lab):
    lab.configure(METRICS_LISTEN=f"http://u:{lab.plant('password in METRICS_LISTEN', ENVIRONMENT)}@h",
                  SECRET_KEY=lab.plant("value of no key", ENVIRONMENT))
    names = iter(range(10))

    def proxy(place):
        password = lab.plant(f"password of proxy {next(names)}", ENVIRONMENT).replace("/", "%2F")
        return f"http://user:{password}@{place}"

    for number, (arguments, rc, environment) in enumerate([
            (f"-p {proxy(lab.served.place)}", "", {}),
            (f"-P {proxy(lab.served.place)}", f"http_proxy={proxy('127.0.0.1:1')}", {"https_proxy": proxy("[::bad")}),
            (f"-t {proxy('x')}", "", {"all_proxy": proxy("127.0.0.1:1"), "https_proxy": proxy("no.such.host.invalid:1")})]):
        (lab.one / "etc/defaultrc").write_text(rc + "\n")
        driver = Driver(lab, 10 + number, arguments, **environment)
        asked = [driver.ask("MONITOR", 1, "monitor-s3"), driver.ask("MONITOR", 2, "monitor-s3", ENDPOINT="https://h"),
                 driver.ask("MONITOR", 3, "monitor-one", ENDPOINT="http://h/proxy"), driver.ask("MONITOR", 4, "monitor-script")]
        driver.await_all(asked)
        if number == 0:
            delete_in_vain(lab, driver)
        lab.look(f"arguments of driver {10 + number}", pathlib.Path(f"/proc/{driver.process.pid}/cmdline").read_bytes())
        driver.end()
    (lab.one / "etc/defaultrc").unlink()


def self_test(folder):
    """What is planted is found, whatever became of it and wherever it is."""
    tokens = Tokens()
    token, short = tokens.plant("long", "k"), tokens.plant("short", "k", short=True).encode()
    raw = token.encode()
    quoted = token.replace("/", "%2F").replace("+", "%2B").encode()
    forms = {raw, quoted, raw[5:], raw[:19], raw.hex().encode(), raw.hex().upper().encode(), b"<" + short + b">"}
    for before in range(3):
        once = base64.b64encode(b"x" * before + raw + b"y")
        forms |= {once, once.rstrip(b"="), base64.urlsafe_b64encode(b"x" * before + raw), base64.b64encode(once),
                  base64.b64encode(b"pq" + once)}
    for form in forms:
        names = tokens.found(b"any text " + form + b" and more")
        assert names and names <= {"long", "short", "a piece of one"}, (form, names)
    assert tokens.found(b"any text " + raw) == {"long"} and tokens.found(short) == {"short"}
    assert not tokens.found(os.urandom(1 << 20)) and not tokens.found(raw[:8])

    watch = Watch()
    child = subprocess.Popen([sys.executable, "-c", "import sys; kept = sys.stdin.readline(); print(flush=True); "
                              "sys.stdin.readline()", token], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             env={"PLANTED": token})
    other = tokens.plant("in memory", "k")
    child.stdin.write(other.encode() + b"\n")
    child.stdin.flush()
    child.stdout.readline()
    try:
        remembered = set().union(*(tokens.found(data) for _, data in memory(child.pid)))
    except OSError as error:
        print(f"nobody may look into a process here: {error}")
        return False
    finally:
        until("a look", lambda: {kind for _, data, kind in watch.seen.copy() if tokens.found(data)} == {"argv", "environ"})
        child.stdin.close()
        child.wait()
        watch.end()
    assert "in memory" in remembered, remembered
    return True


def main():
    parser = argparse.ArgumentParser()
    for name in ("driver", "ctl", "downloader"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--keep", action="store_true", help="leave the folder")
    options = parser.parse_args()
    for name in ("driver", "ctl", "downloader"):
        setattr(options, name, os.path.abspath(getattr(options, name)))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="onemarketd-secrets-"))
    try:
        if not self_test(folder):
            return 77
        lab = Lab(options, folder)
        watch = Watch()
        with_credentials_in_addresses(lab)
        with_nobody_asked(lab)
        with_uploads_in_parts(lab)
        with_the_loop_alone(lab)
        with_proxies(lab)
        downloads(lab)
        lab.look_at_processes(watch.end())
        lab.look_at_files(folder)
    finally:
        if options.keep:
            print(folder)
        else:
            shutil.rmtree(folder)
    for fault in sorted(set(lab.faults)):
        print(fault)
    print(f"{len(lab.tokens.kinds)} secrets, {len(watch.seen)} arguments and environments in {watch.looks} looks, "
          f"{len(set(lab.faults))} faults")
    return 1 if lab.faults else 0


if __name__ == "__main__":
    sys.exit(main())
