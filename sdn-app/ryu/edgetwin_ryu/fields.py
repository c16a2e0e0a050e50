"""
Match fields by the names and in the form that the wire has, from and to bytes of OpenFlow (OXM).

The names are those of Ryu's table, and two of Open vSwitch that Ryu lacks. Where that table has a field twice, as OXM
and as Nicira's NXM, the wire has the name of the OXM only; Open vSwitch tells some of them by their NXM header. A value
of up to 8 bytes is a number, an address is text, a register of 16 bytes (`xxreg1`) is text: `0x` and 32 hex digits.
"""

import socket
import struct
from collections.abc import Callable
from typing import Any, NamedTuple

from ryu.lib import type_desc
from ryu.ofproto import ofproto_v1_3, oxm_fields

from .wrong import Foreign, Wrong


class OpenVSwitchExtended(oxm_fields._OxmClass):
    """Class 0x1000: fields of neighbour discovery that Open vSwitch took from Ericsson's extensions."""

    _class = 0x1000


ND_FIELDS = (
    OpenVSwitchExtended("nd_reserved", 1, type_desc.Int4),
    OpenVSwitchExtended("nd_options_type", 2, type_desc.Int1),
)


def register_fields() -> None:
    """Adds what Ryu's table of OpenFlow 1.3 lacks; its functions are then made anew by Ryu itself. Once is enough."""
    known = {field.name for field in ofproto_v1_3.oxm_types}
    missing = [field for field in ND_FIELDS if field.name not in known]
    if missing:
        ofproto_v1_3.oxm_types.extend(missing)
        oxm_fields.generate(ofproto_v1_3.__name__)


register_fields()


class Field(NamedTuple):
    name: str
    # class and number, as in the upper 23 bits of an OXM header
    number: int
    size: int
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]


def _integer(size: int) -> Callable[[Any], bytes]:
    def encode(value: Any) -> bytes:
        if type(value) is not int:
            raise ValueError("a number")
        return value.to_bytes(size, "big")

    return encode


def _text(value: Any) -> str:
    if type(value) is not str:
        raise ValueError("text")
    return value


def _mac(value: Any) -> bytes:
    return bytes.fromhex(_text(value).replace(":", ""))


def _ipv4(value: Any) -> bytes:
    return socket.inet_pton(socket.AF_INET, _text(value))


def _ipv6(value: Any) -> bytes:
    return socket.inet_pton(socket.AF_INET6, _text(value))


def _wide(value: Any) -> bytes:
    text = _text(value)
    if not text.startswith("0x"):
        raise ValueError("0x and 32 hex digits")
    return bytes.fromhex(text[2:])


# Encoder and decoder of what is no plain number
FORMS: dict[Any, tuple[Callable[[Any], bytes], Callable[[bytes], Any]]] = {
    type_desc.MacAddr: (_mac, lambda value: value.hex(":")),
    type_desc.IPv4Addr: (_ipv4, socket.inet_ntoa),
    type_desc.IPv6Addr: (_ipv6, lambda value: socket.inet_ntop(socket.AF_INET6, value)),
    type_desc.Int16: (_wide, lambda value: f"0x{value.hex()}"),
}
ND_NAMES = {"nd_target": "ipv6_nd_target", "nd_sll": "ipv6_nd_sll", "nd_tll": "ipv6_nd_tll"}


def wire_name(name: str) -> str:
    """Ryu's name of a field → the one that the wire has for it."""
    return ND_NAMES.get(name) or name.removesuffix("_nxm")


def _field(row: Any) -> Field:
    encode, decode = FORMS.get(row.type) or (_integer(row.type.size), lambda value: int.from_bytes(value, "big"))
    return Field(wire_name(row.name), row.num, row.type.size, encode, decode)


# Experimenters' fields have a longer header, and nothing here needs one.
ROWS = [row for row in ofproto_v1_3.oxm_types if isinstance(row.num, int)]
FIELDS: dict[str, Field] = {row.name: _field(row) for row in ROWS if wire_name(row.name) == row.name}
BY_NUMBER: dict[int, Field] = {row.num: _field(row) for row in ROWS}


def field_of(name: object) -> Field:
    field = FIELDS.get(name) if isinstance(name, str) else None
    if field is None:
        raise Wrong(f"{name!r} is no field")
    return field


def _value_bytes(field: Field, value: object) -> bytes:
    try:
        encoded = field.encode(value)
    except (ValueError, OverflowError, OSError) as error:
        raise Wrong(f"{field.name} cannot be {value!r} ({error})") from error
    if len(encoded) != field.size:
        raise Wrong(f"{field.name} has {field.size} bytes, not {value!r}")
    return encoded


def oxm(name: str, value: object) -> tuple[int, bytes]:
    """Number of the field, and header, value and mask of it. A list of two is value and mask."""
    field = field_of(name)
    if isinstance(value, list):
        if len(value) != 2:
            raise Wrong(f"{name} is a value, or a value and its mask")
        encoded, mask = (_value_bytes(field, part) for part in value)
        # bits of the value outside the mask are an error to the switch (BAD_WILDCARDS); it shall say so, not we
        return field.number, struct.pack("!I", field.number << 9 | 1 << 8 | 2 * field.size) + encoded + mask
    return field.number, struct.pack("!I", field.number << 9 | field.size) + _value_bytes(field, value)


def header(name: object) -> bytes:
    """A field as an action names it."""
    field = field_of(name)
    return struct.pack("!I", field.number << 9 | field.size)


def field_at(data: bytes, offset: int) -> Field:
    """The field that a header in `data` names."""
    (found,) = struct.unpack_from("!I", data, offset)
    field = BY_NUMBER.get(found >> 9)
    if field is None:
        raise Foreign(f"field {found:#x}")
    return field


def oxm_at(data: bytes, offset: int) -> tuple[str, Any, int]:
    """Name, value (or value and mask) and length of what stands in `data`."""
    field = field_at(data, offset)
    masked, length = data[offset + 2] & 1, data[offset + 3]
    first, second = offset + 4, offset + 4 + field.size
    if length != field.size << masked:
        raise Foreign(f"{field.name} with {length} bytes")
    value = field.decode(data[first:second])
    if masked:
        return field.name, [value, field.decode(data[second : second + field.size])], 4 + length
    return field.name, value, 4 + length
