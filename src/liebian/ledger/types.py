"""Frozen values of the ledger that may cross its border. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any, Literal

from liebian.core.errors import Conflict
from liebian.core.texts import mark as _

WORLD = "world"
REVERSAL = "reversal"


class InsufficientFunds(Conflict):
    """An account that may not go below zero would have; nothing was posted."""

    def __init__(self, account: str, *, needed: int, balance: int) -> None:
        super().__init__(
            "insufficient_funds",
            _("%(account)s holds %(balance)s and cannot give %(needed)s. Nothing was posted. Fund it, or post less."),
            account=account,
            needed=needed,
            balance=balance,
        )
        self.account = account


@dataclass(frozen=True, slots=True)
class AccountRef:
    """Names an account and says what it must be; the first posting that names it opens it.

    `asset` is what is counted and its decimals: "CNY/2", "POINTS/0", "COUPON:7/0". `book` groups the accounts that belong
    to one flow (for example one budget), `title` is what people call that flow.
    """

    code: str
    kind: str
    asset: str
    book: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Leg:
    account: AccountRef
    amount: int


def move(source: AccountRef, target: AccountRef, amount: int) -> tuple[Leg, Leg]:
    """The two legs of a transfer: `amount` leaves `source` and reaches `target`."""
    return Leg(source, -amount), Leg(target, amount)


@dataclass(frozen=True, slots=True)
class EntryDraft:
    """What is to be posted. Its body (for idempotency) is kind, subject, reference, legs and what it reverses.

    `subject` groups the entries about one thing ("order:1001"); `reference`, where given, is the number of a document outside
    (a transfer, a line of a statement), and no two entries share it. `effective_at` and `memo` describe the entry and move nothing, so a repeat may differ in them.
    """

    key: str
    kind: str
    legs: tuple[Leg, ...]
    effective_at: datetime
    subject: str = ""
    reference: str | None = None
    memo: Mapping[str, Any] = field(default_factory=dict)
    reversal_of: int | None = None


@dataclass(frozen=True, slots=True)
class WideDraft:
    """One entry that takes from very many accounts and gives all of it to `target`: `taken` is by code, each above zero.

    The accounts exist, have one kind, and are in the asset of `target`. For the rest, and for idempotency, as an `EntryDraft`.
    """

    key: str
    kind: str
    account_kind: str
    taken: Mapping[str, int]
    target: AccountRef
    effective_at: datetime
    memo: Mapping[str, Any] = field(default_factory=dict)


HoldState = Literal["open", "posted", "voided", "expired"]


@dataclass(frozen=True, slots=True)
class HoldDraft:
    """Set `amount` of `source` aside for `target` until `expires_at` (exclusive): then it can no longer be posted."""

    key: str
    source: AccountRef
    target: AccountRef
    amount: int
    expires_at: datetime
    effective_at: datetime
    subject: str = ""
    memo: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HoldView:
    key: str
    amount: int
    expires_at: datetime
    state: HoldState
    posted_amount: int
    reserved_entry: int
    resolved_entry: int | None


@dataclass(frozen=True, slots=True)
class PoolRef:
    """One account in `shards` parts, so that those who draw from it seldom wait for one another.

    The first part has the code itself, the others have a number behind it; what the pool holds is the sum of its parts.
    """

    code: str
    kind: str
    asset: str
    shards: int = 1
    book: str = ""
    title: str = ""

    def part(self, number: int) -> AccountRef:
        code = f"{self.code}/{number}" if number else self.code
        return AccountRef(code, self.kind, self.asset, self.book, self.title)

    def part_for(self, cause: str) -> AccountRef:
        """The part from which this cause draws, always the same while the number of parts stays."""
        return self.part(int.from_bytes(blake2b(cause.encode(), digest_size=8).digest()) % self.shards)

    @property
    def parts(self) -> tuple[AccountRef, ...]:
        return tuple(self.part(number) for number in range(self.shards))


@dataclass(frozen=True, slots=True)
class AccountView:
    id: int
    code: str
    kind: str
    asset: str
    book: str
    title: str
    balance: int


@dataclass(frozen=True, slots=True)
class PostingView:
    account: str
    kind: str
    asset: str
    amount: int


@dataclass(frozen=True, slots=True)
class PostingGroup:
    """What left (less than zero) or reached the accounts of one kind together. `code` names the account where there is only one."""

    kind: str
    asset: str
    n_accounts: int
    amount: int
    code: str


@dataclass(frozen=True, slots=True)
class PostingPage:
    """`further` is the place from which to go on, or None at the end."""

    postings: tuple[PostingView, ...]
    further: int | None


@dataclass(frozen=True, slots=True)
class EntryView:
    """Either `postings` or, where they are too many for whoever asked, `groups`."""

    id: int
    key: str
    kind: str
    subject: str
    reference: str | None
    effective_at: datetime
    inserted_at: datetime
    reversal_of: int | None
    memo: Mapping[str, Any]
    postings: tuple[PostingView, ...]
    groups: tuple[PostingGroup, ...] = ()


@dataclass(frozen=True, slots=True)
class MovementView:
    """What one entry did to some accounts: amounts by their codes."""

    entry_id: int
    kind: str
    subject: str
    effective_at: datetime
    memo: Mapping[str, Any]
    amounts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Newest first. `older` and `newer` are the ids to page from, or None at the end."""

    entries: tuple[EntryView, ...]
    older: int | None
    newer: int | None


