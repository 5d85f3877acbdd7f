"""The whole chain: events over HTTP, people, facts, memberships and the lake, all at once, on one machine.

    python bench/bench_chain.py sustained [--seconds 300] [--rate 5000] [--rules 50] [--customers 100000]
    python bench/bench_chain.py latency   [--seconds 60]  [--rate 2000] [--rules 200] [--customers 100000]

`DATABASE_URL` names an empty PostgreSQL database; without it, SQLite. The sender keeps its rate whatever the server does.
`sustained` shows the lag of every stage over time and fails when a stage never comes within two seconds of the log in the
last third (the lake: ten). `latency` sends probes among the events, each by a
new person who thereby enters a segment, and looks for the committed membership together with the profile; in the middle of
the run a new day begins, so that the sweep of midnight is in it. The peer of both, measured in the same run before the
workers start, is the HTTP intake alone at the same rate: what remains of a core, and its own time per request. All customers
have said who they are before, and the stages have read it.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import statistics
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from installation import Installation, installation, take_statistics, use_django

NAMES = ["Product Viewed", "Product Added", "Page Shared", "Coupon Opened", "Search Done", "Video Played"]
CITIES = ["上海", "杭州", "北京", "深圳", "成都", "广州", "南京", "武汉"]
BATCH = 100
PROBE = "Probe Sent"
OVERLAP = 2_000  # numbers of people that are looked at again: of several workers one may be behind another


def write_rules(number: int) -> None:
    """Different conditions of the kinds that people write: attributes, events and orders in windows, joined."""
    from liebian.segments import services as segments

    now = datetime.now(UTC)
    chance = random.Random(3)
    segments.save_segment(name="probes", rule={"kind": "events", "name": PROBE, "window_days": 7}, now=now)
    for index in range(number - 1):
        window = chance.choice([1, 7, 14, 30, 60, 90, 180, 365, None])
        parts: list[dict[str, Any]] = [
            {"kind": "events", "name": chance.choice(NAMES), "op": "ge", "value": chance.randint(1, 12), "window_days": window},
            {"kind": "orders", "metric": chance.choice(["n_orders", "revenue_minor"]), "op": "ge",
             "value": chance.choice([1, 2, 5, 20_000]), "window_days": chance.choice([30, 90, 365, None])},
            {"kind": "attribute", "name": "city", "op": "in", "value": chance.sample(CITIES, 3)},
        ]  # fmt: skip
        chosen = chance.sample(parts, 2 + index % 2)
        if index % 3 == 2:  # who is one thing and not the others
            chosen = [chosen[0], {"kind": "none_of", "rules": chosen[1:]}]
        rule = {"kind": "any_of" if index % 3 == 1 else "all_of", "rules": chosen}
        segments.save_segment(name=f"rule {index}", rule=rule, now=now)


class Sender:
    """Keeps a rate: so many batches a second, spread evenly, over a few connections."""

    def __init__(
        self, place: Installation, write_key: str, rate: int, customers: int, *, batch: int, probes: int = 0
    ) -> None:
        self.place, self.write_key, self.batch, self.customers = place, write_key, batch, customers
        self.every, self.texts, self.salt = batch / rate, write_texts(), uuid.uuid4().hex.encode()
        self.probes_every = max(1, round(rate / batch / probes)) if probes else 0
        self.sent = 0
        self.refused = 0
        self.took: list[float] = []
        self.probes: dict[str, float] = {}
        self.stop = threading.Event()
        self._lock = threading.Lock()
        self._next = 0
        self._started = 0.0

    def run(self, seconds: float, connections: int = 4) -> None:
        self._started, self._next = time.perf_counter(), 0
        threads = [threading.Thread(target=self._send, args=(seconds, n)) for n in range(connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _send(self, seconds: float, seed: int) -> None:
        chance = random.Random(seed)
        connection = http.client.HTTPConnection("127.0.0.1", self.place.port, timeout=30)
        headers = {"Content-Type": "application/json", "Connection": "keep-alive"}
        while not self.stop.is_set():
            with self._lock:
                number, self._next = self._next, self._next + 1
            due = self._started + number * self.every
            if due - self._started >= seconds:
                return
            if (wait := due - time.perf_counter()) > 0:
                time.sleep(wait)
            body, probe = self._body(chance, number)
            began = time.perf_counter()
            connection.request("POST", "/v1/batch", body, headers)
            answer = connection.getresponse()
            answer.read()
            with self._lock:
                self.took.append(time.perf_counter() - began)
                if answer.status == 200:
                    self.sent += self.batch
                    if probe:
                        self.probes[probe] = began
                else:
                    self.refused += self.batch

    def _body(self, chance: random.Random, number: int) -> tuple[bytes, str]:
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z").encode()
        messages = [self._message(chance, now, b"%s-%d-%d" % (self.salt, number, place)) for place in range(self.batch)]
        probe = ""
        if self.probes_every and number % self.probes_every == 0:
            probe = f"probe-{number}"
            probing = {"type": "track", "event": PROBE, "userId": probe, "messageId": "@id", "timestamp": "@now"}
            messages[-1] = json.dumps(probing).encode().replace(b"@id", uuid.uuid4().hex.encode()).replace(b"@now", now)
        return b'{"writeKey":"%s","batch":[%s]}' % (self.write_key.encode(), b",".join(messages)), probe

    def _message(self, chance: random.Random, now: bytes, message_id: bytes) -> bytes:
        often = chance.random() < 0.3
        person = int(chance.paretovariate(1.2) * 40) % self.customers if often else chance.randrange(self.customers)
        text = chance.choice(self.texts).replace(b"@person", b"%d" % person)
        return text.replace(b"@id", message_id).replace(b"@now", now)


def write_texts(number: int = 5_000) -> list[bytes]:
    """Messages with gaps for person, id and time, so that the sender costs little beside what it measures."""
    chance = random.Random(7)
    return [json.dumps(_text(chance), ensure_ascii=False).encode() for _ in range(number)]


def _text(chance: random.Random) -> dict[str, Any]:
    common = {"messageId": "@id", "timestamp": "@now", "context": {"library": {"name": "bench"}}}
    both = {"userId": "u@person", "anonymousId": "a@person"}
    kind = chance.random()
    if kind < 0.05:
        traits = {"city": chance.choice(CITIES), "name": "客户@person", "level": chance.randrange(5)}
        return {"type": "identify", **both, "traits": traits, **common}
    if kind < 0.08:
        lines = [{"product_id": f"p{chance.randrange(500)}", "name": "茶", "price": 59.5, "quantity": 2}]
        properties: dict[str, Any] = {"order_id": "@id", "total": 119.0, "currency": "CNY", "products": lines}
        return {"type": "track", "event": "Order Completed", "userId": "u@person", "properties": properties, **common}
    properties = {
        "product_id": f"p{chance.randrange(500)}",
        "price": 59.5,
        "source": "list",
        "position": chance.randrange(20),
    }
    owner = "userId" if chance.random() < 0.6 else "anonymousId"
    return {
        "type": "track", "event": chance.choice(NAMES), "properties": properties, owner: both[owner], **common,
    }  # fmt: skip


def introduce(place: Installation, write_key: str, customers: int) -> None:
    """Everybody has said who they are before the clock starts: what is measured is a shop's day, not its first minute."""
    chance = random.Random(5)
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=30)
    for first in range(0, customers, 500):
        messages = [
            {
                "type": "identify", "userId": f"u{person}", "anonymousId": f"a{person}", "messageId": str(uuid.uuid4()),
                "traits": {"city": chance.choice(CITIES), "level": person % 5},
            }
            for person in range(first, min(customers, first + 500))
        ]  # fmt: skip
        body = json.dumps({"writeKey": write_key, "batch": messages}).encode()
        connection.request("POST", "/v1/batch", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"introducing the customers was refused with {answer.status}")


