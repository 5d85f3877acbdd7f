"""An erasure in every copy of what a person said: the log, the lake, what waits in quarantine. Step by step, each can be taken again.

Does not own the person (`erasing`) or what is left of an event (`scrubbing`).
"""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa

from liebian.core.moments import millis_of
from liebian.customers.identity.erasing import indexes_of, list_brought, list_conflicts
from liebian.customers.identity.scrubbing import scrub_mentions, scrub_own, speaks_of
from liebian.customers.identity.words import keep_words, told_words
from liebian.customers.models import Customer, CustomerEvent, Erasure
from liebian.customers.queries.erasures import read_words
from liebian.events import services as events
from liebian.events.types import Content
from liebian.lake import queries as lake_queries
from liebian.lake import services as lake

_TOLD = ("channel", "city", "province", "gender", "occupation")
_UNTOLD = ("known_at", "known_day", "birth_month")


def forget(erasure: Erasure, *, reader: str, now: datetime) -> bool:
    """Take the person's words from everywhere; whether nothing is left. False while the lake has not all that the log has.

    Writes the log, the lake, Quarantined, RefusedRequest, Erasure. Idempotent.
    """
    person = Customer.objects.get(pk=erasure.customer_id)
    person = Customer.objects.get(pk=person.merged_into) if person.merged_into else person
    ids = [person.pk, *Customer.objects.filter(merged_into=person.pk).values_list("pk", flat=True)]
    indexes, brought = indexes_of(ids), list_brought(ids)
    own = set(CustomerEvent.objects.filter(customer_id__in=ids).values_list("event_id", flat=True))
    mentions = list_conflicts(ids)
    told = CustomerEvent.objects.filter(customer_id__in=brought, type="identify")
    mentions.update(told.values_list("event_id", "customer_id"))
    if (end := max(own, default=0)) > erasure.scrubbed_upto:
        keep_words(erasure, told_words(own, ids))
        events.rewrite_rows(event_ids=own, change=scrub_own)
        events.rewrite_rows(event_ids=mentions, change=lambda content: scrub_mentions(content, indexes))
        words = read_words(erasure)
        events.forget_messages(
            is_theirs=lambda message: speaks_of(message, indexes, words.certain),
            may_name=lambda said: speaks_of(said, indexes, words),
            words=words.certain,
            upto_ms=millis_of(now),
        )
        erasure.scrubbed_upto = end
        erasure.save(update_fields=["scrubbed_upto"])
    reached = min(lake_queries.get_position(table, reader) for table in ("events", "customers"))
    if reached < max([*own, *mentions], default=0):
        return False
    own |= _in_lake(ids)
    mentions.update(dict.fromkeys(_in_lake(brought, of_type="identify"), 0))
    owners = [*ids, *brought, *list_conflicts(ids).values()]

    def change(content: Content) -> Content:
        return scrub_own(content) if content.id in own else scrub_mentions(content, indexes)

    events.rewrite_lake(event_ids={*own, *mentions}, owners=owners, change=change)
    lake.rewrite_rows(table="customers", owners=ids, change=lambda rows: _blank(rows, ids))
    return True


def _in_lake(owners: list[int], *, of_type: str = "") -> set[int]:
    """Events of these people that the lake holds, also those that the log holds no longer."""
    found = lake_queries.locate_rows("events", owners, ["event_id", "type"]).keys.to_pylist()
    return {row["event_id"] for row in found if not of_type or row["type"] == of_type}


def _blank(rows: pa.Table, ids: list[int]) -> pa.Table:
    """Every row of theirs as the last one is, also those that tell who they were before."""
    found = rows.to_pylist()
    for row in found:
        if row["customer_id"] in ids:
            row.update(dict.fromkeys(_TOLD, ""), **dict.fromkeys(_UNTOLD), is_known=False, attributes="{}")
    return pa.Table.from_pylist(found, schema=rows.schema)
