"""The states of a reward and the days on which it moves. Plain Python."""

from __future__ import annotations

from datetime import date, timedelta

from liebian.core.errors import Conflict, Invalid
from liebian.core.texts import Term
from liebian.core.texts import mark as _

_WAITING = {"rejected", "cancelled"}
TRANSITIONS: dict[str, frozenset[str]] = {
    "": frozenset({"pending", "held", "refused"}),
    "refused": frozenset(),
    "pending": frozenset({"pending", "held", "approved", "expired", *_WAITING}),
    "held": frozenset({"held", "approved", "issuing", "issued", "expired", *_WAITING}),
    "approved": frozenset({"approved", "held", "issuing", "issued", *_WAITING}),
    "issuing": frozenset({"issuing", "awaiting_recipient", "issued", "returned", "cancelled"}),
    "awaiting_recipient": frozenset(
        {"issuing", "awaiting_recipient", "issued", "returned", "cancelled", "written_off"}
    ),
    "issued": frozenset({"issued", "redeemed", "clawed_back", "expired"}),
    "redeemed": frozenset({"issued", "redeemed", "written_off"}),
    "rejected": frozenset(),
    "cancelled": frozenset(),
    "returned": frozenset({"issued", "issuing"}),
    "clawed_back": frozenset(),
    "written_off": frozenset({"issuing"}),
    "expired": frozenset(),
}
_STATES: dict[str, str] = {
    "": _("new"),
    "refused": _("refused"),
    "pending": _("waiting for approval"),
    "held": _("on hold"),
    "approved": _("approved"),
    "issuing": _("being delivered"),
    "awaiting_recipient": _("waiting for the recipient"),
    "issued": _("paid"),
    "redeemed": _("redeemed"),
    "rejected": _("rejected"),
    "cancelled": _("cancelled"),
    "returned": _("returned to the budget"),
    "clawed_back": _("taken back"),
    "written_off": _("written off"),
    "expired": _("expired"),
}


def check_transition(old: str, new: str) -> None:
    if new not in TRANSITIONS[old]:
        raise Conflict(
            "reward_transition",
            _("A reward that is %(old)s cannot become %(new)s."),
            old=Term(_STATES[old]),
            new=Term(_STATES[new]),
        )


def hold_until(qualified_on: date, hold_days: int) -> date:
    """First business day on which a reward may be paid.

    >>> hold_until(date(2026, 6, 1), 7).isoformat(), hold_until(date(2026, 6, 1), 0).isoformat()
    ('2026-06-08', '2026-06-01')
    """
    if hold_days < 0:
        raise Invalid("hold_days", _("The hold cannot be shorter than zero days."))
    return qualified_on + timedelta(days=hold_days)


def expires_on(issued_on: date, valid_days: int) -> date:
    """First day on which a coupon is no longer taken: the day of issue counts as its first day."""
    return issued_on + timedelta(days=valid_days)