def positions() -> dict[str, int]:
    from liebian.core.models import Cursor
    from liebian.events import queries as events

    found = dict(Cursor.objects.values_list("name", "position"))
    return {"log": events.get_log_end(), **found}


def watch_lag(seconds: float, every: float) -> list[tuple[float, dict[str, int]]]:
    from liebian.lake.queries import get_position

    began, seen = time.monotonic(), []
    while time.monotonic() - began < seconds:
        time.sleep(every)
        found = positions()
        found["lake"] = get_position("events", "customers")
        seen.append((time.monotonic() - began, found))
    return seen


def report_load(place: Installation, before: dict[str, float], seconds: float) -> None:
    after = place.cpu_seconds()
    shares = ", ".join(f"{name} {(after[name] - before.get(name, 0)) / seconds:.2f}" for name in after)
    print(f"  cores used: {shares}; sender {time.process_time() / max(seconds, 1):.2f} in all")


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("nan")


def intake_alone(place: Installation, write_key: str, options: argparse.Namespace, batch: int) -> float:
    sender = Sender(place, write_key, options.rate, options.customers, batch=batch)
    before = place.cpu_seconds()
    sender.run(min(15, options.seconds))
    p99 = percentile(sender.took, 0.99) * 1000
    print(
        f"intake alone at {options.rate:,}/s: {sender.sent:,} events, request p50 {statistics.median(sender.took) * 1000:.1f} ms, p99 {p99:.1f} ms"
    )
    report_load(place, before, min(15, options.seconds))
    return p99


