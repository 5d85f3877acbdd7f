"""How a tracking message becomes a log row: shape, time bounds, personal fields, the key that makes it unique."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from liebian.core.errors import Invalid
from liebian.core.texts import mark as _

PUBLIC_TYPES = ("identify", "track", "page", "screen", "group", "alias")
TYPES = frozenset({*PUBLIC_TYPES, "day"})
PERSONAL_TRAITS = frozenset(
    {"name", "firstName", "lastName", "phone", "email", "address", "openid", "unionid", "idCard", "avatar"}
)
PERSONAL_PROPERTIES = frozenset({"phone", "email", "address", "openid", "unionid", "idCard", "recipient"})
MAX_ID = 200
MAX_NAME = 200
MAX_BYTES = 32 * 1024
MAX_DEPTH = 20
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Draft:
    key: bytes
    type: str
    name: str
    user_id: str | None
    anonymous_id: str | None
    at: datetime
    body: bytes
    personal: dict[str, Any]


def parse_time(value: object) -> datetime | None:
    """ISO 8601 text or a datetime, aware; None when absent. Unreadable text is an error, not a guess."""
    if value in (None, ""):
        return None
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).replace("Z", "+00:00"))
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        shown = str(value)[:40]
        raise Invalid(
            "bad_timestamp",
            _("'%(text)s' is not a time. Send ISO 8601, for example 2026-01-31T08:30:00Z."),
            text=shown,
        ) from None


def event_time(message: dict[str, Any], received_at: datetime) -> tuple[datetime, datetime]:
    """(stamped, decided). The server decides: a device clock that is off is corrected by `sentAt`, the future is now."""
    stamped = parse_time(message.get("timestamp")) or parse_time(message.get("originalTimestamp")) or received_at
    sent = parse_time(message.get("sentAt"))
    if stamped < EARLIEST:
        raise Invalid("bad_timestamp", _("The event is dated before 1990. Check the clock of the sender."))
    if sent is None or sent < stamped:
        return stamped, min(stamped, received_at)
    age = sent - stamped
    if age > received_at - EARLIEST:
        raise Invalid(
            "bad_timestamp", _("By its sentAt, the event happened before 1990. Check the clock of the sender.")
        )
    return stamped, received_at - age


def key_of(stamped: datetime, source: str, message_id: str) -> bytes:
    """16 bytes, time first, so that the index that refuses repeats stays small where it is hot."""
    millis = max(0, (stamped - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1))
    return millis.to_bytes(6, "big") + hashlib.blake2b(f"{source}\x1f{message_id}".encode(), digest_size=10).digest()


def _key(message: dict[str, Any], stamped: datetime, source: str) -> bytes:
    """A sender who names the message but no time sends it again without one: then the name alone tells them apart."""
    named, timed = message.get("messageId"), message.get("timestamp") or message.get("originalTimestamp")
    return key_of(stamped if timed or not named else EARLIEST, source, str(named or _digest(message)))


def parse_message(message: dict[str, Any], *, source: str, received_at: datetime, max_bytes: int = MAX_BYTES) -> Draft:
    """Raises Invalid with a stable code when the message cannot be kept."""
    if not isinstance(message, dict):
        raise Invalid("bad_shape", _("A message must be an object."))
    _check_values(message, 0)
    kind = _kind(message)
    name = _name(message, kind)
    user_id, anonymous_id = _id(message, "userId"), _id(message, "anonymousId")
    if not (user_id or anonymous_id or message.get("customerId") or kind == "day"):
        raise Invalid("id_missing", _("A message needs userId or anonymousId, or nobody would own it."))
    stamped, at = event_time(message, received_at)
    body, personal = _split_personal(message)
    encoded = msgspec.json.encode(body)
    if len(encoded) > max_bytes:
        raise Invalid(
            "event_too_large",
            _("The event has %(size)s bytes; at most %(limit)s are kept."),
            size=len(encoded),
            limit=max_bytes,
        )
    return Draft(
        key=_key(message, stamped, source), type=kind, name=name, user_id=user_id,
        anonymous_id=anonymous_id, at=at, body=encoded, personal=personal,
    )  # fmt: skip


def _kind(message: dict[str, Any]) -> str:
    kind = message.get("type")
    if not isinstance(kind, str) or kind not in TYPES:
        raise Invalid(
            "bad_type", _("type '%(kind)s' is not one of %(known)s."), kind=str(kind)[:40], known=list(PUBLIC_TYPES)
        )
    return kind


def _name(message: dict[str, Any], kind: str) -> str:
    if kind == "identify":
        return ""
    value = message.get("event") or message.get("name") or ""
    if not isinstance(value, str):
        raise Invalid("bad_event", _("The name of an event must be text."))
    if kind == "track" and not value.strip():
        raise Invalid("event_missing", _("A track message needs the name of its event."))
    return value.strip()[:MAX_NAME]


def _digest(message: dict[str, Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(message, order="deterministic")).hexdigest()


def _check_values(value: object, depth: int) -> None:
    """What some database or reader below could not hold is refused here, once, with a reason."""
    if depth > MAX_DEPTH:
        raise Invalid("too_deep", _("The message is nested more than %(limit)s levels deep."), limit=MAX_DEPTH)
    if isinstance(value, str):
        if "\x00" in value:
            raise Invalid("bad_text", _("Text must not contain the character NUL (\\u0000)."))
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_values(key, depth)
            _check_values(item, depth + 1)
    elif isinstance(value, list | tuple):
        for item in value:
            _check_values(item, depth + 1)
    elif isinstance(value, int | float) and not -(2**63) <= value < 2**63:
        raise Invalid("bad_number", _("A number must fit in 64 bits. Send longer ones as text."))


def _id(message: dict[str, Any], field: str) -> str | None:
    value = message.get(field)
    if value in (None, ""):
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Invalid("bad_id", _("%(field)s must be text."), field=field)
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


def _split_personal(message: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    context = _object(message, "context")
    traits = {**_object(context, "traits"), **_object(message, "traits")}
    properties = _object(message, "properties")
    personal = {k: v for k, v in traits.items() if k in PERSONAL_TRAITS and v not in (None, "")}
    personal.update({k: v for k, v in properties.items() if k in PERSONAL_PROPERTIES and v not in (None, "")})
    if context.get("ip"):
        personal["ip"] = context["ip"]
    body: dict[str, Any] = {}
    if rest := {k: v for k, v in traits.items() if k not in PERSONAL_TRAITS}:
        body["traits"] = rest
    if rest := {k: v for k, v in properties.items() if k not in PERSONAL_PROPERTIES}:
        body["properties"] = rest
    if rest := {k: v for k, v in context.items() if k not in {"traits", "ip"}}:
        body["context"] = rest
    if message.get("customerId"):
        body["customer_id"] = int(message["customerId"])
    if message.get("previousId"):
        body["previous_id"] = str(message["previousId"])[:MAX_ID]
    if message.get("groupId"):
        body["group_id"] = str(message["groupId"])[:MAX_ID]
    if message.get("category") and message.get("type") in {"page", "screen"}:
        body["category"] = str(message["category"])[:MAX_NAME]
    return body, personal


def _object(parent: dict[str, Any], field: str) -> dict[str, Any]:
    value = parent.get(field) or {}
    if not isinstance(value, dict):
        raise Invalid("bad_shape", _("%(field)s must be an object."), field=field)
    return value


def make_draft(
    *, key: bytes, kind: str, name: str, user_id: str, at_ms: int, payload: str, personal_fields: bool
) -> Draft:
    """A log row from what an import has judged already. `payload` is JSON text: properties, or traits."""
    personal: dict[str, Any] = {}
    if personal_fields:
        body, personal = _split_personal({"traits": msgspec.json.decode(payload)})
        encoded = msgspec.json.encode(body)
    else:
        encoded = b'{"properties":' + payload.encode() + b"}"
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)
    return Draft(
        key=key, type=kind, name=name, user_id=user_id, anonymous_id=None, at=at, body=encoded, personal=personal
    )
