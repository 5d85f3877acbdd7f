"""Plays the demo shop through the front door, day by day, and lets the product do its work on it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.conf import settings

from liebian.access import services as access
from liebian.config.demo import shop
from liebian.config.demo.friends import Campaign
from liebian.config.demo.history import Diary, write_lives
from liebian.config.demo.people import Crowd
from liebian.config.jobs import publish_lake, run_stages
from liebian.config.terminal import console, progress
from liebian.core import clock, cursors, days
from liebian.events import queries as event_log
from liebian.events import services as events
from liebian.tiers import services as tiers

SEED = 20_260_612
CUSTOMERS = 9_650  # the rest come as friends
HISTORY_DAYS = 548
PROGRAMME_DAYS = 60
SOURCE = "demo-shop"
DRAIN_EVERY = 15


def fill_if_empty(*, quiet: bool) -> bool:
    """Play the shop when the log holds no event yet; False when there is data already."""
    if event_log.get_log_end():
        return False
    if not quiet:
        console.print("This installation is empty: opening the demo shop, about a minute, once.")
    play(now=clock.now(), quiet=quiet)
    return True


def play(
    *,
    now: datetime,
    quiet: bool = False,
    customers: int = CUSTOMERS,
    seed: int = SEED,
    history_days: int = HISTORY_DAYS,
) -> None:
    """So many days that end now; the programme runs for the last sixty. Writes through the same intake and stages as everybody's data."""
    today = days.day_of(now, settings.TIME_ZONE)
    first = today - timedelta(days=history_days)
    programme_starts = today - timedelta(days=PROGRAMME_DAYS)
    access.ensure_organisation(name=shop.SHOP_NAME)
    access.set_currency(currency=shop.CURRENCY)
    events.ensure_source(name=SOURCE, now=days.day_start(first, settings.TIME_ZONE))
    crowd = Crowd(seed, first, today)
    diary = Diary(crowd.chance, settings.TIME_ZONE)
    regulars = crowd.crowd(customers)
    write_lives(diary, regulars, today)
    campaign = Campaign(crowd, diary, starts=programme_starts, today=today, known=regulars)
    with progress(quiet=quiet) as bar:
        task = bar.add_task("Playing the demo shop", total=history_days + 1)
        day = first
        while day <= today:
            if day == programme_starts:
                _settle(days.day_start(day, settings.TIME_ZONE))
                campaign.publish(days.day_start(day, settings.TIME_ZONE))
            if day > programme_starts:
                campaign.use_coupons(day)
            _play_day(diary, day, now)
            if day >= programme_starts or (day - first).days % DRAIN_EVERY == 0:
                cursors.drain(lambda: run_stages(now))
            bar.advance(task)
            day += timedelta(days=1)
        bar.update(task, description="Computing tiers")
        _settle(now)
    if not quiet:
        console.print(
            f"The demo shop «{shop.SHOP_NAME}» is open: {event_log.get_log_end():,} events in {history_days} days."
        )


def _play_day(diary: Diary, day: date, now: datetime) -> None:
    starts, ends = days.day_start(day, settings.TIME_ZONE), days.day_end(day, settings.TIME_ZONE)
    events.record_day(day=day, now=starts)
    until = min(now, ends - timedelta(milliseconds=1))
    events.record_events(diary.take(day, until), source=SOURCE, received_at=until)


def _settle(moment: datetime) -> None:
    """Everything downstream up to date: stages, lake, tiers."""
    cursors.drain(lambda: run_stages(moment))
    cursors.drain(lambda: publish_lake(moment))
    tiers.refresh_all(now=moment)
