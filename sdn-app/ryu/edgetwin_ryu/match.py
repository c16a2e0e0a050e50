"""Matches of the wire, to and from struct ofp_match."""

import struct
from typing import Any

from ryu.ofproto import ofproto_v1_3 as ofp
from ryu.ofproto import oxm_fields

from .fields import oxm, oxm_at
from .wrong import Wrong


def match_bytes(wire: object) -> bytes:
    """Padded to 8 bytes."""
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


def match_at(data: bytes, offset: int) -> tuple[dict[str, Any], int]:
    """The match that stands in `data`, and where it ends, padding included."""
    (length,) = struct.unpack_from("!H", data, offset + 2)
    end = offset + length
    at = offset + 4
    match: dict[str, Any] = {}
    while at < end:
        name, value, used = oxm_at(data, at)
        match[name] = value
        at += used
    return match, end + -length % 8
