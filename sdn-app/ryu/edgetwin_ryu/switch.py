"""One connection of a switch: requests go out in their order, and answers find their request by xid."""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ryu.ofproto import ofproto_v1_3 as ofp

from .errors import wire_error
from .incoming import expect_statistics
from .mods import barrier, flows_request, lead_request
from .phases import Part, Phase, phases_of
from .probe import next_xid
from .requests import Batch, Flows, Lead, Request
from .statistics import wire_flows

# Requests that wait for their answer; more are refused.
IN_FLIGHT_MAX = 8_192

LOG = logging.getLogger("edgetwin")
Answer = Callable[[dict[str, Any]], None]


@dataclass(slots=True, eq=False)
class Running:
    """A request whose answer is still to come."""

    request: Request
    answer: Answer
    phases: deque[Phase] = field(default_factory=deque)
    errors: list[dict[str, Any]] = field(default_factory=list)
    xids: list[int] = field(default_factory=list)
    in_one_go: bool = False


class Switch:
    def __init__(self, datapath: Any, bundles: bool, moves: bool) -> None:
        self.datapath = datapath
        self.bundles = bundles
        self.moves = moves
        # both hold for this connection; a switch that was restarted is another connection
        self._shapes: set[object] = set()
        self._meters: set[int] = set()
        self._next_bundle = 0
        self._queue: deque[Running] = deque()
        # the batch whose next phase is still to be sent: what comes after it waits
        self._held: Running | None = None
        self._parts: dict[int, tuple[Running, Part | None]] = {}
        self._running: dict[Running, None] = {}

    def submit(self, request: Request, answer: Answer) -> None:
        running = Running(request, answer)
        if len(self._running) >= IN_FLIGHT_MAX:
            detail = f"{len(self._running)} requests wait for this switch"
            answer({"type": "refused", "id": request.id, "errors": [], "detail": detail})
            return
        self._running[running] = None
        self._queue.append(running)
        self._go_on()

    def gone(self) -> None:
        """The switch hung up: whatever waits will not be answered by it."""
        waiting = list(self._running)
        self._running.clear()
        self._parts.clear()
        self._queue.clear()
        for running in waiting:
            detail = f"switch {self.datapath.id} hung up"
            running.answer({"type": "away", "id": running.request.id, "detail": detail})

    def on_error(self, message: Any) -> bool:
        """Whether the error belongs to a request."""
        running, part = self._parts.get(message.xid, (None, None))
        if running is None:
            return False
        if part is not None and part.ignored == (message.type, getattr(message, "code", None)):
            return True
        running.errors.append(wire_error(message, None if part is None else part.change))
        if part is None:
            self._finish(running)
        return True

    def on_barrier(self, xid: int) -> bool:
        """Whether the barrier belongs to a request."""
        running, _ = self._parts.get(xid, (None, None))
        if running is None:
            return False
        self._phase_done(running)
        return True

    def on_role(self, message: Any) -> None:
        running, _ = self._parts.get(message.xid, (None, None))
        if running is not None:
            self._finish(running)

    def on_flows(self, message: Any) -> None:
        running, _ = self._parts.get(message.xid, (None, None))
        if running is None:
            return
        more = bool(message.flags & ofp.OFPMPF_REPLY_MORE)
        flows, foreign = wire_flows(message.body)
        answer = {"type": "flows", "id": running.request.id, "flows": flows, "foreign": foreign, "more": more}
        running.answer(answer)
        if not more:
            self._forget(running)

    def _go_on(self) -> None:
        while self._queue and self._held is None:
            self._start(self._queue.popleft())

    def _start(self, running: Running) -> None:
        match running.request:
            case Batch() as batch:
                bundle = None
                if self.bundles:
                    bundle = self._next_bundle = (self._next_bundle + 1) & 0xFFFFFFFF
                running.phases.extend(phases_of(batch, bundle, self._takes(batch)))
                self._meters.difference_update(
                    mod.deletes_meter for mod in batch.before + batch.after if mod.deletes_meter is not None
                )
                self._send_phase(running)
            case Flows(cookie=cookie, mask=mask):
                xid = self._expect(running)
                expect_statistics(self.datapath, xid)
                self._write(flows_request(cookie, mask, xid))
            case Lead(term=term):
                self._write(lead_request(term, self._expect(running)))

    def _takes(self, batch: Batch) -> bool:
        return all(
            (mod.shape is None or mod.shape in self._shapes) and self._meters.issuperset(mod.meters)
            for mod in batch.bundle
        )

    def _send_phase(self, running: Running) -> None:
        phase = running.phases[0]
        self._held = running if len(running.phases) > 1 else None
        packed = [part.pack(self._expect(running, part)) for part in phase.parts]
        self._write(b"".join(packed) + barrier(self._expect(running)))

    def _phase_done(self, running: Running) -> None:
        phase = running.phases.popleft()
        if running.errors:
            if phase.undo:
                # answers to it would find nobody: the bundle is gone either way
                self._write(b"".join(part.pack(next_xid(self.datapath)) for part in phase.undo))
            if phase.at_once:
                self._shapes.clear()
                running.in_one_go = True
            running.phases.clear()
        if running.phases:
            # a commit may fail for a message of the phase before, so those xids stay known
            self._send_phase(running)
        else:
            self._finish(running)
            return
        self._go_on()

    def _finish(self, running: Running) -> None:
        identifier = running.request.id
        if running.errors:
            detail = self._detail(running)
            answer = {"type": "refused", "id": identifier, "errors": running.errors, "detail": detail}
        else:
            answer = {"type": "done", "id": identifier}
            if isinstance(running.request, Batch):
                self._learn(running.request)
        self._forget(running)
        running.answer(answer)
        if self._held is running:
            self._held = None
        self._go_on()

    def _detail(self, running: Running) -> str:
        first = running.errors[0]
        detail = f"{first['typeName']}/{first['codeName']}, {len(running.errors)} in all"
        # the commit had no error: the switch left out what it had always taken before
        in_part = running.in_one_go and all("index" in error for error in running.errors)
        return f"{detail}; the rest was applied" if in_part else detail

    def _learn(self, batch: Batch) -> None:
        """A switch that took these without an error takes their like."""
        self._shapes.update(mod.shape for mod in batch.bundle if mod.shape is not None)
        self._meters.update(mod.sets_meter for mod in batch.before if mod.sets_meter is not None)

    def _expect(self, running: Running, part: Part | None = None) -> int:
        xid = next_xid(self.datapath)
        self._parts[xid] = (running, part)
        running.xids.append(xid)
        return xid

    def _forget(self, running: Running) -> None:
        for xid in running.xids:
            self._parts.pop(xid, None)
        self._running.pop(running, None)

    def _write(self, data: bytes) -> None:
        """At once, without Ryu's queue and its green thread; where the switch is slow, the outbox keeps it in order."""
        try:
            self.datapath.socket.sendall(data)
        except OSError as error:
            # Ryu's reader of this connection sees the same, and then whoever waits is told
            LOG.info("switch %s is gone: %s", self.datapath.id, error)
