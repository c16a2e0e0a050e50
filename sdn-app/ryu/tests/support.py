"""What the tests share: Ryu's parser on bytes, and a connection that keeps what is sent."""

import struct
from typing import Any

from ryu.ofproto import ofproto_parser
from ryu.ofproto import ofproto_v1_3 as ofp
from ryu.ofproto import ofproto_v1_3_parser as parser


class Connection:
    """Stands for Ryu's Datapath."""

    ofproto = ofp
    ofproto_parser = parser

    def __init__(self) -> None:
        self.id = 1
        self.xid = 0
        self.sent = b""
        self.socket = self

    def sendall(self, data: bytes) -> None:
        self.sent += data

    def take(self) -> list[tuple[str, int]]:
        """Kind and xid of what was sent since."""
        data, self.sent = self.sent, b""
        return [(kind_of(message), xid_of(message)) for message in split(data)]


TYPES = {ofp.OFPT_FLOW_MOD: "flowMod", ofp.OFPT_METER_MOD: "meterMod", ofp.OFPT_BARRIER_REQUEST: "barrier"}
CONTROLS = {
    ofp.ONF_BCT_OPEN_REQUEST: "open",
    ofp.ONF_BCT_COMMIT_REQUEST: "commit",
    ofp.ONF_BCT_DISCARD_REQUEST: "discard",
}


def split(data: bytes) -> list[bytes]:
    messages: list[bytes] = []
    while data:
        length = int.from_bytes(data[2:4], "big")
        messages.append(data[:length])
        data = data[length:]
    return messages


def kind_of(message: bytes) -> str:
    if message[1] != ofp.OFPT_EXPERIMENTER:
        return TYPES.get(message[1], str(message[1]))
    if int.from_bytes(message[12:16], "big") == ofp.ONF_ET_BUNDLE_ADD_MESSAGE:
        return "take"
    return CONTROLS[int.from_bytes(message[20:22], "big")]


def xid_of(message: bytes) -> int:
    return int.from_bytes(message[4:8], "big")


def statistics_of(message: bytes, packets: int = 0) -> bytes:
    """A flow mod → what a switch tells of that flow (struct ofp_flow_stats)."""
    cookie, _, table, _, _, _, priority, _, _, _, flags = struct.unpack_from("!QQBBHHHIIIH", message, 8)
    rest = message[48:]
    return struct.pack("!HBxIIHHHH4xQQQ", 48 + len(rest), table, 1, 2, priority, 0, 0, flags, cookie, packets, 9) + rest


def parsed(message: bytes) -> Any:
    """One message as Ryu parses it."""
    connection = Connection()
    return ofproto_parser.msg(connection, ofp.OFP_VERSION, message[1], len(message), xid_of(message), message)
