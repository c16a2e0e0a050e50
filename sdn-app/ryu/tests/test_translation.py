"""Flows of the wire through bytes and Ryu's parser, and back."""

import unittest
from typing import Any

from ryu.ofproto import ofproto_v1_3 as ofp
from ryu.ofproto import ofproto_v1_3_parser as parser

from edgetwin_ryu.mods import mod_bytes
from edgetwin_ryu.statistics import wire_flows
from edgetwin_ryu.wrong import Wrong
from tests.support import Connection, parsed, statistics_of

MAC = "02:00:00:00:00:01"
UDP = {"eth_type": 0x800, "ip_proto": 17}
MATCHES: list[dict[str, Any]] = [
    {},
    {"in_port": 3, "metadata": [5, 0xFFFFFFFF]},
    {"eth_src": MAC, "eth_dst": ["01:00:00:00:00:00", "01:00:00:00:00:00"], "vlan_vid": 0},
    {"vlan_vid": [0x1000, 0x1000]},
    {**UDP, "ipv4_src": "10.0.0.1", "ipv4_dst": ["10.64.0.0", "255.240.0.0"], "udp_dst": 5683, "ip_frag": 0},
    {"eth_type": 0x800, "ip_frag": [1, 1]},
    {"eth_type": 0x86DD, "ip_proto": 17, "ipv6_src": "fd00::1", "ipv6_dst": ["fd00::", "ffff::"], "udp_src": [1, 3]},
    {"eth_type": 0x806, "arp_op": 1, "arp_spa": "1.2.3.4", "arp_tpa": "1.2.3.5", "arp_sha": MAC, "arp_tha": MAC},
    {"eth_type": 0x86DD, "ip_proto": 58, "icmpv6_type": 135, "ipv6_nd_target": "fd00::1", "ipv6_nd_sll": MAC},
    {"eth_type": 0x86DD, "ip_proto": 58, "icmpv6_type": 136, "nd_reserved": 5, "nd_options_type": 2},
    {"reg0": 5, "reg1": [1, 3], "xxreg1": "0x00112233445566778899aabbccddeeff"},
]
ACTIONS: list[list[Any]] = [
    ["set", "eth_dst", MAC],
    ["set", "ipv6_src", "fd00::1"],
    ["set", "xxreg1", "0x00112233445566778899aabbccddeeff"],
    ["set", "nd_reserved", 0xE0000000],
    ["set", "nd_options_type", 2],
    ["move", "in_port", 0, "udp_src", 0, 11],
    ["move", "ipv6_src", 0, "xxreg1", 0, 128],
    ["load", "udp_src", 11, 5, 3],
    ["output", 3],
    ["output", "IN_PORT"],
    ["output", "CONTROLLER"],
    ["output", "NORMAL"],
    ["outputReg", "reg2", 3, 11],
    ["pushVlan"],
    ["set", "vlan_vid", 0x1005],
    ["popVlan"],
]


def flow_of(match: dict[str, Any], instructions: list[Any]) -> dict[str, Any]:
    return {"table": 1, "priority": 100, "cookie": 2**52 + 5, "match": match, "instructions": instructions}


def there_and_back(flow: dict[str, Any]) -> dict[str, Any]:
    [encoded] = mod_bytes({"op": "add", "flow": flow})
    flows, foreign = wire_flows(statistics_of(encoded, packets=7))
    assert foreign == 0
    return flows[0]


