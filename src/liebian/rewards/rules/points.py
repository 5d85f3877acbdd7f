"""Points: when lots end, which lots are taken, what multipliers make of an amount, and the accounts. Plain Python."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

from liebian.core.days import day_end, day_of
from liebian.core.errors import Invalid
from liebian.core.texts import mark as _
from liebian.ledger.types import WORLD, AccountRef
from liebian.rewards.types.points import POINTS, Multiplier, PointsTerms, Stacking

ONE = 10_000
MOST_POINTS = 10**12
LONGEST_DAYS = 36_500
UNWRITTEN = 2**63


def add_months(day: date, months: int) -> date:
    """The same day so many months later, or the last day of a month that is shorter.

    >>> add_months(date(2026, 1, 31), 1).isoformat(), add_months(date(2028, 2, 29), 12).isoformat()
    ('2026-02-28', '2029-02-28')
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def expiry_of(terms: PointsTerms, start: datetime) -> datetime | None:
    """The instant at which points that count from `start` are over, in UTC; None where they have no end of their own.

    >>> from datetime import UTC
    >>> bought = datetime(2026, 3, 1, tzinfo=UTC)
    >>> expiry_of(PointsTerms("Asia/Shanghai", "year_end"), bought).isoformat()
    '2026-12-31T16:00:00+00:00'
    >>> expiry_of(PointsTerms("America/New_York", "days", 1), datetime(2026, 10, 31, 12, tzinfo=UTC)).isoformat()
    '2026-11-02T05:00:00+00:00'
    """
    if terms.expiry in ("never", "inactivity"):
        return None
    day = day_of(start, terms.zone)
    if terms.expiry == "days":
        last = day + timedelta(days=terms.expiry_count)
    elif terms.expiry == "months":
        last = add_months(day, terms.expiry_count)
    else:
        least = day + timedelta(days=terms.min_days)
        last = _last_of_month(least) if terms.expiry == "month_end" else date(least.year, 12, 31)
    return day_end(last, terms.zone)


def idle_end(terms: PointsTerms, last_active: datetime) -> datetime | None:
    """When the whole balance lapses unless something is earned or spent before."""
    if terms.expiry != "inactivity":
        return None
    return day_end(day_of(last_active, terms.zone) + timedelta(days=terms.expiry_count), terms.zone)


def grace_end(terms: PointsTerms, at: datetime) -> datetime | None:
    """Until when points count that come back for a lot that has ended; None where they stay lost."""
    if terms.late_restore != "grace":
        return None
    return day_end(day_of(at, terms.zone) + timedelta(days=terms.grace_days), terms.zone)


