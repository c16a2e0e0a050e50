"""
The app that Ryu loads: events of switches go to every client of the WebSocket, requests of clients to their switch.

Handlers of messages run where Ryu reads the switch's connection, in the order in which the switch sent; only the
changes of a connection's state come through Ryu's queue of events.
"""

import logging
from typing import Any, ClassVar

from ryu.app import wsgi
from ryu.base import app_manager
from ryu.controller import ofp_event
from ryu.controller.handler import DEAD_DISPATCHER, MAIN_DISPATCHER, set_ev_cls, set_ev_handler
from ryu.lib import hub
from ryu.ofproto import ofproto_v1_3

from .client import Client, encode
from .events import flow_removed, packet_in, port_status, ports_down
from .incoming import take_barriers
from .outbox import SwitchOutbox
from .probe import Probe
from .requests import read_request
from .switch import Switch

PATH = "/edgetwin/v1"
VERSION = 1
# Largest request.
FRAME_MAX_BYTES = 16 << 20

LOG = logging.getLogger("edgetwin")


def _up(switch: Switch) -> list[dict[str, Any]]:
    datapath = switch.datapath
    up = {"type": "up", "datapath": datapath.id, "bundles": switch.bundles, "moves": switch.moves}
    return [up, *ports_down(datapath)]


