"""Frozen values of referrals that may cross its border. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from liebian.rewards.types import Approval, LimitRule

Status = Literal["draft", "running", "paused", "ended"]
Arm = Literal["treated", "holdout"]
Level = Literal["block", "warn", "pass"]

INVITED = "Referral Invited"
VIEWED = "Referral Page Viewed"
SHARED = "Referral Link Shared"
BOUND_FOR_GOOD = frozenset({"bound", "qualified", "reversed"})  # states in which a friend keeps the inviter
OPENED = "Referral Link Opened"
SIGNED_UP = "Referral Signed Up"
EVENT_NAMES = (VIEWED, SHARED, OPENED, SIGNED_UP)
PAGE_SOURCE = "referral-page"
COUPON_REDEEMED = "Coupon Redeemed"
COUPON_REFUSED = "Coupon Refused"

REFERRER, FRIEND = "referrer", "friend"
ROLES = (REFERRER, FRIEND)
CONSENT_VERSION = "2026-01"
"""The version of the consent text on the friend's page. A new text is a new version."""


@dataclass(frozen=True, slots=True)
class Check:
    """One question of a decision: what was asked, whether it passed, and the values that were looked at."""

    code: str
    passed: bool
    seen: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"check": self.code, "passed": self.passed, "seen": dict(self.seen)}


@dataclass(frozen=True, slots=True)
class Decision:
    """`reason` is empty when accepted; otherwise it is the code of the first check that failed."""

    checks: tuple[Check, ...]

    @property
    def reason(self) -> str:
        return next((check.code for check in self.checks if not check.passed), "")

    @property
    def accepted(self) -> bool:
        return not self.reason

    @property
    def trace(self) -> list[dict[str, Any]]:
        return [check.as_json() for check in self.checks]


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer of one publishing check. `text` is an English message id with %(name)s places, filled from `values`."""

    code: str
    level: Level
    text: str
    values: Mapping[str, Any] = field(default_factory=dict)
    step: str = ""


@dataclass(frozen=True, slots=True)
class StatusAt:
    at: datetime
    status: Status


@dataclass(frozen=True, slots=True)
class ProgrammeView:
    """A programme. Amounts are minor units of `currency`; the period is [starts_on, ends_on) in business days."""

    id: int
    name: str
    status: Status
    version: int
    segment_id: int | None
    starts_on: date | None
    ends_on: date | None
    zone: str
    holdout_percent: int
    budget_id: int | None
    budget_minor: int
    currency: str
    min_order_minor: int
    hold_days: int
    limits: tuple[LimitRule, ...]
    referrer_offer_id: int | None
    friend_offer_id: int | None
    texts: Mapping[str, Mapping[str, str]]
    draft: Mapping[str, Any]
    published_at: datetime | None
    created_at: datetime
    history: tuple[StatusAt, ...]

    @property
    def segment_or_draft(self) -> int | None:
        """The target that was frozen, or the one chosen so far."""
        chosen = self.segment_id or self.draft.get("segment_id")
        return int(chosen) if chosen else None

    @property
    def approval(self) -> Approval:
        """Who lets its rewards go: the rules, or a person for each."""
        return "person" if self.draft.get("needs_approval") else "rule"


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody who takes part, or is held out. `code` is handed to nobody in the holdout."""

    id: int
    programme_id: int
    customer_id: int
    arm: Arm
    code: str
    drawn_at: datetime


@dataclass(frozen=True, slots=True)
class ReferralView:
    id: int
    programme_id: int
    referrer_id: int
    referee_id: int
    code: str
    state: str  # bound, qualified, refused, reversed
    reason: str
    channel: str
    bound_at: datetime
    trace: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class DecisionView:
    """What one side of one qualification got, and why or why not."""

    role: str
    customer_id: int
    outcome: str  # granted, refused
    reason: str
    reward_id: int | None
    trace: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class QualificationView:
    id: int
    referral_id: int
    programme_id: int
    order_external_id: str
    outcome: str  # qualified, refused, reversed
    reason: str
    amount_minor: int
    net_minor: int
    at: datetime
    decisions: tuple[DecisionView, ...]


@dataclass(frozen=True, slots=True)
class SignUpResult:
    """What the friend's page says. `reason` is empty when the sign-up was taken."""

    reason: str
    checks: tuple[Check, ...] = ()

    @property
    def accepted(self) -> bool:
        return not self.reason


@dataclass(frozen=True, slots=True)
class Landing:
    """What the friend's page shows. `state` is empty when the invitation can be accepted, otherwise a reason code.

    `inviter` is one masked letter or name part at most; never a phone number, surname or purchase.
    """

    state: str
    code: str
    programme: ProgrammeView | None = None
    inviter: str = ""
    referrer_id: int | None = None


@dataclass(frozen=True, slots=True)
class FunnelStep:
    code: str
    count: int
    base: str = ""
    """The step against which the rate is taken."""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One line of a list of people. `key` is where the next page begins; `other_id` is the person at the other end."""

    key: int
    customer_id: int
    at: datetime
    other_id: int | None = None
    state: str = ""
    reason: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True)
class Inviter:
    """What one participant brought: friends who signed up, and friends whose order counts."""

    customer_id: int
    code: str
    signed_up: int
    qualified: int


@dataclass(frozen=True, slots=True)
class TreeNode:
    customer_id: int
    state: str
    children: tuple[TreeNode, ...] = ()


@dataclass(frozen=True, slots=True)
class Why:
    """One entry of a person's story in a programme."""

    at: datetime
    kind: str
    customer_id: int | None
    reason: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    trace: Sequence[Mapping[str, Any]] = ()
