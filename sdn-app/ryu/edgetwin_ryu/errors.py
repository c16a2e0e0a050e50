"""Errors of a switch by the names that OpenFlow has for them."""

from typing import Any

from ryu.ofproto import ofproto_common
from ryu.ofproto import ofproto_v1_3 as ofp

# ONF extension 230: errors of bundles have an experimenter type of their own in OpenFlow 1.3
BUNDLE_FAILED = (
    *("UNKNOWN", "EPERM", "BAD_ID", "BUNDLE_EXIST", "BUNDLE_CLOSED", "OUT_OF_BUNDLES", "BAD_TYPE", "BAD_FLAGS"),
    *("MSG_BAD_LEN", "MSG_BAD_XID", "MSG_UNSUP", "MSG_CONFLICT", "MSG_TOO_MANY", "MSG_FAILED", "TIMEOUT"),
    "BUNDLE_IN_PROGRESS",
)
FIRST_BUNDLE_ERROR = 2300


def _names(prefix: str) -> dict[int, str]:
    return {value: name.removeprefix(prefix) for name, value in vars(ofp).items() if name.startswith(prefix)}


TYPES = _names("OFPET_")
CODES: dict[str, dict[int, str]] = {
    "HELLO_FAILED": _names("OFPHFC_"),
    "BAD_REQUEST": _names("OFPBRC_"),
    "BAD_ACTION": _names("OFPBAC_"),
    "BAD_INSTRUCTION": _names("OFPBIC_"),
    "BAD_MATCH": _names("OFPBMC_"),
    "FLOW_MOD_FAILED": _names("OFPFMFC_"),
    "ROLE_REQUEST_FAILED": _names("OFPRRFC_"),
    "METER_MOD_FAILED": _names("OFPMMFC_"),
}
METER_EXISTS = (ofp.OFPET_METER_MOD_FAILED, ofp.OFPMMFC_METER_EXISTS)


def _type_and_code(message: Any) -> tuple[str, int, str]:
    if message.type == ofp.OFPET_EXPERIMENTER:
        code = message.exp_type
        place = code - FIRST_BUNDLE_ERROR
        if message.experimenter == ofproto_common.ONF_EXPERIMENTER_ID and 0 <= place < len(BUNDLE_FAILED):
            return "BUNDLE_FAILED", code, BUNDLE_FAILED[place]
        return "EXPERIMENTER", code, f"{message.experimenter:#x}/{code}"
    name = TYPES.get(message.type, str(message.type))
    return name, message.code, CODES.get(name, {}).get(message.code, str(message.code))


def wire_error(message: Any, index: int | None) -> dict[str, Any]:
    """OFPErrorMsg → an error of the wire, of the change at `index`."""
    type_name, code, code_name = _type_and_code(message)
    error = {"type": message.type, "code": code, "typeName": type_name, "codeName": code_name}
    return error if index is None else {**error, "index": index}
