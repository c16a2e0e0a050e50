"""
The sending side of a WebSocket's connection, which never makes the sender wait.

What the kernel takes goes out at once; the rest is kept and sent by a green thread of its own. So one client that reads
slowly delays no other, and no switch.
"""

from collections import deque
from typing import Any

from ryu.lib import hub


class Outbox:
    """Stands where eventlet's WebSocket has its socket."""

    def __init__(self, sock: Any) -> None:
        self._socket = sock
        self._waiting: deque[bytes] = deque()
        self.backlog_bytes = 0
        self.broken = False

    def sendall(self, data: bytes) -> None:
        if self.broken:
            raise BrokenPipeError("the client is gone")
        sent = 0
        if not self._waiting:
            try:
                # the socket below eventlet's does not block
                sent = self._socket.fd.send(data)
            except BlockingIOError:
                sent = 0
            except OSError:
                self.broken = True
                raise
        if sent == len(data):
            return
        self._waiting.append(data[sent:])
        self.backlog_bytes += len(data) - sent
        if len(self._waiting) == 1:
            hub.spawn(self._drain)

    def _drain(self) -> None:
        try:
            while self._waiting:
                # it stays in its place until it is out: what comes meanwhile must not overtake it
                data = self._waiting[0]
                self._socket.sendall(data)
                self._waiting.popleft()
                self.backlog_bytes -= len(data)
        except OSError:
            # the reader of this socket sees the same and ends the client
            self.broken = True
            self._waiting.clear()
            self.backlog_bytes = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)
