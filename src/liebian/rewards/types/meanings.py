"""What a state of a reward means: to its recipient, in the funnel of a programme, and as an event in the log. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from liebian.rewards.types.gifts import PARCEL_ENDS
from liebian.rewards.types.states import GIVEN, NOT_DECIDED, RewardState

Told = Literal[
    "checking", "waiting", "coming", "received", "expired", "not_given", "not_delivered", "taken_back"
]  # fmt: skip
"""What a recipient is told: somebody looks at it, its day is to come, it is being handed over, it is or was theirs, or why not."""
FunnelStep = Literal["held", "rewarded", "unpaid"]
ChangeKind = Literal["", "taken_back", "to_take_back"]
"""What a change did besides moving on: units went back, or will go back as soon as a delivery under way has arrived."""
CLAWED_BACK = "Reward Clawed Back"
REDUCED = "Reward Reduced"
USABLE_AGAIN = "Reward Usable Again"
_ACTED_ON_AGAIN = frozenset({"held", "approved"})


@dataclass(frozen=True, slots=True)
class StateMeaning:
    told: Told
    step: FunnelStep
    event: str


MEANINGS: Mapping[RewardState, StateMeaning] = {
    "refused": StateMeaning("not_given", "unpaid", "Reward Refused"),
    "pending": StateMeaning("checking", "held", "Reward Pending"),
    "held": StateMeaning("waiting", "held", "Reward Held"),
    "approved": StateMeaning("waiting", "held", "Reward Approved"),
    "issuing": StateMeaning("coming", "held", "Reward Issuing"),
    "awaiting_recipient": StateMeaning("coming", "held", "Reward Sent"),
    "issued": StateMeaning("received", "rewarded", "Reward Issued"),
    # a coupon that was used is told by its order, which the change does not know
    "redeemed": StateMeaning("received", "rewarded", ""),
    "rejected": StateMeaning("not_given", "unpaid", "Reward Rejected"),
    "cancelled": StateMeaning("taken_back", "unpaid", "Reward Cancelled"),
    "returned": StateMeaning("not_delivered", "unpaid", "Reward Returned"),
    "clawed_back": StateMeaning("taken_back", "unpaid", CLAWED_BACK),
    "written_off": StateMeaning("taken_back", "unpaid", "Reward Written Off"),
    "expired": StateMeaning("expired", "rewarded", "Reward Expired"),
}


def told_of(state: RewardState, reason: str, *, is_on_hold: bool) -> Told:
    """
    >>> told_of("held", "", is_on_hold=False), told_of("held", "risk_held", is_on_hold=True)
    ('waiting', 'checking')
    >>> told_of("written_off", "parcel_lost", is_on_hold=False), told_of("held", "stock_empty", is_on_hold=True)
    ('not_delivered', 'coming')
    >>> told_of("expired", "not_decided", is_on_hold=False)
    'not_given'
    """
    if is_on_hold:
        return "coming" if reason == "stock_empty" else "checking"
    if state == "written_off" and reason in PARCEL_ENDS:
        return "not_delivered"
    return "not_given" if _never_had(state, reason) else MEANINGS[state].told


def step_of(state: RewardState, reason: str) -> FunnelStep:
    """
    >>> step_of("expired", "reward_expired"), step_of("expired", "not_decided")
    ('rewarded', 'unpaid')
    """
    return "unpaid" if _never_had(state, reason) else MEANINGS[state].step


def _never_had(state: RewardState, reason: str) -> bool:
    return state == "expired" and reason == NOT_DECIDED


def event_of(old: str, new: RewardState, kind: ChangeKind) -> str:
    """The event that a change sends, or "": not every row of a history is news to anybody but staff.

    >>> event_of("", "held", ""), event_of("held", "issuing", ""), event_of("issued", "clawed_back", "taken_back")
    ('Reward Held', 'Reward Issuing', 'Reward Clawed Back')
    >>> event_of("issued", "issued", "taken_back"), event_of("held", "held", "taken_back")
    ('Reward Clawed Back', 'Reward Reduced')
    >>> event_of("issuing", "issuing", "to_take_back"), event_of("awaiting_recipient", "awaiting_recipient", "")
    ('', '')
    """
    if kind == "to_take_back":
        return ""
    if (old, new) == ("redeemed", "issued"):
        return USABLE_AGAIN
    if old != new:
        return MEANINGS[new].event
    if kind == "taken_back":
        return CLAWED_BACK if new in GIVEN else REDUCED
    return MEANINGS[new].event if new in _ACTED_ON_AGAIN else ""
