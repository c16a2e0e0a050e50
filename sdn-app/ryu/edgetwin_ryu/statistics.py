"""Flow statistics that Ryu parsed → flows of the wire, in the one form that flows are compared in."""

from collections.abc import Iterable
from typing import Any

from ryu.ofproto import ofproto_v1_3 as ofp

from .actions import Foreign
from .instructions import wire_instruction
from .match import wire_match

SAFE = 2**53


def wire_flow(row: Any) -> dict[str, Any]:
    """OFPFlowStats → flow. Raises Foreign for one that the wire has no words for."""
    if row.cookie >= SAFE:
        raise Foreign(f"cookie {row.cookie:#x}")
    flow = {
        "table": row.table_id,
        "priority": row.priority,
        "cookie": row.cookie,
        "match": wire_match(row.match),
        "instructions": [wire_instruction(instruction) for instruction in row.instructions],
        "packets": min(row.packet_count, SAFE - 1),
    }
    return {**flow, "tellRemoved": True} if row.flags & ofp.OFPFF_SEND_FLOW_REM else flow


def wire_flows(rows: Iterable[Any]) -> tuple[list[dict[str, Any]], int]:
    """The flows, and how many were left out as foreign."""
    flows: list[dict[str, Any]] = []
    foreign = 0
    for row in rows:
        try:
            flows.append(wire_flow(row))
        except Foreign:
            foreign += 1
    return flows, foreign
