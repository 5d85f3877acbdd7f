"""What people of a shop do, event after event without end, and what must come of any part of it, in whatever order it arrives."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

N_REFERRERS, N_FRIENDS = 5, 20
PREPARE = """
import json, sys
from datetime import timedelta
from liebian.config import jobs
from liebian.core import clock
from liebian.core.cursors import drain
from liebian.core.days import day_of
from liebian.customers import queries as customers
from liebian.events.services import create_source, record_events
from liebian.referrals import queries as referral_queries, services as referrals
from liebian.segments import services as segments
from liebian.referrals.tests.shop import DRAFT, INVITER_CAP
from django.conf import settings
now, today = clock.now(), day_of(clock.now(), settings.TIME_ZONE)
said = []
for n in range(int(sys.argv[1])):
    for order in range(2):
        said.append({"type": "track", "event": "Order Completed", "userId": f"r{n}", "messageId": f"r{n}-{order}",
            "timestamp": (now - timedelta(days=20 + order)).isoformat(),
            "properties": {"order_id": f"r{n}-{order}", "total": 10, "currency": "CNY"}})
record_events(said, source="before", received_at=now)
drain(lambda: jobs.run_stages(now))
drain(lambda: jobs.publish_lake(now))
rule = {"kind": "orders", "metric": "n_orders", "op": "ge", "value": 2, "window_days": 365}
segment = segments.save_segment(name="Twice", rule=rule, now=now)
period = {"starts_on": (today - timedelta(days=2)).isoformat(), "ends_on": (today + timedelta(days=30)).isoformat()}
values = {**DRAFT, **period, "segment_id": segment.id, "limits": [{**INVITER_CAP, "amount": 100}]}
draft = referrals.save_draft(programme_id=None, values=values, actor=None, now=now - timedelta(days=2))
programme = referrals.publish_programme(programme_id=draft.id, actor=None, now=now - timedelta(days=2))
codes = [each.code for each in referral_queries.list_participants(programme.id)]
keys = [create_source(name=name, now=now).write_key for name in ("python", "node")]
print(json.dumps({"programme": programme.id, "codes": sorted(codes), "keys": keys}))
"""
FOUND = """
import json, sys
from collections import Counter
from django.conf import settings
from django.db.models import Sum
from deltalake import DeltaTable
from liebian.core import clock, cursors
from liebian.customers.models import Customer, CustomerEvent
from liebian.events import queries as events
from liebian.events.models import Event
from liebian.ledger.models import Posting
from liebian.lake import queries as lake
from liebian.orders.models import Order, OrderChange
from liebian.pipeline import queries as pipeline
from liebian.pipeline.services import UNITS
from liebian.rewards import queries as rewards
from liebian.segments import queries as segments
from liebian.tiers.models import TierModel, TierRun
end = events.get_log_end()
waiting = [unit.name for unit in pipeline.list_units(UNITS, now=clock.now()) if unit.behind or unit.error]
changes = OrderChange.objects.order_by("-id").values_list("id", flat=True).first() or 0
if lake.get_position("events", "customers") < end or lake.get_position("order_facts", "orders") < changes:
    waiting.append("lake")
snapshots = list(lake.list_snapshots("order_facts", "customers"))
if len({run.model_id for run in TierRun.objects.all() if run.lake_snapshots == snapshots}) < TierModel.objects.count():
    waiting.append("tiers")
if waiting:
    print(json.dumps({"waiting": waiting}))
    sys.exit()
def times(table):
    return Counter(DeltaTable(settings.LAKE_URL.rstrip("/") + "/" + table).to_pyarrow_table(columns=["event_id"])["event_id"].to_pylist())
