"""What each source sent on each business day, counted in the transaction that writes it."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

COUNTED = ("accepted", "duplicates", "corrected", "quarantined", "refused", "throttled")
_ADD = (
    f"INSERT INTO events_sourceday (source, day, {', '.join(COUNTED)}) VALUES (%s, %s{', %s' * len(COUNTED)}) "  # noqa: S608
    f"ON CONFLICT (source, day) DO UPDATE SET {', '.join(f'{c} = events_sourceday.{c} + excluded.{c}' for c in COUNTED)}"
)


class Counts(Counter[tuple[str, date, str]]):
    """How many, by (source, business day, one of COUNTED)."""


def add_counts(connection: Any, counts: Counts) -> None:
    """Add to SourceDay. Part of a transaction of the log's database."""
    with connection.cursor() as cursor:
        for source, day in sorted({key[:2] for key in counts}):
            cursor.execute(_ADD, [source, day.isoformat(), *[counts[source, day, name] for name in COUNTED]])
