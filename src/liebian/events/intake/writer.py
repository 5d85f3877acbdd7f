"""The one thread of a process that writes to the log: it takes what is queued, commits once, then lets the requests answer.

Waiting for more never pays: while one commit syncs, the next group collects by itself.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from datetime import date
from queue import Empty, SimpleQueue
from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, connections

from liebian.core.errors import LiebianError, Unavailable
from liebian.core.texts import mark as _
from liebian.events.services.counting import Counts
from liebian.events.services.intake import Delivery, Refusal, write_deliveries
from liebian.events.services.log import log_alias
from liebian.events.types import Outcome

log = structlog.get_logger("intake")
MAX_GROUP = 2_000  # events of one commit
NOTES_EVERY = 1.0  # seconds between two writings of counters and refusals
MAX_REFUSALS = 100  # of which so many are kept; all are counted
LOCK_SECONDS = 2  # how long a commit waits for another writer
CHECKPOINT_PAGES = 10_000  # 40 MB of SQLite's journal are brought into the table at once: every page of the index once
Answer = Outcome | LiebianError


class Job:
    """A delivery and whoever waits for it."""

    __slots__ = ("answer", "delivery", "future", "loop")

    def __init__(self, delivery: Delivery, loop: asyncio.AbstractEventLoop) -> None:
        self.delivery = delivery
        self.loop = loop
        self.future: asyncio.Future[Answer] = loop.create_future()
        self.answer: Answer | None = None


class Writer:
    """Start it once in a process; `stop` writes what is queued and counted."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._counts: Counts = Counts()
        self._refused: Counts = Counts()
        self._refusals: deque[Refusal] = deque(maxlen=MAX_REFUSALS)
        self._lock = threading.Lock()  # of the refusals, which other threads report
        self._noted_at = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="intake-writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Blocks until everything that was handed over is written or refused."""
        self._queue.put(None)
        self._thread.join()

    def put(self, delivery: Delivery, loop: asyncio.AbstractEventLoop) -> asyncio.Future[Answer]:
        job = Job(delivery, loop)
        self._queue.put(job)
        return job.future

    def note_refusal(self, refusal: Refusal) -> None:
        with self._lock:
            self._refusals.append(refusal)
            if refusal.source:
                self._refused[refusal.source, refusal.day, "refused"] += 1

    def note_throttled(self, source: str, day: date) -> None:
        """A request that was asked to come again: counted, not kept, because such requests come by the thousand."""
        with self._lock:
            self._refused[source, day, "throttled"] += 1

    def _run(self) -> None:
        _use_own_connection()
        while True:
            jobs, is_last = self._take()
            try:
                self._write(jobs)
            except Exception as error:  # the thread must live: whoever waits is told, the next group is tried
                log.error("intake_failed", error=_said(error))
            _settle(jobs)
            if is_last:
                self._write([])  # what was counted
                break
        connections.close_all()

    def _take(self) -> tuple[list[Job], bool]:
        """What is queued, up to a group. Waits for the first, not longer than notes may wait."""
        jobs: list[Job] = []
        size = 0
        try:
            job = self._queue.get(timeout=NOTES_EVERY)
            while job is not None:
                jobs.append(job)
                size += len(job.delivery)
                if size >= MAX_GROUP:
                    return jobs, False
                job = self._queue.get_nowait()
        except Empty:
            return jobs, False
        return jobs, True

    def _write(self, jobs: list[Job]) -> None:
        counts, refusals = self._due_notes(is_urgent=not jobs)
        if not jobs and not counts and not refusals:
            return
        error = self._try(jobs, counts, refusals)
        if error is None:
            return
        self._give_back(counts, refusals)
        if isinstance(error, OperationalError | InterfaceError) or len(jobs) < 2:
            for job in jobs:
                job.answer = _refusal_of(error)
            return
        for job in jobs:  # one of them cannot be written: the others must not suffer
            if failed := self._try([job], Counts(), []):
                log.error("delivery_failed", source=job.delivery.source, error=_said(failed))
                job.answer = _refusal_of(failed)

    def _try(self, jobs: list[Job], counts: Counts, refusals: list[Refusal]) -> Exception | None:
        """Write and note the outcomes; once more when the connection was lost. The keys make that harmless."""
        for is_second in (False, True):
            try:
                outcomes = write_deliveries([job.delivery for job in jobs], counts=counts, refusals=refusals)
            except (DatabaseError, InterfaceError, ValueError) as error:
                if isinstance(error, OperationalError | InterfaceError) and not _is_busy(error):
                    connections[log_alias()].close()
                    if not is_second:
                        continue
                return error
            for job, outcome in zip(jobs, outcomes, strict=True):
                job.answer = outcome
                self._count(job.delivery, outcome)
            return None
        raise AssertionError("unreachable")

    def _count(self, delivery: Delivery, outcome: Outcome) -> None:
        for name in ("accepted", "duplicates", "quarantined", "corrected"):
            if n := getattr(outcome, name):
                self._counts[delivery.source, delivery.day, name] += n

    def _due_notes(self, *, is_urgent: bool) -> tuple[Counts, list[Refusal]]:
        now = time.monotonic()
        if not is_urgent and now - self._noted_at < NOTES_EVERY:
            return Counts(), []
        self._noted_at = now
        with self._lock:
            counts, refusals = self._counts, list(self._refusals)
            counts.update(self._refused)
            self._counts, self._refused = Counts(), Counts()
            self._refusals.clear()
        return counts, refusals

    def _give_back(self, counts: Counts, refusals: list[Refusal]) -> None:
        with self._lock:
            self._refused.update(counts)
            self._refusals.extendleft(reversed(refusals[: MAX_REFUSALS - len(self._refusals)]))


def _settle(jobs: list[Job]) -> None:
    """Wake each loop once for all of its requests."""
    by_loop: dict[Any, list[Job]] = {}
    for job in jobs:
        by_loop.setdefault(job.loop, []).append(job)
    for loop, own in by_loop.items():
        try:
            loop.call_soon_threadsafe(_answer, own)
        except RuntimeError:  # the loop has ended, nobody waits
            continue


def _answer(jobs: list[Job]) -> None:
    for job in jobs:
        if not job.future.done():
            job.future.set_result(job.answer or _away())


def _use_own_connection() -> None:
    """A connection of this thread's own: not of the pool, and it waits two seconds for anything, not thirty."""
    alias = log_alias()
    connection = connections.create_connection(alias)
    options = dict(connection.settings_dict.get("OPTIONS") or {})
    if connection.vendor == "postgresql":
        options.pop("pool", None)
        options["connect_timeout"] = LOCK_SECONDS
    else:
        options["timeout"] = LOCK_SECONDS
        options["init_command"] = f"{options.get('init_command', '')} PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES};"
    connection.settings_dict = {**connection.settings_dict, "OPTIONS": options}
    connections[alias] = connection


def _is_busy(error: Exception) -> bool:
    text = str(error)
    return "locked" in text or "lock timeout" in text


def _said(error: Exception) -> str:
    """For the server's own log: the kind, and the words only where they cannot quote what somebody sent."""
    return f"{type(error).__name__}: {error}"[:200] if isinstance(error, OperationalError) else type(error).__name__


def _refusal_of(error: Exception) -> LiebianError:
    if _is_busy(error):
        return Unavailable("log_busy", _("The event log is busy. Nothing was written: send the same body again."))
    log.warning("log_away", error=_said(error))
    return _away()


def _away() -> LiebianError:
    return Unavailable("log_away", _("The event log cannot be reached. Nothing was written: send the same body again."))
