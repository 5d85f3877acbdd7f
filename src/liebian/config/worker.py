"""The worker: walks the lists of jobs in two threads, so that a long import never holds an event back."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

import structlog
from django.db import OperationalError, close_old_connections, connections

from liebian.config.jobs import BACKGROUND_JOBS, STAGE_JOBS, Job
from liebian.core import clock

log = structlog.get_logger("worker")
REST = 0.25
PAUSE_AFTER_ERROR = 5.0


def run_worker(stop: threading.Event) -> None:
    """Returns after `stop` is set and the job at hand is finished."""
    lanes = [
        threading.Thread(target=_walk, args=(jobs, stop), name=name)
        for name, jobs in (("stages", STAGE_JOBS), ("background", BACKGROUND_JOBS))
    ]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()


def _walk(jobs: Sequence[Job], stop: threading.Event) -> None:
    due = {job.name: 0.0 for job in jobs}
    while not stop.is_set():
        worked = False
        for job in jobs:
            if stop.is_set() or time.monotonic() < due[job.name]:
                continue
            done, rest = _run(job)
            worked = worked or done > 0
            due[job.name] = time.monotonic() + (
                rest if rest is not None else 0.0 if done and job.every_seconds < 1 else job.every_seconds
            )
        if not worked:
            stop.wait(REST)
    connections.close_all()


def _run(job: Job) -> tuple[int, float | None]:
    try:
        close_old_connections()
        return job.run(clock.now()), None
    except OperationalError as error:  # the database is busy or away: it comes back, and so do we
        log.warning("job_waits", job=job.name, error=str(error))
        return 0, PAUSE_AFTER_ERROR
    except Exception:
        log.exception("job_failed", job=job.name)
        return 0, PAUSE_AFTER_ERROR
