"""Reconciliation: checks that compare what is counted twice, what differs, and what people said about it. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol

AlarmState = Literal["open", "explained", "gone"]


@dataclass(frozen=True, slots=True)
class Difference:
    """`subject` says where: "account:<code>", "budget:<id>", "entry:<id>" or other words; `what` which figure of it.

    `expected` is what the ledger says, `found` what the other side says. `unit` is an asset ("CNY/2") or empty for a count.
    """

    subject: str
    what: str
    expected: int
    found: int
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """What a check did: how many figures it compared, and those that differ."""

    n_compared: int
    differences: tuple[Difference, ...] = ()


class Check(Protocol):
    """One comparison. A context above `rewards` names its own in the setting RECONCILIATION_CHECKS.

    `code` is stored and never changes; `title` is a marked text. `page` names the address of the page where its differences are put
    right, where there is one for all of them. A check that only reads sees the database as of one moment; one that `writes` opens
    its own transactions.
    """

    code: str
    title: str
    page: str
    writes: bool

    @property
    def figures(self) -> Mapping[str, str]:
        """By each `what` of its differences: a marked text that says what differs."""

    def compare(self, now: datetime) -> Compared:
        """Compare everything as it is now."""


@dataclass(frozen=True, slots=True)
class CheckRunView:
    """A check on one day. `error` says why it could not be made."""

    code: str
    day: date
    at: datetime
    n_compared: int
    n_differences: int
    error: str

    @property
    def holds(self) -> bool:
        return not (self.n_differences or self.error)


@dataclass(frozen=True, slots=True)
class ComparisonView:
    """Every check, because somebody asked for it. `n_failed` checks could not be made."""

    id: int
    asked_at: datetime
    asked_by: int
    started_at: datetime | None
    held_until: datetime | None
    finished_at: datetime | None
    n_done: int
    n_checks: int
    n_differences: int
    n_failed: int

    @property
    def is_open(self) -> bool:
        return self.finished_at is None

    @property
    def percent(self) -> int:
        return 100 * self.n_done // self.n_checks if self.n_checks else 0


@dataclass(frozen=True, slots=True)
class AlarmView:
    id: int
    check: str
    subject: str
    what: str
    expected: int
    found: int
    unit: str
    state: AlarmState
    opened_at: datetime
    seen_at: datetime
    note: str
    explained_by: int | None
    explained_at: datetime | None
