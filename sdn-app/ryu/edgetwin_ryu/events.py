"""What a switch says by itself → messages of the wire."""

from typing import Any

from ryu.ofproto import ofproto_v1_3 as ofp

SAFE = 2**53
REGISTERS = tuple(f"reg{number}" for number in range(8))
FRAME_BYTES = 128
# Of 64 bits, ours are the low 32.
METADATA_MASK = 0xFFFFFFFF


def _cookie(cookie: int) -> int:
    """0, which is no cookie of ours, where it cannot be told as a number of JSON."""
    return cookie if cookie < SAFE else 0


def packet_in(datapath: int, message: Any) -> dict[str, Any]:
    fields = dict(message.match.items())
    return {
        "type": "packetIn",
        "datapath": datapath,
        "inPort": fields.get("in_port", 0),
        "table": message.table_id,
        "cookie": _cookie(message.cookie),
        "metadata": fields.get("metadata", 0) & METADATA_MASK,
        "registers": [fields.get(name, 0) for name in REGISTERS],
        "data": bytes(message.data[:FRAME_BYTES]).hex(),
    }


def _is_up(port: Any) -> bool:
    return not (port.config & ofp.OFPPC_PORT_DOWN or port.state & ofp.OFPPS_LINK_DOWN)


def _is_real(port: Any) -> bool:
    """Not the switch's own port (LOCAL), nor another reserved one."""
    return bool(port.port_no <= ofp.OFPP_MAX)


def _port_status(datapath: int, port: int, up: bool) -> dict[str, Any]:
    return {"type": "portStatus", "datapath": datapath, "port": port, "up": up}


def port_status(datapath: int, message: Any) -> dict[str, Any] | None:
    port = message.desc
    if not _is_real(port):
        return None
    return _port_status(datapath, port.port_no, message.reason != ofp.OFPPR_DELETE and _is_up(port))


def ports_down(datapath: Any) -> list[dict[str, Any]]:
    """Told after `up`: a port that went down while nobody was connected says nothing of itself later."""
    return [
        _port_status(datapath.id, port.port_no, False)
        for port in datapath.ports.values()
        if _is_real(port) and not _is_up(port)
    ]


def flow_removed(datapath: int, message: Any) -> dict[str, Any]:
    return {
        "type": "flowRemoved",
        "datapath": datapath,
        "table": message.table_id,
        "priority": message.priority,
        "cookie": _cookie(message.cookie),
        "packets": min(message.packet_count, SAFE - 1),
    }