said = [row for row in events.list_events_after(0, 10_000_000) if row.source in ("python", "node")]
owned, kept = Counter(CustomerEvent.objects.values_list("event_id", flat=True)), times("events")
all_rewards = rewards.list_rewards(programme_id=int(sys.argv[1]), limit=1_000_000)
print(json.dumps({
    "waiting": [],
    "log": sorted(row.body["context"]["n"] for row in said),
    "not owned once": [row.body["context"]["n"] for row in said if owned[row.id] != 1],
    "not in the lake once": [row_id for row_id in Event.objects.values_list("id", flat=True) if kept[row_id] != 1],
    "lake rows": sum(kept.values()) - Event.objects.count(),
    "people": Customer.objects.filter(merged_into=None).count(),
    "known": Customer.objects.filter(merged_into=None, is_known=True).count(),
    "orders": Order.objects.filter(ordered_at__isnull=False).count(),
    "revenue": OrderChange.objects.aggregate(n=Sum("amount_minor"))["n"] or 0,
    "revenue of people": Customer.objects.filter(merged_into=None).aggregate(n=Sum("revenue_minor"))["n"] or 0,
    "members": sum(segments.count_live().values()),
    "rewards": sorted(Counter(f"{r.role} {r.state}" for r in all_rewards).items()),
    "ledger": Posting.objects.aggregate(n=Sum("amount"))["n"] or 0,
    "aside": pipeline.count_set_aside(),
}))
"""


class Story:
    """Events as calls of a client: `{"call": "track", "user": …, "n": 17, …}`. The same seed tells the same story."""

    def __init__(self, seed: int, codes: list[str]) -> None:
        self.chance = random.Random(seed)
        self.codes = codes
        self.told: list[dict[str, Any]] = []
        self.start = datetime.now(UTC) - timedelta(hours=6)

    def tell(self, call: str, **said: Any) -> dict[str, Any]:
        n = len(self.told)
        event = {"call": call, "n": n, "at": (self.start + timedelta(seconds=n / 10)).isoformat(), **said}
        self.told.append(event)
        return event

    def sign_ups(self) -> Iterable[dict[str, Any]]:
        """Friends who follow a referrer's link. Their orders come after."""
        for n in range(N_FRIENDS):
            yield self.tell("identify", user=f"f{n}", said={"phone": f"139{n:08}"})
            signed = {"code": self.codes[n % len(self.codes)], "consent": "2026-01", "channel": "wechat"}
            yield self.tell("track", user=f"f{n}", event="Referral Signed Up", said=signed)

    def first_orders(self) -> Iterable[dict[str, Any]]:
        for n in range(N_FRIENDS):
            yield self.order(f"f{n}", 10_000 + n)

    def order(self, user: str, cents: int) -> dict[str, Any]:
        return self.tell("track", user=user, event="Order Completed", cents=cents, order=f"o{len(self.told)}")

    def day_of(self, person: int) -> Iterable[dict[str, Any]]:
        """One more person: visits, an order, sometimes a second one, sometimes a part of the money back."""
        user, device = f"u{person}", f"a{person}"
        yield self.tell("page", device=device)
        yield self.tell("identify", user=user, said={"phone": f"138{person:08}"})
        yield self.tell("track", user=user, event="Product Viewed", said={"product_id": f"p{person % 50}"})
        first = self.order(user, self.chance.randint(1_000, 90_000))
        yield first
        yield self.tell("page", device=device)
        if person % 3:
            yield self.tell("alias", user=user, device=device)
        if person % 4 == 0:
            yield self.order(user, self.chance.randint(1_000, 90_000))
        if person % 5 == 0:
            yield self.tell(
                "track", user=user, event="Order Refunded", cents=self.chance.randint(1, 999), order=first["order"]
            )
        yield self.tell("page", user=user)

    def expected(self) -> dict[str, Any]:
        """What the whole installation must say of what was told, whatever happened on the way."""
        users = {event["user"] for event in self.told if "user" in event} | {f"r{n}" for n in range(N_REFERRERS)}
        joined = {event["device"] for event in self.told if event["call"] == "alias"}
        devices = {event["device"] for event in self.told if "device" in event}
        placed = [event for event in self.told if event.get("event") == "Order Completed"]
        returned = [event for event in self.told if event.get("event") == "Order Refunded"]
        buys = Counter(event["user"] for event in placed)
        revenue = sum(e["cents"] for e in placed) - sum(e["cents"] for e in returned) + N_REFERRERS * 2_000
        return {
            "waiting": [], "log": list(range(len(self.told))), "not owned once": [], "not in the lake once": [], "lake rows": 0,
            "people": len(users) + len(devices - joined), "known": len(users), "orders": len(placed) + 2 * N_REFERRERS,
            "revenue": revenue, "revenue of people": revenue, "members": sum(n >= 2 for n in buys.values()) + N_REFERRERS,
            "rewards": [["friend held", N_FRIENDS], ["referrer held", N_FRIENDS]], "ledger": 0, "aside": 0,
        }  # fmt: skip
