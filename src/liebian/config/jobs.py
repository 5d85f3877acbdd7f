"""Every background job of the product, in one list. A job finds work in the database and calls one service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from liebian.core import cursors, days
from liebian.customers import services as customers
from liebian.events import queries as events_log
from liebian.events import services as events
from liebian.lake import queries as lake
from liebian.lake import services as lake_files
from liebian.lake.types import SCHEMAS
from liebian.orders import services as orders
from liebian.referrals import services as referrals
from liebian.segments import queries as live_segments
from liebian.segments import services as segments
from liebian.tiers import services as tiers

STAGES = ("customers", "orders", "referrals")  # whose cursors are positions of the log
RETIRED_AT_ONCE = 20_000


@dataclass(frozen=True)
class Job:
    """`run` returns how much it did; 0 lets the worker rest until `every_seconds` have passed."""

    name: str
    every_seconds: float
    run: Callable[[datetime], int]
    help: str


def start_day(now: datetime) -> int:
    return int(events.record_day(day=days.day_of(now, settings.TIME_ZONE), now=now))


def run_stages(now: datetime) -> int:
    """The stages, downhill to uphill; each reads behind the one below."""
    return customers.advance() + orders.advance() + referrals.advance() + segments.advance()


def publish_lake(now: datetime) -> int:
    return customers.publish() + orders.publish()


def retire_log(now: datetime) -> int:
    """Rows of the log that every stage has read and the lake holds leave the database when they are old enough."""
    read = min(live_segments.get_position(), *(cursors.position_of(name) for name in STAGES))
    held = min(lake.get_position(table, customers.READER) for table in ("events", "day_facts"))
    oldest = now - timedelta(days=settings.LOG_DAYS)
    last = events_log.find_retirable(received_before=oldest, upto=min(read, held), limit=RETIRED_AT_ONCE)
    customers.retire_events(upto=last)
    return events.drop_retired()


def tidy_lake(now: datetime) -> int:
    return sum(lake_files.drop_old_files(table=table) for table in SCHEMAS)


STAGE_JOBS = [
    Job("day", 20, start_day, "Writes the row that starts a business day."),
    Job("stages", 0.25, run_stages, "Events to people, orders, referrals, rewards and memberships of segments."),
]
BACKGROUND_JOBS = [
    Job("lake", 5, publish_lake, "Publishes events, customers and orders to the lake."),
    Job("retention", 30, retire_log, "Old events leave the database once they are in the lake."),
    Job("lake files", 6 * 3600, tidy_lake, "Deletes files of the lake that no version of the last week needs."),
    Job(
        "tiers",
        30,
        lambda now: len(tiers.refresh_all(now=now)),
        "Computes tiers again when the lake or the day has changed.",
    ),
    Job(
        "drafts",
        3600,
        lambda now: events.drop_old_drafts(now=now),
        "Deletes uploads that nobody imported within a day.",
    ),
    Job("sizes", 600, lambda now: segments.record_sizes(now=now), "Keeps the day's size of every segment."),
    Job(
        "imports",
        1,
        lambda now: int(events.run_next_import(now=now) is not None),
        "Runs the next file import that waits.",
    ),
]
ALL = [*STAGE_JOBS, *BACKGROUND_JOBS]
