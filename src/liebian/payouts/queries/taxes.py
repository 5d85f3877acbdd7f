"""Tax of what was paid, month by month, and where more or less was withheld than the month asks for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from liebian.customers import queries as customers
from liebian.payouts.models import Payout
from liebian.payouts.queries.months import FEES, month_bounds
from liebian.rewards.queries import tax_of


@dataclass(frozen=True, slots=True)
class TaxRow:
    payout_id: int
    customer_id: int
    tax_rule: str
    currency: str
    gross_minor: int
    tax_minor: int
    net_minor: int
    paid_at: datetime
    out_no: str
    provider_no: str


@dataclass(frozen=True, slots=True)
class TaxDifference:
    """One person's fees of a month: what was withheld when they were sent, and what all that was paid in the month bears."""

    customer_id: int
    currency: str
    gross_minor: int
    withheld_minor: int
    due_minor: int


def list_tax_differences(rows: Sequence[TaxRow]) -> list[TaxDifference]:
    """Of the rows of one month. A payout that was sent in one month and paid in the next, or that failed, leaves such a difference."""
    fees = [row for row in rows if row.tax_rule == FEES]
    people = customers.list_customers_by_id({row.customer_id for row in fees})
    sums: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in fees:
        person = people[row.customer_id].id if row.customer_id in people else row.customer_id
        total = sums[person, row.currency]
        total[0], total[1] = total[0] + row.gross_minor, total[1] + row.tax_minor
    found = [TaxDifference(*who, gross, tax, tax_of(FEES, gross)) for who, (gross, tax) in sorted(sums.items())]
    return [each for each in found if each.withheld_minor != each.due_minor]


def list_taxes(month: date) -> list[TaxRow]:
    """Everything paid in the month of `month`, in the organisation's zone, in the order in which it was paid; also what bears no tax."""
    start, end = month_bounds(month)
    rows = Payout.objects.filter(state="paid", paid_at__gte=start, paid_at__lt=end).order_by("paid_at", "id")
    names = list(TaxRow.__dataclass_fields__)
    columns = ["id" if name == "payout_id" else name for name in names]
    return [TaxRow(**dict(zip(names, values, strict=True))) for values in rows.values_list(*columns)]
