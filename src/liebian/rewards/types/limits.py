"""How much one programme, person, friend, identifier or store may get in a stretch of time. Plain Python."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Scope = Literal["programme", "person", "friend", "identifier", "store"]
Period = Literal["day", "week", "month", "year", "ever"]
Measure = Literal["minor", "count"]
OnExcess = Literal["refuse", "clamp"]


@dataclass(frozen=True, slots=True)
class LimitRule:
    """At most `amount` (money in minor units, or rewards) for each subject of the scope in each period of the zone.

    `code` names the rule within its programme: a rule with another amount under the same code is the same limit, changed.
    `clamp` gives what still fits of a reward that can be divided; `refuse` gives all of it or nothing.
    What was never issued gives its place back; with `frees_taken_back`, so does what was issued and then taken back.
    """

    code: str
    scope: Scope
    period: Period
    measure: Measure
    amount: int
    zone: str
    on_excess: OnExcess = "refuse"
    frees_taken_back: bool = False


@dataclass(frozen=True, slots=True)
class LimitUse:
    """How far a limit is used in one window: by how many, how many have nothing left, all together, and the most by one.

    `start` is the first day of the window, empty for one without end.
    """

    rule: LimitRule
    start: str
    n_subjects: int
    n_full: int
    used: int
    most: int
