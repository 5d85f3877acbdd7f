"""Every background job of the product, in one list. A job finds work in the database and calls one service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from liebian.config.business_day import Watch, start_day
from liebian.config.replay import check_replay
from liebian.core import clock, cursors
from liebian.customers import queries as customer_queries
from liebian.customers import services as customers
from liebian.customers.types import ErasureWords
from liebian.events import queries as events_log
from liebian.events import services as events
from liebian.lake import services as lake_files
from liebian.lake.types import SCHEMAS
from liebian.payouts import services as payouts
from liebian.pipeline import services as pipeline
from liebian.rewards import services as rewards
from liebian.segments import services as segments
from liebian.tiers import services as tiers

RETIRED_AT_ONCE = 20_000


@dataclass(frozen=True)
class Job:
    """`run` returns how much it did; 0 lets the worker rest until `every_seconds` have passed."""

    name: str
    every_seconds: float
    run: Callable[[datetime], int]
    help: str
    follows_log: bool = False  # run at once when the log or a cursor moved


_WATCH = Watch()


def start_watched_day(now: datetime) -> int:
    """As the worker does it, which sees the clock all the time."""
    return start_day(now, _WATCH)


def run_stages(now: datetime) -> int:
    """One step of every unit, downhill to uphill; each reads behind the one below. What fails is raised."""
    return sum(unit.run(unit.limit) for unit in pipeline.UNITS)


def walk_stages(now: datetime) -> int:
    """As the worker does it: what fails is kept with its unit and tried again."""
    return pipeline.walk(pipeline.UNITS, now=now)


def check_by_replay(now: datetime) -> int:
    return pipeline.run_replay_check(lambda: [part.as_dict() for part in check_replay()], clock=clock.now)


def publish_lake(now: datetime) -> int:
    """One step of publishing. What fails is raised."""
    return pipeline.publish()


def keep_lake(now: datetime) -> int:
    """As the worker does it: it can be paused, and what fails is shown on the pipeline page and tried again."""
    return pipeline.walk([pipeline.PUBLISHING], now=now)


def retire_log(now: datetime) -> int:
    """Rows of the log that every stage has read and the lake holds leave the database when they are old enough."""
    read = min(cursors.positions_of([unit.cursor for unit in pipeline.UNITS]).values())
    held = customer_queries.get_published_upto()
    oldest = now - timedelta(days=settings.LOG_DAYS)
    last = events_log.find_retirable(received_before=oldest, now=now, upto=min(read, held), limit=RETIRED_AT_ONCE)
    customers.retire_events(upto=last)
    return events.drop_retired()


def drop_decided(now: datetime) -> int:
    """Messages of the quarantine leave when they were decided about as long ago as events leave."""
    return events.drop_decided(before=now - timedelta(days=settings.LOG_DAYS))


def work_erasures(now: datetime) -> int:
    """One step of every erasure that is not done: its event, the stages' part is theirs, then what others keep, then every copy."""
    said = customer_queries.list_erasure_words()
    done = payouts.follow_erasures(now) + sum(_redact_texts(each) for each in said) + customers.work_erasures(now=now)
    return done + customers.forget_words([each.customer_id for each in said if each.is_last], now=now)


def _redact_texts(erased: ErasureWords) -> int:
    """Take what named somebody out of what staff wrote, in every room."""
    ids, words = erased.ids, erased.words
    count = rewards.redact_texts(customer_ids=ids, words=words) + payouts.redact_texts(customer_ids=ids, words=words)
    return count + events.redact_imports(words=words) + pipeline.redact_texts(words=words)


def tidy_lake(now: datetime) -> int:
    return sum(lake_files.drop_old_files(table=table) for table in SCHEMAS)


STAGE_JOBS = [
    Job("day", 20, start_watched_day, "Writes the row that starts a business day."),
    Job(
        "stages",
        1,
        walk_stages,
        "Events to people, orders, referrals, rewards and memberships of segments.",
        follows_log=True,
    ),
]
LAKE_JOBS = [
    Job("lake", 5, keep_lake, "Publishes events, customers and orders to the lake."),
    Job("retention", 30, retire_log, "Old events leave the database once they are in the lake."),
    Job(
        "erased files",
        60,
        lambda now: customers.drop_erased_files(now=now),
        "Deletes files of the lake that an erasure replaced (LIEBIAN_ERASED_FILES_HOURS).",
    ),
    Job("lake files", 6 * 3600, tidy_lake, "Deletes files of the lake that no version of the last week needs."),
]
BACKGROUND_JOBS = [
    Job(
        "tiers",
        30,
        lambda now: len(tiers.refresh_all(now=now)),
        "Computes tiers again when the lake or the day has changed.",
    ),
    Job(
        "quarantine",
        3600,
        drop_decided,
        "Deletes messages of the quarantine that were repaired or dismissed long ago (LIEBIAN_LOG_DAYS).",
    ),
    Job(
        "drafts",
        3600,
        lambda now: events.drop_old_drafts(now=now),
        "Deletes uploads that nobody imported within a day.",
    ),
    Job(
        "answers",
        24 * 3600,
        lambda now: rewards.drop_old_answers(now=now),
        "Deletes what checkouts were told long ago (LIEBIAN_ANSWER_DAYS).",
    ),
    Job(
        "reservations",
        60,
        lambda now: (
            rewards.expire_reservations(at=now, now=now)
            + rewards.let_carts_lapse(now=now)
            + rewards.expire_holds(now=now)
        ),
        "What was set aside and not used in time is free again: points return to their lots, codes to their pools, holds to their accounts.",
    ),
    Job(
        "deadlines",
        600,
        lambda now: (
            rewards.end_undecided(now=now) + rewards.return_unclaimed_gifts(now=now) + payouts.return_unclaimed(now=now)
        ),
        "Rewards that nobody decided about or claimed in time end; their money returns to the budget.",
    ),
    Job("sizes", 600, lambda now: segments.record_sizes(now=now), "Keeps the day's size of every segment."),
    Job(
        "imports",
        1,
        lambda now: int(events.run_next_import(now=now) is not None),
        "Runs the next file import that waits.",
    ),
    Job(
        "reconciliation",
        300,
        lambda now: rewards.reconcile_night(now=now),
        "Compares rewards, points, coupons and limits with the ledger once a night, and proves the ledger.",
    ),
    Job(
        "comparison",
        0.5,
        lambda now: rewards.run_comparison(clock=clock.now),
        "Makes the checks of the reconciliation when somebody asked for it, one after another.",
    ),
    Job(
        "proof",
        60,
        lambda now: rewards.prove_ahead(now=now),
        "Proves the ledger during the day as often as 20,000 entries or 100,000 postings have come, so that its pages stay quick.",
    ),
    Job(
        "full proof",
        5,
        lambda now: rewards.run_full_proof(clock=clock.now),
        "Reads the whole ledger again when somebody asked for it.",
    ),
    Job(
        "erasures",
        2,
        work_erasures,
        "Ends what erased customers wait for, and takes what they said from the log, the lake and the quarantine.",
    ),
    Job("payouts", 5, payouts.work_payouts, "Sends approved payouts and asks providers what became of others."),
    Job(
        "segments again",
        1,
        lambda now: segments.replay_share(),
        "Counts the day facts of segments again when somebody asked for it.",
    ),
    Job("replay", 2, check_by_replay, "Runs the check by replay that somebody asked for."),
]
ALL = [*STAGE_JOBS, *LAKE_JOBS, *BACKGROUND_JOBS]
