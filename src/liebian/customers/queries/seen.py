"""The log with people as columns, for stages that count: the ids that people had when their events were resolved, and the
map from these to the people who stand today."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

import msgspec
from django.db import connection
from django.db.models.functions import Mod

from liebian.core import cursors
from liebian.core.columns import select_in
from liebian.core.prepared import cursor_of
from liebian.customers.models import Customer, TierMembership
from liebian.customers.models import CustomerEvent as CustomerEventRow
from liebian.customers.types import STAGE, RuleAttributes, SeenEvents

_COLUMNS = "event_id, customer_id, type, name, at_ms, received_ms"


def list_seen_events_after(
    position: int, limit: int, *, shard: int = 0, shards: int = 1, horizon: int | None = None
) -> SeenEvents:
    """The next events in log order, of one shard of seen ids, and the position up to which this shard is now read.

    Nothing behind `horizon` is read, a position up to which people are resolved; it is asked for where the caller does
    not know one.
    """
    end = cursors.position_of(STAGE) if horizon is None else horizon
    mine = "" if shards == 1 else " AND customer_id %% %s = %s"
    sql = f"SELECT {_COLUMNS} FROM customers_customerevent WHERE event_id > %s AND event_id <= %s{mine} ORDER BY event_id LIMIT %s"  # noqa: S608
    values = [position, end, *([] if shards == 1 else [shards, shard]), limit]
    with cursor_of(connection) as cursor:
        cursor.execute(sql, values)
        rows = cursor.fetchall()
    event_id, seen_id, type_, name, at_ms, received_ms = zip(*rows, strict=True) if rows else ((),) * 6
    upto = rows[-1][0] if len(rows) == limit else max(end, position)
    return SeenEvents(event_id, seen_id, type_, name, at_ms, received_ms, upto)


def find_seen_ids(event_ids: Iterable[int]) -> dict[int, int]:
    """Per event the person it belonged to when it was resolved; events of nobody are left out."""
    return dict(select_in(CustomerEventRow, ("event_id", "customer_id"), "event_id", sorted(set(event_ids))))


def find_final_ids(ids: Iterable[int]) -> dict[int, int]:
    """Who stands today for each id that was merged away; ids that stand themselves are left out."""
    found = select_in(Customer, ("id", "merged_into"), "id", sorted(set(ids)), where="merged_into IS NOT NULL")
    return dict(found)


def list_merged_into(final_ids: Iterable[int]) -> dict[int, list[int]]:
    """The ids that were merged into each of these people, ascending; people without any are left out."""
    merged: dict[int, list[int]] = defaultdict(list)
    for loser, winner in select_in(Customer, ("id", "merged_into"), "merged_into", sorted(set(final_ids))):
        merged[winner].append(loser)
    return {winner: sorted(losers) for winner, losers in merged.items()}


def find_selves(ids: Iterable[int]) -> dict[int, int]:
    """Every id that these people have or had, with who stands today."""
    asked = set(ids)
    finals = find_final_ids(asked)
    standing = {finals.get(each, each) for each in asked}
    merged = list_merged_into(standing)
    return {each: person for person in standing for each in (person, *merged.get(person, ()))}


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
    asked = ("id", "is_known", "merged_into", "known_at", "first_seen_at", *columns)
    rows = sorted(select_in(Customer, asked, "id", sorted(ids)), key=itemgetter(0))
    found: list[tuple[Any, ...]] = list(zip(*rows, strict=True)) or [()] * len(asked)
    ids_, is_known, merged_into, known_at, first_seen_at = found[:5]
    known = tuple(known and into is None for known, into in zip(is_known, merged_into, strict=True))
    merged = frozenset(key for key, into in zip(ids_, merged_into, strict=True) if into is not None)
    since = [said or seen for said, seen in zip(known_at, first_seen_at, strict=True)]
    there = tuple(known_before is None or moment < known_before for moment in since)
    told = dict(zip(columns, found[5:], strict=True))
    if "attributes" in told:
        told["attributes"] = tuple(map(msgspec.json.decode, told["attributes"]))
    return RuleAttributes(ids_, known, there, merged, told)


def list_cells(ids: Collection[int], models: Collection[str]) -> dict[str, dict[int, str]]:
    """The places of these people in tier models, as handed down: per model, cell by person."""
    found: dict[str, dict[int, str]] = {model: {} for model in models}
    rows = TierMembership.objects.filter(customer_id__in=ids, model__in=models)
    for model, customer_id, cell in rows.values_list("model", "customer_id", "cell"):
        found[model][customer_id] = cell
    return found
