"""One person as their page shows them: masked fields, facts with the event that told them, identifiers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from liebian.access.types import mask_name
from liebian.core import crypto, cursors
from liebian.core.ids import customer_number
from liebian.customers.models import Customer, Identifier
from liebian.customers.queries.people import open_field, person_row
from liebian.customers.queries.timeline import all_ids_of, list_told_ids
from liebian.customers.rules import covered_text, masked
from liebian.customers.types import ANONYMOUS_KIND, IDENTIFYING_KINDS, STAGE, Fact, Freshness, IdentifierView, Profile
from liebian.events import queries as events
from liebian.events.types import EventRecord

PERSONAL_FIELDS = ("name", "phone", "email", "address")
_TOLD_COLUMNS = ("gender", "occupation", "city", "province")
_READ_BACK = 200


def get_profile(customer_id: int) -> Profile:
    """The person, masked. Raises NotFound "customer_not_found"."""
    row = person_row(customer_id)
    referrer = Customer.objects.filter(pk=row.referred_by).only("name").first() if row.referred_by else None
    opened = {field: open_field(getattr(row, field), field) for field in PERSONAL_FIELDS}
    covered = {field: masked(field, value) for field, value in opened.items() if value}
    return Profile(
        id=row.pk, number=customer_number(row.pk), name=covered.get("name", ""), is_known=row.is_known, masked=covered,
        channel=row.channel, city=row.city, province=row.province, first_seen_at=row.first_seen_at, known_at=row.known_at,
        last_seen_at=row.seen.last_seen_at, n_orders=row.n_orders, revenue_minor=row.revenue_minor,
        first_order_at=row.first_order_at, last_order_at=row.last_order_at,
        n_brought=Customer.objects.filter(referred_by=row.pk).count(), referrer_id=referrer.pk if referrer else None,
        referrer_name=mask_name(open_field(referrer.name, "name")) if referrer else "",
        is_erased=row.erased_by_event is not None,
    )  # fmt: skip


def list_facts(customer_id: int) -> list[Fact]:
    """What is known, each with the event that last told it, and what is worked out from events, marked as such."""
    row = person_row(customer_id)
    told = _last_told(row.pk)
    values: dict[str, Any] = {field: masked(field, open_field(getattr(row, field), field)) for field in PERSONAL_FIELDS}
    values |= {column: getattr(row, column) for column in _TOLD_COLUMNS}
    values |= {"birth_month": row.birth_month, **row.attributes}
    facts = [_fact(key, value, told.get("birthday" if key == "birth_month" else key)) for key, value in values.items()]
    channel = told.get("channel")
    facts.append(_fact("channel", row.channel, channel, is_derived=channel is None))
    return [fact for fact in facts if fact.value]


def _last_told(customer_id: int) -> dict[str, EventRecord]:
    """Trait → the event whose value stands: the last one in log order that carried it."""
    own_ids = all_ids_of(customer_id)
    ids = list_told_ids(own_ids, _READ_BACK)
    found = events.list_events_by_id(ids, owners=own_ids)
    told: dict[str, EventRecord] = {}
    for event_id in reversed(ids):
        if event := found.get(event_id):
            told.update(dict.fromkeys((*event.traits, *event.personal), event))
    return told


def _fact(key: str, value: Any, event: EventRecord | None, *, is_derived: bool = False) -> Fact:
    text = covered_text(value)
    if event is None:
        return Fact(key=key, value=text, is_derived=is_derived)
    return Fact(key=key, value=text, source=event.source, told_at=event.at, event_id=event.id)


def list_identifiers(customer_id: int) -> list[IdentifierView]:
    """Everything by which this person is recognised, strongest kind first, masked."""
    rows = list(Identifier.objects.filter(customer_id=customer_id))
    moments = _moments_of((row.event_id for row in rows), all_ids_of(customer_id))
    order = (*IDENTIFYING_KINDS, ANONYMOUS_KIND)
    rows.sort(key=lambda row: (order.index(row.kind), row.event_id))
    return [
        IdentifierView(
            id=row.pk, kind=row.kind, masked=masked(row.kind, str(open_identifier(row))), event_id=row.event_id,
            since=moments.get(row.event_id, (None, ""))[0], source=moments.get(row.event_id, (None, ""))[1],
        )
        for row in rows
    ]  # fmt: skip


def open_identifier(row: Identifier) -> str:
    return str(crypto.unseal(row.value, context="identifier.value"))


def _moments_of(event_ids: Iterable[int], own_ids: set[int]) -> dict[int, tuple[datetime, str]]:
    found = events.list_events_by_id(event_ids, owners=own_ids)
    return {key: (event.at, event.source) for key, event in found.items()}


def get_freshness() -> Freshness:
    """How far the pages of customers reach: the newest event that came in, and whether all have their people."""
    newest = events.get_newest_received_at()
    return Freshness(newest=newest, is_behind=cursors.position_of(STAGE) < events.get_log_end())
