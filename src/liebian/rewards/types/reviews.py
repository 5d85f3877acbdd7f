"""What people may do to rewards. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from liebian.rewards.types.points_desk import ProposedPoints

Act = Literal["approve", "hold", "reject", "claw_back", "resend", "give_up"]
PointsAct = Literal["adjust", "transfer", "take_back", "owe", "forgive"]
BudgetAct = Literal["fund", "budget_move", "budget_close"]
ReviewAct = Act | PointsAct | BudgetAct
ReviewState = Literal["waiting", "done", "agreed", "declined", "withdrawn"]
PolicyMode = Literal["never", "from", "always"]
WhySecond = Literal["", "always", "act", "staff", "customer", "budget"]
MOST_REWARDS = 1000


@dataclass(frozen=True, slots=True)
class Deadlines:
    """After how many days a reward ends that nobody decided about, or whose customer did not say where it goes. 0: never."""

    decide_days: int = 0
    claim_days: int = 0


@dataclass(frozen=True, slots=True)
class PolicyView:
    """`from_minor` of `currency` is the sum from which a second person has to agree; another currency always asks for one.

    `from_points` is the same for points that a person gives, takes or passes on; while it is zero, each such act asks for one.
    What one person does alone within a day is one sum, and so is what is done alone for one customer, or with one budget.
    """

    mode: PolicyMode
    currency: str
    from_minor: int
    from_points: int = 0


@dataclass(frozen=True, slots=True)
class ReviewPreview:
    """What an act would do: how many of the rewards it fits, and their money by currency."""

    act: Act
    n_fitting: int
    n_other: int
    minor_by_currency: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class DoneAlone:
    """What went through within a day without a second person: of one staff member, and about the customer, or the
    budget, that had most."""

    by_staff: int = 0
    by_customer: int = 0


@dataclass(frozen=True, slots=True)
class ProposedBudgetAct:
    """What a review puts into a budget, or takes out of it: by moving it to the target, or by closing the budget."""

    budget_id: int
    budget_name: str
    currency: str
    amount_minor: int
    target_id: int | None = None
    target_name: str = ""


@dataclass(frozen=True, slots=True)
class ReviewItemView:
    reward_id: int
    outcome: str


@dataclass(frozen=True, slots=True)
class ReviewView:
    """`done`: one person sufficed; `agreed`: two persons. `items` is empty in lists. An act on points has `points` in
    their place, one on a budget `budget_act`."""

    id: int
    act: ReviewAct
    reason: str
    note: str
    state: ReviewState
    n_rewards: int
    proposed_by: int
    proposed_at: datetime
    decided_by: int | None
    decided_at: datetime | None
    decision_note: str
    items: tuple[ReviewItemView, ...] = ()
    points: ProposedPoints | None = None
    why_second: WhySecond = ""
    budget_act: ProposedBudgetAct | None = None
