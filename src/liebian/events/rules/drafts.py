"""A message as the row that it becomes, or the reason why it cannot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from liebian.core.errors import Invalid
from liebian.core.moments import millis_of
from liebian.core.texts import mark as _
from liebian.events.rules.keys import key_of_message
from liebian.events.rules.personal import may_name_somebody, split_personal, take_nested
from liebian.events.rules.times import event_time
from liebian.events.rules.values import check_values

PUBLIC_TYPES = ("identify", "track", "page", "screen", "group", "alias")
TYPES = frozenset({*PUBLIC_TYPES, "day"})
MAX_ID = 200
MAX_NAME = 200
MAX_BYTES = 32 * 1024
CheckMessage = Callable[[str, str, dict[str, Any]], tuple[dict[str, Any], Sequence[Any], Sequence[Any]]]
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Draft:
    """`is_dated` is False for a message that named itself but no time: the key then holds the day of its arrival."""

    key: bytes
    type: str
    name: str
    user_id: str | None
    anonymous_id: str | None
    at_ms: int
    body: bytes
    personal: dict[str, Any]
    is_dated: bool = True
    corrections: list[dict[str, Any]] | None = None


class Violated(Invalid):
    """The message is well formed and does not fit what is registered for its event. `reasons` are the violations."""

    def __init__(self, reasons: Sequence[Any]) -> None:
        super().__init__(
            reasons[0].code,
            _("The event does not fit what is registered for it (%(codes)s). It waits in quarantine."),
            codes=", ".join(f"{reason.code} {reason.field}".strip() for reason in reasons[:5]),
        )
        self.reasons = [reason.as_dict() for reason in reasons]


def parse_message(
    message: dict[str, Any],
    *,
    source: str,
    received_at: datetime,
    max_bytes: int = MAX_BYTES,
    are_values_safe: bool = False,
    check: CheckMessage | None = None,
) -> Draft:
    """Raises Invalid with a stable code when the message cannot be kept, Violated when it breaks its schema.

    `are_values_safe` says that the caller has looked at the whole text already (schemas.has_odd_values).
    """
    if type(message) is not dict:
        raise Invalid("bad_shape", _("A message must be an object."))
    if not are_values_safe:
        check_values(message)
    kind = _kind(message)
    found: list[dict[str, Any]] = []
    name = _name(message, kind, found)
    user_id, anonymous_id = _id(message, "userId", found), _id(message, "anonymousId", found)
    if not (user_id or anonymous_id or message.get("customerId") or kind == "day"):
        raise Invalid("id_missing", _("A message needs userId or anonymousId, or nobody would own it."))
    stamped, at, correction = event_time(message, received_at)
    if correction:
        found.append(_correction(correction, "timestamp"))
    message_id = _id(message, "messageId", found) or ""
    key, is_dated = key_of_message(message, message_id, stamped, received_at, source)
    if check is not None:
        message, corrections, violations = check(kind, name, message)
        if violations:
            raise Violated(violations)
        found.extend([one.as_dict() for one in corrections])
    body, personal = split_personal(message, kind)
    if "previousId" in message or "customerId" in message:
        _add_references(message, body, found)
    if may_name_somebody(body):
        nested: list[dict[str, Any]] = personal.get("nested", [])
        body = take_nested(body, nested)
        if nested:
            personal["nested"] = nested
    encoded = _encode(body)
    size = len(encoded) + len(_encode(personal)) if personal else len(encoded)
    if size > max_bytes:
        raise _too_large(size, max_bytes)
    return Draft(
        key, kind, name, user_id, anonymous_id, millis_of(at), encoded, personal, is_dated, found or None
    )  # fmt: skip


def _too_large(size: int, limit: int) -> Invalid:
    return Invalid(
        "event_too_large", _("The event has %(size)s bytes; at most %(limit)s are kept."), size=size, limit=limit
    )


def check_public(message: Any) -> dict[str, Any]:
    """Raises Invalid for what only the product itself may send."""
    if not isinstance(message, dict):
        raise Invalid("bad_shape", _("A message must be an object."))
    kind = message.get("type")
    if not isinstance(kind, str) or kind not in PUBLIC_TYPES:
        raise bad_type(kind)
    return message


def bad_type(kind: object) -> Invalid:
    if kind is None:
        return Invalid(
            "bad_type", _("A message of a batch needs its type, one of %(known)s."), known=list(PUBLIC_TYPES)
        )
    return Invalid(
        "bad_type", _("type '%(kind)s' is not one of %(known)s."), kind=str(kind)[:40], known=list(PUBLIC_TYPES)
    )


def _kind(message: dict[str, Any]) -> str:
    kind = message.get("type")
    if not isinstance(kind, str) or kind not in TYPES:
        raise bad_type(kind)
    return kind


def _name(message: dict[str, Any], kind: str, found: list[dict[str, Any]]) -> str:
    if kind == "identify":
        return ""
    value = message.get("event") or message.get("name") or ""
    if not isinstance(value, str):
        raise Invalid("bad_event", _("The name of an event must be text."))
    name = value.strip()
    if kind == "track" and not name:
        raise Invalid("event_missing", _("A track message needs the name of its event."))
    if len(name) > MAX_NAME:
        found.append(_correction("name_cut", "event", limit=MAX_NAME))
        return name[:MAX_NAME]
    return name


def _id(message: dict[str, Any], field: str, found: list[dict[str, Any]]) -> str | None:
    value = message.get(field)
    if value is None or value == "":
        return None
    if type(value) is str and len(value) <= MAX_ID:  # nearly all
        return value.strip() or None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Invalid("bad_id", _("%(field)s must be text."), field=field)
    if isinstance(value, int):
        found.append(_correction("id_as_text", field))
    text = str(value).strip()
    if len(text) > MAX_ID:
        raise Invalid(
            "bad_id",
            _("%(field)s has %(length)s characters; at most %(limit)s are kept."),
            field=field,
            length=len(text),
            limit=MAX_ID,
        )
    return text or None


def _add_references(message: dict[str, Any], body: dict[str, Any], found: list[dict[str, Any]]) -> None:
    if message.get("customerId"):
        body["customer_id"] = int(message["customerId"])
    if message.get("previousId"):
        text = str(message["previousId"])
        body["previous_id"] = text[:MAX_ID]
        if len(text) > MAX_ID:
            found.append(_correction("id_cut", "previousId", limit=MAX_ID))


def _correction(code: str, field: str, **args: Any) -> dict[str, Any]:
    return {"code": code, "field": field, "args": args}


def make_draft(
    *, key: bytes, kind: str, name: str, user_id: str, at_ms: int, payload: str, personal_fields: bool
) -> Draft:
    """A log row from what an import has judged already. `payload` is JSON text: properties, or traits."""
    personal: dict[str, Any] = {}
    if personal_fields:
        body, personal = split_personal({"traits": msgspec.json.decode(payload)}, kind)
        encoded = msgspec.json.encode(body)
    else:
        encoded = b'{"properties":' + payload.encode() + b"}"
    return Draft(key, kind, name, user_id, None, at_ms, encoded, personal)
