"""Owns: what fees of people a month holds so far, which the tax of the next ones goes by. Does not own: the tariff (`rewards.rules.taxes`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Q, Sum

from liebian.core.days import day_of, day_start
from liebian.customers import queries as customers
from liebian.payouts.models import Payout
from liebian.payouts.types import WITH_PROVIDER
from liebian.rewards.queries import tax_of
from liebian.rewards.types import TaxRule

FEES: TaxRule = "fees_withheld"


class FeeMonths:
    """The month of `now` in the organisation's zone: what was paid in it, and what is with a provider as if it were paid now.

    With `planned`, also what waits to be sent: for showing what is to come.
    """

    def __init__(self, people: Collection[int], now: datetime, *, planned: bool) -> None:
        owners = {each: each for each in people}
        for person, others in customers.list_merged_into(people).items():
            owners |= dict.fromkeys(others, person)
        self.day = day_of(now, settings.TIME_ZONE)
        start, end = month_bounds(self.day)
        on_their_way = WITH_PROVIDER | {"proposed", "ready"} if planned else WITH_PROVIDER
        counted = Q(state="paid", paid_at__gte=start, paid_at__lt=end) | Q(state__in=on_their_way)
        rows = Payout.objects.filter(counted, customer_id__in=owners, tax_rule=FEES).order_by()
        sums = rows.values_list("customer_id", "currency").annotate(Sum("gross_minor"), Sum("tax_minor"))
        self.sums: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0])
        for each, currency, gross, tax in sums:
            held = self.sums[owners[each], currency]
            held[0], held[1] = held[0] + gross, held[1] + tax

    def tax(self, person: int, rule: TaxRule, currency: str, gross_minor: int) -> int:
        """What is withheld of this receipt, which is counted for the next one."""
        held = self.sums[person, currency]
        own = tax_of(rule, gross_minor, on=self.day, month_gross=held[0], month_tax=held[1])
        if rule == FEES:
            held[0], held[1] = held[0] + gross_minor, held[1] + own
        return own


def month_bounds(day: date) -> tuple[datetime, datetime]:
    """The month of a day in the organisation's zone, half-open."""
    first = day.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    return day_start(first, settings.TIME_ZONE), day_start(following, settings.TIME_ZONE)


def tax_now(row: Payout, now: datetime) -> int:
    """The tax of a payout that is sent now: by what its person was paid this month, under whichever id."""
    standing = customers.list_customers_by_id({row.customer_id}).get(row.customer_id)
    person = standing.id if standing else row.customer_id
    months = FeeMonths({person, row.customer_id}, now, planned=False)
    return months.tax(person, row.tax_rule, row.currency, row.gross_minor)  # type: ignore[arg-type]
