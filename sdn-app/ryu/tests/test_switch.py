"""Batches at a switch that this test plays itself."""

import json
import struct
import unittest
from types import SimpleNamespace
from typing import Any

from ryu.ofproto import ofproto_parser
from ryu.ofproto import ofproto_v1_3 as ofp

from edgetwin_ryu.incoming import take_barriers
from edgetwin_ryu.mods import bundle_control, message
from edgetwin_ryu.requests import Request, read_request
from edgetwin_ryu.switch import Switch
from tests.support import Connection


def add(number: int, **flow: Any) -> dict[str, Any]:
    base = {"table": 1, "priority": 5, "cookie": number, "match": {"metadata": number}, "instructions": []}
    return {"op": "add", "flow": {**base, **flow}}


METER = {"op": "meter", "meter": 3, "ratePerS": 5}


class Batches(unittest.TestCase):
    def setUp(self) -> None:
        self.connection = Connection()
        self.switch = Switch(self.connection, bundles=True, moves=True)
        self.answers: list[dict[str, Any]] = []
        self.number = 0

    def batch(self, *bundle: Any, before: Any = (), after: Any = ()) -> list[tuple[str, int]]:
        self.submit({"op": "batch", "before": list(before), "bundle": list(bundle), "after": list(after)})
        return self.connection.take()

    def submit(self, request: dict[str, Any]) -> None:
        self.number += 1
        _, read = read_request(json.dumps({**request, "id": self.number, "datapath": 1}))
        assert not isinstance(read, str), read
        request_read: Request = read
        self.switch.submit(request_read, self.answers.append)

    def barrier(self, sent: list[tuple[str, int]]) -> list[tuple[str, int]]:
        kind, xid = sent[-1]
        self.assertEqual(kind, "barrier")
        self.assertTrue(self.switch.on_barrier(xid))
        return self.connection.take()

    def error(self, sent: tuple[str, int], kind: int, code: int) -> None:
        self.switch.on_error(SimpleNamespace(xid=sent[1], type=kind, code=code))

    def kinds(self, sent: list[tuple[str, int]]) -> list[str]:
        return [kind for kind, _ in sent]

    def test_a_single_change_needs_no_bundle(self) -> None:
        sent = self.batch(add(1))
        self.assertEqual(self.kinds(sent), ["flowMod", "barrier"])
        self.barrier(sent)
        self.assertEqual(self.answers, [{"type": "done", "id": 1}])

    def test_a_new_shape_is_committed_once_it_was_taken_and_a_known_one_at_once(self) -> None:
        sent = self.batch(add(1), add(2))
        self.assertEqual(self.kinds(sent), ["open", "take", "take", "barrier"])
        sent = self.barrier(sent)
        self.assertEqual(self.kinds(sent), ["commit", "barrier"])
        self.assertEqual(self.answers, [])
        self.barrier(sent)
        self.assertEqual(self.answers, [{"type": "done", "id": 1}])
        sent = self.batch(add(3), add(4))
        self.assertEqual(self.kinds(sent), ["open", "take", "take", "commit", "barrier"])

    def test_a_bundle_with_a_message_that_was_not_taken_is_discarded(self) -> None:
        sent = self.batch(add(1), add(2))
        self.error(sent[2], ofp.OFPET_BAD_MATCH, ofp.OFPBMC_BAD_PREREQ)
        self.assertEqual(self.kinds(self.barrier(sent)), ["discard"])
        error = {"type": 4, "code": 9, "typeName": "BAD_MATCH", "codeName": "BAD_PREREQ", "index": 1}
        self.assertEqual(self.answers[0]["errors"], [error])
        self.assertEqual(self.kinds(self.batch(add(1), add(2))), ["open", "take", "take", "barrier"])

    def test_what_comes_after_a_held_batch_waits_for_its_commit(self) -> None:
        first = self.batch(add(1), add(2))
        self.assertEqual(self.batch(add(3)), [])
        self.submit({"op": "flows", "cookie": 0, "mask": 0})
        self.assertEqual(self.connection.take(), [])
        sent = self.barrier(first)
        self.assertEqual(self.kinds(sent), ["commit", "barrier", "flowMod", "barrier", str(ofp.OFPT_MULTIPART_REQUEST)])

    def test_a_meter_is_deleted_only_after_the_flows_are_in(self) -> None:
        sent = self.batch(add(1), after=[{"op": "deleteMeter", "meter": 3}])
        self.assertEqual(self.kinds(sent), ["flowMod", "barrier"])
        self.error(sent[0], ofp.OFPET_FLOW_MOD_FAILED, ofp.OFPFMFC_TABLE_FULL)
        self.assertEqual(self.barrier(sent), [])
        self.assertEqual(self.answers[0]["errors"][0]["codeName"], "TABLE_FULL")

    def test_a_meter_that_is_there_already_is_no_error(self) -> None:
        sent = self.batch(before=[METER])
        self.assertEqual(self.kinds(sent), ["meterMod", "meterMod", "barrier"])
        self.error(sent[0], ofp.OFPET_METER_MOD_FAILED, ofp.OFPMMFC_METER_EXISTS)
        self.barrier(sent)
        self.assertEqual(self.answers, [{"type": "done", "id": 1}])

    def test_a_flow_with_a_meter_that_is_not_known_is_committed_late(self) -> None:
        metered = {"instructions": [["meter", 3]]}
        self.barrier(self.barrier(self.batch(add(1, **metered), add(2, **metered), before=[METER])))
        self.assertIn("commit", self.kinds(self.batch(add(1, **metered), add(2, **metered))))
        gone = self.batch(after=[{"op": "deleteMeter", "meter": 3}])
        self.barrier(gone)
        self.assertNotIn("commit", self.kinds(self.batch(add(1, **metered), add(2, **metered))))

    def test_a_shape_that_is_refused_later_is_told_and_forgotten(self) -> None:
        self.barrier(self.barrier(self.batch(add(1), add(2))))
        sent = self.batch(add(1), add(2))
        self.error(sent[1], ofp.OFPET_FLOW_MOD_FAILED, ofp.OFPFMFC_EPERM)
        self.barrier(sent)
        self.assertIn("the rest was applied", self.answers[-1]["detail"])
        self.assertNotIn("commit", self.kinds(self.batch(add(1), add(2))))

    def test_without_bundles_changes_go_one_by_one(self) -> None:
        self.switch = Switch(self.connection, bundles=False, moves=True)
        self.assertEqual(self.kinds(self.batch(add(1), add(2))), ["flowMod", "flowMod", "barrier"])

    def test_who_waits_when_the_switch_hangs_up_hears_it(self) -> None:
        self.batch(add(1), add(2))
        self.batch(add(3))
        self.switch.gone()
        self.assertEqual([(answer["type"], answer["id"]) for answer in self.answers], [("away", 1), ("away", 2)])

    def test_values_may_differ_within_a_shape_but_not_what_a_switch_checks(self) -> None:
        self.barrier(self.barrier(self.batch(add(1), add(2))))
        for other in (
            {"table": 2},
            {"match": {"metadata": [1, 3]}},
            {"match": {"in_port": 1}},
            {"match": {"vlan_vid": 5}},
            {"instructions": [["goto", 2]]},
            {"instructions": [["apply", [["output", 5]]]]},
        ):
            with self.subTest(other=other):
                switch = Switch(self.connection, bundles=True, moves=True)
                switch._shapes = set(self.switch._shapes)
                self.switch, known = switch, self.switch
                self.assertNotIn("commit", self.kinds(self.batch(add(1), add(2, **other))))
                self.switch = known

    def test_a_request_beyond_the_bound_is_refused(self) -> None:
        for _ in range(8_193):
            self.submit({"op": "lead", "term": 1})
        self.assertEqual([answer["type"] for answer in self.answers], ["refused"])


