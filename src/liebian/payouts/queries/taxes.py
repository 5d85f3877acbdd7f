"""Tax of what was paid, month by month, and where more or less was withheld than the month asks for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings

from liebian.core.days import day_of
from liebian.customers import queries as customers
from liebian.payouts.models import Payout
from liebian.payouts.queries.months import FEES, month_bounds
from liebian.rewards.queries import tax_of
from liebian.rewards.types import TaxRule


@dataclass(frozen=True, slots=True)
class TaxRow:
    payout_id: int
    customer_id: int
    tax_rule: TaxRule
    currency: str
    gross_minor: int
    tax_minor: int
    net_minor: int
    paid_at: datetime
    out_no: str
    provider_no: str


@dataclass(frozen=True, slots=True)
class TaxDifference:
    """One person's income of one class in a month: what was withheld when it was sent, and what all that was paid in the month bears."""

    customer_id: int
    currency: str
    gross_minor: int
    withheld_minor: int
    due_minor: int


def list_tax_differences(rows: Sequence[TaxRow]) -> list[TaxDifference]:
    """Of the rows of one month. A payout that was sent in one month and paid in the next, or that failed, leaves such a difference."""
    people = customers.list_customers_by_id({row.customer_id for row in rows})
    of_whom: dict[tuple[int, str, str], list[TaxRow]] = defaultdict(list)
    for row in rows:
        person = people[row.customer_id].id if row.customer_id in people else row.customer_id
        of_whom[person, row.currency, row.tax_rule].append(row)
    found = [
        TaxDifference(
            person, currency, sum(row.gross_minor for row in theirs), sum(row.tax_minor for row in theirs), _due(theirs)
        )
        for (person, currency, _rule), theirs in sorted(of_whom.items())
    ]
    return [each for each in found if each.withheld_minor != each.due_minor]


def _due(rows: Sequence[TaxRow]) -> int:
    """By the law of the days on which they were paid; fees of a month are one sum, and a law begins with a month."""
    if rows[0].tax_rule == FEES:
        return tax_of(FEES, sum(row.gross_minor for row in rows), on=_paid_on(rows[0]))
    return sum(tax_of(row.tax_rule, row.gross_minor, on=_paid_on(row)) for row in rows)


def _paid_on(row: TaxRow) -> date:
    return day_of(row.paid_at, settings.TIME_ZONE)


def list_taxes(month: date) -> list[TaxRow]:
    """Everything paid in the month of `month`, in the organisation's zone, in the order in which it was paid; also what bears no tax."""
    start, end = month_bounds(month)
    rows = Payout.objects.filter(state="paid", paid_at__gte=start, paid_at__lt=end).order_by("paid_at", "id")
    names = list(TaxRow.__dataclass_fields__)
    columns = ["id" if name == "payout_id" else name for name in names]
    return [TaxRow(**dict(zip(names, values, strict=True))) for values in rows.values_list(*columns)]
