"""The worker: one process for the stages (several on PostgreSQL), one for the lake, one for everything else, and one that
looks after them.

Each lane is a process of its own, so that an import or the lake never holds an event back. A lane that dies is started again,
later each time; when the worker ends, in whatever way, its lanes end.
"""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext

import structlog
from django.db import Error, close_old_connections, connection, connections

from liebian.config.jobs import BACKGROUND_JOBS, LAKE_JOBS, STAGE_JOBS, Job
from liebian.core import clock, cursors
from liebian.core.durability import lagging_commits
from liebian.core.errors import LiebianError, Unavailable
from liebian.events import queries as events
from liebian.pipeline.services import place_of, shown_error

log = structlog.get_logger("worker")
LANES = {"stages": STAGE_JOBS, "lake": LAKE_JOBS, "background": BACKGROUND_JOBS}
# Where processors are short, events come before what may wait a second.
NICENESS = {"stages": 0, "lake": 10, "background": 10}
LAGGING = "stages"  # what they commit follows from the log
BUSY_REST, IDLE_REST, LONG_REST = 0.001, 0.05, 0.25
PAUSE_AFTER_ERROR = 2.0
WARM_AFTER = 200  # rounds in which there was something to do
_YOUNG = 10_000  # objects before the youngest are looked through; a round makes some thousands
_LONGEST_PAUSE, _HEALTHY_AFTER, _GRACE = 30.0, 60.0, 15.0
Command = Sequence[str]


def run_lane(name: str, stop: threading.Event, *, between: Callable[[], None] | None = None) -> None:
    """Walk the jobs of one lane until `stop` is set and the job at hand is finished; `between` is called after each round."""
    lane, warm_rounds = _Lane(LANES[name]), 0
    with lagging_commits() if name == LAGGING else nullcontext():
        while not stop.is_set():
            worked = lane.walk(stop)
            warm_rounds += worked
            if worked and warm_rounds == WARM_AFTER:
                _keep_for_good()
            if between is not None:
                between()
            stop.wait(BUSY_REST if worked else lane.rest)
    connections.close_all()


def _keep_for_good() -> None:
    """What is here after many rounds stays: looking for garbage in it would hold everything up for a tenth of a second."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])


class _Lane:
    """When each job is due. A job that follows the log runs when the log or a cursor moved, and now and then without."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.jobs = jobs
        self.due = {job.name: 0.0 for job in jobs}
        self.not_before = {job.name: 0.0 for job in jobs}
        self.follows = any(job.follows_log for job in jobs)
        self.rest = IDLE_REST if self.follows else LONG_REST
        self.seen: tuple[int, int] | None = None

    def walk(self, stop: threading.Event) -> bool:
        """One round; whether anything was done."""
        newest = _newest() if self.follows else None
        moved, worked = newest != self.seen, False
        for job in self.jobs:
            now = time.monotonic()
            is_due = now >= self.due[job.name] or (moved and job.follows_log)
            if is_due and now >= self.not_before[job.name] and not stop.is_set():
                worked = self._run(job) or worked
        self.seen = newest
        return worked

    def _run(self, job: Job) -> bool:
        done, pause = _run(job)
        now = time.monotonic()
        eager = done > 0 and (job.follows_log or job.every_seconds < 1)
        self.due[job.name] = now + (0.0 if eager else job.every_seconds)
        self.not_before[job.name] = now + pause
        return done > 0


def _newest() -> tuple[int, int] | None:
    """The end of the log and the sum of all cursors: one of them changes whenever there may be something to do."""
    try:
        return events.get_log_end(), cursors.sum_of_positions()
    except (Error, OSError):
        connections.close_all()
        return None


def _run(job: Job) -> tuple[int, float]:
    try:
        close_old_connections()
        return job.run(clock.now()), 0.0
    except (Error, OSError, Unavailable) as error:  # busy, away, full: it comes back, and so do we
        log.warning("job_waits", job=job.name, error=str(error))
        connections.close_all()
        return 0, PAUSE_AFTER_ERROR
    except LiebianError as error:
        log.warning("job_refused", job=job.name, error=error.message)
        return 0, 10 * PAUSE_AFTER_ERROR
    except Exception as error:
        log.error("job_failed", job=job.name, error=shown_error(error), where=place_of(error))
        return 0, PAUSE_AFTER_ERROR


def lanes_of(workers: int) -> list[str]:
    """One lane for the background and `workers` for the stages; SQLite has one writer, so one of these."""
    return [*["stages"] * (workers if connection.vendor == "postgresql" else 1), "lake", "background"]


def command_of(lane: str) -> Command:
    code = "from liebian.config.cli.main import run; run()"
    return [sys.executable, "-c", code, "worker", "--lane", lane]


class _Child:
    """One lane as a process. Its pause doubles with each early death and is forgotten after a healthy minute."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self.pause = 0.5
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(list(self.command), stdin=subprocess.PIPE)
        self.started = time.monotonic()
        self.again_at: float | None = None

    def look(self) -> None:
        if self.again_at is not None:
            if time.monotonic() >= self.again_at:
                self.start()
        elif self.process.poll() is not None:
            healthy = time.monotonic() - self.started > _HEALTHY_AFTER
            self.pause = 0.5 if healthy else min(_LONGEST_PAUSE, self.pause * 2)
            self.again_at = time.monotonic() + self.pause
            log.warning("lane_died", code=self.process.returncode, again_in=self.pause)

    def end(self, deadline: float) -> None:
        try:
            self.process.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def supervise(
    commands: Sequence[Command], stop: threading.Event, *, on_start: Callable[[list[int]], None] | None = None
) -> None:
    """Keep every command running until `stop` is set, then end them: first asked, after fifteen seconds killed."""
    children = [_Child(command) for command in commands]
    if on_start is not None:
        on_start([child.process.pid for child in children])
    try:
        while not stop.wait(0.2):
            for child in children:
                child.look()
    finally:
        for child in children:
            child.process.terminate()
        deadline = time.monotonic() + _GRACE
        for child in children:
            child.end(deadline)
