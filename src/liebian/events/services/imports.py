"""File imports: queued as rows, run in chunks, each chunk one transaction with its own progress."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from liebian.core.errors import Conflict, Invalid, LiebianError, NotFound
from liebian.core.texts import mark as _
from liebian.events.imports import files, mapping, reading
from liebian.events.imports.plan import Plan
from liebian.events.imports.types import (
    CANCELLED,
    DONE,
    DRAFT,
    FAILED,
    QUEUED,
    RUNNING,
    Glance,
    Preview,
    Problem,
    Report,
)
from liebian.events.imports.types import Mapping as FileMapping
from liebian.events.models import ImportJob
from liebian.events.services.chunks import Counts, write_chunk
from liebian.events.services.leases import Lease, claim, is_live, refuse_if_live
from liebian.events.services.log import log_alias
from liebian.events.services.sources import ensure_source

CHUNK = 2000
Progress = Callable[[str, int, int], None]  # phase, items written, items in all


def start_import(
    *, path: Path, filename: str, options: Mapping[str, Any], actor: str, now: datetime, is_upload: bool = False
) -> int:
    """Queue the import of a file of orders; returns the job's id.

    Writes ImportJob. Idempotent while the same file with the same options is waiting or was interrupted: then that job's
    id is returned, and it continues. Raises Invalid (file, columns) and Conflict import_running.
    """
    header = reading.glance(path, 0).columns
    _resolve(options, header)
    fingerprint = files.fingerprint_of(path)
    with transaction.atomic(using=log_alias()):
        running = ImportJob.objects.filter(state=RUNNING).first()
        if running is not None:
            refuse_if_live(running, now)
        same = ImportJob.objects.filter(state__in=[QUEUED, RUNNING], fingerprint=fingerprint).order_by("-id")
        for job in same:
            if job.options == dict(options):
                ImportJob.objects.filter(pk=job.pk).update(path=str(path), is_upload=is_upload)
                return job.pk
        job = ImportJob.objects.create(
            state=QUEUED, filename=filename[:255], path=str(path), is_upload=is_upload, fingerprint=fingerprint,
            size=path.stat().st_size, options=dict(options), actor=actor, created_at=now,
        )  # fmt: skip
    return job.pk


def add_upload(*, path: Path, filename: str, actor: str, now: datetime) -> int:
    """Keep an uploaded file as a draft import that still needs its columns. Raises Invalid when it is no table."""
    reading.glance(path, 0)
    job = ImportJob.objects.create(
        state=DRAFT, filename=filename[:255], path=str(path), is_upload=True, fingerprint=files.fingerprint_of(path),
        size=path.stat().st_size, actor=actor, created_at=now,
    )  # fmt: skip
    return job.pk


def set_import_options(*, job_id: int, options: Mapping[str, Any]) -> None:
    """Say how a draft's columns are to be read. Raises Invalid (columns), Conflict (no longer a draft)."""
    job = _draft(job_id)
    _resolve(options, reading.glance(Path(job.path), 0).columns)
    ImportJob.objects.filter(pk=job_id, state=DRAFT).update(options=dict(options))


def queue_import(*, job_id: int, now: datetime) -> None:
    """Hand a draft to the worker. Raises Conflict import_running while another import runs."""
    _draft(job_id)
    with transaction.atomic(using=log_alias()):
        running = ImportJob.objects.filter(state=RUNNING).first()
        if running is not None:
            refuse_if_live(running, now)
        ImportJob.objects.filter(pk=job_id, state=DRAFT).update(state=QUEUED)


def cancel_import(*, job_id: int, now: datetime) -> None:
    """Stop an import before its next chunk. What is written stays; a later import of the file completes it. Idempotent."""
    stoppable = ImportJob.objects.filter(pk=job_id, state__in=[DRAFT, QUEUED, RUNNING])
    if stoppable.update(state=CANCELLED, finished_at=now, lease=""):
        _drop_upload(ImportJob.objects.get(pk=job_id))
    elif not ImportJob.objects.filter(pk=job_id).exists():
        raise NotFound("import_not_found", _("There is no import %(job_id)s."), job_id=job_id)


def look_at(path: Path) -> Glance:
    """Columns, first rows and guesses of a file, quickly. Raises Invalid when it is no table."""
    seen = reading.glance(path)
    return replace(seen, guessed=mapping.guess_columns(seen.columns), preset=mapping.find_preset(seen.columns))


def preview(path: Path, options: Mapping[str, Any], *, now: datetime) -> Preview:
    """A dry run: columns, mapping, first rows, problems and the whole accounting. Writes nothing."""
    seen = reading.glance(path)
    columns: dict[str, str] = {}
    try:
        found = _resolve(options, seen.columns)
        columns = dict(found.columns)
        with _workspace() as (connection, _folder):
            plan = Plan(connection, reading.load(connection, path), found, now)
            plan.judge()
            accounting = plan.accounting()
    except Invalid as error:
        guessed = columns or mapping.guess_columns(seen.columns)
        return Preview(seen.columns, guessed, seen.rows, (Problem(error.code, error.message, error.details),), None)
    problems = (
        ()
        if accounting.accepted
        else (Problem("nothing_accepted", _("No row can be taken. Look at the columns and the reasons.")),)
    )
    return Preview(seen.columns, columns, seen.rows, problems, accounting)


def run_import(*, job_id: int, now: datetime, on_progress: Progress | None = None) -> Report:
    """Run a queued (or interrupted) import to its end.

    Writes events, ImportedItem and ImportJob, a chunk at a time, each chunk with its progress in one transaction: a
    killed import continues where it was. Idempotent by source, order and content: importing a file again changes
    nothing. Raises Conflict (import_running, import_cancelled), Invalid (file, columns); the job then says why.
    """
    lease = claim(job_id, now)
    job = ImportJob.objects.get(pk=job_id)
    try:
        report = _run(job, lease, on_progress or (lambda phase, done, total: None))
    except BaseException as error:
        _fail(lease, error)
        raise
    _drop_upload(job)
    return report


