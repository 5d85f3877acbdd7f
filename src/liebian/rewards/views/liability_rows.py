"""What is owed as rows of tables: by kind, by end, by age; months of earning with what is expected of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from liebian_analytics.metrics.breakage import Breakage, BreakageForecast

from liebian.rewards.types import AGES, ENDS, OWED_BACK, POINTS, OwedLine, PointsMonth, Stock
from liebian.ui.formats import NOTHING, money, number, percent, span

KINDS: dict[str, Any] = {
    "points_active": _("Points that can be spent"),
    "points_pending": _("Points not usable yet"),
    "points_reserved": _("Points held by carts"),
    "coupons": _("Coupons not used"),
    "promised": _("Promised, not issued yet"),
    "payable": _("Being delivered or paid"),
    "points_debt": _("Points that customers owe"),
    "points_receivable": _("Points taken back that were gone"),
    "points_in_review": _("Points taken back, to be decided"),
}
WHATS: dict[str, Any] = {
    "fixed": _("amount off"), "percent": _("percent off, at most"), "shipping": _("shipping free, at most"), "gift": _("a gift"),
    "points": _("points"), "coupon": _("a coupon"), "code": _("a code"), "privilege": _("a privilege"), "cash": _("money"),
    "red_packet": _("a red packet"),
}  # fmt: skip
END_WORDS: dict[str, Any] = {
    "over": _("over by now"), "30": _("within 30 days"), "60": _("within 60 days"), "90": _("within 90 days"),
    "180": _("within 180 days"), "365": _("within a year"), "later": _("later"), "never": _("no end"),
}  # fmt: skip
AGE_WORDS: dict[str, Any] = {
    "30": _("up to 30 days"), "90": _("up to 90 days"), "180": _("up to 180 days"), "365": _("up to a year"), "more": _("older"),
}  # fmt: skip
WITH_END = ("points_active", "points_pending", "points_reserved", "coupons")
_ORDER = list(KINDS)


@dataclass(frozen=True)
class OwedRow:
    label: str
    note: str
    amount: str
    money: str
    cells: tuple[tuple[str, str], ...] = ()


def say_unit(unit: str) -> str:
    """A programme of points by its name, a currency as it is.

    >>> say_unit("CNY/2"), say_unit("CNY")
    ('CNY', 'CNY')
    """
    if not unit.startswith("POINTS"):
        return unit.partition("/")[0]
    name = unit.removeprefix("POINTS").removesuffix("/0").removeprefix(":")
    return gettext("Points") + (f" · {name}" if name else "")


def is_points(unit: str) -> bool:
    return unit.startswith("POINTS")


def list_owed(stock: Stock, currency: str, *, back: bool = False) -> list[OwedRow]:
    """One row per kind, unit and what it is; what is to be had back from customers stands apart."""
    lines = [line for line in stock.lines if (line.kind in OWED_BACK) is back]
    return [
        OwedRow(str(KINDS[kind]), _note(unit, what), number(sum(line.amount for line in part)), _money(part, currency))
        for (kind, unit, what), part in _group(lines, lambda line: (line.kind, line.unit, line.what))
    ]


def list_by(stock: Stock, currency: str, axis: str) -> list[OwedRow]:
    """By end or by age, in points and numbers of coupons and rewards."""
    names, words = (ENDS, END_WORDS) if axis == "ends" else (AGES, AGE_WORDS)
    lines = [line for line in stock.lines if line.kind not in OWED_BACK and (axis == "age" or line.kind in WITH_END)]
    rows = []
    for (kind, unit), part in _group(lines, lambda line: (line.kind, line.unit)):
        sums: dict[str, int] = defaultdict(int)
        for line in part:
            sums[getattr(line, axis)] += line.amount
        cells = tuple((str(words[name]), number(sums[name]) if sums[name] else NOTHING) for name in names)
        total = number(sum(sums.values()))
        rows.append(OwedRow(str(KINDS[kind]), _note(unit, ""), total, _money(part, currency), cells))
    return rows


def sum_money(stock: Stock, currency: str) -> dict[str, int]:
    """By currency, everything that is owed and has a value in money."""
    sums: dict[str, int] = defaultdict(int)
    for line in stock.lines:
        if line.kind not in OWED_BACK and line.minor is not None:
            sums[currency if is_points(line.unit) else line.unit] += line.minor
    return dict(sums)


def _group(
    lines: Iterable[OwedLine], key: Callable[[OwedLine], tuple[str, ...]]
) -> list[tuple[tuple[str, ...], list[OwedLine]]]:
    groups: dict[tuple[str, ...], list[OwedLine]] = defaultdict(list)
    for line in lines:
        groups[key(line)].append(line)
    return sorted(groups.items(), key=lambda item: (_ORDER.index(item[0][0]), item[0][1] != POINTS, item[0]))


def _note(unit: str, what: str) -> str:
    return " · ".join(part for part in (say_unit(unit), str(WHATS.get(what, what))) if part)


def _money(lines: Sequence[OwedLine], currency: str) -> str:
    known = [line.minor for line in lines if line.minor is not None]
    if not known:
        return NOTHING
    unit = lines[0].unit
    return money(sum(known), currency if is_points(unit) else unit)


@dataclass(frozen=True)
class MonthRow:
    """`is_whole`: the month is over, so it counts for the expectation."""

    month: str
    earned: str
    redeemed: str
    expired: str
    taken_back: str
    open: str
    rate: str
    expected: str
    span: str


def list_month_rows(months: Sequence[PointsMonth], forecast: BreakageForecast) -> list[MonthRow]:
    """Newest first."""
    rows = [
        MonthRow(
            f"{each.month:%Y-%m}", number(each.earned), number(each.n_redeemed), number(each.expired), number(each.taken_back),
            number(each.open), percent(each.rate) if each.rate is not None else NOTHING, _rate(found), say_span(found),
        )
        for each, found in zip(months, forecast.cohorts, strict=True)
    ]  # fmt: skip
    return rows[::-1]


def _rate(found: Breakage) -> str:
    return NOTHING if found.rate is None else percent(found.rate)


def say_span(found: Breakage) -> str:
    """The interval of the rate."""
    low, high = found.interval.low, found.interval.high
    if found.rate is None or found.units is None or low is None or high is None or not found.units:
        return NOTHING
    kept = found.units / found.rate
    return span(percent(low / kept), percent(high / kept))