def sustained(place: Installation, write_key: str, options: argparse.Namespace) -> int:
    alone = intake_alone(place, write_key, options, BATCH)
    place.start("worker", "worker", *options.worker.split())
    wait_until_caught_up(300)
    take_statistics()
    before, sender = place.cpu_seconds(), Sender(place, write_key, options.rate, options.customers, batch=BATCH)
    thread = threading.Thread(target=sender.run, args=(options.seconds,))
    began = time.monotonic()
    thread.start()
    seen = watch_lag(options.seconds - 1, max(5.0, options.seconds / 12))
    thread.join()
    seconds = time.monotonic() - began
    names = [
        name
        for name in ("customers", "orders", "referrals", *sorted(n for n in seen[-1][1] if n.startswith("segments")))
        if name in seen[-1][1]
    ]
    print(f"  {'s':>5} {'log':>10} " + " ".join(f"{'lag ' + name:>18}" for name in [*names, "lake"]))
    for at, found in seen:
        print(
            f"  {at:5.0f} {found['log']:10,} "
            + " ".join(f"{found['log'] - found.get(name, 0):18,}" for name in [*names, "lake"])
        )
    report_load(place, before, seconds)
    late = seen[-max(1, len(seen) // 3) :]
    least = {name: min(found["log"] - found.get(name, 0) for _, found in late) for name in [*names, "lake"]}
    allowed = {"lake": 10 * options.rate}  # it publishes every five seconds
    grows = [name for name, lag in least.items() if lag > allowed.get(name, 2 * options.rate)]
    took = wait_until_caught_up(120)
    p99 = percentile(sender.took, 0.99) * 1000
    print(
        f"sent {sender.sent:,} events in {seconds:.0f} s = {sender.sent / seconds:,.0f}/s, refused {sender.refused:,}, request p99 {p99:.0f} ms = {p99 / alone:.1f} x intake alone"
    )
    print(f"caught up {took:.1f} s after the last event; lag grows: {', '.join(grows) or 'no'}")
    return 1 if grows or sender.refused else 0


def wait_until_caught_up(limit: float) -> float:
    began = time.monotonic()
    while time.monotonic() - began < limit:
        found = positions()
        if all(found["log"] <= found.get(name, 0) for name in ("customers", "orders")) and _segments_behind(found) <= 0:
            return time.monotonic() - began
        time.sleep(0.05)
    print(f"  not caught up after {limit:.0f} s: {positions()}")
    return limit


def _segments_behind(found: dict[str, int]) -> int:
    shards = [
        value
        for name, value in found.items()
        if name.startswith("segments") and "order" not in name and "merge" not in name
    ]
    return found["log"] - min(shards, default=found["log"])


class ProbeWatch:
    """Looks for committed memberships of the probe segment together with the profile, from its own connection."""

    def __init__(self, place: Installation) -> None:
        self.place = place
        self.seen: dict[str, float] = {}
        self.stop = threading.Event()

    def run(self) -> None:
        from django.db import connection

        from liebian.segments.queries import list_segments

        segment = next(s.id for s in list_segments() if s.name == "probes")
        # A new person's number is that of the event that brought them: those who came last stand behind all others.
        fresh = (
            "SELECT c.id, c.user_id FROM segments_membership AS m JOIN customers_customer AS c ON c.id = m.customer_id"
            " WHERE m.segment_id = %s AND m.left_at IS NULL AND m.customer_id > %s ORDER BY m.customer_id"
        )
        with connection.cursor() as cursor:
            cursor.execute("SELECT COALESCE(MAX(id), 0) FROM customers_customer")
            last = cursor.fetchone()[0]
            while not self.stop.is_set():
                cursor.execute(fresh, [segment, last - OVERLAP])
                rows, now = cursor.fetchall(), time.perf_counter()
                for customer_id, user_id in rows:
                    last = max(last, customer_id)
                    self.seen.setdefault(user_id, now)
                time.sleep(0.004)


def latency(place: Installation, write_key: str, options: argparse.Namespace) -> int:
    from liebian.events import services as events

    batch = 20
    alone = intake_alone(place, write_key, options, batch)
    place.start("worker", "worker", *options.worker.split())
    wait_until_caught_up(300)
    take_statistics()
    watch = ProbeWatch(place)
    looking = threading.Thread(target=watch.run)
    looking.start()
    before, sender = (
        place.cpu_seconds(),
        Sender(place, write_key, options.rate, options.customers, batch=batch, probes=25),
    )
    midnight = threading.Timer(options.seconds / 2, lambda: events.record_day(day=_tomorrow(), now=datetime.now(UTC)))
    midnight.start()
    turn = time.perf_counter() + options.seconds / 2
    sender.run(options.seconds)
    wait_until_caught_up(60)
    time.sleep(1)
    watch.stop.set()
    looking.join()
    report_load(place, before, options.seconds)
    took = {
        probe: (began, (watch.seen[probe] - began) * 1000)
        for probe, began in sender.probes.items()
        if probe in watch.seen
    }
    lost = len(sender.probes) - len(took)
    parts = {
        "all": [t for _, t in took.values()],
        "before the new day": [t for b, t in took.values() if b < turn],
        "after it": [t for b, t in took.values() if b >= turn],
    }
    for name, times in parts.items():
        print(
            f"  {name:>20}: {len(times):,} probes, p50 {percentile(times, 0.5):.0f} ms, p99 {percentile(times, 0.99):.0f} ms, max {max(times, default=float('nan')):.0f} ms"
        )
    p99 = percentile(parts["all"], 0.99)
    print(
        f"event -> membership and profile p99 {p99:.0f} ms = {p99 / alone:.1f} x the request alone; probes never seen {lost}; refused {sender.refused}"
    )
    return 1 if lost or sender.refused else 0


def _tomorrow() -> Any:
    from django.conf import settings

    from liebian.core import days

    return days.day_of(datetime.now(UTC), settings.TIME_ZONE) + timedelta(days=1)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=["sustained", "latency"], nargs="?", default="sustained")
    parser.add_argument("--seconds", type=float, default=0)
    parser.add_argument("--rate", type=int, default=0)
    parser.add_argument("--rules", type=int, default=0)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--worker", default="", help="options for `liebian worker`")
    options = parser.parse_args()
    defaults = {"sustained": (60, 5000, 50), "latency": (60, 2000, 200)}[options.mode]
    options.seconds, options.rate, options.rules = (
        given or default
        for given, default in zip((options.seconds, options.rate, options.rules), defaults, strict=True)
    )
    url = os.environ.get("DATABASE_URL", "")
    with installation(url) as place:
        use_django(place)
        from liebian.events import services as events

        write_rules(options.rules)
        write_key = events.ensure_source(name="bench", now=datetime.now(UTC)).write_key
        place.start("web", "serve")
        print(
            f"{'PostgreSQL' if url else 'SQLite'}, {options.rules} rules, {options.customers:,} customers, {options.rate:,} events/s, {options.seconds:.0f} s"
        )
        introduce(place, write_key, options.customers)
        return {"sustained": sustained, "latency": latency}[options.mode](place, write_key, options)


if __name__ == "__main__":
    raise SystemExit(main())
