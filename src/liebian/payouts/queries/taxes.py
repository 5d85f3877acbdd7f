"""Tax of what was paid, month by month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings

from liebian.core.days import day_start
from liebian.payouts.models import Payout


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


def list_taxes(month: date) -> list[TaxRow]:
    """Everything paid in the month of `month`, in the organisation's zone, in the order in which it was paid; also what bears no tax."""
    first = month.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    start, end = (day_start(day, settings.TIME_ZONE) for day in (first, following))
    rows = Payout.objects.filter(state="paid", paid_at__gte=start, paid_at__lt=end).order_by("paid_at", "id")
    names = list(TaxRow.__dataclass_fields__)
    columns = ["id" if name == "payout_id" else name for name in names]
    return [TaxRow(**dict(zip(names, values, strict=True))) for values in rows.values_list(*columns)]
