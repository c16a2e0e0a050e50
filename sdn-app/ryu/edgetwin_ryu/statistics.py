"""Flow statistics → flows of the wire, in the one form that flows are compared in."""

import struct
from typing import Any

from ryu.ofproto import ofproto_v1_3 as ofp

from .instructions import instructions_at
from .match import match_at
from .wrong import Foreign

SAFE = 2**53


def _flow_at(data: bytes, at: int, end: int) -> dict[str, Any]:
    """struct ofp_flow_stats → flow. Raises Foreign."""
    table, _, _, priority, _, _, flags, cookie, packets, _ = struct.unpack_from("!2xBxIIHHHH4xQQQ", data, at)
    if cookie >= SAFE:
        raise Foreign(f"cookie {cookie:#x}")
    match, after = match_at(data, at + ofp.OFP_FLOW_STATS_0_SIZE)
    flow = {
        "table": table,
        "priority": priority,
        "cookie": cookie,
        "match": match,
        "instructions": instructions_at(data, after, end),
        "packets": min(packets, SAFE - 1),
    }
    return {**flow, "tellRemoved": True} if flags & ofp.OFPFF_SEND_FLOW_REM else flow


def wire_flows(data: bytes) -> tuple[list[dict[str, Any]], int]:
    """The flows of one part of an answer, and how many were left out as foreign."""
    flows: list[dict[str, Any]] = []
    foreign = 0
    at = 0
    while at < len(data):
        (length,) = struct.unpack_from("!H", data, at)
        try:
            flows.append(_flow_at(data, at, at + length))
        except Foreign:
            foreign += 1
        at += length
    return flows, foreign
