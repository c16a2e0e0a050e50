"""Actions of the wire, to and from bytes of OpenFlow and of Nicira's extensions."""

import struct
from collections.abc import Callable
from typing import Any

from ryu.ofproto import nicira_ext, ofproto_common
from ryu.ofproto import ofproto_v1_3 as ofp

from .fields import field_at, header, oxm, oxm_at
from .wrong import Foreign, Wrong

NX = ofproto_common.NX_EXPERIMENTER_ID
NAMED_PORTS: dict[object, int] = {
    "IN_PORT": ofp.OFPP_IN_PORT,
    "CONTROLLER": ofp.OFPP_CONTROLLER,
    "NORMAL": ofp.OFPP_NORMAL,
}
NAMES_OF_PORTS = {number: name for name, number in NAMED_PORTS.items()}
VLAN_ETHERTYPE = 0x8100


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


def _set_at(data: bytes, at: int) -> list[Any]:
    name, value, _ = oxm_at(data, at + 4)
    return ["set", name, value]


def _output_at(data: bytes, at: int) -> list[Any]:
    (port,) = struct.unpack_from("!I", data, at + 4)
    return ["output", NAMES_OF_PORTS.get(port, port)]


def _push_vlan_at(data: bytes, at: int) -> list[Any]:
    (ethertype,) = struct.unpack_from("!H", data, at + 4)
    if ethertype != VLAN_ETHERTYPE:
        raise Foreign(f"a tag of type {ethertype:#x}")
    return ["pushVlan"]


def _move_at(data: bytes, at: int) -> list[Any]:
    bits, source_offset, target_offset = struct.unpack_from("!HHH", data, at + 10)
    return ["move", field_at(data, at + 16).name, source_offset, field_at(data, at + 20).name, target_offset, bits]


def _range_at(data: bytes, at: int) -> list[Any]:
    """Field, offset and bits of `load` and `outputReg`."""
    (ofs_nbits,) = struct.unpack_from("!H", data, at + 10)
    return [field_at(data, at + 12).name, ofs_nbits >> 6, (ofs_nbits & 0x3F) + 1]


def _load_at(data: bytes, at: int) -> list[Any]:
    return ["load", *_range_at(data, at), *struct.unpack_from("!Q", data, at + 16)]


NICIRA: dict[int, Callable[[bytes, int], list[Any]]] = {
    nicira_ext.NXAST_REG_MOVE: _move_at,
    nicira_ext.NXAST_REG_LOAD: _load_at,
    nicira_ext.NXAST_OUTPUT_REG: lambda data, at: ["outputReg", *_range_at(data, at)],
}


def _nicira_at(data: bytes, at: int) -> list[Any]:
    experimenter, subtype = struct.unpack_from("!IH", data, at + 4)
    known = NICIRA.get(subtype)
    if experimenter != NX or known is None:
        raise Foreign(f"action {subtype} of {experimenter:#x}")
    return known(data, at)


READERS: dict[int, Callable[[bytes, int], list[Any]]] = {
    ofp.OFPAT_SET_FIELD: _set_at,
    ofp.OFPAT_OUTPUT: _output_at,
    ofp.OFPAT_PUSH_VLAN: _push_vlan_at,
    ofp.OFPAT_POP_VLAN: lambda _data, _at: ["popVlan"],
    ofp.OFPAT_EXPERIMENTER: _nicira_at,
}


def actions_at(data: bytes, at: int, end: int) -> list[list[Any]]:
    """The actions that stand in `data`. Raises Foreign."""
    actions: list[list[Any]] = []
    while at < end:
        kind, length = struct.unpack_from("!HH", data, at)
        reader = READERS.get(kind)
        if reader is None or length < 8:
            raise Foreign(f"action {kind}")
        actions.append(reader(data, at))
        at += length
    return actions
