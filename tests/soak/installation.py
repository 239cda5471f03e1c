# SPDX-License-Identifier: Apache-2.0
"""The OpenNebula a soak runs in: its folders, configuration, images and scripts, good ones and bad."""
import hashlib

# What does not go on for so long, in seconds, is stopped: the driver's -w. A busy machine has to keep it.
LIMIT = 20
TYPES = "http,s3,one,linuxcontainers,lab,fails,dies,rubbish,hangs"

TEXT = 'xml=$(printf %s "$1" | base64 -d)\n' \
       'of() {{ v=${{xml##*<$1>}}; v=${{v%%</$1>*}}; v=${{v#<\\!\\[CDATA\\[}}; echo "${{v%%]]>}}"; }}\n'
# A marketplace of scripts that keeps images as files; {store} is its folder.
LAB = {
    "import": TEXT + 'cp "$(of IMPORT_SOURCE)" "{store}/$2" || exit 1\n'
              'printf \'SOURCE="lab://%s"\\nMD5="%s"\\nSIZE="1"\\nFORMAT="raw"\\n\' "$2" "$(of MD5)"\n',
    "delete": 'rm "{store}/$2"\n',
    "monitor": 'printf "USED_MB=1\\nFREE_MB=2\\nTOTAL_MB=3\\n"\n',
}
# What scripts do that go wrong, be they a marketplace's or a datastore's.
WRONG = {
    "fails": 'echo "INFO: about to fail" >&2\necho "no room in the lab" >&2\nexit 3\n',
    "dies": "kill -9 $$\n",
    "rubbish": "head -c 3000 /dev/urandom\n",
    "hangs": "sleep 600 &\nwait\n",
}
INFO = ('printf "<IMPORT_INFO><IMPORT_SOURCE>%s</IMPORT_SOURCE><MD5>-</MD5><SIZE>1</SIZE><FORMAT>raw</FORMAT>'
        '%s</IMPORT_INFO>\\n"')
# 6.8 and later: export <id>, the document on stdin.
SOURCE = 'xml=$(base64 -d)\nsource=${{xml#*<SOURCE><\\!\\[CDATA\\[}}\nsource=${{source%%]]>*}}\n'
EXPORTS = {
    # A copy that the driver has to dispose of, whatever becomes of the import.
    "copies": SOURCE + 'cp "$source" "{copies}/$1" || exit 1\n' + INFO +
              ' "{copies}/$1" "<DISPOSE>YES</DISPOSE><DISPOSE_CMD>rm {copies}/$1</DISPOSE_CMD>"\n',
    # What only the site's downloader.sh can read.
    "fetched": SOURCE + INFO + ' "lab://host$source" ""\n',
    "slow": SOURCE + "sleep 1\n" + INFO + ' "$source" ""\n',
}
DOWNLOADER = 'exec cat "${2#lab://host}"\n'


class Image:
    def __init__(self, path, content):
        path.write_bytes(content)
        self.path, self.size, self.md5 = path, len(content), hashlib.md5(content).hexdigest()


class Installation:
    def __init__(self, folder, random):
        self.one, self.store = folder / "one", folder / "store"
        self.copies, self.temporary = folder / "copies", folder / "tmp"
        for part in (self.one / "etc", self.one / "var/remotes/market", self.one / "var/remotes/datastore",
                     self.one / "ds/1", self.store, self.copies, self.temporary):
            part.mkdir(parents=True)
        (self.one / "var/remotes/VERSION").write_text("7.0.0\n")
        (self.one / "etc/defaultrc").write_text("PRIORITY=0\n")
        for name in ("http", "s3", "one", "linuxcontainers"):
            (self.one / "var/remotes/market" / name).mkdir()
        self.scripts("market", "lab", LAB)
        for name, text in WRONG.items():
            self.scripts("market", name, dict.fromkeys(LAB, text))
            self.scripts("datastore", name, {"export": text})
        for name, text in EXPORTS.items():
            self.scripts("datastore", name, {"export": text})
        self.script(self.one / "var/remotes/datastore/downloader.sh", DOWNLOADER)
        self.small = [self.image(random, 1 << random.randint(0, 17)) for _ in range(24)]
        # Past a part's size, so that a bucket gets them in several.
        self.large = [self.image(random, random.randint(6 << 20, 17 << 20)) for _ in range(3)]
        self.configurations = 0
        self.configure()

    def image(self, random, size):
        path = self.one / f"ds/1/{len(list((self.one / 'ds/1').iterdir()))}"
        return Image(path, random.randbytes(size))

    def scripts(self, kind, name, texts):
        folder = self.one / "var/remotes" / kind / name
        folder.mkdir()
        for action, text in texts.items():
            self.script(folder / action, text.format(store=self.store, copies=self.copies))

    @staticmethod
    def script(path, text):
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(0o755)

    def configure(self):
        """A configuration that differs from the one before."""
        self.configurations += 1
        new = self.one / "etc/new"
        new.write_text('DELETE_RETRY = "1"\nLOG_MB = "1"\nLOG_FILES = "2"\n'
                       f'TRANSFERS = "{6 + self.configurations % 2}"\n'
                       f'SHA256 = "{("yes", "no")[self.configurations // 2 % 2]}"\n')
        new.rename(self.one / "etc/onemarketd.conf")
