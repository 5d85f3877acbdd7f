"""When an event happened: what the sender stamped, and what the server decides of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from liebian.core.errors import Invalid
from liebian.core.texts import mark as _

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
CLOCK_TOLERANCE = timedelta(seconds=5)  # a shorter difference is the way through the network


def parse_time(value: object, field: str = "timestamp") -> datetime | None:
    """ISO 8601 text or a datetime, aware; None when absent. Unreadable text is an error, not a guess."""
    if value is None or value == "":
        return None
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        if moment.tzinfo is UTC:
            return moment
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        shown = str(value)[:40]
        raise Invalid(
            "bad_timestamp",
            _("'%(text)s' is not a time. Send ISO 8601, for example 2026-01-31T08:30:00Z."),
            text=shown,
            field=field,
        ) from None


def event_time(message: dict[str, Any], received_at: datetime) -> tuple[datetime, datetime, str | None]:
    """(stamped, decided, correction). The server decides: a device clock that is off is corrected by `sentAt`, the future
    is now. `stamped` is what the key is made of, so that a repeat is known whenever it is sent."""
    field = "timestamp" if message.get("timestamp") else "originalTimestamp"
    said = message.get(field)
    stamped = parse_time(said, field) or received_at if said else received_at
    sent = parse_time(message["sentAt"], "sentAt") if message.get("sentAt") else None
    if stamped < EARLIEST:
        raise Invalid("bad_timestamp", _("The event is dated before 1990. Check the clock of the sender."), field=field)
    if sent is None or sent < stamped:
        return (stamped, received_at, "future_time") if stamped > received_at else (stamped, stamped, None)
    age = sent - stamped
    if age > received_at - EARLIEST:
        raise Invalid(
            "bad_timestamp",
            _("By its sentAt, the event happened before 1990. Check the clock of the sender."),
            field="sentAt",
        )
    is_off = abs(received_at - sent) > CLOCK_TOLERANCE
    return stamped, received_at - age, "clock_skew" if is_off else None