FindingKind = Literal["entry_unbalanced", "balance_off", "asset_off", "past_changed", "sums_off"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a proof found off: `what` is an account, an asset, an entry, the entries of a segment, or a kind of account."""

    kind: FindingKind
    what: str
    asset: str
    expected: int
    found: int


@dataclass(frozen=True, slots=True)
class ProofView:
    """A run of the proof. `n_new` entries were added to the `n_entries` that are proven in all, up to entry `position`."""

    at: datetime
    is_full: bool
    position: int
    n_new: int
    n_entries: int
    n_accounts: int
    digest: str
    findings: tuple[Finding, ...]

    @property
    def holds(self) -> bool:
        return not self.findings


@dataclass(frozen=True, slots=True)
class FullProofView:
    """A full proof that was asked for. `n_done` of `n_total` entries that were proven before are read again."""

    id: int
    state: Literal["waiting", "running", "done", "failed"]
    asked_at: datetime
    asked_by: int | None
    n_done: int
    n_total: int
    finished_at: datetime | None
    proof: ProofView | None
    error: str

    @property
    def is_moving(self) -> bool:
        return self.state in ("waiting", "running")

    @property
    def percent(self) -> int:
        return 100 * self.n_done // self.n_total if self.n_total else 0


@dataclass(frozen=True, slots=True)
class SegmentView:
    """Entries behind `after_entry` up to `last_entry`, proven together. `digest` stands for them and all before them."""

    after_entry: int
    last_entry: int
    n_entries: int
    n_postings: int
    digest: str
    checked_at: datetime


@dataclass(frozen=True, slots=True)
class KindSum:
    """All accounts of one kind in a book. `code` names the account where there is only one."""

    kind: str
    n_accounts: int
    balance: int
    code: str


@dataclass(frozen=True, slots=True)
class AccountsSummary:
    """Some accounts together: how many, how many of them hold nothing, what all hold, and the most that one holds."""

    n_accounts: int
    n_empty: int
    total: int
    most: int


@dataclass(frozen=True, slots=True)
class BookView:
    """`opened` orders books by when their first account was opened."""

    code: str
    title: str
    asset: str
    kinds: tuple[KindSum, ...]
    opened: int

    def balance_of(self, kind: str) -> int:
        return sum(each.balance for each in self.kinds if each.kind == kind)
