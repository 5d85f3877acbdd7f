"""The live page on a long log, and a repair of 10,000 messages in quarantine.

    python bench/bench_live.py [events] [rounds]

Works in a temporary home on SQLite, or on the database that DATABASE_URL names (it must be empty). The limit beside a poll is
the bare read of the newest rows by primary key; beside the repair, that many rows written to the log by the usual way in.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from installation import use_home_of_its_own

EVENTS = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 50
WAITING = 10_000
NOW = datetime(2026, 6, 12, 4, 0, tzinfo=UTC)
_FILL_SQLITE = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s) "
    "INSERT INTO events_event (key, source, type, name, user_id, at_ms, received_ms, body) "
    "SELECT randomblob(16), 'shop', 'track', 'Product Viewed', 'u' || i, i, i, '{{\"properties\":{{\"product_id\":\"T01\"}}}}' FROM n"
).replace("{{", "{").replace("}}", "}")  # fmt: skip
_FILL_POSTGRES = (
    "INSERT INTO events_event (key, source, type, name, user_id, at_ms, received_ms, body) "
    "SELECT decode(md5(i::text), 'hex'), 'shop', 'track', 'Product Viewed', 'u' || i, i, i, convert_to('{}', 'UTF8') "
    "FROM generate_series(1, %s) AS i"
)


def fill() -> None:
    from django.db import connections

    from liebian.events.services.log import log_alias

    connection = connections[log_alias()]
    with connection.cursor() as cursor:
        cursor.execute(_FILL_POSTGRES if connection.vendor == "postgresql" else _FILL_SQLITE, [EVENTS])


def polls() -> None:
    from django.conf import settings
    from django.test import Client

    from liebian.access.models import User
    from liebian.access.services import create_user
    from liebian.core import clock
    from liebian.core.days import day_of
    from liebian.events.inbox.live import LOOKED_AT, get_position
    from liebian.events.models import Event

    create_user(
        username="bench",
        display_name="Bench",
        role="viewer",
        password="long enough for a bench 7",
        actor_id=None,
        now=NOW,
    )
    client = Client(headers={"hx-request": "true"})
    client.force_login(User.objects.get(username="bench"))
    columns = ("id", "source", "received_ms", "type", "name", "corrections")
    bare = measure(lambda: list(Event.objects.order_by("-id").values_list(*columns)[:LOOKED_AT]))
    position = get_position(day_of(clock.now(), settings.TIME_ZONE))
    show("bare read of the newest 1,000 rows", bare, bare)
    show("poll, nothing new", measure(lambda: client.get("/sources/live", {"at": position})), bare)
    show("poll, the list has changed", measure(lambda: client.get("/sources/live", {"at": "0-0-0"})), bare)
    show("poll, filtered to nothing", measure(lambda: client.get("/sources/live", {"at": "0", "name": "absent"})), bare)


def repair() -> None:
    from liebian.events import services
    from liebian.events.checking.types import FieldRule, Step
    from liebian.events.inbox.types import Selection
    from liebian.events.reading import parse_all
    from liebian.events.services.intake import Delivery, write_deliveries
    from liebian.events.types import Receipt

    rule = FieldRule("total", "number", required=True)
    saved = {"corrects": True, "other_fields": True, "actor_id": None, "now": NOW}
    services.save_schema(type="track", name="Paid", rules=[rule], **saved)
    from liebian.events.checks import load_checks

    checks = load_checks()

    def message(number: int, **more: Any) -> dict[str, Any]:
        properties = {"order_id": f"A{number}", "totl": "12.5", "phone": "13800138000"}
        return {"type": "track", "event": "Paid", "userId": f"u{number}", "timestamp": NOW.isoformat(),
                "messageId": f"m{number}", "properties": properties, **more}  # fmt: skip

    sent = [message(number) for number in range(WAITING)]
    _drafts, misfits, _notes = parse_all(
        sent, source="shop", received_at=NOW, check=checks.check, are_values_safe=False, is_batch=True
    )
    write_deliveries([Delivery("shop", NOW.date(), int(NOW.timestamp() * 1000), [], misfits)])
    usual = [message(WAITING + number) for number in range(WAITING)]
    bare = once(lambda: services.record_events(usual, source="shop", received_at=NOW), Receipt(WAITING, 0))
    wanted, steps = Selection(source="shop"), [Step("rename", "totl", "total")]
    print(f"{'usual way in, 10,000 messages':<40} {bare:6.2f} s")
    tried = once(lambda: services.preview_repair(wanted, steps).passed, WAITING)
    print(f"{'repair tried on 10,000':<40} {tried:6.2f} s   {tried / bare:5.2f} × the usual way in")
    made = once(lambda: services.repair_quarantined(wanted, steps, actor_id=None, now=NOW).passed, WAITING)
    print(f"{'repair of 10,000 into the log':<40} {made:6.2f} s   {made / bare:5.2f} × the usual way in")


def measure(act: Callable[[], object]) -> list[float]:
    act()
    times = []
    for _round in range(ROUNDS):
        start = time.perf_counter()
        act()
        times.append((time.perf_counter() - start) * 1000)
    return times


def once(act: Callable[[], object], expected: object) -> float:
    start = time.perf_counter()
    found = act()
    took = time.perf_counter() - start
    if found != expected:
        raise SystemExit(f"expected {expected}, found {found}")
    return took


def show(label: str, times: list[float], bare: list[float]) -> None:
    p95, limit = statistics.quantiles(times, n=20)[18], statistics.quantiles(bare, n=20)[18]
    print(f"{label:<40} p50 {statistics.median(times):6.1f} ms  p95 {p95:6.1f} ms   {p95 / limit:5.2f} × the bare read")


if __name__ == "__main__":
    use_home_of_its_own(migrate=True)
    from django.conf import settings

    settings.ALLOWED_HOSTS = ["testserver"]
    fill()
    print(f"{EVENTS:,} events in the log")
    polls()
    repair()
