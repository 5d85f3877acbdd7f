"""Sources: who sends events, with which key, and how to send the first one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from liebian.access.guard import requires
from liebian.core import clock
from liebian.core.errors import LiebianError
from liebian.events import queries, services
from liebian.events.forms import SourceForm
from liebian.events.labels import KINDS, say
from liebian.events.types import INTERNAL_SOURCE


@requires("events:view")
def source_list(request: HttpRequest) -> HttpResponse:
    return render(request, "events/sources.html", _context(request, SourceForm()))


@requires("access:manage")
@require_POST
def source_add(request: HttpRequest) -> HttpResponse:
    form = SourceForm(request.POST)
    if form.is_valid():
        try:
            source = services.create_source(name=form.cleaned_data["name"], now=clock.now())
        except LiebianError as error:
            form.add_error("name", say(error))
        else:
            messages.success(request, _("The source %(name)s can send now.") % {"name": source.name})
            return redirect("events:sources")
    return render(request, "events/sources.html", _context(request, form), status=422)


@requires("access:manage")
@require_POST
def source_switch(request: HttpRequest, source_id: int) -> HttpResponse:
    """Stop a source, or let it send again."""
    source = services.set_source_enabled(source_id=source_id, is_enabled=request.POST.get("on") == "1")
    text = _("The source %(name)s may send.") if source.is_enabled else _("The source %(name)s is stopped.")
    messages.success(request, text % {"name": source.name})
    return redirect("events:sources")


def _context(request: HttpRequest, form: SourceForm) -> dict[str, Any]:
    user: Any = request.user
    may_manage = user.may("access:manage")
    last = queries.list_last_received()
    sources = [source for source in queries.list_sources() if source.name != INTERNAL_SOURCE]
    rows: list[dict[str, Any]] = [
        {
            "source": source,
            "kind": KINDS.get(source.kind, source.kind),
            "key": source.write_key if may_manage else source.write_key[:4] + "****",
            "last": last.get(source.name),
        }
        for source in sources
    ]
    example = next((row["key"] for row in rows if row["source"].kind == "api" and row["source"].is_enabled), None)
    return {
        "rows": rows, "form": form, "may_manage": may_manage, "example_key": example, "now": clock.now(),
        "track_url": request.build_absolute_uri("/v1/track"),
    }  # fmt: skip
