"""The live page: each arriving message, what became of it and why. Polled each second; nothing new costs four small reads."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from liebian.access.guard import requires
from liebian.core import clock
from liebian.core.days import day_of
from liebian.events.inbox.excerpts import show_excerpt
from liebian.events.inbox.live import (
    Filter,
    get_event,
    get_excerpt,
    get_position,
    get_refused,
    list_arrivals,
    list_corrections,
)
from liebian.events.inbox.masks import masked, pretty
from liebian.events.inbox.sources import add_up, list_days, list_source_details
from liebian.events.inbox.types import CORRECTED, REFUSED
from liebian.events.inbox_forms import LiveFilterForm
from liebian.events.reasons import ARRIVALS, finding_text, refusal_text
from liebian.events.rules import APART
from liebian.events.types import EventRecord
from liebian.events.views.arrivals import arrival_row
from liebian.events.views.sources import shown_key


@requires("events:view")
def live(request: HttpRequest) -> HttpResponse:
    """The page, and for its own polls only the list; nothing when the list is as it was."""
    is_poll = request.headers.get("HX-Request") == "true" and request.GET.get("at") is not None
    now = clock.now()
    today = day_of(now, settings.TIME_ZONE)
    position = get_position(today)
    if is_poll and request.GET["at"] == position:
        return HttpResponse(status=204)
    sources = list_source_details()
    form = LiveFilterForm([source.name for source in sources], request.GET)
    given = form.cleaned_data if form.is_valid() else {}
    wanted = Filter(given.get("source", ""), given.get("kind", ""), given.get("name", ""))
    context: dict[str, Any] = {
        "rows": [arrival_row(arrival, today) for arrival in list_arrivals(wanted)],
        "position": position,
        "wanted": wanted,
        "is_paused": request.GET.get("paused") == "1",
        **_counted(wanted.source, today),
        "now": now,
    }
    if is_poll:
        return render(request, "events/_arrivals.html", context)
    example = next((one for one in sources if one.kind == "api" and one.is_enabled), None)
    context |= {
        "form": form,
        "example_key": shown_key(request, example) if example else None,
        "track_url": request.build_absolute_uri("/v1/track"),
    }
    return render(request, "events/live.html", context)


@requires("events:view")
def live_event(request: HttpRequest, event_id: int) -> HttpResponse:
    event = get_event(event_id)
    corrections = list_corrections(event_id)
    label, tone, icon = ARRIVALS[CORRECTED if corrections else "accepted"]
    user: Any = request.user
    context = {
        "may_find": user.may("customers:view") and masked(event.user_id) == event.user_id,
        "event": event, "name": event.name or event.type, "label": label, "tone": tone, "state_icon": icon,
        "findings": [finding_text(one) for one in corrections], "message": pretty(_told(event)),
        "user_id": masked(event.user_id), "anonymous_id": masked(event.anonymous_id), "source": event.source,
        "received_at": event.received_at, "own_fields": _own_fields(event),
    }  # fmt: skip
    return render(request, "events/arrival.html", context)


@requires("events:view")
def live_refused(request: HttpRequest, refused_id: int) -> HttpResponse:
    arrival = get_refused(refused_id)
    label, tone, icon = ARRIVALS[REFUSED]
    details = masked(arrival.details)
    context = {
        "name": refusal_text(arrival.code, arrival.details), "label": label, "tone": tone, "state_icon": icon,
        "code": arrival.code, "status": arrival.status, "source": arrival.source, "received_at": arrival.received_at,
        "message": msgspec.json.format(msgspec.json.encode(details), indent=2).decode() if details else "",
        "excerpt": show_excerpt(get_excerpt(refused_id)),
    }  # fmt: skip
    return render(request, "events/arrival.html", context)


def _own_fields(event: EventRecord) -> list[tuple[str, str]]:
    """What the message says of itself beside whose it is, under the names by which it was sent."""
    names = {"previousId": "previous_id", "groupId": "group_id", "category": "category"}
    return [(sent, masked(str(event.body[kept]))) for sent, kept in names.items() if event.body.get(kept)]


def _told(event: EventRecord) -> dict[str, Any]:
    """The event as it lies in the log, with its personal fields, which the page masks."""
    personal = {name: value for name, value in event.personal.items() if name not in ("group", APART)}
    body = {name: event.body[name] for name in ("properties", "traits", "context") if event.body.get(name)}
    of_person = "traits" if event.type == "identify" else "personal"
    for holder, told in (("traits", event.personal.get("group")), (of_person, personal)):
        if told:
            body[holder] = {**body.get(holder, {}), **told}
    return body


def _counted(source: str, today: date) -> dict[str, Any]:
    """Today's counts, and for each source what leaves no row: its repeats and its requests that were asked to come again."""
    days = {name: found[-1] for name, found in list_days(until=today, days=1).items() if not source or name == source}
    return {
        "today": add_up(list(days.values()), today),
        "repeats": [(name, one.duplicates) for name, one in sorted(days.items()) if one.duplicates],
        "throttled": [(name, one.throttled) for name, one in sorted(days.items()) if one.throttled],
    }