def run_next_import(*, now: datetime) -> int | None:
    """Run the oldest import that waits or was interrupted; its id, or None when there is nothing to do."""
    running = ImportJob.objects.filter(state=RUNNING).first()
    if running is not None and is_live(running, now):
        return None
    job = running or ImportJob.objects.filter(state=QUEUED).order_by("id").first()
    if job is None:
        return None
    if running is not None:
        ImportJob.objects.filter(pk=job.pk, state=RUNNING, lease=job.lease).update(state=QUEUED, lease="")
    with contextlib.suppress(LiebianError):  # the job's row says why; the worker goes on
        run_import(job_id=job.pk, now=now)
    return job.pk


def _run(job: ImportJob, lease: Lease, on_progress: Progress) -> Report:
    path = Path(job.path)
    on_progress("reading", 0, 0)
    lease.update(phase="reading")
    if files.check_file(path) and files.fingerprint_of(path) != job.fingerprint:
        raise Invalid("file_changed", _("The file changed since the import was started. Start a new import."))
    with _workspace() as (connection, _folder):
        header = reading.load(connection, path, lambda: lease.update())
        plan = Plan(connection, header, _resolve(job.options, header), job.created_at)
        lease.update(phase="checking")
        on_progress("checking", 0, 0)
        plan.judge(lambda: lease.update())
        accounting, total = plan.accounting(), plan.count_items()
        lease.update(phase="writing", rows=accounting.rows, items=total)
        counts = _write(job, lease, plan, total, on_progress)
        rejected = _write_rejected(job, plan) if accounting.rejected else None
    seconds = round(job.seconds + lease.elapsed(), 2)
    report = Report(
        rows=accounting.rows, accepted=accounting.accepted, accepted_refunds=accounting.accepted_refunds, rejected=accounting.rejected,
        created=counts.created, updated=counts.updated, unchanged=counts.unchanged, refunds=accounting.refunds,
        customers=accounting.customers, seconds=seconds, rows_per_s=round(accounting.rows / max(seconds, 0.01)),
        rejected_file=rejected, orders=accounting.orders, first_at=accounting.first_at, last_at=accounting.last_at, currency=accounting.currency,
    )  # fmt: skip
    lease.update(state=DONE, phase="", report=report.as_dict(), finished_at=lease.time(), seconds=seconds)
    return report


def _write(job: ImportJob, lease: Lease, plan: Plan, total: int, on_progress: Progress) -> Counts:
    source = ensure_source(name=plan.mapping.source, kind="file", now=lease.began).name
    counts, position = Counts(**job.counts), job.position
    for items in plan.items(position, CHUNK):
        position += len(items)
        with transaction.atomic(using=log_alias()):
            counts = counts.plus(write_chunk(items, source=source, received_at=lease.time()))
            lease.update(position=position, counts=counts.as_dict(), seconds=job.seconds + lease.elapsed())
        on_progress("writing", position, total)
    return counts


def _write_rejected(job: ImportJob, plan: Plan) -> str:
    folder = Path(settings.UPLOADS) / "rejected"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = folder / f"import-{job.pk}-rejected.csv"
    part = target.with_suffix(".part")
    part.unlink(missing_ok=True)
    plan.write_rejected(part)  # the engine makes the file anew, readable by everybody whom the folder lets in
    part.chmod(0o600)
    part.replace(target)
    return str(target)


@contextlib.contextmanager
def _workspace() -> Any:
    """An engine with a folder to spill to, both gone afterwards."""
    Path(settings.UPLOADS).mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=settings.UPLOADS, prefix="work-") as folder:
        connection = reading.connect(Path(folder))
        try:
            yield connection, Path(folder)
        finally:
            connection.close()


def _fail(lease: Lease, error: BaseException) -> None:
    mine = ImportJob.objects.filter(pk=lease.job_id, lease=lease.token, state=RUNNING)
    if isinstance(error, LiebianError):
        mine.update(
            state=FAILED, lease="", error_code=error.code, error_message=error.message, finished_at=lease.time()
        )
    elif isinstance(error, Exception):
        text = (
            "The import stopped for a reason of ours; the log has the details. What is written stays: start it again."
        )
        mine.update(state=FAILED, lease="", error_code="import_failed", error_message=text, finished_at=lease.time())
    else:  # interrupted from outside: it waits to be continued
        mine.update(state=QUEUED, lease="")


def _resolve(options: Mapping[str, Any], header: Sequence[str]) -> FileMapping:
    return mapping.resolve(options, header, time_zone=settings.TIME_ZONE)


def _draft(job_id: int) -> ImportJob:
    job = ImportJob.objects.filter(pk=job_id).first()
    if job is None:
        raise NotFound("import_not_found", _("There is no import %(job_id)s."), job_id=job_id)
    if job.state != DRAFT:
        raise Conflict("import_not_draft", _("This import has already been started."))
    return job


def _drop_upload(job: ImportJob) -> None:
    """An uploaded file may hold personal data: it goes as soon as it is not needed."""
    if job.is_upload:
        Path(job.path).unlink(missing_ok=True)


def drop_old_drafts(*, now: datetime, older_than: timedelta = timedelta(days=1)) -> int:
    """Cancel drafts that nobody started and delete their files. Idempotent."""
    old = list(ImportJob.objects.filter(state=DRAFT, created_at__lt=now - older_than))
    for job in old:
        cancel_import(job_id=job.pk, now=now)
    return len(old)
