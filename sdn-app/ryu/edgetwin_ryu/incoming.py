"""
Messages of a switch that are read here and not by Ryu's parser, which makes an object of every field: packet-ins, and
the flow statistics that our own requests ask for. Those of `ofctl_rest` and all else stay Ryu's. What ends a batch is
taken here, too, without an event: a barrier's answer, and what a switch says of each step of a bundle that went well.
"""

import struct
from collections.abc import Callable
from typing import Any

from ryu.ofproto import ofproto_common, ofproto_parser
from ryu.ofproto import ofproto_v1_3 as ofp
from ryu.ofproto import ofproto_v1_3_parser as parser

from .match import match_at
from .wrong import Foreign

# xids of our requests for statistics, as an attribute of the connection
OURS = "edgetwin_statistics"
NOBODY: set[int] = set()
# who takes the answers of barriers, as another
BARRIERS = "edgetwin_barriers"
BUNDLE_CONTROL = struct.pack("!II", ofproto_common.ONF_EXPERIMENTER_ID, ofp.ONF_ET_BUNDLE_CONTROL)


def take_barriers(datapath: Any, take: Callable[[int], bool]) -> None:
    """`take` hears the xid of each barrier's answer; those that it says are not its own become events."""
    setattr(datapath, BARRIERS, take)


def _is_taken(datapath: Any, kind: int, xid: int, buf: bytes) -> bool:
    if kind == ofp.OFPT_BARRIER_REPLY:
        take: Callable[[int], bool] | None = getattr(datapath, BARRIERS, None)
        return take is not None and take(xid)
    return kind == ofp.OFPT_EXPERIMENTER and buf[8:16] == BUNDLE_CONTROL


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
    """Ryu's reader makes an event of what this gives, and of None nothing."""
    if _is_taken(datapath, kind, xid, buf):
        return None
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
