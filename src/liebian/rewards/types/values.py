"""Frozen values of rewards that may cross its border. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any, Literal

from liebian.rewards.types.coupons import CouponTerms
from liebian.rewards.types.limits import LimitRule
from liebian.rewards.types.meanings import ChangeKind, FunnelStep, Told, event_of, step_of, told_of
from liebian.rewards.types.privileges import PrivilegeTerms
from liebian.rewards.types.states import WITHOUT_COST, RewardState

OfferKind = Literal["points", "coupon", "gift", "code", "privilege", "cash", "red_packet"]
TaxRule = Literal["none", "incidental_withheld", "incidental_on_top", "fees_withheld"]
MONEY: frozenset[OfferKind] = frozenset({"cash", "red_packet"})
Approval = Literal["rule", "person"]
CouponState = Literal["issued", "redeemed", "void", "expired"]


@dataclass(frozen=True, slots=True)
class OfferDraft:
    """The terms of a reward. `cost_minor` is what one whole reward costs the budget.

    points: `points` of the programme of points that `points_programme` names, the general ones where it is empty. coupon: `face_minor` off an order of at least `threshold_minor`, for `valid_days` days, or what `terms` say.
    gift: one piece of a stock. code: one code of a pool. privilege: `valid_days` of what `privilege` says.
    cash, red_packet: `face_minor` of money, taxed by `tax`. `approval` says
    whether the programme's rules suffice or a person has to approve every single reward.
    """

    kind: OfferKind
    name: str
    currency: str
    cost_minor: int
    points: int = 0
    face_minor: int = 0
    threshold_minor: int = 0
    valid_days: int = 0
    approval: Approval = "rule"
    terms: CouponTerms = field(default_factory=CouponTerms)
    privilege: PrivilegeTerms | None = None
    tax: TaxRule = "none"
    points_programme: str = ""


@dataclass(frozen=True, slots=True)
class OfferView:
    id: int
    kind: OfferKind
    name: str
    currency: str
    cost_minor: int
    points: int
    face_minor: int
    threshold_minor: int
    valid_days: int
    approval: Approval
    terms: CouponTerms = field(default_factory=CouponTerms)
    privilege: PrivilegeTerms | None = None
    tax: TaxRule = "none"
    points_programme: str = ""

    @property
    def amount(self) -> int:
        """Units of one reward: points, days of a privilege, minor units of money, or one coupon or gift."""
        if self.kind in MONEY:
            return self.face_minor
        return {"points": self.points, "privilege": self.valid_days}.get(self.kind, 1)

    def as_draft(self) -> OfferDraft:
        """The same terms again."""
        return OfferDraft(**{each.name: getattr(self, each.name) for each in fields(OfferDraft)})


@dataclass(frozen=True, slots=True)
class Closure:
    """A time during which a budget was closed, and why it was opened again."""

    start: datetime
    end: datetime
    reason: str
    actor: int | None


@dataclass(frozen=True, slots=True)
class BudgetView:
    """Where a budget's money is. funded = available + reserved + payable + paid_out + receivable + written_off, always.

    A closed budget promises nothing more; what it has promised is still paid. `warn_at_minor`: it is low with so much left.
    It should last until `lasts_until`, and one is warned when it is expected to be used up within `warn_days`.
    """

    id: int
    name: str
    currency: str
    shards: int
    created_at: datetime
    funded: int
    available: int
    reserved: int
    payable: int
    paid_out: int
    receivable: int
    written_off: int
    warn_at_minor: int | None = None
    closed_at: datetime | None = None
    warn_days: int | None = None
    lasts_until: date | None = None
    closures: tuple[Closure, ...] = ()

    @property
    def is_low(self) -> bool:
        return not self.closed_at and self.warn_at_minor is not None and self.available <= self.warn_at_minor


@dataclass(frozen=True, slots=True)
class BudgetPart:
    """What one part of a budget holds."""

    number: int
    available: int
    reserved: int


@dataclass(frozen=True, slots=True)
class Side:
    """One of the people a qualification may reward. `refusal` is a reason the caller already found (risk …).

    `subjects` says whom limits are about, by scope (friend, identifier, store); the person is the customer unless it says otherwise.
    """

    role: str
    customer_id: int
    offer_id: int
    refusal: str = ""
    subjects: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GrantRequest:
    """Decide all sides of one qualification together. The cause (qualification, rule, role) makes each reward unique.

    `hold_until` is the first business day on which the reward may be paid (rules.hold_until). `both_or_none` is about
    the budget only: a side refused by the caller does not take the other side with it. `approval` by a person is asked for
    here or by the offer.
    """

    qualification: str
    rule: str
    programme_id: int
    budget_id: int
    sides: tuple[Side, ...]
    hold_until: date
    at: datetime
    both_or_none: bool = True
    limits: tuple[LimitRule, ...] = ()
    trace: Mapping[str, Any] = field(default_factory=dict)
    approval: Approval = "rule"


@dataclass(frozen=True, slots=True)
class RewardView:
    id: int
    qualification: str
    rule: str
    role: str
    programme_id: int
    budget_id: int
    customer_id: int
    offer: OfferView
    state: RewardState
    reason: str
    amount: int
    cost_minor: int
    clawed_amount: int
    clawed_minor: int
    owed_minor: int
    hold_until: date
    is_on_hold: bool
    created_at: datetime
    changed_at: datetime
    trace: Mapping[str, Any]

    @property
    def kept_amount(self) -> int:
        return self.amount - self.clawed_amount

    @property
    def kept_minor(self) -> int:
        """What it costs as things stand: nothing where it ended before anything was spent."""
        return 0 if self.state in WITHOUT_COST else self.cost_minor - self.clawed_minor

    @property
    def told_reason(self) -> str:
        """Why it is as it is. What waits for stock was not refused for want of it."""
        return "stock_awaited" if self.is_on_hold and self.reason == "stock_empty" else self.reason

    @property
    def told(self) -> Told:
        """What its recipient is told of it."""
        return told_of(self.state, self.reason, is_on_hold=self.is_on_hold)

    @property
    def step(self) -> FunnelStep:
        """Where it is in the funnel of its programme."""
        return step_of(self.state, self.reason)


@dataclass(frozen=True, slots=True)
class GrantOutcome:
    """The stored decision. `repeated` says that it was made by an earlier call."""

    reward: RewardView
    granted: bool
    repeated: bool

    @property
    def reason(self) -> str:
        return self.reward.reason


@dataclass(frozen=True, slots=True)
class RefundNotice:
    """An order behind a qualification was refunded: `refunded_minor` in all so far, of `order_total_minor`.

    `reason` is stored with the change; a cancelled order is a refund of its total.
    """

    qualification: str
    refunded_minor: int
    order_total_minor: int
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CouponUse:
    code: str
    customer_id: int
    order_key: str
    day: date
    at: datetime


@dataclass(frozen=True, slots=True)
class CouponOutcome:
    """`reason` is empty when the coupon counted."""

    code: str
    accepted: bool
    reason: str
    reward_id: int | None = None


@dataclass(frozen=True, slots=True)
class CouponView:
    code: str
    reward_id: int
    customer_id: int
    offer: OfferView
    state: CouponState
    issued_at: datetime
    expires_on: date
    """The first day on which it is no longer taken."""
    expires_at: datetime
    """The first instant at which it is no longer taken."""


@dataclass(frozen=True, slots=True)
class RewardChangeView:
    """One step in a reward's life, numbered; readers follow it by id."""

    id: int
    reward_id: int
    from_state: str
    to_state: RewardState
    reason: str
    amount: int
    minor: int
    at: datetime
    actor: int | None
    note: str
    kind: ChangeKind = ""

    @property
    def event(self) -> str:
        """What the log is told of it, or ""."""
        return event_of(self.from_state, self.to_state, self.kind)


@dataclass(frozen=True, slots=True)
class Tally:
    count: int = 0
    minor: int = 0


@dataclass(frozen=True, slots=True)
class ProgrammeTotals:
    """Counts and money of a programme's rewards. granted = everything that was not refused at the start.

    `held` waits for its day or for approval, `issuing` for delivery; `cancelled` includes rejected and returned rewards.
    `clawed` counts rewards of which anything was taken back; `net_minor` is what they cost as things stand.
    """

    programme_id: int
    granted: Tally
    held: Tally
    issuing: Tally
    issued: Tally
    clawed: Tally
    cancelled: Tally
    expired: Tally
    refused: Tally
    refused_by_reason: Mapping[str, int]
    net_minor: int
    owed_minor: int
