"""What a client asks for, read from its text; the changes in it are already messages of OpenFlow."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .mods import FLOW_MODS, mod_bytes
from .shapes import meters_of, shape_of
from .wrong import Wrong

SAFE = 2**53


@dataclass(frozen=True, slots=True)
class Mod:
    """One change: its place in the batch, its messages (xid 0), and what the switch has to know for it."""

    index: int
    messages: list[bytes]
    shape: object
    meters: tuple[int, ...]
    sets_meter: int | None
    deletes_meter: int | None


@dataclass(frozen=True, slots=True)
class Batch:
    id: int
    datapath: int
    before: list[Mod]
    bundle: list[Mod]
    after: list[Mod]


@dataclass(frozen=True, slots=True)
class Flows:
    id: int
    datapath: int
    cookie: int
    mask: int


@dataclass(frozen=True, slots=True)
class Lead:
    id: int
    datapath: int
    term: int


Request = Batch | Flows | Lead


def _uint(message: dict[str, Any], name: str) -> int:
    value = message.get(name)
    if type(value) is not int or not 0 <= value < SAFE:
        raise Wrong(f"{name} is a whole number below 2^53")
    return value


def _mod(index: int, mod: Any) -> Mod:
    try:
        messages = mod_bytes(mod)
        kind = mod["op"]
        return Mod(
            index=index,
            messages=messages,
            shape=shape_of(mod),
            meters=meters_of(mod),
            sets_meter=mod["meter"] if kind == "meter" else None,
            deletes_meter=mod["meter"] if kind == "deleteMeter" else None,
        )
    except Wrong as wrong:
        raise Wrong(f"change {index}: {wrong}") from wrong


def _batch(message: dict[str, Any]) -> Batch:
    parts: list[list[Mod]] = []
    index = 0
    for name in ("before", "bundle", "after"):
        mods = message.get(name)
        if not isinstance(mods, list):
            raise Wrong(f"{name} is a list of changes")
        if name == "bundle" and any(isinstance(mod, dict) and mod.get("op") not in FLOW_MODS for mod in mods):
            raise Wrong("a bundle takes changes of flows only; meters stand in before or after")
        parts.append([_mod(index + place, mod) for place, mod in enumerate(mods)])
        index += len(mods)
    return Batch(_uint(message, "id"), _uint(message, "datapath"), *parts)


def _flows(message: dict[str, Any]) -> Flows:
    return Flows(*(_uint(message, name) for name in ("id", "datapath", "cookie", "mask")))


def _lead(message: dict[str, Any]) -> Lead:
    return Lead(*(_uint(message, name) for name in ("id", "datapath", "term")))


REQUESTS: dict[object, Callable[[dict[str, Any]], Request]] = {"batch": _batch, "flows": _flows, "lead": _lead}


def read_request(text: str | bytes) -> tuple[int | None, Request | str]:
    """The id, if there is one, and the request, or what is wrong with it."""
    try:
        message = json.loads(text)
    except ValueError as error:
        return None, f"not JSON: {error}"
    except RecursionError:
        return None, "nested too deep"
    if not isinstance(message, dict):
        return None, "a request is an object"
    try:
        identifier = _uint(message, "id")
    except Wrong as wrong:
        return None, str(wrong)
    op = message.get("op")
    known = REQUESTS.get(op) if isinstance(op, str) else None
    if known is None:
        return identifier, f"{op!r} is no request"
    try:
        return identifier, known(message)
    except (Wrong, RecursionError) as wrong:
        return identifier, str(wrong)
