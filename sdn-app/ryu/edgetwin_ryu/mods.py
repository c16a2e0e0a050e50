"""
Changes of the wire as messages of OpenFlow. They are packed here and not by Ryu's classes, which take about ten times
as long to do the same; the tests hold both against one another.
"""

import struct
from collections.abc import Callable
from typing import Any

from ryu.ofproto import ofproto_common
from ryu.ofproto import ofproto_v1_3 as ofp

from .instructions import instruction_bytes
from .match import match_bytes
from .wrong import Wrong

ATOMIC_AND_ORDERED = ofp.ONF_BF_ATOMIC | ofp.ONF_BF_ORDERED
EVERYTHING = match_bytes({})


def message(kind: int, xid: int, body: bytes) -> bytes:
    return struct.pack("!BBHI", ofp.OFP_VERSION, kind, 8 + len(body), xid) + body


def with_xid(encoded: bytes, xid: int) -> bytes:
    return encoded[:4] + struct.pack("!I", xid) + encoded[8:]


def flow_mod(
    command: int, table: int, priority: int, cookie: int, mask: int, flags: int, match: bytes, instructions: bytes
) -> bytes:
    head = struct.pack(
        "!QQBBHHHIIIH2x",
        cookie,
        mask,
        table,
        command,
        0,
        0,
        priority,
        ofp.OFP_NO_BUFFER,
        ofp.OFPP_ANY,
        ofp.OFPG_ANY,
        flags,
    )
    return message(ofp.OFPT_FLOW_MOD, 0, head + match + instructions)


def _add(mod: dict[str, Any]) -> list[bytes]:
    flow = mod["flow"]
    flags = ofp.OFPFF_SEND_FLOW_REM if flow.get("tellRemoved") else 0
    instructions = b"".join(map(instruction_bytes, flow["instructions"]))
    match = match_bytes(flow["match"])
    return [flow_mod(ofp.OFPFC_ADD, flow["table"], flow["priority"], flow["cookie"], 0, flags, match, instructions)]


def _delete_strict(mod: dict[str, Any]) -> list[bytes]:
    match = match_bytes(mod["match"])
    return [flow_mod(ofp.OFPFC_DELETE_STRICT, mod["table"], mod["priority"], 0, 0, 0, match, b"")]


def _delete_cookie(mod: dict[str, Any]) -> list[bytes]:
    return [flow_mod(ofp.OFPFC_DELETE, ofp.OFPTT_ALL, 0, mod["cookie"], mod["mask"], 0, EVERYTHING, b"")]


def _meter_mod(command: int, meter: int, bands: bytes) -> bytes:
    return message(
        ofp.OFPT_METER_MOD, 0, struct.pack("!HHI", command, ofp.OFPMF_PKTPS | ofp.OFPMF_BURST, meter) + bands
    )


def _meter(mod: dict[str, Any]) -> list[bytes]:
    """Add, then modify: whichever the switch has, one of the two takes effect, and no answer has to be waited for."""
    rate = mod["ratePerS"]
    band = struct.pack("!HHII4x", ofp.OFPMBT_DROP, 16, rate, rate)
    return [_meter_mod(command, mod["meter"], band) for command in (ofp.OFPMC_ADD, ofp.OFPMC_MODIFY)]


def _delete_meter(mod: dict[str, Any]) -> list[bytes]:
    return [_meter_mod(ofp.OFPMC_DELETE, mod["meter"], b"")]


MODS: dict[object, Callable[[dict[str, Any]], list[bytes]]] = {
    "add": _add,
    "deleteStrict": _delete_strict,
    "deleteCookie": _delete_cookie,
    "meter": _meter,
    "deleteMeter": _delete_meter,
}
FLOW_MODS = frozenset(("add", "deleteStrict", "deleteCookie"))


def mod_bytes(mod: object) -> list[bytes]:
    """One change as one or two messages with an xid of 0. Raises Wrong."""
    known = MODS.get(mod.get("op")) if isinstance(mod, dict) and isinstance(mod.get("op"), str) else None
    if known is None or not isinstance(mod, dict):
        raise Wrong("no such change")
    try:
        return known(mod)
    except (KeyError, TypeError, AttributeError, struct.error) as error:
        raise Wrong(f"{mod.get('op')}: {type(error).__name__} {error}") from error


def bundle_control(kind: int, bundle: int, xid: int) -> bytes:
    body = struct.pack(
        "!IIIHH", ofproto_common.ONF_EXPERIMENTER_ID, ofp.ONF_ET_BUNDLE_CONTROL, bundle, kind, ATOMIC_AND_ORDERED
    )
    return message(ofp.OFPT_EXPERIMENTER, xid, body)


def bundle_add(bundle: int, xid: int, inner: bytes) -> bytes:
    """The inner message has the same xid (ONF bundle extension for OpenFlow 1.3, §3.3)."""
    head = struct.pack(
        "!III2xH",
        ofproto_common.ONF_EXPERIMENTER_ID,
        ofp.ONF_ET_BUNDLE_ADD_MESSAGE,
        bundle,
        ATOMIC_AND_ORDERED,
    )
    return message(ofp.OFPT_EXPERIMENTER, xid, head + with_xid(inner, xid))


def barrier(xid: int) -> bytes:
    return message(ofp.OFPT_BARRIER_REQUEST, xid, b"")


def lead_request(term: int, xid: int) -> bytes:
    return message(ofp.OFPT_ROLE_REQUEST, xid, struct.pack("!I4xQ", ofp.OFPCR_ROLE_MASTER, term))


def flows_request(cookie: int, mask: int, xid: int) -> bytes:
    head = struct.pack("!HH4x", ofp.OFPMP_FLOW, 0)
    body = struct.pack("!B3xII4xQQ", ofp.OFPTT_ALL, ofp.OFPP_ANY, ofp.OFPG_ANY, cookie, mask)
    return message(ofp.OFPT_MULTIPART_REQUEST, xid, head + body + EVERYTHING)