class Answers(unittest.TestCase):
    """What of a switch's answers becomes an event of Ryu."""

    def parse(self, connection: Connection, kind: int, xid: int, body: bytes = b"") -> Any:
        encoded = message(kind, xid, body)
        return ofproto_parser.msg(connection, ofp.OFP_VERSION, kind, len(encoded), xid, bytearray(encoded))

    def test_the_answer_of_a_batch_ends_it_without_an_event_and_another_barrier_is_one(self) -> None:
        connection = Connection()
        switch = Switch(connection, bundles=True, moves=True)
        take_barriers(connection, switch.on_barrier)
        answers: list[dict[str, Any]] = []
        _, request = read_request(
            json.dumps({"op": "batch", "id": 1, "datapath": 1, "before": [], "bundle": [add(1)], "after": []})
        )
        assert not isinstance(request, str), request
        switch.submit(request, answers.append)
        _, xid = connection.take()[-1]
        self.assertIsNone(self.parse(connection, ofp.OFPT_BARRIER_REPLY, xid))
        self.assertEqual(answers, [{"type": "done", "id": 1}])
        self.assertEqual(self.parse(connection, ofp.OFPT_BARRIER_REPLY, xid + 1).xid, xid + 1)

    def test_what_goes_well_with_a_bundle_is_no_event_and_other_experiments_are(self) -> None:
        done = bundle_control(ofp.ONF_BCT_COMMIT_REPLY, 1, 7)[8:]
        self.assertIsNone(self.parse(Connection(), ofp.OFPT_EXPERIMENTER, 7, done))
        other = struct.pack("!II", 0x1234, ofp.ONF_ET_BUNDLE_CONTROL)
        self.assertEqual(self.parse(Connection(), ofp.OFPT_EXPERIMENTER, 7, other).experimenter, 0x1234)
