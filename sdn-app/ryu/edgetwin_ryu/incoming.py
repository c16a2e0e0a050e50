"""
Messages of a switch that are read here and not by Ryu's parser, which makes an object of every field: packet-ins, and
the flow statistics that our own requests ask for. Those of `ofctl_rest` and all else stay Ryu's.
"""

import struct
from typing import Any

from ryu.ofproto import ofproto_parser
from ryu.ofproto import ofproto_v1_3 as ofp
from ryu.ofproto import ofproto_v1_3_parser as parser

from .match import match_at
from .wrong import Foreign

# xids of our requests for statistics, as an attribute of the connection
OURS = "edgetwin_statistics"
NOBODY: set[int] = set()


def expect_statistics(datapath: Any, xid: int) -> None:
    if not hasattr(datapath, OURS):
        setattr(datapath, OURS, set())
    getattr(datapath, OURS).add(xid)


def _statistics(datapath: Any, buf: bytes) -> Any:
    """OFPFlowStatsReply whose body is bytes."""
    message = parser.OFPFlowStatsReply(datapath)
    (message.flags,) = struct.unpack_from("!H", buf, 10)
    message.body = bytes(buf[ofp.OFP_MULTIPART_REPLY_SIZE :])
    return message


def _packet_in(datapath: Any, buf: bytes) -> Any:
    """OFPPacketIn whose match is a dict."""
    buffer, length, reason, table, cookie = struct.unpack_from("!IHBBQ", buf, ofp.OFP_HEADER_SIZE)
    match, end = match_at(buf, ofp.OFP_HEADER_SIZE + 16)
    # two bytes, so that the addresses in the frame stand where a processor likes them
    return parser.OFPPacketIn(datapath, buffer, length, reason, table, cookie, match, bytes(buf[end + 2 :]))


def read_message(datapath: Any, version: int, kind: int, length: int, xid: int, buf: bytes) -> Any:
    ours: set[int] = getattr(datapath, OURS, NOBODY)
    if kind == ofp.OFPT_MULTIPART_REPLY and xid in ours:
        message = _statistics(datapath, buf)
        if not message.flags & ofp.OFPMPF_REPLY_MORE:
            ours.discard(xid)
    elif kind == ofp.OFPT_PACKET_IN:
        try:
            message = _packet_in(datapath, bytes(buf))
        except Foreign:
            return parser.msg_parser(datapath, version, kind, length, xid, buf)
    else:
        return parser.msg_parser(datapath, version, kind, length, xid, buf)
    message.set_headers(version, kind, length, xid)
    return message


ofproto_parser.register_msg_parser(ofp.OFP_VERSION)(read_message)