def _last_of_month(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def multiply_points(amount: int, factors: Iterable[Multiplier], stacking: Stacking, most_bp: int = 0) -> int:
    """What multipliers make of an amount, rounded down once, at the end.

    >>> double, half_more = Multiplier("double day", 20_000), Multiplier("gold", 15_000)
    >>> [multiply_points(101, [double, half_more], rule) for rule in ("add", "highest", "multiply")]
    [252, 202, 303]
    >>> multiply_points(101, [double, half_more], "multiply", most_bp=25_000)
    252
    """
    over, under = ONE, ONE
    given = [factor.bp for factor in factors]
    if stacking == "add":
        over = max(ONE + sum(bp - ONE for bp in given), 0)
    elif stacking == "highest":
        over = max(given, default=ONE)
    else:
        for bp in given:
            over, under = over * bp, under * ONE
    if most_bp and over * ONE > most_bp * under:
        over, under = most_bp, ONE
    return amount * over // under


class Taken(Protocol):
    """What `pick_lots` has to know of a lot. One that is not written yet has no key."""

    @property
    def pk(self) -> Any: ...

    @property
    def remaining(self) -> Any: ...

    @property
    def expires_at(self) -> Any: ...

    @property
    def earned_at(self) -> Any: ...


L = TypeVar("L", bound=Taken)


def spending_order(lot: Taken) -> tuple[bool, float, float, int]:
    """The earliest end first, then what was earned first, then the id; what never ends comes last."""
    end = lot.expires_at
    return end is None, end.timestamp() if end else 0.0, lot.earned_at.timestamp(), lot.pk or UNWRITTEN


def is_open(lot: Taken, at: datetime) -> bool:
    return bool(lot.remaining > 0 and (lot.expires_at is None or at < lot.expires_at))


def pick_lots(lots: Sequence[L], amount: int, at: datetime) -> list[tuple[L, int]]:
    """From lots in spending order, those that are taken and how much of each; less than `amount` where there is no more."""
    taken: list[tuple[L, int]] = []
    for lot in lots:
        if amount <= 0:
            break
        if is_open(lot, at):
            part = min(lot.remaining, amount)
            taken.append((lot, part))
            amount -= part
    return taken


def transfer_fee(terms: PointsTerms, amount: int) -> int:
    return amount * terms.transfer_fee_bp // ONE


def refuse_transfer(terms: PointsTerms, amount: int, *, has_debt: bool, is_self: bool) -> str:
    """Why the terms do not let it happen; empty where they do."""
    if not terms.may_transfer or is_self:
        return "points_no_transfer"
    if amount < terms.transfer_least or (terms.transfer_most and amount > terms.transfer_most):
        return "points_transfer_size"
    return "points_in_debt" if has_debt else ""


def check_amount(amount: int, key: str) -> None:
    if isinstance(amount, bool) or not isinstance(amount, int) or not 0 < amount <= MOST_POINTS:
        raise Invalid("points_amount", _("Points are a whole number above zero. Nothing was moved."), key=key)
    if not key or len(key) > 150:
        raise Invalid("points_key", _("Every movement of points needs a key of at most 150 characters."))


def check_asset(asset: str) -> None:
    """Raises Invalid "points_asset" unless it is "POINTS/0" or "POINTS:<programme>/0"."""
    name = asset.removeprefix("POINTS:").removesuffix("/0")
    if asset != POINTS and (asset != f"POINTS:{name}/0" or not name.isalnum() or not name.isascii() or len(name) > 30):
        raise Invalid("points_asset", _("A programme of points has a name of at most 30 letters and digits."))


def asset_of_points(name: str) -> str:
    """
    >>> asset_of_points(""), asset_of_points("vip"), name_of_points("POINTS:vip/0"), name_of_points("POINTS/0")
    ('POINTS/0', 'POINTS:vip/0', 'vip', '')
    """
    return f"POINTS:{name}/0" if name else POINTS


def name_of_points(asset: str) -> str:
    """The name of a programme of points; the general points have none."""
    return asset.removeprefix("POINTS").removesuffix("/0").removeprefix(":")


def check_terms(terms: PointsTerms) -> None:
    try:
        ZoneInfo(terms.zone)
    except (ValueError, OSError, LookupError):
        raise Invalid("points_zone", _("%(zone)s is not a time zone we know."), zone=terms.zone) from None
    if terms.expiry in ("days", "months", "inactivity") and not 0 < terms.expiry_count <= LONGEST_DAYS:
        raise Invalid("points_expiry", _("Say after how many days or months points end."))
    if terms.expiry == "months" and terms.expiry_count > 1200:
        raise Invalid("points_expiry", _("Say after how many days or months points end."))
    days = (terms.min_days, terms.grace_days)
    if min(days) < 0 or max(days) > LONGEST_DAYS or (terms.late_restore == "grace" and not terms.grace_days):
        raise Invalid("points_days", _("A number of days is zero or more; days of grace are at least one."))
    if (
        not 0 <= terms.transfer_fee_bp <= ONE
        or terms.transfer_least < 1
        or terms.transfer_most < 0
        or terms.most_bp < 0
    ):
        raise Invalid(
            "points_transfer", _("The fee of a transfer is between 0 and 100 percent, the least is one point.")
        )


@dataclass(frozen=True, slots=True)
class PointsAccounts:
    """The ledger accounts of one programme of points. A customer's `active` account is what every act locks first."""

    asset: str = POINTS

    @property
    def _programme(self) -> str:
        return self.asset.removesuffix("/0").removeprefix("POINTS")

    def _ref(self, kind: str, customer_id: int | None = None) -> AccountRef:
        named = kind if customer_id is None else f"{kind}:{customer_id}"
        return AccountRef(named + self._programme, kind, self.asset, book="points")

    @property
    def world(self) -> AccountRef:
        return AccountRef(f"world:{self.asset}", WORLD, self.asset, book="points")

    @property
    def burned(self) -> AccountRef:
        return self._ref("points_burned")

    @property
    def breakage(self) -> AccountRef:
        return self._ref("points_breakage")

    @property
    def shared(self) -> tuple[AccountRef, AccountRef, AccountRef]:
        return self.world, self.burned, self.breakage

    def active(self, customer_id: int) -> AccountRef:
        return self._ref("points", customer_id)

    def active_of(self, customer_ids: Iterable[int]) -> dict[int, AccountRef]:
        """The active accounts of many, in the order of their codes."""
        programme, asset = self._programme, self.asset
        codes = sorted((f"points:{who}{programme}", who) for who in customer_ids)
        return {who: AccountRef(code, "points", asset, "points") for code, who in codes}

    def active_codes(self, customer_ids: Iterable[int]) -> dict[int, str]:
        """The codes of the active accounts of many."""
        programme = self._programme
        return {who: f"points:{who}{programme}" for who in customer_ids}

    def pending(self, customer_id: int) -> AccountRef:
        return self._ref("points_pending", customer_id)

    def reserved(self, customer_id: int) -> AccountRef:
        return self._ref("points_reserved", customer_id)

    def debt(self, customer_id: int) -> AccountRef:
        return self._ref("points_debt", customer_id)

    def owed(self, kind: str, customer_id: int) -> AccountRef:
        """Where the terms put what could not be taken back."""
        return self._ref(
            {"debt": "points_debt", "review": "points_in_review"}.get(kind, "points_receivable"), customer_id
        )
