"""
MIGRATE's hand-over (Santa et al., IEEE Access 8, 2020, section IV) as a reactive Ryu app: what ours is measured
beside, in the same run and on the same switch. Not part of edgetwin.

A car's flow is known by the port that it comes in by. A frame from another port matches nothing and is reported
(message 4); the controller sets the back-up route from there to the old twin and the way back (5), and hands the
frames that it was shown back to the switch, as the paper's switch, which keeps them meanwhile, does. Then, with a new
twin at hand (the paper's pool), it sets the route to the new twin and its way back (11). Each leg is confirmed by a
barrier. The decision which twin it is to be is a table: the paper's takes a request to the MD manager, which is not
in its figures.

Words: OPENFLOW_ADDRESS:PORT of the switch, which waits for its controller; FILE with {prefix, gatewayMac, cars:
[{address, mac, twin, port, host}], ports: {port: host}, hosts: {host: {address, mac, port}}}. Prints `ready` once the
first routes are confirmed, then a line of JSON for each move: Unix milliseconds of packet-in, confirmed, decided,
confirmed.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import eventlet.wsgi

# eventlet has it no longer, and Ryu 4.34 imports it
if not hasattr(eventlet.wsgi, "ALREADY_HANDLED"):
    eventlet.wsgi.ALREADY_HANDLED = []

from ryu.base import app_manager
from ryu.cmd import manager
from ryu.controller import ofp_event
from ryu.controller.handler import MAIN_DISPATCHER, set_ev_cls
from ryu.lib.packet import ipv4, packet
from ryu.ofproto import ofproto_v1_3
from ryu.ofproto import ofproto_v1_3 as ofp
from ryu.ofproto import ofproto_v1_3_parser as parser

IPV4, UDP = 0x0800, 17
ROUTE, MISS = 100, 1
# frames of the port just left that were still under way; else each of them would be a move back
STRAGGLE_MS = 50
CONFIG = Path(sys.argv[-1])

Car = dict[str, Any]


def now_ms() -> float:
    return time.time_ns() / 1e6


class PaperApp(app_manager.RyuApp):
    OFP_VERSIONS: ClassVar[list[int]] = [ofproto_v1_3.OFP_VERSION]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        config = json.loads(CONFIG.read_text())
        self.prefix = config["prefix"]
        self.gateway = config["gatewayMac"]
        self.hosts = config["hosts"]
        self.host_of_port = {int(port): host for port, host in config["ports"].items()}
        self.cars: dict[str, Car] = {car["address"]: car for car in config["cars"]}
        # xid of a barrier: what follows it
        self.confirmed: dict[int, Callable[[], None]] = {}
        # cars whose move is under way
        self.moving: dict[str, dict[str, Any]] = {}

    @set_ev_cls(ofp_event.EventOFPStateChange, MAIN_DISPATCHER)
    def on_switch(self, event: Any) -> None:
        datapath = event.datapath
        # Open vSwitch reports no frame to a controller that came to it, unless it is asked to
        datapath.send_msg(parser.OFPSetConfig(datapath, ofp.OFPC_FRAG_NORMAL, 0xFFFF))
        every = {"eth_type": IPV4, "ip_proto": UDP}
        to_controller = [parser.OFPActionOutput(ofp.OFPP_CONTROLLER, ofp.OFPCML_NO_BUFFER)]
        self.add(datapath, MISS, parser.OFPMatch(ipv4_dst=(self.prefix, "255.240.0.0"), **every), to_controller)
        for car in self.cars.values():
            self.route(datapath, car, car["port"], car["host"])
        self.barrier(datapath, lambda: print("ready", flush=True))

    @set_ev_cls(ofp_event.EventOFPPacketIn, MAIN_DISPATCHER)
    def on_packet_in(self, event: Any) -> None:
        at = now_ms()
        message = event.msg
        port = message.match["in_port"]
        found = packet.Packet(message.data).get_protocol(ipv4.ipv4)
        car = self.cars.get(found.src) if found is not None else None
        if car is None or port not in self.host_of_port:
            return
        datapath = message.datapath
        late = port == car.get("left") and at - car["leftAtMs"] < STRAGGLE_MS
        if car["address"] not in self.moving and port != car["port"] and not late:
            self.move(datapath, car, port, at)
        actions = self.to_host(self.hosts[car["host"]])
        datapath.send_msg(parser.OFPPacketOut(datapath, ofp.OFP_NO_BUFFER, port, actions, message.data))

    def move(self, datapath: Any, car: Car, port: int, at: float) -> None:
        stamps: dict[str, Any] = {"car": car["address"], "detectedAtMs": at}
        old_port, old_host, new_host = car["port"], car["host"], self.host_of_port[port]
        self.moving[car["address"]] = stamps
        car["port"], car["left"], car["leftAtMs"] = port, old_port, at
        self.route(datapath, car, port, old_host)

        def rerouted() -> None:
            stamps["reroutedAtMs"] = now_ms()
            stamps["decidedAtMs"] = now_ms()
            car["host"] = new_host
            self.route(datapath, car, port, new_host)
            self.delete(datapath, self.way_in(car, old_port))
            self.barrier(datapath, redirected)

        def redirected() -> None:
            stamps["redirectedAtMs"] = now_ms()
            del self.moving[car["address"]]
            print(json.dumps(stamps), flush=True)

        self.barrier(datapath, rerouted)

    def route(self, datapath: Any, car: Car, port: int, host_name: str) -> None:
        host = self.hosts[host_name]
        back = [
            parser.OFPActionSetField(ipv4_src=car["twin"]),
            parser.OFPActionSetField(eth_src=self.gateway),
            parser.OFPActionSetField(eth_dst=car["mac"]),
            parser.OFPActionOutput(port),
        ]
        answers = {"in_port": host["port"], "ipv4_src": host["address"], "ipv4_dst": car["address"]}
        self.add(datapath, ROUTE, parser.OFPMatch(eth_type=IPV4, ip_proto=UDP, **answers), back)
        self.add(datapath, ROUTE, self.way_in(car, port), self.to_host(host))

    def to_host(self, host: dict[str, Any]) -> list[Any]:
        return [
            parser.OFPActionSetField(ipv4_dst=host["address"]),
            parser.OFPActionSetField(eth_dst=host["mac"]),
            parser.OFPActionOutput(host["port"]),
        ]

    def way_in(self, car: Car, port: int) -> Any:
        return parser.OFPMatch(in_port=port, eth_type=IPV4, ip_proto=UDP, ipv4_src=car["address"], ipv4_dst=car["twin"])

    def add(self, datapath: Any, priority: int, match: Any, actions: list[Any]) -> None:
        apply = [parser.OFPInstructionActions(ofp.OFPIT_APPLY_ACTIONS, actions)]
        datapath.send_msg(parser.OFPFlowMod(datapath, priority=priority, match=match, instructions=apply))

    def delete(self, datapath: Any, match: Any) -> None:
        datapath.send_msg(
            parser.OFPFlowMod(
                datapath,
                command=ofp.OFPFC_DELETE_STRICT,
                priority=ROUTE,
                match=match,
                out_port=ofp.OFPP_ANY,
                out_group=ofp.OFPG_ANY,
            )
        )

    def barrier(self, datapath: Any, then: Callable[[], None]) -> None:
        request = parser.OFPBarrierRequest(datapath)
        datapath.set_xid(request)
        self.confirmed[request.xid] = then
        datapath.send_msg(request)

    @set_ev_cls(ofp_event.EventOFPBarrierReply, MAIN_DISPATCHER)
    def on_barrier(self, event: Any) -> None:
        then = self.confirmed.pop(event.msg.xid, None)
        if then is not None:
            then()

    @set_ev_cls(ofp_event.EventOFPErrorMsg, MAIN_DISPATCHER)
    def on_error(self, event: Any) -> None:
        sys.exit(f"the switch refused: type {event.msg.type}, code {event.msg.code}")


if __name__ == "__main__":
    switch = sys.argv[1]
    options = [f"--ofp-switch-address-list={switch}", "--ofp-switch-connect-interval=1", "--default-log-level=30"]
    manager.main([*options, __file__])
