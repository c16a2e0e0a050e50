"""
Raw frames at devices. A line `DEVICE HEX` on standard input is sent; what comes in is written as such a line. Tags, which
the kernel keeps beside a frame, are put back into it.
"""

import select
import socket
import struct
import sys

SOL_PACKET, PACKET_AUXDATA = 263, 8
VLAN_VALID = 1 << 4

sockets = {}
for device in sys.argv[1:]:
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    raw.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    raw.bind((device, 0))
    sockets[raw] = device
by_device = {device: raw for raw, device in sockets.items()}


def receive(raw):
    try:
        frame, extra, _, address = raw.recvmsg(65536, 256)
    except OSError:
        # its cable was pulled; what is sent after it was plugged in again is heard
        return
    if address[2] == socket.PACKET_OUTGOING:
        return
    for level, kind, data in extra:
        if level == SOL_PACKET and kind == PACKET_AUXDATA:
            status, _, _, _, _, tag, ether_type = struct.unpack("IIIHHHH", data[:20])
            if status & VLAN_VALID:
                frame = frame[:12] + struct.pack("!HH", ether_type or 0x8100, tag) + frame[12:]
    print(sockets[raw], frame.hex(), flush=True)


print("ready", flush=True)
rest = b""
while True:
    ready, _, _ = select.select([sys.stdin.buffer, *sockets], [], [])
    for source in ready:
        if source is not sys.stdin.buffer:
            receive(source)
            continue
        data = source.raw.read(65536)
        if not data:
            sys.exit()
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            device, frame = line.decode().split()
            by_device[device].send(bytes.fromhex(frame))
