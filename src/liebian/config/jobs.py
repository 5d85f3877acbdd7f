"""Every background job of the product, in one list. A job finds work in the database and calls one service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from liebian.core import days
from liebian.customers import services as customers
from liebian.events import services as events
from liebian.orders import services as orders
from liebian.referrals import services as referrals
from liebian.segments import services as segments
from liebian.tiers import services as tiers


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


STAGE_JOBS = [
    Job("day", 20, start_day, "Writes the row that starts a business day."),
    Job("stages", 0.25, run_stages, "Events to people, orders, referrals, rewards and memberships of segments."),
]
BACKGROUND_JOBS = [
    Job("lake", 5, publish_lake, "Publishes events, customers and orders to the lake."),
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
