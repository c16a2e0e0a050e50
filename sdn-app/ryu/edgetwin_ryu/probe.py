"""
What a switch can beyond OpenFlow 1.3, found out before it is announced: a bundle with a flow that moves a field into a
register is opened and discarded. A switch without bundles gets that flow and loses it again; no frame is of its kind.
"""

from typing import Any

from ryu.ofproto import ofproto_v1_3 as ofp
from ryu.ofproto import ofproto_v1_3_parser as parser

from .mods import barrier, bundle_add, bundle_control, mod_bytes, with_xid

# IEEE 802: EtherType for local experiments
NO_FRAME = {"eth_type": 0x88B5, "eth_dst": "02:ed:9e:ff:ff:ff"}
PLACE = {"table": 0, "priority": 0, "match": NO_FRAME}
MOVE = ["move", "in_port", 0, "reg0", 0, 16]
[WITH_MOVE] = mod_bytes({"op": "add", "flow": {**PLACE, "cookie": 0, "instructions": [["apply", [MOVE]]]}})
[WITHOUT] = mod_bytes({"op": "deleteStrict", **PLACE})
BUNDLE = 0xFFFFFFFF


def next_xid(datapath: Any) -> int:
    """Ryu's own counter: its messages and those of other apps share the connection."""
    datapath.xid = (datapath.xid + 1) & ofp.MAX_XID
    xid: int = datapath.xid
    return xid


class Probe:
    def __init__(self, datapath: Any) -> None:
        self._datapath = datapath
        # by xid: the bundle (opened, discarded), and the flow with a move
        self._bundle: set[int] = set()
        self._move = 0
        self._barrier = 0
        self.bundles = True
        self.moves = True

    def start(self) -> None:
        opened, discarded = next_xid(self._datapath), next_xid(self._datapath)
        self._bundle = {opened, discarded}
        self._move, self._barrier = next_xid(self._datapath), next_xid(self._datapath)
        # Open vSwitch tells a controller that came to it (ptcp) nothing unasked until it was sent a length for copies
        self._datapath.send_msg(parser.OFPSetConfig(self._datapath, ofp.OFPC_FRAG_NORMAL, ofp.OFPCML_MAX))
        self._datapath.send(
            bundle_control(ofp.ONF_BCT_OPEN_REQUEST, BUNDLE, opened)
            + bundle_add(BUNDLE, self._move, WITH_MOVE)
            + bundle_control(ofp.ONF_BCT_DISCARD_REQUEST, BUNDLE, discarded)
            + barrier(self._barrier)
        )

    def on_error(self, message: Any) -> None:
        if message.xid in self._bundle:
            self.bundles = False
        elif message.xid == self._move:
            self.moves = False

    def on_barrier(self, message: Any) -> bool:
        """Whether the answers are complete."""
        if message.xid != self._barrier:
            return False
        if self.bundles or not self._bundle:
            return True
        # without bundles the flow was refused for that alone
        self.moves = True
        self._bundle = set()
        self._move, self._barrier = next_xid(self._datapath), next_xid(self._datapath)
        self._datapath.send(
            with_xid(WITH_MOVE, self._move) + with_xid(WITHOUT, next_xid(self._datapath)) + barrier(self._barrier)
        )
        return False
