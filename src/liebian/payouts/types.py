"""Frozen values of payouts that may cross its border. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any, Literal

from liebian.core.errors import LiebianError
from liebian.rewards.types import TaxRule

Adapter = Literal["wechat", "bank_file", "manual"]
PayoutState = Literal[
    "proposed", "ready", "sending", "accepted", "awaiting", "paid", "failed", "cancelled", "returned",
]  # fmt: skip
BatchState = Literal["proposed", "approved", "declined", "withdrawn"]
AnswerState = Literal["accepted", "awaiting", "paid", "failed", "returned", "refused", "not_found", "unknown"]
FindingKind = Literal[
    "yes_after_no",
    "no_after_yes",
    "amount_differs",
    "unknown_in_statement",
    "missing_in_statement",
    "twice_in_statement",
    "paid_unsent",
]

WITH_PROVIDER = frozenset({"sending", "accepted", "awaiting"})
"""The provider was asked; only its answer ends it."""
LIVE = frozenset({"proposed", "ready", "paid"}) | WITH_PROVIDER
"""States of which a reward has at most one payout: the money is on its way or there."""
NEVER_SENT = frozenset({"proposed", "ready", "cancelled"})
"""No provider can have heard of it from us."""


GIVE_UP_WAITS = "give_up_waits"
"""Reason of a failed payout that somebody wants to give up, until a second person has answered."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider says about one number. "refused": not taken now, `code` says why; "unknown": nobody knows.
    `at` is when it came to this, where the provider says so."""

    state: AnswerState
    provider_no: str = ""
    amount_minor: int | None = None
    code: str = ""
    message: str = ""
    package: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """One order to a provider. `out_no` is ours and makes sending it again the same transfer."""

    out_no: str
    net_minor: int
    currency: str
    payee: Mapping[str, str]
    remark: str


@dataclass(frozen=True, slots=True)
class AccountDraft:
    """`settings` are public (merchant number, scene), `secrets` are sealed at rest; an empty secret keeps the stored one."""

    name: str
    adapter: Adapter
    currency: str
    settings: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    is_enabled: bool = True
    min_minor: int = 1
    max_minor: int = 20_000
    most_a_day: int = 10
    day_minor: int = 2_000_000
    calls_a_minute: int = 300
    quiet_from: time | None = None
    quiet_until: time | None = None


@dataclass(frozen=True, slots=True)
class AccountView:
    id: int
    name: str
    adapter: Adapter
    currency: str
    settings: Mapping[str, str]
    known_secrets: tuple[str, ...]
    is_enabled: bool
    min_minor: int
    max_minor: int
    most_a_day: int
    day_minor: int
    calls_a_minute: int
    quiet_from: time | None
    quiet_until: time | None

    @property
    def by_hand(self) -> bool:
        """People bring the orders to the provider and its answers back."""
        return self.adapter != "wechat"


@dataclass(frozen=True, slots=True)
class BatchView:
    id: int
    account: AccountView
    state: BatchState
    n_payouts: int
    net_minor: int
    gross_minor: int
    tax_minor: int
    proposed_by: int
    proposed_at: datetime
    decided_by: int | None
    decided_at: datetime | None
    note: str
    n_by_state: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class PayoutView:
    id: int
    batch_id: int
    account_id: int
    reward_id: int
    customer_id: int
    currency: str
    gross_minor: int
    tax_minor: int
    net_minor: int
    tax_rule: TaxRule
    state: PayoutState
    reason: str
    out_no: str
    provider_no: str
    payee_hint: str
    package: str
    sent_at: datetime | None
    paid_at: datetime | None
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class PayoutChangeView:
    from_state: str
    to_state: PayoutState
    reason: str
    note: str
    actor: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """A reward of money that is in no payout yet. `problem` says why it cannot be paid through this account."""

    reward_id: int
    customer_id: int
    name: str
    currency: str
    gross_minor: int
    tax_minor: int
    net_minor: int
    tax_rule: TaxRule
    problem: str = ""
    payee_hint: str = ""


@dataclass(frozen=True, slots=True)
class PayeeTable:
    """What became of a file of payees: row, customer as written there, and why it was not taken."""

    n_taken: int
    rejected: tuple[tuple[int, str, LiebianError], ...]


@dataclass(frozen=True, slots=True)
class ToConfirm:
    """A payout that its recipient has to confirm, with what the provider's own page asks for."""

    payout_id: int
    reward_id: int
    name: str
    currency: str
    net_minor: int
    merchant: str
    app: str
    package: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class MoneyOf:
    """One person's money in one currency: promised and on hold or owed (before tax), with a provider and paid (after tax)."""

    currency: str
    promised_minor: int
    owed_minor: int
    under_way_minor: int
    paid_minor: int


@dataclass(frozen=True, slots=True)
class FindingView:
    id: int
    account_id: int
    payout_id: int | None
    kind: FindingKind
    out_no: str
    ours_minor: int | None
    theirs_minor: int | None
    details: Mapping[str, Any]
    found_at: datetime
    explained_by: int | None
    note: str


@dataclass(frozen=True, slots=True)
class RecordingView:
    """A person says that the money of a finding really left, and waits for a second one."""

    id: int
    finding_id: int
    payout_id: int
    out_no: str
    currency: str
    net_minor: int
    reference: str
    note: str
    proposed_by: int
    proposed_at: datetime


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One line of a provider's statement. `paid` is None where the statement does not say."""

    row: int
    out_no: str
    amount_minor: int | None
    paid: bool | None
    provider_no: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RowProblem:
    row: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class StatementOutcome:
    n_rows: int
    n_agreeing: int
    n_settled: int
    n_findings: int
    problems: tuple[RowProblem, ...] = ()


ResultKind = Literal["paid", "failed", "amount", "against", "unsent", "twice", "unknown", "elsewhere", "known"]


@dataclass(frozen=True, slots=True)
class ResultLine:
    """What a line of a bank's results means for the batch. Of `DIFFERENCES` it leaves an alarm."""

    said: StatementRow
    kind: ResultKind
    payout_id: int | None = None
    ours_minor: int | None = None


@dataclass(frozen=True, slots=True)
class ResultPlan:
    """`n_silent` payouts of the batch are with the bank and not named."""

    lines: tuple[ResultLine, ...]
    n_silent: int


@dataclass(frozen=True, slots=True)
class ResultsOutcome:
    n_paid: int
    n_failed: int
    n_differences: int
