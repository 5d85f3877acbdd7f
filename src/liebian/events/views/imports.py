"""Imports: the list, an upload and its columns, the dry run, the job with its report."""

from __future__ import annotations

import csv
import io
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST

from liebian.access.guard import requires
from liebian.core import clock
from liebian.core.errors import Conflict, Invalid, LiebianError, NotFound
from liebian.events import queries, services
from liebian.events.forms import ColumnsForm, UploadForm
from liebian.events.imports.files import MAX_FILE
from liebian.events.imports.types import REASONS, Problem
from liebian.events.labels import PHASES, STATES, say
from liebian.events.labels import REASONS as REASON_WORDS
from liebian.events.types import ImportView

PAGE = 30
_HEAD_ROOM = 1024 * 1024  # the form around the file
_PERSONAL = ("name", "phone", "email", "address")
_LOOKS_PERSONAL = re.compile(r"(\+?86)?1[3-9]\d{9}|.+@.+")


@requires("imports:view")
def import_list(request: HttpRequest) -> HttpResponse:
    before = request.GET.get("before", "")
    jobs = queries.list_imports(limit=PAGE + 1, before=int(before) if before.isdigit() and len(before) < 18 else None)
    context = {
        "rows": [_row(job) for job in jobs[:PAGE]],
        "is_moving": any(job.is_moving for job in jobs[:PAGE]),
        "older": jobs[PAGE - 1].id if len(jobs) > PAGE else None,
        "may_run": _may_run(request),
        "now": clock.now(),
    }
    return render(request, "events/imports.html", context)


@requires("imports:run")
@csrf_exempt
def import_new(request: HttpRequest) -> HttpResponse:
    """The form, and the upload. The size is looked at before a byte of the body is read; so the token is checked after."""
    if request.method != "POST":
        return render(request, "events/import_new.html", {"form": UploadForm()})
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length[:18]) > MAX_FILE + _HEAD_ROOM:
        raise Invalid("file_too_large", gettext_noop("The file is larger than we read. Split it by month."))
    return _receive(request)


@csrf_protect
def _receive(request: HttpRequest) -> HttpResponse:
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            return redirect("events:import-columns", job_id=_keep(request))
        except Invalid as error:
            form.add_error("file", say(error))
    return render(request, "events/import_new.html", {"form": form}, status=422)


def _keep(request: HttpRequest) -> int:
    upload: Any = request.FILES["file"]
    folder = Path(settings.UPLOADS)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{secrets.token_hex(16)}.upload"
    shutil.move(upload.temporary_file_path(), path)
    os.chmod(path, 0o600)
    try:
        return services.add_upload(path=path, filename=upload.name, actor=_actor(request), now=clock.now())
    except LiebianError:
        path.unlink(missing_ok=True)
        raise


@requires("imports:run")
def import_columns(request: HttpRequest, job_id: int) -> HttpResponse:
    """Which column holds what, with a guess to start from and the first rows to look at."""
    job = queries.get_import(job_id)
    if job.state != "draft":
        return redirect("events:import", job_id=job_id)
    seen = services.look_at(Path(job.path))
    form = ColumnsForm(seen.columns, request.POST or None, initial=_initial(job, seen.preset, seen.guessed))
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                services.set_import_options(job_id=job_id, options=form.options())
                return redirect("events:import-check", job_id=job_id)
            except Invalid as error:
                form.add_error(None, say(error))
    rows = _masked(seen.columns, seen.rows, seen.guessed)
    context = {
        "job": job,
        "form": form,
        "columns": seen.columns,
        "rows": rows,
        "kind": seen.kind,
        "steps": _steps(job_id),
    }
    return render(request, "events/import_columns.html", context, status=status)


@requires("imports:run")
def import_check(request: HttpRequest, job_id: int) -> HttpResponse:
    """The dry run: what would happen to every row."""
    job = queries.get_import(job_id)
    if job.state != "draft":
        return redirect("events:import", job_id=job_id)
    seen = services.preview(Path(job.path), job.options, now=clock.now())
    accounting = seen.accounting
    context = {
        "job": job,
        "accounting": accounting,
        "rejected": _reasons(accounting.rejected if accounting else {}),
        "rejected_rows": sum(accounting.rejected.values()) if accounting else 0,
        "problems": [say(problem) for problem in seen.problems],
        "columns": seen.columns,
        "rows": _masked(seen.columns, seen.rows, seen.mapping),
        "steps": _steps(job_id),
    }
    return render(request, "events/import_check.html", context)


@requires("imports:run")
@require_POST
def import_start(request: HttpRequest, job_id: int) -> HttpResponse:
    try:
        services.queue_import(job_id=job_id, now=clock.now())
    except Conflict as error:
        messages.error(request, say(error))
        return redirect("events:import-check" if error.code == "import_running" else "events:import", job_id=job_id)
    return redirect("events:import", job_id=job_id)


