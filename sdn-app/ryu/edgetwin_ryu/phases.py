"""A batch as phases: messages that go out together with one barrier; the next phase follows only without an error."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ryu.ofproto import ofproto_v1_3 as ofp

from .errors import METER_EXISTS
from .mods import bundle_add, bundle_control, with_xid
from .requests import Batch, Mod


class Part(NamedTuple):
    """One message, still without its xid."""

    encoded: bytes
    # of the change in the batch; None for what opens, commits or discards a bundle
    change: int | None
    # the bundle that takes the message
    bundle: int | None
    # an error (type, code) that says nothing: the meter is there already
    ignored: tuple[int, int] | None

    def pack(self, xid: int) -> bytes:
        if self.bundle is None:
            return with_xid(self.encoded, xid)
        return bundle_add(self.bundle, xid, self.encoded)


@dataclass(slots=True)
class Phase:
    parts: list[Part]
    # what takes the phase back after an error
    undo: list[Part] = field(default_factory=list)
    # an error in it may leave a part of the batch applied
    at_once: bool = False


def _parts(mods: Sequence[Mod], bundle: int | None = None) -> list[Part]:
    return [
        Part(encoded, mod.index, bundle, METER_EXISTS if mod.sets_meter is not None and place == 0 else None)
        for mod in mods
        for place, encoded in enumerate(mod.messages)
    ]


def _control(kind: int, bundle: int) -> Part:
    return Part(bundle_control(kind, bundle, 0), None, None, None)


def phases_of(batch: Batch, bundle: int | None, taken: bool) -> list[Phase]:
    """
    `bundle`: number of a new bundle, None where the switch has none. `taken`: the switch will take each message into it
    (shapes.py), so that its commit needs not wait. A single change is atomic by itself.
    """
    before, after = _parts(batch.before), _parts(batch.after)
    if bundle is None or len(batch.bundle) < 2:
        phases = [Phase(before + _parts(batch.bundle))]
    else:
        opened = [*before, _control(ofp.ONF_BCT_OPEN_REQUEST, bundle), *_parts(batch.bundle, bundle)]
        commit = _control(ofp.ONF_BCT_COMMIT_REQUEST, bundle)
        if taken:
            phases = [Phase([*opened, commit], at_once=True)]
        else:
            phases = [Phase(opened, undo=[_control(ofp.ONF_BCT_DISCARD_REQUEST, bundle)]), Phase([commit])]
    if not after:
        return phases
    # With its meter, a switch deletes the flows that use it: only once the flows have been changed
    return [*phases, Phase(after)] if batch.bundle else [Phase(before + after)]
