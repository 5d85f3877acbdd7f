"""Windows of limits, the accounts that stand for them, and how much of a reward fits. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from liebian.core.days import day_of
from liebian.core.errors import Invalid
from liebian.core.money import MAX_MINOR, exponent
from liebian.core.texts import mark as _
from liebian.ledger.types import WORLD, AccountRef
from liebian.rewards.types import LimitRule

SCOPES = ("programme", "person", "friend", "identifier", "store")
LIMITS_BOOK = "limits"
PERIODS = ("day", "week", "month", "year", "ever")


def window_start(period: str, at: datetime, zone: str) -> date | None:
    """First local day of the period in which an instant lies; None for a limit without end. Weeks begin on Monday.

    >>> from datetime import UTC
    >>> window_start("month", datetime(2026, 2, 28, 16, tzinfo=UTC), "Asia/Shanghai").isoformat()
    '2026-03-01'
    >>> window_start("week", datetime(2026, 11, 2, 4, 59, tzinfo=UTC), "America/New_York").isoformat()
    '2026-10-26'
    """
    day = day_of(at, zone)
    if period == "ever":
        return None
    if period == "week":
        return day - timedelta(days=day.weekday())
    return {"day": day, "month": day.replace(day=1), "year": day.replace(month=1, day=1)}[period]


@dataclass(frozen=True, slots=True)
class Allowance:
    """One limit for one subject in one window: what is left and what was used, as accounts."""

    rule: LimitRule
    programme_id: int
    currency: str
    subject: str
    start: str

    @property
    def key(self) -> str:
        return f"{self.programme_id}.{self.rule.code}:{self.subject}:{self.start}"

    @property
    def asset(self) -> str:
        return limit_asset(self.rule.measure, self.currency)

    @property
    def left(self) -> AccountRef:
        return left_account(self.key, self.asset)

    @property
    def used(self) -> AccountRef:
        return used_account(self.key, self.asset)

    @property
    def world(self) -> AccountRef:
        return limits_world(self.asset)

    @property
    def reason(self) -> str:
        return "window_cap" if self.rule.period != "ever" else f"{self.rule.scope}_cap"


def limit_asset(measure: str, currency: str) -> str:
    return f"LIMIT:{currency}/{exponent(currency)}" if measure == "minor" else "LIMIT:REWARDS/0"


def left_account(key: str, asset: str) -> AccountRef:
    """Its code sorts before those of all other accounts, so that limits are locked first."""
    return AccountRef(f"allowance:{key}", "allowance", asset, book=LIMITS_BOOK)


def limits_world(asset: str) -> AccountRef:
    return AccountRef(f"world:{asset}", WORLD, asset, book=LIMITS_BOOK)


def used_account(key: str, asset: str) -> AccountRef:
    return AccountRef(f"allowance_used:{key}", "allowance_used", asset, book=LIMITS_BOOK)


def allowance_for(
    rule: LimitRule, *, programme_id: int, currency: str, subjects: Mapping[str, str], at: datetime
) -> Allowance | None:
    """The allowance that a reward draws from; None where the rule's scope says nothing about it."""
    subject = str(programme_id) if rule.scope == "programme" else subjects.get(rule.scope, "")
    if not subject:
        return None
    start = window_start(rule.period, at, rule.zone)
    return Allowance(rule, programme_id, currency, subject, start.isoformat() if start else "")


def units_within(left_minor: int, amount: int, cost_minor: int) -> int:
    """The most units of a reward whose money fits into what is left; money follows the units, rounded down.

    >>> units_within(999, 1000, 900), units_within(100, 3, 200), units_within(0, 10, 5)
    (1000, 1, 0)
    """
    if left_minor >= cost_minor:
        return amount
    if left_minor <= 0:
        return 0
    return ((left_minor + 1) * amount - 1) // cost_minor


def check_limit(rule: LimitRule) -> None:
    if not rule.code or len(rule.code) > 30 or rule.scope not in SCOPES or rule.period not in PERIODS:
        raise Invalid("limit_incomplete", _("A limit needs a code, whom it is about and for how long."))
    if isinstance(rule.amount, bool) or not 0 <= rule.amount <= MAX_MINOR:
        raise Invalid("limit_amount", _("A limit is a whole number, zero or more."))
