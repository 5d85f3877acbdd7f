"""The states of a payout, and when a provider is asked again. Plain Python."""

from __future__ import annotations

from datetime import timedelta

from liebian.core.errors import Conflict
from liebian.core.texts import mark as _

_ANSWERED = {"accepted", "awaiting", "paid", "failed", "returned"}
TRANSITIONS: dict[str, frozenset[str]] = {
    "": frozenset({"proposed"}),
    "proposed": frozenset({"ready", "cancelled", "paid"}),  # paid: recorded by two people, see services.recordings
    "ready": frozenset({"sending", "cancelled", "paid"}),
    "sending": frozenset({"sending", *_ANSWERED}),
    "accepted": frozenset({"accepted", "awaiting", "paid", "failed", "returned"}),
    "awaiting": frozenset({"accepted", "awaiting", "paid", "failed", "returned"}),
    "paid": frozenset(),
    "failed": frozenset(
        {"failed", "returned", "paid"}
    ),  # failed: giving it up waits for a second person, or was declined
    "cancelled": frozenset({"paid"}),
    "returned": frozenset({"paid"}),
}
_FIRST, _LONGEST = timedelta(seconds=30), timedelta(hours=1)


def check_payout_transition(old: str, new: str) -> None:
    if new not in TRANSITIONS[old]:
        raise Conflict(
            "payout_transition", _("This payout has moved on meanwhile. Nothing was changed; open it again.")
        )


def next_ask(n_asked: int) -> timedelta:
    """How long to wait before the provider is asked for the n-th time: twice as long each time, an hour at most.

    >>> [int(next_ask(n).total_seconds()) for n in (0, 1, 2, 20)]
    [30, 60, 120, 3600]
    """
    times: int = 2 ** min(n_asked, 10)
    return min(_FIRST * times, _LONGEST)
