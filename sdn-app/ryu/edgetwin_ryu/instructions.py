"""Instructions of the wire, to and from bytes of OpenFlow."""

import struct
from collections.abc import Callable
from typing import Any

from ryu.ofproto import ofproto_v1_3 as ofp

from .actions import action_bytes, actions_at
from .wrong import Foreign, Wrong


def meter(number: int) -> bytes:
    return struct.pack("!HHI", ofp.OFPIT_METER, 8, number)


def apply(actions: object) -> bytes:
    if not isinstance(actions, list):
        raise Wrong("apply takes a list of actions")
    body = b"".join(map(action_bytes, actions))
    return struct.pack("!HH4x", ofp.OFPIT_APPLY_ACTIONS, 8 + len(body)) + body


def metadata(value: int, mask: int) -> bytes:
    return struct.pack("!HH4xQQ", ofp.OFPIT_WRITE_METADATA, 24, value, mask)


def goto(table: int) -> bytes:
    return struct.pack("!HHB3x", ofp.OFPIT_GOTO_TABLE, 8, table)


INSTRUCTIONS: dict[object, Callable[..., bytes]] = {
    "meter": meter,
    "apply": apply,
    "metadata": metadata,
    "goto": goto,
}


def instruction_bytes(wire: object) -> bytes:
    known = INSTRUCTIONS.get(wire[0]) if isinstance(wire, list) and wire and isinstance(wire[0], str) else None
    if known is None or not isinstance(wire, list):
        raise Wrong(f"{wire!r} is no instruction")
    try:
        return known(*wire[1:])
    except (TypeError, struct.error) as error:
        raise Wrong(f"instruction {wire!r}: {error}") from error


def _apply_at(data: bytes, at: int, length: int) -> list[Any]:
    return ["apply", actions_at(data, at + 8, at + length)]


READERS: dict[int, Callable[[bytes, int, int], list[Any]]] = {
    ofp.OFPIT_METER: lambda data, at, _: ["meter", *struct.unpack_from("!I", data, at + 4)],
    ofp.OFPIT_APPLY_ACTIONS: _apply_at,
    ofp.OFPIT_WRITE_METADATA: lambda data, at, _: ["metadata", *struct.unpack_from("!QQ", data, at + 8)],
    ofp.OFPIT_GOTO_TABLE: lambda data, at, _: ["goto", data[at + 4]],
}


def instructions_at(data: bytes, at: int, end: int) -> list[list[Any]]:
    """The instructions that stand in `data`. Raises Foreign."""
    instructions: list[list[Any]] = []
    while at < end:
        kind, length = struct.unpack_from("!HH", data, at)
        reader = READERS.get(kind)
        if reader is None or length < 8:
            raise Foreign(f"instruction {kind}")
        instructions.append(reader(data, at, length))
        at += length
    return instructions
