"""A match of the wire as bytes of OpenFlow, and what Ryu parsed from bytes as a match of the wire."""

import struct
from typing import Any

from ryu.ofproto import ofproto_v1_3 as ofp
from ryu.ofproto import oxm_fields

from .fields import oxm, wire_name, wire_value
from .wrong import Wrong


def match_bytes(wire: object) -> bytes:
    """struct ofp_match, padded to 8 bytes."""
    if not isinstance(wire, dict):
        raise Wrong("match is an object of fields")
    # OpenFlow's own fields first, in the order of their numbers: what a field asks for (`eth_type` for `ipv4_dst`)
    # stands before it
    encoded = sorted(map(oxm, wire, wire.values()), key=_order)
    fields = b"".join(field for _, field in encoded)
    length = 4 + len(fields)
    return struct.pack("!HH", ofp.OFPMT_OXM, length) + fields + bytes(-length % 8)


def _order(encoded: tuple[int, bytes]) -> tuple[bool, int]:
    number = encoded[0]
    return number >> 7 != oxm_fields.OFPXMC_OPENFLOW_BASIC, number


def wire_match(match: Any) -> dict[str, Any]:
    """OFPMatch → match."""
    return {wire_name(name): wire_value(name, value) for name, value in match.items()}
