"""The pipeline page: where every stage stands, what holds it up, and the few things that people may do about it."""

from __future__ import annotations

import zlib
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from liebian.access.guard import requires
from liebian.core import clock
from liebian.core.errors import Conflict, NotFound
from liebian.pipeline import queries, services
from liebian.pipeline.kept import list_kept
from liebian.pipeline.reasons import reason_of
from liebian.pipeline.types import UnitView
from liebian.pipeline.words import (
    PART_NAMES,
    REPLAY_OF_STAGES,
    REPLAY_STATES,
    STATES,
    UNIT_ABOUT,
    unit_name,
    waiting_time,
)
from liebian.ui.formats import error_text

PAGE = 20


@requires("pipeline:view")
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "pipeline/home.html", {**_context(request), "kept": list_kept(clock.now())})


@requires("pipeline:view")
def units(request: HttpRequest) -> HttpResponse:
    """The part of the page that is read again every two seconds."""
    return render(request, "pipeline/_state.html", _context(request))


@requires("pipeline:manage")
@require_POST
def pause(request: HttpRequest, name: str) -> HttpResponse:
    services.pause_unit(name=name, actor_id=int(request.user.pk or 0), now=clock.now())
    messages.success(request, _("The stage is paused. What comes in stays in the log and waits."))
    return redirect("pipeline:home")


@requires("pipeline:manage")
@require_POST
def resume(request: HttpRequest, name: str) -> HttpResponse:
    services.resume_unit(name=name, actor_id=int(request.user.pk or 0), now=clock.now())
    messages.success(request, _("The stage goes on where it stood."))
    return redirect("pipeline:home")


@requires("pipeline:manage")
@require_POST
def replay_stage(request: HttpRequest, name: str) -> HttpResponse:
    try:
        services.replay_stage(name=name, actor_id=int(request.user.pk or 0), now=clock.now())
    except Conflict as error:
        messages.error(request, error_text(error))
    else:
        messages.success(request, _("The log is read again in the background. Nobody leaves a segment meanwhile."))
    return redirect("pipeline:home")


@requires("pipeline:manage")
@require_POST
def take(request: HttpRequest, aside_id: int) -> HttpResponse:
    try:
        services.take_aside_again(aside_id=aside_id, actor_id=int(request.user.pk or 0), now=clock.now())
    except (Conflict, NotFound) as error:
        messages.error(request, error_text(error))
    else:
        messages.success(request, _("The event is taken."))
    return redirect("pipeline:home")


@requires("pipeline:manage")
@require_POST
def replay(request: HttpRequest) -> HttpResponse:
    services.ask_replay_check(actor_id=int(request.user.pk or 0), now=clock.now())
    messages.success(request, _("The check runs in the background. Its result appears here."))
    return redirect("pipeline:home")


def _context(request: HttpRequest) -> dict[str, Any]:
    user: Any = request.user
    now = clock.now()
    log_end, heard_at = queries.get_log_end()
    check = queries.find_replay_check()
    aside = queries.list_set_aside(before=_number(request.GET.get("before", "")), limit=PAGE + 1)
    return {
        "rows": [_row(view) for view in queries.list_units(services.every_unit(), now=now)],
        "aside": [{"view": row, "unit": unit_name(row.unit), "reason": reason_of(row.error), "id": _id("aside", row.id, row.error)} for row in aside[:PAGE]],
        "n_aside": queries.count_set_aside(), "older": aside[PAGE - 1].id if len(aside) > PAGE else None, "check": check,
        "check_state": REPLAY_STATES[check.state] if check else None,
        "parts": [{"name": PART_NAMES.get(p.name, p.name), "part": p} for p in check.parts] if check else [],
        "stages": [{"name": unit_name(name), "words": words} for name, words in REPLAY_OF_STAGES.items()],
        "again": queries.find_stage_replay(),
        "may_manage": user.may("pipeline:manage"), "is_first": not request.GET.get("before"), "now": now, "log_end": log_end, "heard_at": heard_at,
    }  # fmt: skip


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _id(*parts: object) -> str:
    """A name in the page that stays while what it names does, so that a text that was opened stays open."""
    return f"t{zlib.crc32(repr(parts).encode()):x}"


def _row(view: UnitView) -> dict[str, Any]:
    label, tone, icon = STATES[view.state]
    return {
        "unit": view, "name": unit_name(view.name), "about": UNIT_ABOUT.get(view.name.partition(".")[0], ""), "state": label,
        "tone": tone, "icon": icon, "reason": reason_of(view.error or view.past_error),
        "wide_id": _id("wide", view.name, view.error or view.past_error), "small_id": _id("small", view.name, view.error or view.past_error), "waits": waiting_time(view.behind_seconds),
        "can_resume": view.state in {"paused", "stopped", "failing"},
    }  # fmt: skip
