"""
Somebody with the addresses of a car, at another port: asks its twin every EVERY_MS, and writes down each datagram that comes
to any device of this place, one JSON line each: {"own": whether it answers what was asked here, "device": where it came in,
"payload": its first bytes in hex}.

Usage: impersonator.py SOURCE_ADDRESS SOURCE_PORT TWIN_ADDRESS TWIN_PORT EVERY_MS. Writes "ready" first; ends when standard
input is closed.
"""

import json
import select
import socket
import struct
import sys
import time

ETH_P_IP = 0x0800
UDP = 17
PACKET_OUTGOING = 4
TOKEN = b"another"
# Message ids that are used here in turn: empty answers have no token.
MESSAGE_IDS = range(60_000, 60_250)
GET_WELL_KNOWN_CORE = bytes([0x40 | len(TOKEN), 1])
PATH = bytes([0xBB]) + b".well-known" + bytes([0x04]) + b"core"


def is_own(payload: bytes) -> bool:
    length, code = payload[0] & 0xF, payload[1]
    if code == 0:
        return struct.unpack("!H", payload[2:4])[0] in MESSAGE_IDS
    return payload[4 : 4 + length] == TOKEN


def udp_payload(packet: bytes) -> "bytes | None":
    header = (packet[0] & 0xF) * 4
    if packet[9] != UDP:
        return None
    (length,) = struct.unpack("!H", packet[header + 4 : header + 6])
    return packet[header + 8 : header + length]


def main() -> None:
    source, source_port, twin, twin_port, every_ms = sys.argv[1:]
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.bind((source, int(source_port)))
    # Everything that comes in, whoever it is for.
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_IP))
    print("ready", flush=True)
    asked = 0
    due = time.monotonic()
    while True:
        readable, _, _ = select.select([tap, sender, sys.stdin], [], [], max(0.0, due - time.monotonic()))
        if sys.stdin in readable:
            return
        if sender in readable:
            sender.recv(65_536)
        if tap in readable:
            packet, address = tap.recvfrom(65_536)
            payload = None if address[2] == PACKET_OUTGOING else udp_payload(packet)
            if payload is not None and len(payload) >= 4:
                heard = {"own": is_own(payload), "device": address[0], "payload": payload[:32].hex()}
                print(json.dumps(heard), flush=True)
        if time.monotonic() >= due:
            message_id = MESSAGE_IDS[asked % len(MESSAGE_IDS)]
            sender.sendto(
                GET_WELL_KNOWN_CORE + struct.pack("!H", message_id) + TOKEN + PATH, (twin, int(twin_port))
            )
            asked += 1
            due += int(every_ms) / 1000


main()
