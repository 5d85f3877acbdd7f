"""The segments stage alone: what one event costs from the log with people to memberships of 50 rules.

    python bench/bench_stage_segments.py [people] [events]

Works in a temporary home on SQLite, or on the database that DATABASE_URL names (it must be empty). People with 400 days
of events are read first; then prints microseconds an event in batches of 2,000, split into the bare commit of the same
rows and the rest, and the longest step of a sweep over everybody after midnight.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PEOPLE = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
EVENTS = int(sys.argv[2]) if len(sys.argv) > 2 else 40_000
TODAY = date(2026, 6, 1)
NAMES = [f"Event {n}" for n in range(16)]
WINDOWS = [7, 30, 90, 180, None]


def set_up() -> None:
    os.environ.setdefault("LIEBIAN_HOME", tempfile.mkdtemp(prefix="liebian-bench-"))
    os.environ["DJANGO_SETTINGS_MODULE"] = "liebian.config.settings"
    sys.path[:0] = [str(ROOT / "src"), str(ROOT / "analytics" / "src")]
    import django
    from django.conf import settings
    from django.core.management import call_command

    django.setup()
    for alias in settings.DATABASES:
        call_command("migrate", database=alias, verbosity=0)


def make_segments() -> None:
    from liebian.segments import services

    draw = random.Random(5)
    for number in range(50):
        rules = [
            {"kind": "events", "name": draw.choice(NAMES), "op": "ge", "value": draw.randint(1, 4), "window_days": draw.choice(WINDOWS)}
            for _ in range(draw.randint(2, 4))
        ]  # fmt: skip
        if number % 5 == 0:
            rules.append({"kind": "attribute", "name": "city", "op": "in", "value": ["杭州", "上海"]})
        services.save_segment(
            name=f"S{number}", rule={"kind": "all_of", "rules": rules}, now=datetime(2026, 1, 1, tzinfo=UTC)
        )


def fill(first: int, n: int, *, days: int) -> None:
    """The log with people, as the stages before leave it."""
    from django.db import transaction

    from liebian.core.bulk import write_rows
    from liebian.core.models import Cursor
    from liebian.customers.models import Customer, CustomerEvent
    from liebian.events.models import Event

    draw = random.Random(first)
    end = int(datetime(TODAY.year, TODAY.month, TODAY.day, tzinfo=UTC).timestamp() * 1000)
    rows: list[Any] = []
    log: list[Any] = []
    for event_id in range(first, first + n):
        at = end - int(draw.random() ** 2 * days * 86_400_000)
        name = draw.choice(NAMES)
        rows.append(
            CustomerEvent(event_id=event_id, customer_id=draw.randint(1, PEOPLE), type="track", name=name, at_ms=at)
        )
        log.append(
            Event(
                id=event_id,
                key=event_id.to_bytes(16, "big"),
                source="bench",
                type="track",
                name=name,
                at_ms=at,
                received_ms=end,
                body=b"{}",
            )
        )
    with transaction.atomic(using=None):
        if first == 1:
            seen = datetime(2025, 1, 1, tzinfo=UTC)
            write_rows([
                Customer(id=key, is_known=True, first_seen_at=seen, known_at=seen, city=draw.choice(["杭州", "上海", "北京"]))
                for key in range(1, PEOPLE + 1)
            ])  # fmt: skip
        write_rows(rows)
        for stage in ("customers", "orders"):
            Cursor.objects.update_or_create(name=stage, defaults={"position": first + n - 1})
    Event.objects.bulk_create(log, batch_size=2000)


def run(shards: int = 1) -> list[float]:
    from liebian.segments import services

    steps = []
    while True:
        begun = time.perf_counter()
        if not services.advance(limit=2000, shards=shards):
            return steps
        steps.append(time.perf_counter() - begun)


def bare_commit(n: int) -> float:
    """Seconds to write as many states and memberships as a batch wrote, and nothing else."""
    from django.db import connection, transaction

    from liebian.segments.models import State

    rows = list(State.objects.order_by("?").values_list("facts", "bits", "customer_id")[:n])
    begun = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany("UPDATE segments_state SET facts = %s, bits = %s WHERE customer_id = %s", rows)
    return time.perf_counter() - begun


def main() -> None:
    set_up()
    from liebian.events.services import record_day
    from liebian.segments.models import Membership

    make_segments()
    history = PEOPLE * 10
    fill(1, history, days=400)
    run()
    open_before = Membership.objects.count()
    fill(history + 1, EVENTS, days=1)
    steps = run()
    changes = Membership.objects.count() - open_before
    bare = min(bare_commit(2000) for _ in range(3)) / 2000
    each = sum(steps) / EVENTS
    print(f"{EVENTS:,} events of {PEOPLE:,} people, 50 rules, batches of 2,000: {each * 1e6:.0f} µs an event, "
          f"longest step {max(steps) * 1e3:.0f} ms, {changes / EVENTS:.1f} entries an event")  # fmt: skip
    print(f"bare write of 2,000 states: {bare * 1e6:.1f} µs an event; ratio {each / bare:.1f}")
    record_day(day=TODAY + timedelta(days=1), now=datetime(2026, 6, 2, tzinfo=UTC))
    from liebian.core.models import Cursor
    from liebian.events.queries import get_log_end

    Cursor.objects.filter(name__in=["customers", "orders"]).update(position=get_log_end())
    steps = run()
    print(f"midnight: {PEOPLE:,} people in {len(steps)} steps, {sum(steps):.2f} s, longest {max(steps) * 1e3:.0f} ms")


if __name__ == "__main__":
    main()
