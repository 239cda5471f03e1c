#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tests/support/faulty_proxy.py does what its faults are called."""
import pathlib
import socket
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from faulty_proxy import Proxy, parse  # noqa: E402

DATA = bytes(range(256)) * 1000


class Echo:
    """Sends back what it gets; at its end, the end."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = self.listener.getsockname()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            try:
                one = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self.serve, args=(one,), daemon=True).start()

    def serve(self, one):
        with one:
            try:
                while data := one.recv(65536):
                    one.sendall(data)
            except OSError:
                pass

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def through(proxy, data=DATA, limit=5):
    """What comes back, and how it ends: "end", "reset", "silence"."""
    got = b""
    with socket.create_connection(proxy.address, timeout=limit) as one:
        sender = threading.Thread(target=send, args=(one, data), daemon=True)
        sender.start()
        try:
            while piece := one.recv(65536):
                got += piece
            return got, "end"
        except socket.timeout:
            return got, "silence"
        except ConnectionError:
            return got, "reset"
        finally:
            one.settimeout(0)
            sender.join()


def send(one, data):
    try:
        one.sendall(data)
        one.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class ProxyTest(unittest.TestCase):
    def setUp(self):
        self.echo = Echo()
        self.addCleanup(self.echo.close)

    def assertGot(self, got, content, how):
        """As assertEqual, without a comparison of 256,000 bytes in words."""
        self.assertEqual((len(got[0]), got[1]), (len(content), how))
        self.assertTrue(got[0] == content, "other bytes")

    def proxy(self, *faults):
        proxy = Proxy(self.echo.address, faults)
        self.addCleanup(proxy.close)
        return proxy

    def test_without_a_fault_all_passes(self):
        proxy = self.proxy()
        self.assertGot(through(proxy), DATA, "end")
        self.assertEqual(proxy.struck, [])

    def test_cut_at_a_byte_on_some_connections(self):
        proxy = self.proxy("cut,on=2-3,at=70000")
        self.assertGot(through(proxy), DATA, "end")
        self.assertGot(through(proxy), DATA[:70000], "end")
        self.assertGot(through(proxy), DATA[:70000], "end")
        self.assertGot(through(proxy), DATA, "end")
        self.assertEqual(len(proxy.struck), 2)

    def test_cut_toward_the_server(self):
        self.assertEqual(through(self.proxy("cut,to=server,at=0"))[0], b"")

    def test_reset(self):
        self.assertEqual(through(self.proxy("reset,at=1000"))[1], "reset")

    def test_end_leaves_the_other_direction(self):
        proxy = self.proxy("end,at=1000")
        self.assertGot(through(proxy, DATA[:2000]), DATA[:1000], "end")

    def test_drop_and_mute_say_nothing(self):
        self.assertGot(through(self.proxy("drop,at=1000"), limit=0.3), DATA[:1000], "silence")
        self.assertGot(through(self.proxy("mute"), limit=0.3), b"", "silence")
        self.assertGot(through(self.proxy("drop,at=1000,for=0.2")), DATA, "end")

    def test_end_of_the_server_is_not_told_in_the_dark(self):
        proxy = self.proxy("drop,to=server,at=1")
        with socket.create_connection(proxy.address, timeout=0.3) as one:
            one.sendall(b"x")
            self.assertEqual(one.recv(2), b"x")
            one.sendall(b"y")
            one.shutdown(socket.SHUT_WR)
            with self.assertRaises(socket.timeout):
                one.recv(2)

    def test_flip_and_garbage(self):
        got = through(self.proxy("flip,at=65540,size=2"))[0]
        self.assertTrue(got[:65540] + got[65542:] == DATA[:65540] + DATA[65542:])
        self.assertEqual(got[65540:65542], bytes(255 - byte for byte in DATA[65540:65542]))
        got = through(self.proxy("garbage,at=100,size=100"))[0]
        self.assertTrue((got[:100], got[200:]) == (DATA[:100], DATA[200:]))
        self.assertNotEqual(got[100:200], DATA[100:200])

    def test_slow_and_delay(self):
        for fault in ("slow,rate=5000", "delay,for=0.2"):
            began = time.monotonic()
            self.assertGot(through(self.proxy(fault), DATA[:1000]), DATA[:1000], "end")
            self.assertGreater(time.monotonic() - began, 0.15, fault)

    def test_refuse_for_a_while(self):
        proxy = self.proxy("refuse,for=0.3")
        with self.assertRaises(ConnectionRefusedError):
            through(proxy)
        time.sleep(0.5)
        self.assertGot(through(proxy), DATA, "end")

    def test_unanswered(self):
        proxy = self.proxy("unanswered")
        with self.assertRaises(socket.timeout):
            through(proxy, limit=0.3)
        proxy.heal()
        self.assertGot(through(proxy), DATA, "end")

    def test_close_and_open_again(self):
        proxy = self.proxy("mute")
        with socket.create_connection(proxy.address, timeout=5) as one:
            while not proxy.connections:
                time.sleep(0.01)
            proxy.close()
            self.assertEqual(one.recv(1), b"")
        with self.assertRaises(ConnectionRefusedError):
            through(proxy)
        proxy.heal()
        self.assertGot(through(proxy), DATA, "end")

    def test_words(self):
        fault = parse("cut,on=1-2,to=server,at=5,for=0.5")
        self.assertEqual((fault.first, fault.last, fault.to, fault.at, fault.seconds),
                         (1, 2, "server", 5, 0.5))
        for words in ("cutt", "cut,at", "cut,to=all", "cut,when=1"):
            with self.assertRaises(ValueError):
                parse(words)


if __name__ == "__main__":
    unittest.main()
