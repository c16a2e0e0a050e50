"""
A connection that never makes the sender wait, and is read in few calls: a WebSocket's, or a switch's.

What the kernel takes goes out at once; the rest is kept and sent by a green thread of its own. So one client that reads
slowly delays no other, and no switch. Both eventlet's WebSocket and Ryu's reader of a switch ask for a few bytes at a
time, a system call and a turn of eventlet's loop each: here they get what has come already.
"""

from collections import deque
from typing import Any

from ryu.lib import hub

READ_BYTES = 4_096


class Outbox:
    """Stands where eventlet's WebSocket has its socket."""

    def __init__(self, sock: Any) -> None:
        self._socket = sock
        self._waiting: deque[bytes] = deque()
        self._read = b""
        self.backlog_bytes = 0
        self.broken = False

    def sendall(self, data: bytes) -> None:
        if self.broken:
            raise BrokenPipeError("the other end is gone")
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

    def recv(self, size: int) -> bytes:
        """At most `size` bytes, at least one; none at the end."""
        if not self._read:
            data: bytes = self._socket.recv(max(size, READ_BYTES))
            if len(data) <= size:
                return data
            self._read = data
        data, self._read = self._read[:size], self._read[size:]
        return data

    def _drain(self) -> None:
        try:
            while self._waiting:
                # it stays in its place until it is out: what comes meanwhile must not overtake it
                data = self._waiting[0]
                self._socket.sendall(data)
                self._waiting.popleft()
                self.backlog_bytes -= len(data)
        except OSError:
            # the reader of this socket sees the same and ends the connection
            self.broken = True
            self._waiting.clear()
            self.backlog_bytes = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)


class SwitchOutbox(Outbox):
    """Stands where Ryu's connection of a switch has its socket."""

    def recv(self, size: int) -> bytes:
        """More than `size` where more has come: Ryu's reader takes message after message from what it has."""
        data: bytes = self._socket.recv(max(size, READ_BYTES))
        return data
