"""One client on the WebSocket: what is sent to it, and within which bounds."""

import json
import logging
import socket
from typing import Any

from ryu.lib import hub

from .outbox import Outbox

# Packet-ins beyond are dropped, about 2,000 of them.
PACKET_IN_BACKLOG_BYTES = 1 << 20
# With so much unread, no further request is read.
PAUSE_BYTES = 8 << 20
# A client with so much unread is cut off; it begins anew with hello.
CUT_OFF_BYTES = 64 << 20
PAUSE_S = 0.01
# Nor with so many unanswered: who asks much waits for its own answers, and others get their turn.
UNANSWERED_MAX = 256

LOG = logging.getLogger("edgetwin")


def encode(message: dict[str, Any]) -> str:
    return json.dumps(message, separators=(",", ":"))


def unmask(data: bytes, mask: bytes, length: int | None = None, offset: int = 0) -> bytes:
    """As eventlet's WebSocket has it; that one goes byte by byte, and took two thirds of the time of a flow."""
    count = len(data) if length is None else length
    turned = mask[offset % 4 :] + mask[: offset % 4]
    key = (turned * (count // 4 + 1))[:count]
    return (int.from_bytes(data[:count], "big") ^ int.from_bytes(key, "big")).to_bytes(count, "big")


class Client:
    def __init__(self, websocket: Any) -> None:
        if websocket.socket.family in (socket.AF_INET, socket.AF_INET6):
            # else Nagle's algorithm and delayed acknowledgements cost 40 ms a message
            websocket.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._outbox = Outbox(websocket.socket)
        websocket.socket = self._outbox
        websocket._apply_mask = unmask
        self._websocket = websocket
        # Packet-ins that were not sent since the last one that was.
        self._dropped = 0
        self._unanswered = hub.Semaphore(UNANSWERED_MAX)
        self.gone = False

    def send(self, message: dict[str, Any]) -> None:
        """Sends what must not be lost. A client that has not read for long is cut off instead."""
        if self._outbox.backlog_bytes > CUT_OFF_BYTES:
            if not self.gone:
                LOG.warning("a client was cut off: %d bytes unread", self._outbox.backlog_bytes)
            self._cut_off()
            return
        self._write(encode(message))

    def answer(self, message: dict[str, Any]) -> None:
        """Sends an answer; the last one of a request makes room for another."""
        if not message.get("more"):
            self._unanswered.release()
        self.send(message)

    def send_packet_in(self, encoded: str) -> None:
        """Sends a packet-in, or drops it; the next that is sent says in `dropped` how many are missing before it."""
        if self._outbox.backlog_bytes > PACKET_IN_BACKLOG_BYTES:
            self._dropped += 1
            return
        if self._dropped > 0:
            LOG.warning("%d packet-ins dropped for a client that reads slowly", self._dropped)
            encoded = f'{encoded[:-1]},"dropped":{self._dropped}}}'
            self._dropped = 0
        self._write(encoded)

    def read(self) -> str | bytes | None:
        """The next request, or None at the end. Waits while much is unread."""
        while self._outbox.backlog_bytes > PAUSE_BYTES and not self.gone:
            hub.sleep(PAUSE_S)
        if self.gone:
            return None
        self._unanswered.acquire()
        text: str | bytes | None = self._websocket.wait()
        return text

    def _write(self, text: str) -> None:
        if self.gone:
            return
        try:
            self._websocket.send(text)
        except OSError:
            self._cut_off()

    def _cut_off(self) -> None:
        if self.gone:
            return
        self.gone = True
        try:
            # wakes the reader, which then ends
            self._outbox.shutdown(socket.SHUT_RDWR)
        except OSError as error:
            LOG.info("a client was gone already: %s", error)
