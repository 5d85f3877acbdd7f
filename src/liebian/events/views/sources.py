"""Sources: who sends events, with which key and limits, what came of it, and how to send the first one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from liebian.access.guard import requires
from liebian.core import clock
from liebian.core.days import day_of, day_start
from liebian.core.errors import Invalid, LiebianError
from liebian.core.moments import millis_of
from liebian.events import services
from liebian.events.forms import SourceForm
from liebian.events.inbox.sources import (
    add_up,
    get_source,
    list_days,
    list_last_heard,
    list_problems,
    list_source_details,
)
from liebian.events.inbox.types import DayCounts, LastHeard, SourceDetail
from liebian.events.inbox_forms import SourceFilterForm, SourceSettingsForm, wanted_of
from liebian.events.labels import KINDS, say
from liebian.events.views.arrivals import arrival_row
from liebian.events.views.tables import page_of, read_order
from liebian.ui import charts
from liebian.ui.formats import day, error_text

DAYS = 7


@requires("sources:view")
def source_list(request: HttpRequest) -> HttpResponse:
    return render(request, "events/sources.html", _context(request, SourceForm()))


@requires("sources:manage")
@require_POST
def source_add(request: HttpRequest) -> HttpResponse:
    form = SourceForm(request.POST)
    if form.is_valid():
        try:
            source = services.create_source(name=form.cleaned_data["name"], now=clock.now(), actor_id=actor_of(request))
        except LiebianError as error:
            form.add_error("name", say(error))
        else:
            messages.success(request, _("The source %(name)s can send now.") % {"name": source.name})
            return redirect("events:source", source_id=source.id)
    return render(request, "events/sources.html", _context(request, form), status=422)


@requires("sources:view")
def source_page(request: HttpRequest, source_id: int) -> HttpResponse:
    source = get_source(source_id)
    return render(request, "events/source.html", _page(request, source, SourceSettingsForm.of(source)))


@requires("sources:manage")
@require_POST
def source_change(request: HttpRequest, source_id: int) -> HttpResponse:
    form = SourceSettingsForm(request.POST)
    if form.is_valid():
        try:
            services.change_source(
                source_id=source_id, **form.settings(), actor_id=actor_of(request), now=clock.now()
            )  # fmt: skip
        except Invalid as error:
            form.add_error(error.details.get("field"), error_text(error))
        else:
            messages.success(request, _("Saved. It applies from the next second on."))
            return redirect("events:source", source_id=source_id)
    return render(request, "events/source.html", _page(request, get_source(source_id), form), status=422)


@requires("sources:manage")
@require_POST
def source_switch(request: HttpRequest, source_id: int) -> HttpResponse:
    """Stop a source, or let it send again."""
    is_enabled = request.POST.get("on") == "1"
    source = services.set_source_enabled(
        source_id=source_id, is_enabled=is_enabled, actor_id=actor_of(request), now=clock.now()
    )
    text = _("The source %(name)s may send.") if source.is_enabled else _("The source %(name)s is stopped.")
    messages.success(request, text % {"name": source.name})
    return redirect("events:source", source_id=source_id)


@requires("sources:manage")
@require_POST
def source_key(request: HttpRequest, source_id: int) -> HttpResponse:
    """A new write key. The old one is refused from now on."""
    source = services.rotate_write_key(source_id=source_id, actor_id=actor_of(request), now=clock.now())
    messages.success(request, _("%(name)s has a new write key. Put it into the sender now.") % {"name": source.name})
    return redirect("events:source", source_id=source_id)


def actor_of(request: HttpRequest) -> int | None:
    return request.user.pk


def _may_manage(request: HttpRequest) -> bool:
    user: Any = request.user
    return bool(user.may("sources:manage"))


def shown_key(request: HttpRequest, source: SourceDetail) -> str:
    return source.write_key if _may_manage(request) else source.write_key[:4] + "****"


def _context(request: HttpRequest, form: SourceForm) -> dict[str, Any]:
    now = clock.now()
    today = day_of(now, settings.TIME_ZONE)
    last, days = list_last_heard(), list_days(until=today, days=DAYS)
    rows: list[dict[str, Any]] = [
        {
            "source": source,
            "kind": KINDS.get(source.kind, source.kind),
            "key": shown_key(request, source),
            "last": last.get(source.name),
            "week": add_up(days.get(source.name, []), today),
            "is_counted": _is_counted(last.get(source.name), days.get(source.name), today),
            "spark": _spark(days.get(source.name, [])),
        }
        for source in list_source_details()
    ]
    example = next((row["key"] for row in rows if row["source"].kind == "api" and row["source"].is_enabled), None)
    filters = SourceFilterForm(request.GET)
    wanted = wanted_of(filters)
    order = read_order(request.GET, _SORTS, default="name", falling=set(_SORTS) - {"name"})
    shown, pager = page_of(
        [row for row in rows if _is_wanted(row["source"], wanted)], request.GET, order,
        lambda row: (_SORTS[order.column](row), row["source"].name),
    )  # fmt: skip
    return {
        "rows": shown, "has_any": bool(rows), "pager": pager, "sorts": order.heads, "filters": filters, "wanted": wanted,
        "is_filtered": any(wanted.values()), "form": form, "may_manage": _may_manage(request), "example_key": example, "now": now,
        "track_url": request.build_absolute_uri("/v1/track"), "has_charts": any(row["spark"] for row in shown),
    }  # fmt: skip


def _is_wanted(source: SourceDetail, wanted: dict[str, Any]) -> bool:
    return (
        wanted["q"].casefold() in source.name.casefold()
        and wanted["kind"] in {"", source.kind}
        and wanted["state"] in {"", "on" if source.is_enabled else "off"}
    )


def _heard_ms(row: dict[str, Any]) -> int:
    last: LastHeard | None = row["last"]
    if last is None:
        return 0
    return millis_of(last.at or day_start(last.day, settings.TIME_ZONE))


_SORTS: dict[str, Callable[[dict[str, Any]], str | int]] = {
    "name": lambda row: str(row["source"].name),
    "last": _heard_ms,
    "events": lambda row: int(row["week"].accepted),
    "quarantined": lambda row: int(row["week"].quarantined),
    "refused": lambda row: int(row["week"].refused + row["week"].throttled),
}


def _page(request: HttpRequest, source: SourceDetail, form: SourceSettingsForm) -> dict[str, Any]:
    now = clock.now()
    today = day_of(now, settings.TIME_ZONE)
    last = list_last_heard().get(source.name)
    found = list_days(until=today, days=DAYS).get(source.name)
    days = found or [DayCounts(today - timedelta(days=back)) for back in reversed(range(DAYS))]
    return {
        "source": source, "kind": KINDS.get(source.kind, source.kind), "key": shown_key(request, source), "form": form,
        "may_manage": _may_manage(request), "last": last, "now": now,
        "is_counted": _is_counted(last, found, today),
        "problems": [arrival_row(one, today) for one in list_problems(source.name)],
        "week": add_up(days, today), "chart": _week_chart(days), "track_url": request.build_absolute_uri("/v1/track"),
    }  # fmt: skip


def _is_counted(last: LastHeard | None, days: list[DayCounts] | None, today: date) -> bool:
    """Messages are counted where they come in over HTTP: files and the demo shop are heard without being counted."""
    return bool(days) or last is None or last.day <= today - timedelta(days=DAYS)


def _spark(days: list[DayCounts]) -> charts.Chart | None:
    if not days:
        return None
    return charts.spark(
        _("Events"), [day(one.day) for one in days], [one.accepted for one in days], label_name=_("Day")
    )


def _week_chart(days: list[DayCounts]) -> charts.Chart:
    troubled = sum(one.quarantined + one.refused + one.throttled for one in days)
    title = _("Nothing went wrong in the last 7 days") if not troubled else _("What arrived in the last 7 days")
    series = [
        charts.Series(_("Accepted"), [one.accepted for one in days], "treated"),
        charts.Series(_("In quarantine"), [one.quarantined for one in days], "warn"),
        charts.Series(_("Refused"), [one.refused for one in days], "bad"),
        charts.Series(_("Asked to come again"), [one.throttled for one in days], "holdout"),
    ]
    labels = [day(one.day) for one in days]
    return charts.bars(
        title, _("Messages by business day"), labels, series, label_name=_("Day"), stacked=True, height=200
    )
