"""Carries Ethernet frames between devices with delay, loss, doubles, a VLAN tag: for kernels without netem and 802.1Q.

Usage: relay.py DEVICE DEVICE VLAN, where VLAN is 0 for none; frames are tagged on their way from the first device to the
second and untagged on their way back. Standard input: one JSON object a line, {"delayMs": 4, "loss": 0.01} and perhaps
"doubled", the first of which says how to begin; each is answered by the line "set". Ends when standard input is closed.
"""

import json
import random
import select
import socket
import struct
import sys
import time
from collections import deque

ETH_P_ALL = 3
PACKET_OUTGOING = 4
SOL_PACKET = 263
PACKET_AUXDATA = 8
TP_STATUS_VLAN_VALID = 1 << 4
MAX_FRAME = 65_536
# Frames in flight in one direction; what comes on top is lost, as on any link that is full.
MAX_QUEUE = 50_000


def open_device(name: str) -> socket.socket:
    device = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    device.bind((name, ETH_P_ALL))
    device.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    device.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    device.setblocking(False)
    return device


def receive(device: socket.socket) -> "bytes | None":
    """The next frame that came in, with the tag that the kernel took off put back; None for one that went out here."""
    frame, extra, _flags, address = device.recvmsg(MAX_FRAME, socket.CMSG_SPACE(20))
    if address[2] == PACKET_OUTGOING:
        return None
    for level, kind, data in extra:
        if level == SOL_PACKET and kind == PACKET_AUXDATA:
            status, _len, _snap, _mac, _net, tci, _tpid = struct.unpack("=IIIHHHH", data[:20])
            if status & TP_STATUS_VLAN_VALID:
                return frame[:12] + struct.pack("!HH", 0x8100, tci) + frame[12:]
    return frame


def tagged(frame: bytes, vlan: int) -> bytes:
    return frame[:12] + struct.pack("!HH", 0x8100, vlan) + frame[12:]


def untagged(frame: bytes, vlan: int) -> "bytes | None":
    """None for a frame that does not carry the tag: it is not meant for this port."""
    kind, tci = struct.unpack("!HH", frame[12:16])
    return frame[:12] + frame[16:] if kind == 0x8100 and tci & 0xFFF == vlan else None


def main() -> None:
    first, second, vlan = open_device(sys.argv[1]), open_device(sys.argv[2]), int(sys.argv[3])
    quality = {"delayMs": 0.0, "loss": 0.0, "doubled": 0.0}
    waiting: "dict[socket.socket, deque[tuple[float, bytes]]]" = {first: deque(), second: deque()}
    other = {first: second, second: first}

    def take(device: socket.socket) -> None:
        queue = waiting[other[device]]
        while True:
            try:
                frame = receive(device)
            except OSError:
                return  # nothing more for now, or the link is down
            if frame is None or (quality["loss"] > 0 and random.random() < quality["loss"]):
                continue
            if vlan:
                frame = tagged(frame, vlan) if device is first else untagged(frame, vlan)
            if frame is None:
                continue
            for _ in range(2 if quality["doubled"] > 0 and random.random() < quality["doubled"] else 1):
                if len(queue) < MAX_QUEUE:
                    queue.append((time.monotonic() + quality["delayMs"] / 1000, frame))

    def give() -> "float | None":
        """Sends what is due; says in how many seconds the next frame is, or None."""
        now = time.monotonic()
        due = []
        for device, queue in waiting.items():
            while queue and queue[0][0] <= now:
                try:
                    device.send(queue.popleft()[1])
                except OSError:
                    pass  # the link is down or its queue is full: lost, as on a cable
            if queue:
                due.append(queue[0][0] - now)
        return min(due) if due else None

    while True:
        wait = give()
        # select() waits to the microsecond, poll() only to the millisecond.
        readable, _, _ = select.select([first, second, sys.stdin], [], [], wait)
        for source in readable:
            if source is sys.stdin:
                line = sys.stdin.readline()
                if not line:
                    return
                quality.update({"doubled": 0.0, **json.loads(line)})
                print("set", flush=True)
            else:
                take(source)


main()
