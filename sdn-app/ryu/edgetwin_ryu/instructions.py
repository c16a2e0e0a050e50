"""Instructions of the wire as bytes of OpenFlow, and what Ryu parsed from bytes as instructions."""

import struct
from collections.abc import Callable
from typing import Any

from ryu.ofproto import ofproto_v1_3 as ofp
from ryu.ofproto import ofproto_v1_3_parser as parser

from .actions import Foreign, action_bytes, wire_action
from .wrong import Wrong


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


def wire_instruction(instruction: Any) -> list[Any]:
    """An instruction that Ryu parsed → the wire's; raises Foreign for one that the wire does not have."""
    if isinstance(instruction, parser.OFPInstructionActions) and instruction.type == ofp.OFPIT_APPLY_ACTIONS:
        return ["apply", [wire_action(action) for action in instruction.actions]]
    if isinstance(instruction, parser.OFPInstructionMeter):
        return ["meter", instruction.meter_id]
    if isinstance(instruction, parser.OFPInstructionWriteMetadata):
        return ["metadata", instruction.metadata, instruction.metadata_mask]
    if isinstance(instruction, parser.OFPInstructionGotoTable):
        return ["goto", instruction.table_id]
    raise Foreign(type(instruction).__name__)
