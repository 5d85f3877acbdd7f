"""What became of order events that a customer's timeline shows: those that do not count, and refunds that count in part."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Sum

from liebian.customers.types import Verdict
from liebian.orders.models import Order, OrderChange, RefusedOrderEvent
from liebian.orders.types import TAKEN
from liebian.orders.words import reason_text


def judge_events(event_ids: Collection[int], customer_ids: Collection[int]) -> dict[int, Verdict]:
    """Verdicts by event; an event without one is as it says."""
    refused = RefusedOrderEvent.objects.filter(event_id__in=event_ids).exclude(state=TAKEN)
    found = {
        event_id: Verdict(reason=str(reason_text(code))) for event_id, code in refused.values_list("event_id", "code")
    }
    orders = list(Order.objects.filter(customer_id__in=customer_ids).values_list("id", flat=True))
    given_back = OrderChange.objects.filter(order_id__in=orders, event_id__in=event_ids, kind="refunded")
    for event_id, currency, amount in given_back.values_list("event_id", "currency").annotate(Sum("amount_minor")):
        found.setdefault(event_id, Verdict(counted_minor=-amount, currency=currency))
    return found
