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
    return sorted({POINTS, *known}, key=lambda asset: (asset != POINTS, asset))


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

    Customers' accounts are many, ours are few: because everything sums to zero, what they hold is what ours do not.
    """

    def held(book: str, asset: str, kinds: Iterable[str]) -> int:
        return ledger.sum_as_of(book=book, asset=asset, kinds=kinds, instant=instant, known_at=known_at)

    found = []
    for each in ledger.list_books(codes=["points"]):
        owed_back = held("points", each.asset, OWED_BACK)
        ours = held("points", each.asset, ("world", "points_burned", "points_breakage"))
        found.append(OwedAsOf(each.asset, -ours - owed_back, owed_back))
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for budget_id, currency in Budget.objects.order_by("id").values_list("id", "currency"):
        book, unit = f"budget:{budget_id}", f"{currency}/{exponent(currency)}"
        owed_back = held(book, unit, ["clawback_receivable"])
        ours = held(book, unit, ("world", "budget", "paid_out", "written_off"))
        sums[unit][0] += -ours - owed_back
        sums[unit][1] += owed_back
    return found + [OwedAsOf(unit, *parts) for unit, parts in sorted(sums.items())]