class EdgetwinApp(app_manager.RyuApp):
    OFP_VERSIONS: ClassVar[list[int]] = [ofproto_v1_3.OFP_VERSION]
    _CONTEXTS: ClassVar[dict[str, Any]] = {"wsgi": wsgi.WSGIApplication}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._switches: dict[int, Switch] = {}
        self._probes: dict[Any, Probe] = {}
        self._clients: set[Client] = set()
        kwargs["wsgi"].register(Endpoint, {"app": self})

    def start(self) -> Any:
        reader = app_manager.lookup_service_brick(ofp_event.NAME)
        for event, handler in (
            (ofp_event.EventOFPPacketIn, self._on_packet_in),
            (ofp_event.EventOFPPortStatus, self._on_port_status),
            (ofp_event.EventOFPFlowRemoved, self._on_flow_removed),
            (ofp_event.EventOFPErrorMsg, self._on_error),
            (ofp_event.EventOFPBarrierReply, self._on_barrier),
            (ofp_event.EventOFPRoleReply, self._on_role),
            (ofp_event.EventOFPFlowStatsReply, self._on_flows),
        ):
            reader.register_handler(event, handler)
        return super().start()

    def serve(self, websocket: Any) -> None:
        """One client, from hello until it leaves."""
        client = Client(websocket)
        client.send({"type": "hello", "version": VERSION, "datapaths": sorted(self._switches)})
        for switch in self._switches.values():
            for message in _up(switch):
                client.send(message)
        self._clients.add(client)
        try:
            while (text := client.read()) is not None:
                self._on_request(client, text)
        finally:
            client.gone = True
            self._clients.discard(client)

    def _on_request(self, client: Client, text: str | bytes) -> None:
        identifier, request = read_request(text)
        if isinstance(request, str):
            refused = {"type": "refused", "errors": [], "detail": request}
            client.answer(refused if identifier is None else {**refused, "id": identifier})
            return
        switch = self._switches.get(request.datapath)
        if switch is None:
            detail = f"switch {request.datapath} is not connected"
            client.answer({"type": "away", "id": request.id, "detail": detail})
            return
        switch.submit(request, client.answer)

    def _tell_all(self, message: dict[str, Any]) -> None:
        for client in list(self._clients):
            client.send(message)

    @set_ev_cls(ofp_event.EventOFPStateChange, [MAIN_DISPATCHER, DEAD_DISPATCHER])
    def _on_state(self, event: Any) -> None:
        datapath = event.datapath
        if event.state == MAIN_DISPATCHER:
            self._drop(datapath.id)
            datapath.socket = SwitchOutbox(datapath.socket)
            probe = self._probes[datapath] = Probe(datapath)
            probe.start()
            return
        self._probes.pop(datapath, None)
        switch = self._switches.get(datapath.id)
        # a switch that connected again before its first connection ended is another one
        if switch is not None and switch.datapath is datapath:
            self._drop(datapath.id)

    def _drop(self, number: int) -> None:
        switch = self._switches.pop(number, None)
        if switch is None:
            return
        switch.gone()
        self._tell_all({"type": "down", "datapath": number})
        switch.datapath.close()

    def _switch(self, datapath: Any) -> Switch | None:
        """The switch of a connection, once it was announced and while it is the last one of its number."""
        switch = self._switches.get(datapath.id)
        return switch if switch is not None and switch.datapath is datapath else None

    @set_ev_handler(ofp_event.EventOFPBarrierReply, MAIN_DISPATCHER)
    def _on_barrier(self, event: Any) -> None:
        message = event.msg
        switch = self._switch(message.datapath)
        if switch is not None:
            # those of requests were taken before they became an event
            return
        probe = self._probes.get(message.datapath)
        if probe is None or not probe.on_barrier(message):
            return
        del self._probes[message.datapath]
        switch = self._switches[message.datapath.id] = Switch(message.datapath, probe.bundles, probe.moves)
        take_barriers(message.datapath, switch.on_barrier)
        LOG.info("switch %d: bundles %s, moves %s", message.datapath.id, probe.bundles, probe.moves)
        for told in _up(switch):
            self._tell_all(told)

    @set_ev_handler(ofp_event.EventOFPErrorMsg, MAIN_DISPATCHER)
    def _on_error(self, event: Any) -> None:
        message = event.msg
        switch = self._switch(message.datapath)
        if switch is not None:
            switch.on_error(message)
        elif (probe := self._probes.get(message.datapath)) is not None:
            probe.on_error(message)

    @set_ev_handler(ofp_event.EventOFPRoleReply, MAIN_DISPATCHER)
    def _on_role(self, event: Any) -> None:
        switch = self._switch(event.msg.datapath)
        if switch is not None:
            switch.on_role(event.msg)

    @set_ev_handler(ofp_event.EventOFPFlowStatsReply, MAIN_DISPATCHER)
    def _on_flows(self, event: Any) -> None:
        switch = self._switch(event.msg.datapath)
        if switch is not None:
            switch.on_flows(event.msg)

    @set_ev_handler(ofp_event.EventOFPPacketIn, MAIN_DISPATCHER)
    def _on_packet_in(self, event: Any) -> None:
        if self._switch(event.msg.datapath) is None or not self._clients:
            return
        encoded = encode(packet_in(event.msg.datapath.id, event.msg))
        for client in list(self._clients):
            client.send_packet_in(encoded)

    @set_ev_handler(ofp_event.EventOFPPortStatus, MAIN_DISPATCHER)
    def _on_port_status(self, event: Any) -> None:
        if self._switch(event.msg.datapath) is None:
            return
        message = port_status(event.msg.datapath.id, event.msg)
        if message is not None:
            self._tell_all(message)

    @set_ev_handler(ofp_event.EventOFPFlowRemoved, MAIN_DISPATCHER)
    def _on_flow_removed(self, event: Any) -> None:
        if self._switch(event.msg.datapath) is not None:
            self._tell_all(flow_removed(event.msg.datapath.id, event.msg))


class Endpoint(wsgi.ControllerBase):
    """The WebSocket, beside the paths of `ofctl_rest`. Not by Ryu's decorator: its broadcast waits for the slowest."""

    def __init__(self, req: Any, link: Any, data: Any, **config: Any) -> None:
        super().__init__(req, link, data, **config)
        self._app: EdgetwinApp = data["app"]

    @wsgi.route("edgetwin", PATH)
    def connect(self, req: Any, **_: Any) -> Any:
        # compressing each small message would take longer than sending it
        req.environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        serve = hub.WebSocketWSGI(self._app.serve, max_frame_length=FRAME_MAX_BYTES)
        # a page of some web site must not steer the switches of whoever looks at it
        serve.origin_checker = lambda _host, origin: not origin
        body = serve(req.environ, req.start_response)
        return wsgi._AlreadyHandledResponse() if not body else wsgi.Response(body=body[0], status=403)
