"""Order numbers that two sources placed for two customers: where, since when, what to do; dismiss them with a reason."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _

from liebian.access.guard import requires
from liebian.core import clock
from liebian.orders import collisions as reads
from liebian.orders import services
from liebian.orders.views.asked import actor_of, event_of, number_of, text_of
from liebian.orders.views.dismissing import Dismissal, ask_and_dismiss

PAGE = 50
_MAX_NAME = 100


@requires("quarantine:view")
def collision_list(request: HttpRequest) -> HttpResponse:
    sources = _sources(request.GET)
    found = reads.list_collisions(sources=sources, before=number_of(request.GET.get("before")), limit=PAGE + 1)
    user: Any = request.user
    context = {
        "rows": found[:PAGE], "older": found[PAGE - 1].event_id if len(found) > PAGE else None,
        "pairs": reads.list_colliding_sources(), "sources": sources,
        "may_manage": user.may("quarantine:manage"), "may_open": user.may("events:view"),
        "may_see_people": user.may("customers:view"),
    }  # fmt: skip
    return render(request, "orders/collisions.html", context)


@requires("quarantine:manage")
def collision_dismiss(request: HttpRequest) -> HttpResponse:
    """Asks for the reason, with the number of events; then they leave the list."""
    given = request.POST if request.method == "POST" else request.GET
    event_id = event_of(given)
    sources = _sources(given) if event_id is None else None
    count = reads.count_selected(event_id=event_id, sources=sources)
    words = _("They leave this list; the orders stay as they are. The next number that collides is listed again.")
    named = [("event", str(event_id))] if sources is None else list(zip(("first", "then"), sources, strict=True))

    def dismiss(reason: str) -> int:
        return services.dismiss_collisions(
            event_id=event_id, sources=sources, reason=reason, actor_id=actor_of(request), now=clock.now()
        )

    what = Dismissal("orders:collisions", _("Colliding order numbers"), count, words, named, dismiss)
    return ask_and_dismiss(request, what)


def _sources(given: QueryDict) -> tuple[str, str] | None:
    first, then = (text_of(given, name, _MAX_NAME) for name in ("first", "then"))
    return (first, then) if first and then else None
