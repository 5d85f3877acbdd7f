"""The terms that decisions are held against, and when a programme runs. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from liebian.core.days import day_of
from liebian.core.errors import Conflict
from liebian.core.texts import Term
from liebian.core.texts import mark as _
from liebian.referrals.types import Status, StatusAt

_NEXT: dict[str, frozenset[str]] = {
    "draft": frozenset({"running"}),
    "running": frozenset({"paused", "ended"}),
    "paused": frozenset({"running", "ended"}),
    "ended": frozenset(),
}
_STATES: dict[str, str] = {"draft": _("draft"), "running": _("running"), "paused": _("paused"), "ended": _("ended")}


@dataclass(frozen=True, slots=True)
class Terms:
    """What was promised when the programme was published. The period is [starts_on, ends_on) in days of `zone`."""

    programme_id: int
    starts_on: date
    ends_on: date
    zone: str
    currency: str
    min_order_minor: int
    hold_days: int
    history: tuple[StatusAt, ...]


def may_become(old: str, new: str) -> None:
    """Raises Conflict when a programme in state `old` cannot become `new`."""
    if new not in _NEXT[old]:
        raise Conflict(
            "programme_transition",
            _("A programme that is %(old)s cannot become %(new)s."),
            old=Term(_STATES[old]),
            new=Term(_STATES[new]),
        )


def status_at(history: Sequence[StatusAt], moment: datetime) -> Status:
    """The status in force at the moment: an event is judged by its own time, however late it is read."""
    status: Status = "draft"
    for change in history:
        if change.at <= moment:
            status = change.status
    return status


def window_state(terms: Terms, moment: datetime) -> str:
    """Empty while new friends can be brought; otherwise the reason why not."""
    status = status_at(terms.history, moment)
    day = day_of(moment, terms.zone)
    if status in ("draft", "paused"):
        return "programme_not_running"
    if status == "ended" or day >= terms.ends_on:
        return "code_expired"
    return "not_started" if day < terms.starts_on else ""
