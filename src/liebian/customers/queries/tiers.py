"""Places in tier models, as they were handed down."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from liebian.customers.models import TierMembership
from liebian.customers.types import TierPlace


def list_tiers(customer_ids: Iterable[int]) -> dict[int, tuple[TierPlace, ...]]:
    """Everybody's places, by model name."""
    found: dict[int, list[TierPlace]] = defaultdict(list)
    rows = TierMembership.objects.filter(customer_id__in=list(customer_ids)).order_by("model")
    for row in rows:
        found[row.customer_id].append(TierPlace(row.model, row.cell, row.as_of, row.evidence))
    return {customer_id: tuple(places) for customer_id, places in found.items()}
