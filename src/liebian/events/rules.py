"""How a tracking message becomes a log row: shape, time bounds, personal fields, the key that makes it unique."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from liebian.core.errors import Invalid

TYPES = frozenset({"identify", "track", "page", "screen", "group", "alias", "day"})
PERSONAL_TRAITS = frozenset(
    {"name", "firstName", "lastName", "phone", "email", "address", "openid", "unionid", "idCard", "avatar"}
)
PERSONAL_PROPERTIES = frozenset({"phone", "email", "address", "openid", "unionid", "idCard", "recipient"})
MAX_ID = 200
MAX_NAME = 200
MAX_BYTES = 32 * 1024
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
    moment: datetime
    if isinstance(value, datetime):
        moment = value
    else:
        try:
            moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
        except ValueError:
            raise Invalid("bad_timestamp", f"{str(value)[:40]!r} is not a time. Send ISO 8601, for example 2026-01-31T08:30:00Z.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def event_time(message: dict[str, Any], received_at: datetime) -> tuple[datetime, datetime]:
    """(stamped, decided). The server decides: a device clock that is off is corrected by `sentAt`, the future is now."""
    stamped = parse_time(message.get("timestamp")) or parse_time(message.get("originalTimestamp")) or received_at
    sent = parse_time(message.get("sentAt"))
    decided = received_at - (sent - stamped) if sent and sent >= stamped else stamped
    if decided > received_at:
        decided = received_at
    if decided < EARLIEST:
        raise Invalid("bad_timestamp", "The event is dated before 1990. Check the clock of the sender.")
    return stamped, decided


def key_of(stamped: datetime, source: str, message_id: str) -> bytes:
    """16 bytes, time first, so that the index that refuses repeats stays small where it is hot."""
    millis = max(0, (stamped - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1))
    return millis.to_bytes(6, "big") + hashlib.blake2b(f"{source}\x1f{message_id}".encode(), digest_size=10).digest()


def parse_message(message: dict[str, Any], *, source: str, received_at: datetime) -> Draft:
    """Raises Invalid with a stable code when the message cannot be kept."""
    kind = message.get("type")
    if kind not in TYPES:
        raise Invalid("bad_type", f"type {kind!r} is not one of identify, track, page, screen, group, alias.")
    name = str(message.get("event") or message.get("name") or "").strip() if kind != "identify" else ""
    if kind == "track" and not name:
        raise Invalid("event_missing", "A track message needs the name of its event.")
    user_id, anonymous_id = _id(message, "userId"), _id(message, "anonymousId")
    if not (user_id or anonymous_id or message.get("customerId") or kind == "day"):
        raise Invalid("id_missing", "A message needs userId or anonymousId, or nobody would own it.")
    stamped, at = event_time(message, received_at)
    body, personal = _split_personal(message)
    encoded = msgspec.json.encode(body)
    if len(encoded) > MAX_BYTES:
        raise Invalid("event_too_large", f"The event has {len(encoded)} bytes; at most {MAX_BYTES} are kept.")
    message_id = str(message.get("messageId") or hashlib.sha256(msgspec.json.encode(message, order="deterministic")).hexdigest())
    return Draft(
        key=key_of(stamped, source, message_id), type=kind, name=name[:MAX_NAME], user_id=user_id,
        anonymous_id=anonymous_id, at=at, body=encoded, personal=personal,
    )  # fmt: skip


def _id(message: dict[str, Any], field: str) -> str | None:
    value = message.get(field)
    if value in (None, ""):
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Invalid("bad_id", f"{field} must be text.")
    text = str(value).strip()
    if len(text) > MAX_ID:
        raise Invalid("bad_id", f"{field} has {len(text)} characters; at most {MAX_ID} are kept.")
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
    return body, personal


def _object(parent: dict[str, Any], field: str) -> dict[str, Any]:
    value = parent.get(field) or {}
    if not isinstance(value, dict):
        raise Invalid("bad_shape", f"{field} must be an object.")
    return value
