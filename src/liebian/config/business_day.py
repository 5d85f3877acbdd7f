"""Starting business days, also where the machine's clock jumps.

Owns the cursors `days` (the last day that was started, as a number), `days.highest` (the highest ever) and `days.again` (how
often a day was taken back; a day that is started again is another row of the log).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection

from liebian.core import clock, cursors, days
from liebian.core.errors import Conflict
from liebian.core.texts import mark as _
from liebian.events import services as events

LAST_DAY, HIGHEST, AGAIN = "days", "days.highest", "days.again"
MOST_DAYS_AHEAD = 400
TOLERANCE = timedelta(hours=1)
BELIEVED_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Reading:
    """What one process thinks of the clock: whether it goes on from where it was, and for how long it has."""

    is_believed: bool = True
    for_long: bool = False


class Watch:
    """Compares the clock with one that nobody can set. The first reading is believed, as a machine may have been off for a month;
    one that jumps away from the last believed one by more than an hour is believed when it has gone on from there for an hour."""

    def __init__(self, steady: Callable[[], float] = clock.steady) -> None:
        self._steady = steady
        self._started_at = steady()
        self._origin: timedelta | None = None
        self._other: tuple[timedelta, float] | None = None

    def look(self, now: datetime) -> Reading:
        at = self._steady()
        origin = timedelta(seconds=now.timestamp() - at)
        if self._origin is None:
            self._started_at = at
        elif abs(origin - self._origin) > TOLERANCE:
            if self._other is None or abs(origin - self._other[0]) > TOLERANCE:
                self._other = (origin, at)
            if at - self._other[1] < BELIEVED_AFTER.total_seconds():
                return Reading(is_believed=False)
            self._started_at = self._other[1]
        self._origin, self._other = origin, None
        return Reading(for_long=at - self._started_at >= BELIEVED_AFTER.total_seconds())


def start_day(now: datetime, watch: Watch | None = None) -> int:
    """Write the row that starts a business day, because holds end and coupons expire by these rows. Idempotent by day.

    A clock that stands before the last day for an hour, in the eyes of `watch`, takes that day back: today starts again, and so does
    every day after it. Raises Conflict "clock_jumped" when the clock is more than a year ahead, "clocks_differ" when the database's is another one.
    """
    seen = watch.look(now) if watch is not None else Reading()
    day = days.day_of(now, settings.TIME_ZONE)
    last = cursors.position_of(LAST_DAY)
    if day.toordinal() == last or not seen.is_believed:
        return 0
    if day.toordinal() < last and not seen.for_long:
        return 0
    _refuse_two_clocks()
    _refuse_far_ahead(day, last)
    return _write_day(day, now)


def accept_clock(now: datetime) -> int:
    """Start the day that the clock says, however far it is from the last one, ahead or back."""
    return _write_day(days.day_of(now, settings.TIME_ZONE), now)


def difference_of_clocks() -> timedelta:
    """How far the clock of PostgreSQL's server is ahead of ours; nothing on SQLite."""
    if connection.vendor != "postgresql":
        return timedelta()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        theirs: datetime = cursor.fetchone()[0]
    return theirs - clock.now()


def days_ahead(day: date) -> int:
    """How many days lie between the highest that was ever started and this one; 0 when none was."""
    highest = max(cursors.positions_of([LAST_DAY, HIGHEST]).values())
    return day.toordinal() - highest if highest else 0


def _refuse_two_clocks() -> None:
    if abs(difference_of_clocks()) > TOLERANCE:
        raise Conflict(
            "clocks_differ",
            _("This machine's clock and the database's differ by %(hours)s hours. No day starts until they agree."),
            hours=round(abs(difference_of_clocks()).total_seconds() / 3600),
        )


def _refuse_far_ahead(day: date, last: int) -> None:
    if days_ahead(day) > MOST_DAYS_AHEAD:
        raise Conflict(
            "clock_jumped",
            _(
                "The clock says %(day)s, but the last business day here was %(last)s. Set the clock, or run `liebian accept-clock` if it is right."
            ),
            day=day.isoformat(),
            last=date.fromordinal(last).isoformat(),
        )


def _write_day(day: date, now: datetime) -> int:
    """The row goes first: after a crash before the cursors it is the same row again."""
    with (
        cursors.reading(LAST_DAY) as reading,
        cursors.reading_along(HIGHEST) as top,
        cursors.reading_along(AGAIN) as again,
    ):
        if reading.position == day.toordinal():
            return 0  # by another process, meanwhile
        is_back = day.toordinal() < reading.position
        written = events.record_day(day=day, now=now, again=again.position + is_back)
        if is_back:
            top.position, again.position = max(top.position, reading.position), again.position + 1
        reading.position = day.toordinal()
    return int(written)
