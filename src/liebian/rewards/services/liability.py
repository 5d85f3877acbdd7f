"""Taking stock of what is owed once a night, and saying what points are worth. Counts; moves nothing."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import connection, transaction

from liebian.access.services import audit
from liebian.core.bulk import give_keys, write_rows
from liebian.core.days import day_of
from liebian.core.errors import Invalid
from liebian.core.money import MAX_MINOR
from liebian.core.texts import mark as _
from liebian.ledger import queries as ledger
from liebian.ledger.types import BookView
from liebian.rewards.models import PointsCohort, PointsRedeemed, PointsValue, StockDay, StockLine
from liebian.rewards.queries.stock import count_months, count_owed
from liebian.rewards.rules import check_asset
from liebian.rewards.types import OwedLine, PointsMonth


def take_stock(*, now: datetime) -> tuple[list[OwedLine], dict[str, list[PointsMonth]], list[BookView]]:
    """Count what is owed and what became of points, and keep it as the stock of the day; answers it with the ledger's books.

    Writes StockDay, StockLine, PointsCohort, PointsRedeemed. Everything is read as of one moment. A repeat on the same day replaces it.
    """
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        lines, months, books = count_owed(now), count_months(), ledger.count_books()
        _keep_lines(lines, now)
        _keep_months(months)
    return lines, months, books


def _keep_lines(lines: list[OwedLine], now: datetime) -> None:
    day = day_of(now, settings.TIME_ZONE)
    StockDay.objects.filter(day=day).delete()
    stock = StockDay.objects.create(day=day, at=now)
    write_rows(
        StockLine(
            stock=stock, kind=each.kind, unit=each.unit, what=each.what, ends=each.ends, age=each.age, n=each.n, amount=each.amount,
            minor=each.minor,
        )
        for each in lines
    )  # fmt: skip


def _keep_months(months: dict[str, list[PointsMonth]]) -> None:
    PointsCohort.objects.all().delete()
    pairs = [
        (each, PointsCohort(asset=asset, month=each.month, earned=each.earned, expired=each.expired, taken_back=each.taken_back, open=each.open))
        for asset, parts in months.items() for each in parts
    ]  # fmt: skip
    give_keys([row for _, row in pairs])
    write_rows(row for _, row in pairs)
    write_rows(
        PointsRedeemed(cohort=row, month=month, amount=amount)
        for each, row in pairs
        for month, amount in each.redeemed.items()
    )


def set_point_value(*, asset: str, currency: str, minor_per_thousand: int, actor: int | None, now: datetime) -> None:
    """From now on a thousand points of this programme count as so much money. It is for reports: no point changes.

    Writes PointsValue, audit. Idempotent: the same value again adds nothing. Raises Invalid "points_asset", "points_value",
    "budget_currency".
    """
    check_asset(asset)
    if isinstance(minor_per_thousand, bool) or not 0 <= minor_per_thousand <= MAX_MINOR // 1000:
        raise Invalid("points_value", _("What a thousand points are worth is zero or more."))
    if len(currency) != 3 or not currency.isascii() or not currency.isupper():
        raise Invalid("budget_currency", _("A currency is three capital letters, such as CNY."))
    said = {"currency": currency, "minor_per_thousand": minor_per_thousand}
    with transaction.atomic():
        latest = PointsValue.objects.filter(asset=asset).order_by("-valid_from").values(*said).first()
        if latest == said:
            return
        PointsValue.objects.update_or_create(asset=asset, valid_from=now, defaults={**said, "set_by": actor})
        audit.record_audit(actor_id=actor, action="points_value", subject=asset, details=said, now=now)
