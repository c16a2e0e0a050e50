"""What goes out to a client, and what is read from it."""

import json
import socket
import unittest
from typing import Any

import eventlet
from eventlet.green import socket as green_socket
from eventlet.websocket import RFC6455WebSocket

from edgetwin_ryu.client import PACKET_IN_BACKLOG_BYTES, UNANSWERED_MAX, Client, unmask
from edgetwin_ryu.outbox import Outbox, SwitchOutbox


class FakeWebSocket:
    """Frames are lines."""

    def __init__(self, sock: Any) -> None:
        self.socket = sock

    def send(self, text: str) -> None:
        self.socket.sendall(text.encode() + b"\n")

    def wait(self) -> str:
        return "request"


class Clients(unittest.TestCase):
    def setUp(self) -> None:
        self.near, self.far = green_socket.socketpair()
        self.client = Client(FakeWebSocket(self.near))
        self.addCleanup(self.far.close)
        self.addCleanup(self.near.close)

    def lines(self) -> list[dict[str, Any]]:
        """All that was sent until now and can be read."""
        data = b""
        with eventlet.Timeout(0.2, False):
            while chunk := self.far.recv(65_536):
                data += chunk
        return [json.loads(line) for line in data.splitlines()]

    def test_a_client_with_many_requests_unanswered_is_not_read_until_one_is_answered(self) -> None:
        for _ in range(UNANSWERED_MAX):
            self.client.read()
        with self.assertRaises(eventlet.Timeout), eventlet.Timeout(0.05):
            self.client.read()
        self.client.answer({"type": "flows", "id": 1, "more": True})
        with self.assertRaises(eventlet.Timeout), eventlet.Timeout(0.05):
            self.client.read()
        self.client.answer({"type": "done", "id": 1})
        self.assertEqual(self.client.read(), "request")

    def test_packet_ins_are_dropped_and_counted_and_answers_are_not(self) -> None:
        encoded = json.dumps({"type": "packetIn", "data": "ab" * 5_000})
        kept = 0
        while self.client._outbox.backlog_bytes <= PACKET_IN_BACKLOG_BYTES:
            self.client.send_packet_in(encoded)
            kept += 1
        for _ in range(3):
            self.client.send_packet_in(encoded)
        self.client.answer({"type": "done", "id": 7})
        lines = self.lines()
        self.assertEqual([line["type"] for line in lines], ["packetIn"] * kept + ["done"])
        self.client.send_packet_in(encoded)
        self.client.send_packet_in(encoded)
        self.assertEqual([line.get("dropped") for line in self.lines()], [3, None])

    def test_a_client_that_is_gone_is_told_nothing_more(self) -> None:
        self.far.close()
        for _ in range(3):
            self.client.send({"type": "down", "datapath": 1})
        self.assertTrue(self.client.gone)
        self.assertIsNone(self.client.read())


class Bytes(unittest.TestCase):
    def test_what_is_sent_comes_in_its_order_though_nobody_reads_at_first(self) -> None:
        near, far = green_socket.socketpair()
        near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
        outbox = Outbox(near)
        sent = b"".join(bytes([number]) * 3_000 for number in range(200))
        for start in range(0, len(sent), 3_000):
            outbox.sendall(sent[start : start + 3_000])
        self.assertGreater(outbox.backlog_bytes, 0)
        got = b""
        while len(got) < len(sent):
            got += far.recv(65_536)
        self.assertEqual(got, sent)
        eventlet.sleep(0)
        self.assertEqual(outbox.backlog_bytes, 0)
        near.close()
        far.close()

    def test_what_has_come_is_read_in_one_go_and_given_in_parts(self) -> None:
        near, far = green_socket.socketpair()
        outbox, switch = Outbox(near), SwitchOutbox(near)
        far.sendall(b"header" + b"body")
        self.assertEqual(outbox.recv(2), b"he")
        far.sendall(b"next")
        self.assertEqual([outbox.recv(4), outbox.recv(100)], [b"ader", b"body"])
        self.assertEqual(switch.recv(2), b"next")
        far.sendall(b"last")
        far.close()
        self.assertEqual([outbox.recv(4), outbox.recv(4)], [b"last", b""])
        near.close()

    def test_the_mask_is_taken_off_as_eventlet_does(self) -> None:
        data, mask = bytes(range(97)), b"\x12\xff\x00\x7e"
        for length in (None, 0, 1, 50):
            for offset in range(9):
                theirs = RFC6455WebSocket._apply_mask(data, mask, length=length, offset=offset)
                self.assertEqual(unmask(data, mask, length=length, offset=offset), theirs)