@requires("imports:run")
@require_POST
def import_cancel(request: HttpRequest, job_id: int) -> HttpResponse:
    services.cancel_import(job_id=job_id, now=clock.now())
    messages.success(request, _("The import is cancelled. What was written until then stays."))
    return redirect("events:imports")


@requires("imports:view")
def import_page(request: HttpRequest, job_id: int) -> HttpResponse:
    job = queries.get_import(job_id)
    if job.state == "draft" and _may_run(request):
        return redirect("events:import-columns", job_id=job_id)
    return render(request, "events/import.html", _job_context(request, job))


@requires("imports:view")
def import_progress(request: HttpRequest, job_id: int) -> HttpResponse:
    return render(request, "events/_job.html", _job_context(request, queries.get_import(job_id)))


@requires("imports:run")
def import_rejected(request: HttpRequest, job_id: int) -> HttpResponseBase:
    """The rows that were not taken, as they were; with ?reason= only those."""
    report = queries.get_import(job_id).report or {}
    path = Path(report.get("rejected_file") or "")
    if not report.get("rejected_file") or not path.is_file():
        raise NotFound("rejected_file_missing", gettext_noop("This import has no file of rejected rows."))
    reason = request.GET.get("reason", "")
    reason = reason if reason in REASONS else ""
    response = StreamingHttpResponse(_lines(path, reason), content_type="text/csv; charset=utf-8")
    name = f"import-{job_id}-{reason or 'rejected'}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _lines(path: Path, reason: str) -> Iterator[bytes]:
    """With the mark that makes spreadsheets read UTF-8."""
    yield b"\xef\xbb\xbf"
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    with path.open(encoding="utf-8", newline="") as stream:
        for number, row in enumerate(csv.reader(stream)):
            if number == 0 or not reason or row[1] == reason:
                writer.writerow(row)
            if buffer.tell() > 65_536:
                yield buffer.getvalue().encode()
                buffer.seek(0)
                buffer.truncate()
    yield buffer.getvalue().encode()


def _job_context(request: HttpRequest, job: ImportView) -> dict[str, Any]:
    report = job.report or {}
    return {
        **_row(job),
        "report": report,
        "rejected": _reasons(report.get("rejected", {})),
        "error": say(Problem(job.error_code, job.error_message)),
        "phase": PHASES.get(job.phase, PHASES[""]),
        "may_run": _may_run(request),
        "now": clock.now(),
    }


def _row(job: ImportView) -> dict[str, Any]:
    label, tone, icon = STATES[job.state]
    return {"job": job, "state": label, "tone": tone, "state_icon": icon}


def _reasons(rejected: dict[str, int]) -> list[dict[str, Any]]:
    return [{"code": code, "words": REASON_WORDS[code], "rows": count} for code, count in rejected.items()]


def _initial(job: ImportView, preset: str | None, guessed: dict[str, str]) -> dict[str, Any]:
    mapping = job.options.get("mapping") or {}
    columns = mapping.get("columns") or guessed
    return {
        "preset": job.options.get("preset", "" if mapping else preset or ""),
        **{f"column_{field}": column for field, column in columns.items()},
        "currency_code": mapping.get("currency", "CNY"),
        "time_zone": mapping.get("time_zone", settings.TIME_ZONE),
        "date_format": mapping.get("date_format", ""),
        "decimal": mapping.get("decimal", "."),
        "source": job.options.get("source", ""),
    }


def _masked(columns: tuple[str, ...], rows: Any, mapping: dict[str, str]) -> list[list[str]]:
    """The first rows as they may be shown: personal columns masked, and whatever looks like a phone or an address."""
    field_of = {column: field for field, column in mapping.items()}
    return [
        [_mask(field_of.get(column, ""), cell or "") for column, cell in zip(columns, row, strict=True)] for row in rows
    ]


def _mask(field: str, cell: str) -> str:
    """A glance at the file needs no person: the first character is enough to see that the column is the right one."""
    if field in _PERSONAL or _LOOKS_PERSONAL.fullmatch(cell):
        return cell[:1] + "****" if cell else ""
    return cell[:80]


def _steps(job_id: int) -> list[dict[str, Any]]:
    labels = (_("File"), _("Columns"), _("Check"), _("Import"))
    return [
        {"label": label, "href": f"/imports/{job_id}/columns" if index == 1 else ""}
        for index, label in enumerate(labels)
    ]


def _may_run(request: HttpRequest) -> bool:
    user: Any = request.user
    return bool(user.may("imports:run"))


def _actor(request: HttpRequest) -> str:
    return str(request.user.get_username())
