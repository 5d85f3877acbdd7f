"""The key that makes an event unique: 16 bytes, time first, so that the index that refuses repeats is hot in one place.

A timed message keeps its own time in the key. One that names itself but no time is filed under the (UTC) day on which it
arrived, and the log looks for it under the two days before as well (`keys_before`).
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from hashlib import blake2b
from typing import Any

import msgspec

from liebian.core.errors import Invalid
from liebian.core.moments import millis_of
from liebian.events.rules.times import event_time

DAY_MS = 86_400_000
DAYS_LOOKED_BACK = 2


def key_of(stamped: datetime, source: str, message_id: str) -> bytes:
    return make_key(millis_of(stamped), source, message_id)


def make_key(millis: int, source: str, message_id: str) -> bytes:
    digest = blake2b(f"{source}\x1f{message_id}".encode(), digest_size=10).digest()
    return (millis if millis > 0 else 0).to_bytes(6, "big") + digest


def day_start_ms(millis: int) -> int:
    return millis - millis % DAY_MS


def keys_before(key: bytes) -> list[bytes]:
    """The keys that the same untimed message would have if it had arrived on one of the days before."""
    millis, rest = int.from_bytes(key[:6], "big"), key[6:]
    return [max(0, millis - days * DAY_MS).to_bytes(6, "big") + rest for days in range(1, DAYS_LOOKED_BACK + 1)]


def digest_of(message: object) -> str:
    return hashlib.sha256(msgspec.json.encode(message, order="deterministic")).hexdigest()


def is_timed(message: dict[str, Any]) -> bool:
    return bool(message.get("timestamp") or message.get("originalTimestamp"))


def key_of_message(
    message: dict[str, Any], message_id: str, stamped: datetime, received_at: datetime, source: str
) -> tuple[bytes, bool]:
    """(key, whether it is dated by the message). Two messages that name neither themselves nor a time are two, also when
    they say the same within one millisecond."""
    if is_timed(message):
        return make_key(millis_of(stamped), source, message_id or digest_of(message)), True
    if not message_id:
        return make_key(millis_of(stamped), source, secrets.token_hex(8)), True
    return make_key(day_start_ms(millis_of(received_at)), source, message_id), False


def key_of_misfit(message: object, source: str, received_at: datetime) -> tuple[bytes, bool]:
    """(key, whether it is dated) of a message that cannot enter the log: the message's own, else that of its content."""
    received_ms = millis_of(received_at)
    named = message.get("messageId") if isinstance(message, dict) else None
    text = str(named) if isinstance(named, str | int) and named else digest_of(message)
    if isinstance(message, dict) and is_timed(message):
        try:
            stamped, _at, _correction = event_time(message, received_at)
            return make_key(millis_of(stamped), source, text), True
        except Invalid:  # its time is one of the things that do not fit
            return make_key(day_start_ms(received_ms), source, text), False
    return make_key(day_start_ms(received_ms), source, text), False
