"""Instants as whole milliseconds since 1970, the form in which the log keeps them. Reads no clock.

>>> millis_of(moment_of(1_767_225_600_123))
1767225600123
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def millis_of(moment: datetime) -> int:
    """Milliseconds since 1970, rounded down."""
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def moment_of(millis: int) -> datetime:
    return EPOCH + timedelta(milliseconds=millis)
