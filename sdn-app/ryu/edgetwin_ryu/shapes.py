"""
What of a flow a switch looks at when it takes a message into a bundle.

Open vSwitch answers a message that it does not take into an open bundle with an error, and a commit afterwards applies
the others. So a bundle may be sent in one go, commit included, only if each of its messages will be taken. Whether that
is so does not depend on the plain values that are compared, set or loaded (their width is checked here), but on all the
rest: names, masks, ports, bit ranges, tables, meters. That rest is the flow's shape. Where a switch took a shape once,
it takes it again; a bundle with another shape is committed only after a barrier.
"""

from typing import Any

Shape = tuple[Any, ...]

# Values that a switch checks by themselves
CHECKED = frozenset(("eth_type", "ip_proto", "vlan_vid", "vlan_pcp", "ip_dscp", "ip_ecn", "ip_frag", "icmpv6_type"))


def _match_shape(match: dict[str, Any]) -> Shape:
    return tuple(
        (name, value[1] if isinstance(value, list) else value if name in CHECKED else None)
        if not (isinstance(value, list) and name in CHECKED)
        else (name, *value)
        for name, value in sorted(match.items())
    )


def _action_shape(action: list[Any]) -> Shape:
    kind = action[0]
    if kind == "set" and action[1] not in CHECKED:
        return kind, action[1]
    if kind == "load":
        # whether the value fits is a matter of how long it is
        return kind, *action[1:4], int(action[4]).bit_length() <= action[3]
    return tuple(action)


def _instruction_shape(instruction: list[Any]) -> Shape:
    if instruction[0] == "apply":
        return "apply", *map(_action_shape, instruction[1])
    if instruction[0] == "meter":
        # which meters there are is remembered apart from shapes
        return ("meter",)
    return tuple(instruction)


def shape_of(mod: dict[str, Any]) -> Shape | None:
    """None for what every switch takes. The change has been packed without a fault before."""
    if mod["op"] == "add":
        flow = mod["flow"]
        instructions = map(_instruction_shape, flow["instructions"])
        return "add", flow["table"], _match_shape(flow["match"]), *instructions
    if mod["op"] == "deleteStrict":
        return "delete", mod["table"], _match_shape(mod["match"])
    return None


def meters_of(mod: dict[str, Any]) -> tuple[int, ...]:
    """Meters that a switch must have to take the flow."""
    if mod["op"] != "add":
        return ()
    return tuple(step[1] for step in mod["flow"]["instructions"] if step[0] == "meter")
