"""What is owed: the stock that was taken on a day, months of earning with their breakage, and the ledger at any instant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from liebian_analytics.metrics.breakage import BreakageForecast, Cohort, expected_breakage

from liebian.core.money import exponent
from liebian.ledger import queries as ledger
from liebian.rewards.models import Budget, PointsCohort, PointsRedeemed, PointsTermsRow, PointsValue, StockDay
from liebian.rewards.types import OWED_BACK, POINTS, OwedAsOf, OwedLine, PointsMonth, PointValue, Stock

MOST_MONTHS = 60
_OUR_POINTS = ("world", "points_burned", "points_breakage")
_OUR_MONEY = ("world", "budget", "paid_out", "written_off")


def find_stock(day: date) -> Stock | None:
    """The stock of that day or, where none was taken, of the last day before it; points carry the money they were worth then."""
    row = StockDay.objects.filter(day__lte=day).order_by("-day").first()
    if row is None:
        return None
    columns = ("kind", "unit", "what", "ends", "age", "n", "amount", "minor")
    lines = [OwedLine(*each) for each in row.lines.order_by("id").values_list(*columns)]
    values = {unit: find_point_value(unit, row.at) for unit in {line.unit for line in lines if _is_points(line)}}
    return Stock(row.day, row.at, tuple(_valued(line, values.get(line.unit)) for line in lines))


def _is_points(line: OwedLine) -> bool:
    return line.kind.startswith("points_")


def _valued(line: OwedLine, value: PointValue | None) -> OwedLine:
    return replace(line, minor=value.worth(line.amount)) if _is_points(line) and value else line


def list_point_assets() -> list[str]:
    """Every programme of points that has terms or was ever earned in, the usual one first."""
    known = {
        *PointsTermsRow.objects.values_list("asset", flat=True),
        *PointsCohort.objects.values_list("asset", flat=True),
    }
    return sorted({POINTS, *known}, key=_usual_first)


def find_point_value(asset: str, at: datetime) -> PointValue | None:
    row = PointsValue.objects.filter(asset=asset, valid_from__lte=at).order_by("-valid_from").first()
    return PointValue(asset, row.currency, row.minor_per_thousand, row.valid_from) if row else None


def list_points_months(asset: str) -> list[PointsMonth]:
    """Months in which points were earned, oldest first, as of the last taking of stock."""
    rows = list(PointsCohort.objects.filter(asset=asset).order_by("-month")[:MOST_MONTHS])[::-1]
    redeemed: dict[int, dict[date, int]] = defaultdict(dict)
    spent = PointsRedeemed.objects.filter(cohort__in=[row.pk for row in rows]).order_by("month")
    for cohort, month, amount in spent.values_list("cohort_id", "month", "amount"):
        redeemed[cohort][month] = amount
    return [PointsMonth(row.month, row.earned, row.expired, row.taken_back, row.open, redeemed[row.pk]) for row in rows]


def forecast_breakage(months: Sequence[PointsMonth], as_of: date) -> BreakageForecast:
    """What each month and all together will never be spent, from redemptions of the months that are over on `as_of`."""
    last = as_of.replace(day=1)
    return expected_breakage([_as_cohort(each, last) for each in months])


def _as_cohort(month: PointsMonth, last: date) -> Cohort:
    by_age, when = [], month.month
    while when < last:
        by_age.append(float(max(month.redeemed.get(when, 0), 0)))
        when = (when + timedelta(days=32)).replace(day=1)
    return Cohort(month.earned, by_age, month.expired, max(month.taken_back, 0), month.open)


def list_owed_as_of(instant: datetime, known_at: datetime | None = None) -> list[OwedAsOf]:
    """Points by programme and money by currency, just before an instant, by the ledger; with `known_at` as it was known then.

    Because everything sums to zero, what customers hold is what our own accounts do not.
    """
    budgets = {f"budget:{key}": currency for key, currency in Budget.objects.values_list("id", "currency")}
    sums = ledger.sum_kinds_as_of(books=["points", *budgets], instant=instant, known_at=known_at)

    def held(book: str, unit: str, kinds: Iterable[str]) -> int:
        return sum(sums.get((book, unit, kind), 0) for kind in kinds)

    found = []
    for asset in sorted({asset for book, asset, _ in sums if book == "points"}, key=_usual_first):
        owed_back = held("points", asset, OWED_BACK)
        found.append(OwedAsOf(asset, -held("points", asset, _OUR_POINTS) - owed_back, owed_back))
    money: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for book, currency in budgets.items():
        unit = f"{currency}/{exponent(currency)}"
        owed_back = held(book, unit, ["clawback_receivable"])
        money[unit][0] += -held(book, unit, _OUR_MONEY) - owed_back
        money[unit][1] += owed_back
    return found + [OwedAsOf(unit, *parts) for unit, parts in sorted(money.items())]


def _usual_first(asset: str) -> tuple[bool, str]:
    return asset != POINTS, asset
