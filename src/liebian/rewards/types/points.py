"""Points: the terms of a programme, what moves them, and what a customer has. Plain Python.

Every act carries a `key`: the same key with the same figures is the same act, once. `asset` is the programme's unit, "POINTS/0" or
"POINTS:<programme>/0". Bounds are [start, end): at `expires_at` a lot or a reservation is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

POINTS = "POINTS/0"

ExpiryMode = Literal["never", "days", "months", "month_end", "year_end", "inactivity"]
Shortage = Literal["within_balance", "debt", "review"]
LateRestore = Literal["expired", "grace"]
Stacking = Literal["add", "highest", "multiply"]
LotState = Literal["pending", "active", "expired"]
UseKind = Literal["burn", "claw", "transfer", "adjust", "debt", "shortage"]
UseState = Literal["reserved", "used", "released"]


@dataclass(frozen=True, slots=True)
class PointsTerms:
    """How a programme treats its points. Days and months end with the local day in `zone`.

    `expiry_count` is the number of days, months or idle days; `min_days` is what a lot lives at least before the end of month or year
    that ends it. `shortage` says what happens when points to be taken back are gone: the rest is owed and nothing else changes
    (within_balance), it is a debt that later points pay first and that blocks spending (debt), or a person decides (review).
    `late_restore` says what a returned burn gives back of a lot that ended meanwhile: nothing that can be spent (expired), or new points
    for `grace_days`. Multipliers stack by `stacking`, together at most `most_bp` (0: no bound).
    """

    zone: str
    expiry: ExpiryMode = "never"
    expiry_count: int = 0
    min_days: int = 0
    shortage: Shortage = "within_balance"
    late_restore: LateRestore = "expired"
    grace_days: int = 0
    stacking: Stacking = "add"
    most_bp: int = 0
    may_transfer: bool = False
    transfer_fee_bp: int = 0
    transfer_least: int = 1
    transfer_most: int = 0


@dataclass(frozen=True, slots=True)
class Multiplier:
    """A campaign's or a level's factor in basis points: 15,000 is one and a half times."""

    name: str
    bp: int


@dataclass(frozen=True, slots=True)
class PointsEarn:
    """`active_from` later than `at` makes them pending until then. `expires_at` overrides the terms of the programme."""

    key: str
    customer_id: int
    amount: int
    at: datetime
    asset: str = POINTS
    active_from: datetime | None = None
    expires_at: datetime | None = None
    multipliers: tuple[Multiplier, ...] = ()
    subject: str = ""
    trace: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PointsBurn:
    """Spend `amount`; with `reserve_until` only set it aside until then."""

    key: str
    customer_id: int
    amount: int
    at: datetime
    asset: str = POINTS
    subject: str = ""
    reserve_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PointsRestore:
    """Of the burn `key`, `amount` is to be given back in all so far."""

    key: str
    amount: int
    at: datetime


@dataclass(frozen=True, slots=True)
class PointsClaw:
    """Of what `key` earned, `amount` is to be taken back in all so far."""

    key: str
    amount: int
    at: datetime


@dataclass(frozen=True, slots=True)
class PointsTransfer:
    key: str
    sender_id: int
    receiver_id: int
    amount: int
    at: datetime
    asset: str = POINTS


@dataclass(frozen=True, slots=True)
class PointsAdjustment:
    """A correction by a person: more than zero gives, less takes. `note` says why, `reason` is its code where there is one."""

    key: str
    customer_id: int
    amount: int
    at: datetime
    note: str
    actor: int | None
    asset: str = POINTS
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PointsOutcome:
    """`reason` is empty when it was done; `amount` is what moved in all by this key. Nothing has while the review waits for a second person."""

    key: str
    amount: int
    reason: str = ""
    repeated: bool = False
    review_id: int | None = None

    @property
    def accepted(self) -> bool:
        return not self.reason


@dataclass(frozen=True, slots=True)
class PointsBalance:
    """What a customer has. `active` can be spent unless there is a `debt`; `next_amount` of it ends at `next_expiry`.

    `receivable` and `in_review` were to be taken back and were gone by then.
    """

    customer_id: int
    asset: str
    active: int
    pending: int = 0
    reserved: int = 0
    debt: int = 0
    receivable: int = 0
    in_review: int = 0
    next_expiry: datetime | None = None
    next_amount: int = 0

    @property
    def spendable(self) -> int:
        return 0 if self.debt else self.active


@dataclass(frozen=True, slots=True)
class LotView:
    id: int
    customer_id: int
    asset: str
    cause: str
    reward_id: int | None
    amount: int
    remaining: int
    reserved: int
    expired: int
    state: LotState
    active_from: datetime
    expires_at: datetime | None
    earned_at: datetime
    expiry: str
    trace: Mapping[str, Any]
    clawed: int = 0


@dataclass(frozen=True, slots=True)
class PointsMovement:
    """One line of a customer's history: what an entry did to what they can spend (`active`) and to what they have in all."""

    entry_id: int
    at: datetime
    kind: str
    active: int
    pending: int
    reserved: int
    owed: int
    subject: str
    memo: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PointsWarning:
    """What a customer is about to lose: `amount` in all, the first of it at `first_expiry`."""

    customer_id: int
    amount: int
    first_expiry: datetime


@dataclass(frozen=True, slots=True)
class Liability:
    """Points outstanding that end in a month ("2026-12"), or never ("")."""

    month: str
    amount: int
    n_lots: int


@dataclass(frozen=True, slots=True)
class LotsProof:
    """One account of a customer whose lots add up to something else; there should be none."""

    account: str
    balance: int
    lots: int
