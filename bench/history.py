"""A long history, written where the stages would have written it: the log, the events with people, the day facts.

Not a benchmark itself. The stages would take hours for what these statements make in minutes; what they are asked afterwards is
the same. Events lie evenly over a year and over everybody, pages and views of products in turn, so that with many events everybody has both on
every day. The people are those of `bench_stages.people`: the n-th has the number n + 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

DAYS = 365
DAY_MS = 86_400_000
STEP = 1_000_000  # rows of one statement
PART = 500  # people whose day facts are made at a time
NAMES = ("Home", "Product Viewed")  # rules ask for one of them
_OF = {
    "sqlite": {
        "numbers": "(WITH RECURSIVE s(n) AS (SELECT {done} UNION ALL SELECT n + 1 FROM s WHERE n + 1 < {end}) SELECT n FROM s)",
        "key": "CAST(printf('%016d', {first} + n) AS BLOB)",
        "body": 'CAST(\'{{"properties":{{"path":"/tea/\' || n || \'","title":"Longjing"}}}}\' AS BLOB)',
    },
    "postgresql": {
        "numbers": "(SELECT n FROM generate_series({done}::bigint, {end} - 1) AS n)",
        "key": "convert_to(lpad(({first} + n)::text, 16, '0'), 'UTF8')",
        "body": 'convert_to(\'{{"properties":{{"path":"/tea/\' || n || \'","title":"Longjing"}}}}\', \'UTF8\')',
    },
}
_LOG = """
INSERT INTO events_event (id, key, source, type, name, user_id, anonymous_id, at_ms, received_ms, body)
SELECT {first} + 1 + n, {key}, 'bench', CASE n / {customers} % 2 WHEN 0 THEN 'page' ELSE 'track' END,
       CASE n / {customers} % 2 WHEN 0 THEN 'Home' ELSE 'Product Viewed' END, 'user-' || (n % {customers}), NULL,
       {start} + n * {length} / {events}, {start} + n * {length} / {events} + 40, {body}
FROM {numbers} AS numbers
"""
_OWNED = """
INSERT INTO customers_customerevent (event_id, customer_id, type, name, at_ms, received_ms)
SELECT {first} + 1 + n, 1 + n % {customers}, CASE n / {customers} % 2 WHEN 0 THEN 'page' ELSE 'track' END,
       CASE n / {customers} % 2 WHEN 0 THEN 'Home' ELSE 'Product Viewed' END,
       {start} + n * {length} / {events}, {start} + n * {length} / {events} + 40
FROM {numbers} AS numbers
"""


def write_history(events: int, customers: int, end_ms: int) -> None:
    """So many events in the year before `end_ms`, of people who are known; every stage has read them."""
    from django.db import connections, router

    from liebian.core.models import Cursor
    from liebian.customers.models import Customer, CustomerEvent
    from liebian.events.models import Event
    from liebian.segments.models import Progress

    assert list(Customer.objects.order_by("-id").values_list("id", flat=True)[:1]) == [customers]
    first = Event.objects.order_by("-id").values_list("id", flat=True)[0]
    around = {
        "first": first,
        "events": events,
        "customers": customers,
        "start": end_ms - DAYS * DAY_MS,
        "length": DAYS * DAY_MS,
    }
    for model, sql in ((Event, _LOG), (CustomerEvent, _OWNED)):
        connection = connections[router.db_for_write(model)]
        with _without_indexes(connection, model):
            for done in range(0, events, STEP):
                _run(connection, sql, {**around, "done": done, "end": min(done + STEP, events)})
        if connection.vendor == "postgresql" and model is Event:
            with connection.cursor() as cursor:
                cursor.execute("SELECT setval(pg_get_serial_sequence('events_event', 'id'), %s)", [first + events])
    Cursor.objects.filter(name__in=["customers", "orders", "referrals", "segments"]).update(position=first + events)
    Progress.objects.update(event_id=first + events)
    _write_facts(events, customers, end_ms)
    _pass_by_the_lake(first + events)


def _pass_by_the_lake(position: int) -> None:
    from liebian.lake import services as lake
    from liebian.lake.types import SCHEMAS

    for table in ("events", "day_facts"):
        lake.append_rows(table=table, rows=SCHEMAS[table].empty_table(), reader="customers", position=position)


def _run(connection: Any, sql: str, around: dict[str, int]) -> None:
    parts = {name: text.format(**around) for name, text in _OF[connection.vendor].items()}
    with connection.cursor() as cursor:
        cursor.execute(sql.format(**around, **parts), None)


@contextmanager
def _without_indexes(connection: Any, model: Any) -> Iterator[None]:
    with connection.schema_editor() as editor:
        for index in model._meta.indexes:
            editor.remove_index(model, index)
    yield
    with connection.schema_editor() as editor:
        for index in model._meta.indexes:
            editor.add_index(model, index)


def _write_facts(events: int, customers: int, end_ms: int) -> None:
    """What the segments stage keeps of them: for each person and day how many of each name."""
    from liebian_analytics.rules.packed import Additions, merge_facts
    from liebian_analytics.rules.packed_columns import EVENTS

    from liebian.core.columns import insert_tuples
    from liebian.segments.models import Past
    from liebian.segments.stage.facts import business_days, number_facts

    numbers = number_facts({(EVENTS, name) for name in NAMES})
    fact_of = np.array([numbers[EVENTS, name] for name in NAMES])
    rounds = np.arange(events // customers, dtype=np.int64)  # everybody's events: n = round * customers + place
    for start in range(0, customers, PART):
        people = np.arange(start, min(start + PART, customers), dtype=np.int64)
        n = (rounds[:, None] * customers + people[None, :]).ravel()
        at = end_ms - DAYS * DAY_MS + n * (DAYS * DAY_MS) // events
        places = np.tile(np.arange(len(people)), len(rounds))
        facts = np.repeat(fact_of[rounds % 2], len(people))
        additions = Additions.of(
            places, business_days(at), facts, np.ones(len(n), np.int64), np.zeros(len(n), np.int64)
        )
        ids = (people + 1).tolist()
        blobs = merge_facts([b""] * len(ids), additions)
        insert_tuples(Past, ("customer_id", "facts"), list(zip(ids, blobs, strict=True)))
