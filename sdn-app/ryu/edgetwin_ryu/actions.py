"""Actions of the wire as bytes of OpenFlow and of Nicira's extensions, and what Ryu parsed from bytes as actions."""

import struct
from collections.abc import Callable
from typing import Any

from ryu.ofproto import nicira_ext, ofproto_common
from ryu.ofproto import ofproto_v1_3 as ofp
from ryu.ofproto import ofproto_v1_3_parser as parser

from .fields import field_of, oxm, wire_name, wire_value
from .wrong import Wrong

NX = ofproto_common.NX_EXPERIMENTER_ID
NAMED_PORTS: dict[object, int] = {
    "IN_PORT": ofp.OFPP_IN_PORT,
    "CONTROLLER": ofp.OFPP_CONTROLLER,
    "NORMAL": ofp.OFPP_NORMAL,
}
NAMES_OF_PORTS = {number: name for name, number in NAMED_PORTS.items()}
VLAN_ETHERTYPE = 0x8100


class Foreign(Exception):
    """A flow that the wire has no words for: not one of ours."""


def header(name: object) -> bytes:
    field = field_of(name)
    return struct.pack("!I", field.number << 9 | field.size)


def range_bits(offset: int, bits: int) -> int:
    """Nicira's `ofs_nbits`: first bit and number of bits, less one, in 16 bits."""
    if not (0 <= offset < 1024 and 1 <= bits <= 64):
        raise Wrong(f"bits {offset} to {offset + bits - 1} of a field are not to be had")
    return offset << 6 | bits - 1


def set_field(name: Any, value: object) -> bytes:
    if isinstance(value, list):
        raise Wrong("set takes no mask")
    _, encoded = oxm(name, value)
    length = 4 + len(encoded)
    padding = -length % 8
    return struct.pack("!HH", ofp.OFPAT_SET_FIELD, length + padding) + encoded + bytes(padding)


def move(source: object, source_offset: int, target: object, target_offset: int, bits: int) -> bytes:
    head = struct.pack(
        "!HHIHHHH", ofp.OFPAT_EXPERIMENTER, 24, NX, nicira_ext.NXAST_REG_MOVE, bits, source_offset, target_offset
    )
    return head + header(source) + header(target)


def load(target: object, offset: int, bits: int, value: int) -> bytes:
    head = struct.pack("!HHIHH", ofp.OFPAT_EXPERIMENTER, 24, NX, nicira_ext.NXAST_REG_LOAD, range_bits(offset, bits))
    return head + header(target) + struct.pack("!Q", value)


def output(port: object) -> bytes:
    number = NAMED_PORTS.get(port, port)
    return struct.pack("!HHIH6x", ofp.OFPAT_OUTPUT, 16, number, ofp.OFPCML_NO_BUFFER)


def output_reg(source: object, offset: int, bits: int) -> bytes:
    head = struct.pack("!HHIHH", ofp.OFPAT_EXPERIMENTER, 24, NX, nicira_ext.NXAST_OUTPUT_REG, range_bits(offset, bits))
    return head + header(source) + struct.pack("!H6x", ofp.OFPCML_NO_BUFFER)


def push_vlan() -> bytes:
    return struct.pack("!HHH2x", ofp.OFPAT_PUSH_VLAN, 8, VLAN_ETHERTYPE)


def pop_vlan() -> bytes:
    return struct.pack("!HH4x", ofp.OFPAT_POP_VLAN, 8)


ACTIONS: dict[object, Callable[..., bytes]] = {
    "set": set_field,
    "move": move,
    "load": load,
    "output": output,
    "outputReg": output_reg,
    "pushVlan": push_vlan,
    "popVlan": pop_vlan,
}


def action_bytes(wire: object) -> bytes:
    action = ACTIONS.get(wire[0]) if isinstance(wire, list) and wire and isinstance(wire[0], str) else None
    if action is None or not isinstance(wire, list):
        raise Wrong(f"{wire!r} is no action")
    try:
        return action(*wire[1:])
    except (TypeError, struct.error) as error:
        raise Wrong(f"action {wire!r}: {error}") from error


def _split(ofs_nbits: int) -> tuple[int, int]:
    return ofs_nbits >> 6, (ofs_nbits & 0x3F) + 1


WIRE_OF: dict[type, Callable[[Any], list[Any]]] = {
    parser.OFPActionSetField: lambda a: ["set", wire_name(a.key), wire_value(a.key, a.value)],
    parser.NXActionRegMove: lambda a: [
        *("move", wire_name(a.src_field), a.src_ofs),
        *(wire_name(a.dst_field), a.dst_ofs, a.n_bits),
    ],
    parser.NXActionRegLoad: lambda a: ["load", wire_name(a.dst), *_split(a.ofs_nbits), a.value],
    parser.OFPActionOutput: lambda a: ["output", NAMES_OF_PORTS.get(a.port, a.port)],
    parser.NXActionOutputReg: lambda a: ["outputReg", wire_name(a.src), *_split(a.ofs_nbits)],
    parser.OFPActionPushVlan: lambda _: ["pushVlan"],
    parser.OFPActionPopVlan: lambda _: ["popVlan"],
}


def wire_action(action: Any) -> list[Any]:
    wire = WIRE_OF.get(type(action))
    if wire is None:
        raise Foreign(type(action).__name__)
    return wire(action)
