# SPDX-License-Identifier: Apache-2.0
"""What oned asks in a soak, and whether the answers are ones it may get."""
import base64
import collections
import hashlib
import heapq
import itertools
import json
import re
import subprocess
import tempfile
import time

import messages
from installation import EXPORTS, LIMIT, WRONG

# What each way of a script to go wrong is answered; of an export's with words before it.
OF_SCRIPT = {
    "fails": "no room in the lab",
    "dies": ".*/dies/(import|delete|monitor|export) killed by signal 9",
    "rubbish": ".*/rubbish/(import|export): the answer .*",
    "hangs": f"(http://.*: )?Timeout: (not done within|no progress for) {LIMIT} s(, waiting for .*)?",
}
CANCELLED = "cancelled"
NEVER = r"(?!)"


class App:
    def __init__(self, ident, place, image):
        self.id, self.place, self.image = ident, place, image
        self.source = ""        # once it is imported
        self.answered = False   # its IMPORT
        self.gone = False       # its DELETE was sent
        self.cut = False        # something was to end its IMPORT
        self.refused = None     # what onemarketctl cancel said: why not, or nothing


class Asked:
    __slots__ = ("kind", "place", "app", "success", "failure", "sent")

    def __init__(self, kind, place, app, success, failure):
        self.kind, self.place, self.app = kind, place, app
        self.success, self.failure = success, failure
        self.sent = time.monotonic()


class Tally:
    def __init__(self):
        self.sent = self.successes = self.failures = self.troubled = 0


