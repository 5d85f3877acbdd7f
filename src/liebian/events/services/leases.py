"""Who runs an import now. At most one: the database says so, not a convention."""

from __future__ import annotations

import os
import secrets
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from django.db import IntegrityError, transaction

from liebian.core.errors import Conflict, NotFound
from liebian.core.texts import Term
from liebian.core.texts import mark as _
from liebian.events.imports.types import CANCELLED, FAILED, QUEUED, RUNNING
from liebian.events.models import ImportJob
from liebian.events.services.log import log_alias

STALE_AFTER = timedelta(seconds=60)


@dataclass(slots=True)
class Lease:
    """The right to run one import, renewed by every `update`."""

    job_id: int
    token: str
    began: datetime
    _start: float

    def time(self) -> datetime:
        return self.began + timedelta(seconds=self.elapsed())

    def elapsed(self) -> float:
        return monotonic() - self._start

    def update(self, **values: Any) -> None:
        """Write the job's row and renew the lease. Raises Conflict when the job was cancelled or taken over."""
        mine = ImportJob.objects.filter(pk=self.job_id, lease=self.token, state=RUNNING)
        if not mine.update(heartbeat_at=self.time(), **values):
            state = ImportJob.objects.filter(pk=self.job_id).values_list("state", flat=True).first()
            if state == CANCELLED:
                raise Conflict(
                    "import_cancelled",
                    _("The import was cancelled. What was written until then stays; importing again is safe."),
                )
            raise Conflict("import_taken_over", _("Another process continues this import."))


def is_live(job: ImportJob, now: datetime) -> bool:
    """Whether somebody works on it: a fresh heartbeat, from a process that still exists where that can be seen."""
    if job.heartbeat_at is None or now - job.heartbeat_at > STALE_AFTER:
        return False
    host, pid, _token = (job.lease + "|0|").split("|")[:3]
    return host != socket.gethostname() or _exists(int(pid))


def claim(job_id: int, now: datetime) -> Lease:
    """Become the one who runs this import. A stale one of another file goes back to the queue. Raises Conflict."""
    token = f"{socket.gethostname()}|{os.getpid()}|{secrets.token_hex(8)}"
    try:
        with transaction.atomic(using=log_alias()):
            running = ImportJob.objects.select_for_update().filter(state=RUNNING).first()
            if running is not None:
                refuse_if_live(running, now)
                ImportJob.objects.filter(pk=running.pk).update(state=QUEUED, lease="")
            waiting = ImportJob.objects.filter(pk=job_id, state__in=[QUEUED, FAILED])
            if not waiting.update(
                state=RUNNING, lease=token, heartbeat_at=now, started_at=now, error_code="", error_message=""
            ):
                _refuse(job_id)
    except IntegrityError:
        raise Conflict(
            "import_running", _("Another import has just started. Wait for it to end, then start again.")
        ) from None
    return Lease(job_id, token, now, monotonic())


def refuse_if_live(job: ImportJob, now: datetime) -> None:
    if is_live(job, now):
        done: str = f"{job.position * 100 // job.items} %" if job.items else Term(_("reading the file"))
        raise Conflict(
            "import_running",
            _(
                "The import of '%(filename)s' is running (%(done)s). "
                "Imports run one at a time: wait for it, or cancel it."
            ),
            filename=job.filename,
            done=done,
            job_id=job.pk,
        )


def _refuse(job_id: int) -> None:
    state = ImportJob.objects.filter(pk=job_id).values_list("state", flat=True).first()
    if state is None:
        raise NotFound("import_not_found", _("There is no import %(job_id)s."), job_id=job_id)
    raise Conflict(
        "import_not_waiting",
        _("This import is not waiting to start. Start a new one with the same file."),
        state=state,
    )


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
