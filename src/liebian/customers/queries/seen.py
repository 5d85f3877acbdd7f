"""Events and people in columns, for stages that read whole batches and need no bodies.

A *seen id* is the person an event belonged to when it was resolved; merges do not move it. The *final id* is the person
they are today.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, F, Q
from django.db.models.functions import Coalesce, Mod

from liebian.core import cursors
from liebian.customers.models import Customer, CustomerEvent, IdentityChange, TierMembership
from liebian.customers.queries.people import STAGE
from liebian.customers.types import RuleAttributes, SeenEvents
from liebian.events import queries as events

_COLUMNS = ("event_id", "customer_id", "type", "name", "at_ms")


def list_seen_events_after(position: int, limit: int, *, shard: int = 0, shards: int = 1) -> SeenEvents:
    """The next events of the people of a shard (seen id modulo `shards`), and the position up to which they are all."""
    end = cursors.position_of(STAGE)
    rows = CustomerEvent.objects.filter(event_id__gt=position, event_id__lte=end)
    if shards > 1:
        rows = rows.annotate(part=Mod("customer_id", shards)).filter(part=shard)
    found = list(rows.order_by("event_id").values_list(*_COLUMNS)[:limit])
    received = events.list_received([row[0] for row in found])
    event_ids, seen_ids, types, names, at_ms = list(zip(*found, strict=True)) or [()] * len(_COLUMNS)
    upto = found[-1][0] if len(found) == limit else max(end, position)
    return SeenEvents(event_ids, seen_ids, types, names, at_ms, tuple(received[row[0]] for row in found), upto)


def find_seen_ids(event_ids: Iterable[int]) -> dict[int, int]:
    """Per event the person it belonged to when it was resolved; events of nobody are left out."""
    return dict(CustomerEvent.objects.filter(event_id__in=list(event_ids)).values_list("event_id", "customer_id"))


def find_final_ids(ids: Iterable[int]) -> dict[int, int]:
    """Who the people that were merged away are today; everybody else is left out."""
    found: dict[int, int] = {}
    asked = set(ids)
    while asked:
        rows = Customer.objects.filter(pk__in=asked, merged_into__isnull=False).values_list("id", "merged_into")
        step = {key: into for key, into in rows if into is not None}
        found |= step
        asked = set(step.values()) - found.keys()
    return {key: _end_of(key, found) for key in found}


def _end_of(key: int, into: dict[int, int]) -> int:
    while key in into:
        key = into[key]
    return key


def list_merged_into(final_ids: Iterable[int]) -> dict[int, list[int]]:
    """The people who turned out to be these, near and far, ascending; who took nobody in is left out."""
    asked = {key: key for key in final_ids}
    found: dict[int, set[int]] = defaultdict(set)
    while asked:
        rows = IdentityChange.objects.filter(kind="merged", customer_id__in=list(asked))
        step = {
            loser: asked[winner]
            for loser, winner in rows.values_list("other_id", "customer_id")
            if loser is not None and loser not in found[asked[winner]]
        }
        for loser, final in step.items():
            found[final].add(loser)
        asked = step
    return {final: sorted(losers) for final, losers in found.items() if losers}


def list_known_ids_after(after: int, limit: int, *, shard: int = 0, shards: int = 1) -> list[int]:
    """The next known people who were not merged away, by id."""
    rows = Customer.objects.filter(pk__gt=after, is_known=True, merged_into__isnull=True)
    if shards > 1:
        rows = rows.annotate(part=Mod("id", shards)).filter(part=shard)
    return list(rows.order_by("id").values_list("id", flat=True)[:limit])


def list_rule_attributes(
    ids: Collection[int], *, columns: Sequence[str] = (), known_before: datetime | None = None
) -> RuleAttributes:
    """What rules ask of people themselves: `columns` by name as stored, in order of id.

    `is_known`: said who they are, and stands today. `is_there`: said so before that instant.
    """
    there = Q(known_at__isnull=False) | Q(known_at__isnull=True)
    if known_before is not None:
        there = Q(since__lt=known_before)
    rows = (
        Customer.objects.filter(pk__in=ids)
        .annotate(since=Coalesce("known_at", F("first_seen_at")))
        .annotate(is_there=ExpressionWrapper(there, BooleanField()))
        .order_by("id")
        .values_list("id", "is_known", "merged_into", "is_there", *columns)
    )
    found: list[tuple[Any, ...]] = list(zip(*rows, strict=True)) or [()] * (4 + len(columns))
    known = tuple(bool(known) and into is None for known, into in zip(found[1], found[2], strict=True))
    merged = frozenset(key for key, into in zip(found[0], found[2], strict=True) if into is not None)
    return RuleAttributes(found[0], known, found[3], merged, dict(zip(columns, found[4:], strict=True)))


def list_cells(ids: Collection[int], models: Collection[str]) -> dict[str, dict[int, str]]:
    """The places of these people in tier models, as handed down: per model, cell by person."""
    found: dict[str, dict[int, str]] = {model: {} for model in models}
    rows = TierMembership.objects.filter(customer_id__in=ids, model__in=models)
    for model, customer_id, cell in rows.values_list("model", "customer_id", "cell"):
        found[model][customer_id] = cell
    return found
