"""What the stages cost an event, beside a bare insert of the same rows in the same run.

    python bench/bench_stages.py [--events 20000] [--customers 20000] [--history 0] [--dormant 0] [--rules 50] [--batch 2000] [--json]

Works in a temporary home on SQLite, or on the database that DATABASE_URL names (it must be empty). Everybody is known
before the measurement; then come page and track events of them, 5 % identify and 3 % orders. With --history so many events
lie before it, evenly over a year, of the same people and of so many more who are --dormant now, written by SQL; of them the lake has nothing. Prints microseconds an event of each stage, of the bare insert, and their ratio.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from installation import use_home_of_its_own

START_MS = 1_767_225_600_000  # 2026-01-01
PAGE = (
    b'{"properties":{"path":"/tea/%d","title":"Longjing"},"context":{"page":{"path":"/tea"},"userAgent":"Mozilla/5.0"}}'
)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--history", type=int, default=0)
    parser.add_argument("--dormant", type=int, default=0)
    parser.add_argument("--rules", type=int, default=50)
    parser.add_argument("--batch", type=int, default=2_000)
    parser.add_argument(
        "--json", action="store_true", help="one line: microseconds of clock and processor of each stage"
    )
    return parser.parse_args()


def event(number: int, kind: str, who: int, chance: random.Random) -> tuple[Any, ...]:
    at = START_MS + number * 20
    key = at.to_bytes(6, "big") + number.to_bytes(10, "big")
    body, name, user = PAGE % number, "", f"user-{who}"
    if kind == "identify":
        body = b'{"traits":{"city":"Hangzhou","plan":"%d"}}' % (number % 7)
    elif kind == "order":
        kind, name = "track", "Order Completed"
        body = b'{"properties":{"order_id":"o%d","total":"%d.50","currency":"CNY","products":[{"product_id":"p%d","name":"Tea","price":"20.00","quantity":2}]}}' % (
            number, 20 + number % 300, number % 500)  # fmt: skip
    else:
        kind, name = ("page", "Home") if number % 2 else ("track", "Product Clicked")
    anonymous = None if chance.random() < 0.4 else f"device-{who}"
    return (key, "bench", kind, name, user, anonymous, at, at + 40, body, None)


def events(first: int, count: int, customers: int) -> Iterator[tuple[Any, ...]]:
    chance = random.Random(first)
    for number in range(first, first + count):
        draw = chance.random()
        kind = "identify" if draw < 0.05 else "order" if draw < 0.08 else "view"
        yield event(number, kind, chance.randrange(customers), chance)


def people(customers: int) -> Iterator[tuple[Any, ...]]:
    for who in range(customers):
        at = START_MS - 1_000_000_000 + who
        key = at.to_bytes(6, "big") + who.to_bytes(10, "big")
        yield (key, "bench", "page", "Home", f"user-{who}", f"device-{who}", at, at, PAGE % who, None)


def fill(rows: Iterator[tuple[Any, ...]], part: int = 50_000) -> None:
    from itertools import islice

    from liebian.core.columns import insert_tuples
    from liebian.events.models import Event

    columns = ("key", "source", "type", "name", "user_id", "anonymous_id", "at_ms", "received_ms", "body", "personal")
    while portion := list(islice(rows, part)):
        insert_tuples(Event, columns, portion)


def drain(step: Callable[[], int]) -> tuple[float, float]:
    """Seconds on the clock, and of them on the processor."""
    started, busy = time.perf_counter(), time.process_time()
    while step():
        pass
    return time.perf_counter() - started, time.process_time() - busy


def bare_insert(count: int, batch: int) -> float:
    """The rows that the identity stage writes, inserted into an empty table of the same shape, as many to a commit."""
    from django.db import connection, transaction

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT event_id, customer_id, type, name, at_ms, received_ms FROM customers_customerevent ORDER BY event_id DESC LIMIT %s",
            [count],
        )
        rows = cursor.fetchall()[::-1]
        cursor.execute(
            "CREATE TABLE bench_bare (event_id bigint PRIMARY KEY, customer_id bigint, type text, name text, at_ms bigint, received_ms bigint)"
        )
        started = time.perf_counter()
        for start in range(0, len(rows), batch):
            with transaction.atomic():
                cursor.executemany(
                    "INSERT INTO bench_bare VALUES (%s, %s, %s, %s, %s, %s)", rows[start : start + batch]
                )
        taken = time.perf_counter() - started
        cursor.execute("DROP TABLE bench_bare")
    return taken


def main() -> None:
    options = read_options()
    use_home_of_its_own(migrate=True)
    from bench_chain import write_rules
    from django.conf import settings
    from history import write_history
    from installation import take_statistics

    from liebian.core import days
    from liebian.customers import services as customers
    from liebian.events import services as log
    from liebian.orders import services as orders
    from liebian.referrals import services as referrals
    from liebian.segments import services as segments

    write_rules(options.rules)
    everybody = options.customers + options.dormant
    fill(people(everybody))
    now = datetime.fromtimestamp(START_MS / 1000, UTC)
    log.record_day(day=days.day_of(now, settings.TIME_ZONE) + timedelta(days=1), now=now)
    stages: dict[str, Callable[[], int]] = {
        "identity": lambda: customers.advance(limit=options.batch),
        "orders": lambda: orders.advance(limit=options.batch),
        "referrals": lambda: referrals.advance(limit=options.batch),
        "segments": lambda: segments.advance(limit=options.batch),
        "lake": lambda: customers.publish() + orders.publish(),
    }
    for name, step in stages.items():
        if name != "lake":
            drain(step)
    if options.history:
        write_history(options.history, everybody, START_MS - 2_000_000_000)
    drain(stages["lake"])
    take_statistics()
    fill(events(10**9, options.events, options.customers))
    taken = {name: drain(step) for name, step in stages.items()}
    bare = bare_insert(options.events, options.batch)
    whole = (sum(wall for wall, _ in taken.values()), sum(busy for _, busy in taken.values()))
    each = 1e6 / options.events
    taken = {**taken, "all stages": whole, "bare insert": (bare, bare)}
    if options.json:
        print(json.dumps({name: [wall * each, busy * each] for name, (wall, busy) in taken.items()}))
        return
    print(
        f"{options.events:,} events of {options.customers:,} customers, {options.history:,} events before of them and {options.dormant:,} more, batches of {options.batch:,}"
    )
    for name, (seconds, busy) in taken.items():
        print(
            f"{name:12} {seconds * each:7.1f} µs an event, {busy * each:6.1f} of processor, {seconds / bare:5.1f} x bare insert"
        )


if __name__ == "__main__":
    main()