class Translation(unittest.TestCase):
    def test_every_match_comes_back_as_it_was_sent(self) -> None:
        for match in MATCHES:
            with self.subTest(match=match):
                flow = flow_of(match, [])
                self.assertEqual(there_and_back(flow), {**flow, "packets": 7})

    def test_every_action_and_instruction_comes_back_as_it_was_sent(self) -> None:
        for action in ACTIONS:
            with self.subTest(action=action):
                flow = flow_of({}, [["meter", 3], ["apply", [action]], ["metadata", 5, 0xFFFFFFFF], ["goto", 2]])
                self.assertEqual(there_and_back(flow)["instructions"], flow["instructions"])

    def test_bytes_are_those_that_ryu_packs(self) -> None:
        match = {"in_port": 3, **UDP, "ipv4_dst": "10.64.0.1", "udp_dst": 5683}
        actions = [
            parser.OFPActionSetField(eth_dst=MAC),
            parser.NXActionRegMove("in_port", "udp_src", 11),
            parser.NXActionRegLoad(11 << 6 | 4, "udp_src", 3),
            parser.NXActionOutputReg(10, "reg2", 0xFFFF),
            parser.OFPActionPushVlan(0x8100),
            parser.OFPActionOutput(7, 0xFFFF),
        ]
        theirs = parser.OFPFlowMod(
            Connection(),
            cookie=9,
            table_id=1,
            priority=100,
            out_port=ofp.OFPP_ANY,
            out_group=ofp.OFPG_ANY,
            flags=ofp.OFPFF_SEND_FLOW_REM,
            match=parser.OFPMatch(**match),
            instructions=[
                parser.OFPInstructionMeter(4),
                parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, actions),
                parser.OFPInstructionWriteMetadata(5, 6),
                parser.OFPInstructionGotoTable(2),
            ],
        )
        theirs.serialize()
        wire = [
            ["set", "eth_dst", MAC],
            ["move", "in_port", 0, "udp_src", 0, 11],
            ["load", "udp_src", 11, 5, 3],
            ["outputReg", "reg2", 0, 11],
            ["pushVlan"],
            ["output", 7],
        ]
        flow = flow_of(match, [["meter", 4], ["apply", wire], ["metadata", 5, 6], ["goto", 2]])
        [ours] = mod_bytes({"op": "add", "flow": {**flow, "cookie": 9, "tellRemoved": True}})
        self.assertEqual(ours, bytes(theirs.buf))

    def test_a_meter_is_added_and_modified_as_ryu_packs_it(self) -> None:
        def theirs(command: int) -> bytes:
            band = parser.OFPMeterBandDrop(5, 5)
            message = parser.OFPMeterMod(Connection(), command, ofp.OFPMF_PKTPS | ofp.OFPMF_BURST, 3, [band])
            message.serialize()
            return bytes(message.buf)

        ours = mod_bytes({"op": "meter", "meter": 3, "ratePerS": 5})
        self.assertEqual(ours, [theirs(ofp.OFPMC_ADD), theirs(ofp.OFPMC_MODIFY)])

    def test_ipv4_stands_before_what_needs_it(self) -> None:
        [encoded] = mod_bytes({"op": "add", "flow": flow_of({"ip_frag": 0, "udp_dst": 5, **UDP}, [])})
        names = [name for name, _ in parsed(encoded).match.items()]
        self.assertEqual(names, ["eth_type", "ip_proto", "udp_dst", "ip_frag"])

    def test_names_of_open_vswitch_become_those_of_the_wire(self) -> None:
        [encoded] = mod_bytes(
            {"op": "add", "flow": flow_of({}, [["apply", [["move", "in_port", 0, "udp_src", 0, 11]]]])}
        )
        # NXM_OF_UDP_SRC instead of OXM_OF_UDP_SRC
        nxm = encoded.replace(bytes.fromhex("80001e02"), bytes.fromhex("00001602"))
        self.assertNotEqual(nxm, encoded)
        flows, _ = wire_flows(statistics_of(nxm))
        self.assertEqual(flows[0]["instructions"], [["apply", [["move", "in_port", 0, "udp_src", 0, 11]]]])

    def test_what_the_wire_has_no_words_for_is_counted_as_foreign(self) -> None:
        def theirs(**flow: Any) -> bytes:
            message = parser.OFPFlowMod(Connection(), **flow)
            message.serialize()
            return statistics_of(bytes(message.buf))

        def does(*actions: Any) -> list[Any]:
            return [parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, list(actions))]

        rows = [
            theirs(cookie=2**53),
            theirs(match=parser.OFPMatch(tcp_flags=2)),
            theirs(instructions=does(parser.OFPActionGroup(1))),
            theirs(instructions=does(parser.NXActionResubmitTable(1))),
            theirs(instructions=does(parser.OFPActionPushVlan(0x88A8))),
            theirs(instructions=[parser.OFPInstructionActions(ofp.OFPIT_WRITE_ACTIONS, [])]),
        ]
        ours = statistics_of(mod_bytes({"op": "add", "flow": flow_of({}, [])})[0])
        flows, foreign = wire_flows(b"".join([*rows[:3], ours, *rows[3:]]))
        self.assertEqual(([flow["cookie"] for flow in flows], foreign), ([2**52 + 5], len(rows)))

    def test_what_cannot_be_told_to_a_switch_is_wrong(self) -> None:
        wrong: list[Any] = [
            None,
            {},
            {"op": "drop"},
            {"op": ["add"]},
            {"op": "add"},
            {"op": "add", "flow": None},
            {"op": "add", "flow": {**flow_of({}, []), "table": "1"}},
            {"op": "add", "flow": {**flow_of({}, []), "priority": 65_536}},
            {"op": "add", "flow": flow_of({"in_portx": 3}, [])},
            {"op": "add", "flow": flow_of({"in_port": "3"}, [])},
            {"op": "add", "flow": flow_of({"in_port": True}, [])},
            {"op": "add", "flow": flow_of({"udp_dst": 65_536}, [])},
            {"op": "add", "flow": flow_of({"eth_src": "02:00:00:00:01"}, [])},
            {"op": "add", "flow": flow_of({"ipv4_src": "10.0.0"}, [])},
            {"op": "add", "flow": flow_of({"ipv4_src": ["10.0.0.0"]}, [])},
            {"op": "add", "flow": flow_of({"xxreg1": 5}, [])},
            {"op": "add", "flow": flow_of({"udp_src_nxm": 5}, [])},
            {"op": "add", "flow": flow_of({}, [["fly"]])},
            {"op": "add", "flow": flow_of({}, ["goto"])},
            {"op": "add", "flow": flow_of({}, [["goto"]])},
            {"op": "add", "flow": flow_of({}, [["goto", 1, 2]])},
            {"op": "add", "flow": flow_of({}, [["apply", [["output", "FLOOD"]]]])},
            {"op": "add", "flow": flow_of({}, [["apply", [["set", "reg0", [1, 1]]]]])},
            {"op": "add", "flow": flow_of({}, [["apply", [["load", "reg0", 0, 65, 1]]]])},
            {"op": "add", "flow": flow_of({}, [["apply", [["load", "reg0", "a", 5, 1]]]])},
            {"op": "add", "flow": flow_of({}, [["apply", [[["output"], 1]]]])},
            {"op": "deleteStrict", "table": 1, "priority": 1},
            {"op": "deleteCookie", "cookie": 1},
            {"op": "meter", "meter": 1},
        ]
        for mod in wrong:
            with self.subTest(mod=mod), self.assertRaises(Wrong):
                mod_bytes(mod)