class Work:
    """Asks and hears. `places`: by name."""

    def __init__(self, driver, controls, installation, places, random):
        self.driver, self.controls, self.installation, self.random = driver, controls, installation, random
        self.places = places
        self.holding = [place for name, place in places.items()
                        if name in ("folder", "bridge", "s3", "lab")]
        self.ids = itertools.count(1)
        self.waiting = collections.defaultdict(collections.deque)  # (action, id) -> what was asked
        self.outstanding = collections.Counter()                   # kind -> how many
        self.tallies = collections.defaultdict(Tally)
        self.apps, self.there = {}, []  # by id; those imported and not deleted
        self.later, self.programs = [], []
        self.unanswered = 0  # lines that are answered nothing
        self.logged = collections.Counter()
        self.lists = collections.defaultdict(set)  # what catalogues have answered
        self.errors = []

    # --- asking ---

    def sent(self):
        return sum(tally.sent for tally in self.tallies.values())

    def ask(self, kind, action, ident, payload, place=None, app=None, success=True, failure=NEVER):
        self.tallies[kind].sent += 1
        self.outstanding[kind] += 1
        self.waiting[action, ident].append(Asked(kind, place, app, success, failure))
        self.driver.say(f"{action}  {ident} {payload}")

    def say(self, kind, line):
        """What nothing is answered to."""
        self.tallies[kind].sent += 1
        self.unanswered += 1
        self.driver.say(line)

    def soon(self, seconds, act):
        heapq.heappush(self.later, (time.monotonic() + seconds, next(self.ids), act))

    def monitor(self, name):
        place = self.places[name]
        self.ask(f"MONITOR {name}", "MONITOR", place.id, place.monitor, place)

    def monitor_of_script(self, how):
        """By a script that goes wrong."""
        ident = 200 + list(WRONG).index(how)
        self.ask(f"MONITOR {how}", "MONITOR", ident, messages.payload(
            "monitor-script", MARKET_MAD=how, SECRET="s3cret", MARKET_ID=ident),
            success=how == "rubbish", failure=OF_SCRIPT[how])

    def monitor_of_silence(self, port):
        self.ask("MONITOR silent", "MONITOR", 300, messages.encoded(messages.message(
            "monitor-one", ENDPOINT=f"http://127.0.0.1:{port}").replace(">100<", ">300<")),
            success=False, failure=OF_SCRIPT["hangs"])

    def monitor_unserved(self):
        self.ask("MONITOR unserved", "MONITOR", 301, messages.payload(
            "monitor-script", MARKET_MAD="foo", SECRET="s3cret", MARKET_ID=301),
            success=False, failure="Marketplace driver 'foo' not available")

    def monitor_large(self):
        """Of a marketplace with very many apps."""
        ids = "".join(f"<ID>{number}</ID>" for number in range(20000))
        xml = messages.message("monitor-http", **self.places["folder"].market.values)
        self.ask("MONITOR many apps", "MONITOR", 302, messages.encoded(
            xml.replace(">100<", ">302<").replace("<ID>2</ID>", ids)), self.places["folder"])

    def undecodable(self):
        action = self.random.choice(("MONITOR", "IMPORT", "DELETE"))
        payload = self.random.choice(("!", "AAAA", "PGE+PC9hPg==", "PGE+PGI+", "A" * 100000))
        self.ask("undecodable", action, 10**9 + next(self.ids), payload, success=False,
                 failure="Cannot decode driver message")

    def bad_line(self):
        line = self.random.choice((
            "BANANA  5 QQ==", "MONITOR", "IMPORT  x QQ==", "DELETE  99999999999 QQ==", "\x01\x02 \x7f",
            "x" * 300000, "DRIVER_CANCEL  2000000000 -"))
        self.say("bad line", line)

    def template(self):
        ident = next(self.ids)
        values = {"TYPE": self.random.choice((2, 3)), **self.places["folder"].market.values}
        if self.random.random() < 0.5:
            self.say("IMPORT template", f"IMPORT  {ident} " + messages.payload("import-http-template", **values))
        else:
            self.ask("DELETE template", "DELETE", ident, messages.payload("delete-template", **values))

    def refused(self, name):
        """A catalogue takes no apps, and gives none away."""
        place, ident = self.places[name], next(self.ids)
        action = self.random.choice(("IMPORT", "DELETE"))
        xml = messages.message(f"{action.lower()}-discovery", **place.market.values)
        self.ask(f"{action} {name}", action, ident, messages.encoded(xml), success=False,
                 failure="Cannot (import app into|delete app from) .+ marketplace")

    def new_app(self, place, large=False):
        app = App(next(self.ids), place, self.random.choice(self.installation.large if large else self.installation.small))
        self.apps[app.id] = app
        return app

    def ask_import(self, kind, app, datastore="fs", success=True, failure=NEVER):
        app.cut = app.cut or failure != NEVER
        self.ask(kind, "IMPORT", app.id, app.place.payload(
            "import", app.id, datastore, SOURCE=app.image.path, FORMAT="raw", DATASTORES=self.installation.one / "ds"),
            app.place, app, success, failure)

    def ask_delete(self, kind, app, source):
        app.gone = True
        self.ask(kind, "DELETE", app.id, app.place.payload("delete", app.id, SOURCE=source), app.place, app)

    def import_image(self, name, large=False):
        self.ask_import(f"IMPORT {name}{' large' * large}", self.new_app(self.places[name], large))

    def import_exported(self):
        """By an export script that is well."""
        how = self.random.choice(("copies", "copies", "fetched"))
        self.ask_import(f"IMPORT of {how}", self.new_app(self.a_place(how)), how)

    def a_place(self, datastore):
        # A marketplace of scripts is handed what is a file.
        return self.random.choice([place for place in self.holding
                                   if datastore != "fetched" or place.name != "lab"])

    def import_of_wrong(self, how):
        """By an export script that goes wrong."""
        self.ask_import(f"IMPORT of {how}", self.new_app(self.random.choice(self.holding)), how,
                        False, OF_SCRIPT[how] if how == "hangs" else
                        "Error exporting image to file: " + OF_SCRIPT[how])

    def import_into_wrong(self, how):
        """By an import script that goes wrong."""
        ident, image = next(self.ids), self.random.choice(self.installation.small)
        self.ask(f"IMPORT {how}", "IMPORT", ident, messages.payload(
            "import-script", MARKET_MAD=how, SOURCE=image.path, FORMAT="raw", SECRET="s3cret",
            DATASTORES=self.installation.one / "ds"), success=False, failure=OF_SCRIPT[how])

    def import_of_nothing(self):
        place, ident = self.random.choice(self.holding), next(self.ids)
        self.ask("IMPORT no image", "IMPORT", ident, place.payload(
            "import", ident, SOURCE=self.installation.one / "ds/1/none", FORMAT="raw", DATASTORES=self.installation.one / "ds"),
            place, success=False, failure="Error exporting image to file: .*: No such file or directory")

    def delete_nothing(self):
        place, ident = self.places["folder"], next(self.ids)
        self.ask("DELETE no image", "DELETE", ident, place.payload(
            "delete", ident, SOURCE=f"{place.market.values['BASE_URL']}/marketapp-{ident}-0123456789abcdef"),
            place, success=False, failure=".* is not in the marketplace")

    def import_to_be_cut(self, kind, failure):
        """One that takes a while."""
        app = self.new_app(self.random.choice(self.holding), self.random.random() < 0.3)
        self.ask_import(kind, app, self.random.choice(("fs", "slow")), True, failure)
        return app

    def deleted_while_locked(self):
        app = self.import_to_be_cut("IMPORT deleted", CANCELLED)
        self.soon(self.random.uniform(0, 0.5), lambda: self.ask_delete("DELETE locked", app, ""))

    def cancelled(self):
        app = self.import_to_be_cut("IMPORT cancelled", CANCELLED)
        if self.random.random() < 0.3:
            self.soon(self.random.uniform(0, 0.5), lambda: self.say(
                "DRIVER_CANCEL", f"DRIVER_CANCEL  {app.id} -"))
        else:
            self.soon(self.random.uniform(0, 0.5), lambda: self.control(
                lambda exit_status, text: self.heard_cancel(exit_status, text, app), "cancel", str(app.id)))

    def delete(self):
        """An app that is there, which must be whole."""
        if not self.there:
            return
        at = self.random.randrange(len(self.there))
        self.there[at], self.there[-1] = self.there[-1], self.there[at]
        app = self.there.pop()
        if not app.place.away:
            self.look_at(app)
        self.ask_delete(f"DELETE {app.place.name}", app, app.source)

    def look_at(self, app):
        try:
            md5 = hashlib.md5(app.place.market.read(app.source)).hexdigest()
            noted = app.place.market.note(app.source)
        except Exception as error:
            self.wrong(f"app {app.id} in {app.place.name}: SUCCESS, but {error!r}")
            return
        if md5 != app.image.md5 or noted not in (None, md5):
            self.wrong(f"app {app.id} in {app.place.name}: SUCCESS, but other bytes at {app.source}")

    # --- the control socket ---

    def control(self, heard, *words):
        said = tempfile.TemporaryFile()
        self.programs.append((said, heard, subprocess.Popen(
            [self.controls, *words], stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT,
            env={"ONE_LOCATION": str(self.installation.one)})))

    def status(self):
        self.control(self.heard_status, "status", "--json")

    def heard_status(self, exit_status, text):
        self.tallies["status"].sent += 1
        try:
            status = json.loads(text)["status"]
            assert exit_status == 0 and status["counts"]["waiting"] <= 10000
            self.tallies["status"].successes += 1
        except (ValueError, KeyError, AssertionError):
            self.wrong(f"onemarketctl status: {exit_status}, {text[:300]}")

    def heard_cancel(self, exit_status, text, app):
        self.tallies["cancel"].sent += 1
        if exit_status == 0 and text == f"app {app.id}: cancelled":
            self.tallies["cancel"].successes += 1
            app.refused = ""
            if app.source:
                self.wrong(f"app {app.id}: cancelled, it was told, but SUCCESS")
        elif re.fullmatch(f"onemarketctl: (no import of app {app.id}|app {app.id}: too late.*)", text):
            self.tallies["cancel"].failures += 1
            app.refused = text
        else:
            self.wrong(f"onemarketctl cancel: {exit_status}, {text[:300]}")

    def go_on(self):
        """What is due, and what has ended."""
        while self.later and self.later[0][0] <= time.monotonic():
            heapq.heappop(self.later)[2]()
        for said, heard, program in self.programs:
            if program.poll() is not None:
                said.seek(0)
                heard(program.returncode, said.read().decode().strip())
                said.close()
        self.programs = [entry for entry in self.programs if entry[2].returncode is None]

    # --- hearing ---

    def wrong(self, text):
        self.errors.append(text)

    def hear(self, line):
        words = line.split(" ", 3)
        if words[0] == "LOG":
            self.logged[words[1]] += 1
            return
        if len(words) != 4 or words[0] not in ("IMPORT", "DELETE", "MONITOR") or \
                words[1] not in ("SUCCESS", "FAILURE") or not words[2].isdigit():
            self.wrong(f"no answer: {line[:300]}")
            return
        waiting = self.waiting.get((words[0], int(words[2])))
        if not waiting:
            self.wrong(f"not asked, or answered before: {line[:300]}")
            return
        asked = waiting.popleft()
        if not waiting:
            del self.waiting[words[0], int(words[2])]
        self.outstanding[asked.kind] -= 1
        self.judge(asked, words[0], int(words[2]), words[1] == "SUCCESS", words[3])

    def judge(self, asked, action, ident, success, text):
        tally = self.tallies[asked.kind]
        if success:
            tally.successes += 1
            allowed = asked.success
        else:
            tally.failures += 1
            allowed = re.fullmatch(asked.failure, text)
            if not allowed and asked.place and asked.place.out_of_reach and asked.place.was_away(asked.sent):
                allowed = re.fullmatch(asked.place.out_of_reach, text)
                tally.troubled += 1
        if not allowed:
            self.wrong(f"{asked.kind}: {action} {'SUCCESS' if success else 'FAILURE'} {ident} {text[:300]}")
        elif success and action == "MONITOR":
            self.judge_list(asked, text)
        elif action == "IMPORT" and asked.app:
            self.imported(asked.app, success, text)

    def judge_list(self, asked, text):
        if asked.place and asked.place.name in ("one", "linuxcontainers"):
            self.lists[asked.place.name].add(text)
            if len(self.lists[asked.place.name]) > 2:
                self.wrong(f"{asked.kind}: a third list of a catalogue of two versions: {text[:100]}")
        elif asked.place and not base64.b64decode(text, validate=True).startswith(b"USED_MB="):
            self.wrong(f"{asked.kind}: {text[:300]}")

    def imported(self, app, success, text):
        app.answered = True
        if success:
            info = base64.b64decode(text, validate=True).decode()
            app.source = re.search('SOURCE="([^"]*)"', info)[1]
            if re.search('MD5="([^"]*)"', info)[1] != app.image.md5:
                self.wrong(f"app {app.id}: another MD5: {info}")
            if app.refused == "":
                self.wrong(f"app {app.id}: cancelled, it was told, but SUCCESS")
            if not app.gone and not app.cut:
                self.there.append(app)
            elif not app.gone:
                self.soon(0.6, lambda: self.ask_delete_once(app))
        elif self.random.random() < 0.5 and not app.gone and not app.cut:
            self.ask_delete("DELETE in error", app, "")

    def ask_delete_once(self, app):
        """One that was to be cut and was not."""
        if not app.gone:
            self.ask_delete("DELETE not cut", app, app.source)

    def quiet(self):
        """Nothing is asked that is not answered."""
        return not (self.waiting or self.later or self.programs)

    def expected(self, place):
        """The names that are in a marketplace when all is quiet."""
        return [name for app in self.apps.values() if app.place is place and app.source and not app.gone
                for name in place.market.of(app.source)]


assert set(OF_SCRIPT) == set(WRONG) and "slow" in EXPORTS
