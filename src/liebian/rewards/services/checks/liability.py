"""What is owed: the stock of the day and the months of earning against the accounts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from liebian.core.money import exponent
from liebian.core.texts import mark as _
from liebian.ledger.types import BookView
from liebian.rewards.services.checks.base import Figure, compare
from liebian.rewards.services.liability import take_stock
from liebian.rewards.types import Compared, OwedLine, PointsMonth

_POINTS = {"points_active": "points", "points_pending": "points_pending", "points_reserved": "points_reserved"}
_MONEY = {"promised": "reserved", "payable": "payable"}


class LiabilityCheck:
    """Takes the stock of the day, so it writes."""

    code = "liability"
    title = _("What is owed: the stock of the day against accounts")
    figures = {
        "points_active": _("points that can be spent"),
        "points_pending": _("points not usable yet"),
        "points_reserved": _("points held by carts"),
        "months_open": _("points left of all months"),
        "months_expired": _("points expired of all months"),
        "months_redeemed": _("points spent of all months"),
        "promised": _("promised"),
        "payable": _("being delivered"),
        "coupons": _("unused coupons"),
    }
    page = ""
    writes = True

    def compare(self, now: datetime) -> Compared:
        lines, months, books = take_stock(now=now)
        held = _read_books(books)
        counted = _sum_lines(lines) | _sum_months(months)
        return compare({figure: held.get(figure, 0) for figure in held.keys() | counted.keys()}, counted)


def _read_books(books: Iterable[BookView]) -> Mapping[Figure, int]:
    held: dict[Figure, int] = defaultdict(int)
    for book in books:
        if book.code == "points":
            for kind, account in _POINTS.items():
                held["points", kind, book.asset] += book.balance_of(account)
            held["points", "months_open", book.asset] += sum(map(book.balance_of, _POINTS.values()))
            held["points", "months_expired", book.asset] += book.balance_of("points_breakage")
            held["points", "months_redeemed", book.asset] += book.balance_of("points_burned")
        elif book.code.startswith("budget:"):
            for kind, account in _MONEY.items():
                held["budgets", kind, book.asset] += book.balance_of(account)
        elif book.code.startswith("coupon:"):
            held["coupons", "coupons", ""] += book.balance_of("coupons")
    return held


def _sum_lines(lines: Iterable[OwedLine]) -> dict[Figure, int]:
    sums: dict[Figure, int] = defaultdict(int)
    for each in lines:
        if each.kind in _POINTS:
            sums["points", each.kind, each.unit] += each.amount
        elif each.kind in _MONEY:
            sums["budgets", each.kind, f"{each.unit}/{exponent(each.unit)}"] += each.minor or 0
        elif each.kind == "coupons":
            sums["coupons", "coupons", ""] += each.amount
    return sums


def _sum_months(months: Mapping[str, Iterable[PointsMonth]]) -> dict[Figure, int]:
    sums: dict[Figure, int] = defaultdict(int)
    for asset, parts in months.items():
        for each in parts:
            sums["points", "months_open", asset] += each.open
            sums["points", "months_expired", asset] += each.expired
            sums["points", "months_redeemed", asset] += each.n_redeemed
    return sums
