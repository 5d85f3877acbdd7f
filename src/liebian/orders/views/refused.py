"""Order events that could not be taken: which and why; take them again, or dismiss them with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from liebian.access.guard import requires
from liebian.core import clock
from liebian.orders import refusals as reads
from liebian.orders import services
from liebian.orders.queries import count_colliding_orders
from liebian.orders.types import OPEN, REFUSAL_STATES, TakenAgain
from liebian.orders.views.asked import actor_of, event_of, number_of, text_of
from liebian.orders.views.dismissing import Dismissal, ask_and_dismiss
from liebian.orders.words import STATES, reason_text
from liebian.ui.formats import number

PAGE = 50


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One event, or all of a reason."""

    event_id: int | None
    code: str

    @property
    def pairs(self) -> list[tuple[str, str]]:
        return [("event", str(self.event_id))] if self.event_id is not None else [("code", self.code)]


@requires("quarantine:view")
def refused_list(request: HttpRequest) -> HttpResponse:
    state = request.GET.get("state", OPEN)
    state = state if state in REFUSAL_STATES else OPEN
    code = _wanted(request.GET).code
    found = reads.list_refusals(state=state, code=code, before=number_of(request.GET.get("before")), limit=PAGE + 1)
    counts = reads.count_refusals()
    of_state = {one: sum(n for named, _code, n in counts if named == one) for one in REFUSAL_STATES}
    user: Any = request.user
    context = {
        "rows": [{"refusal": one, "words": reason_text(one.code)} for one in found[:PAGE]],
        "older": found[PAGE - 1].event_id if len(found) > PAGE else None,
        "states": [{"state": one, "label": STATES[one][0], "count": of_state[one]} for one in REFUSAL_STATES],
        "reasons": [{"code": named, "words": reason_text(named), "count": n} for of, named, n in counts if of == state],
        "state": state, "state_label": STATES[state][0], "code": code, "is_open": state == OPEN,
        "n_colliding": count_colliding_orders(),
        "may_manage": user.may("quarantine:manage"), "may_open": user.may("events:view"), "now": clock.now(),
    }  # fmt: skip
    return render(request, "orders/refused.html", context)


@requires("quarantine:manage")
@require_POST
def refused_take(request: HttpRequest) -> HttpResponse:
    wanted = _wanted(request.POST)
    _say(
        request,
        services.take_refused_again(
            event_id=wanted.event_id, code=wanted.code, actor_id=actor_of(request), now=clock.now()
        ),
    )
    return redirect("orders:refused")


@requires("quarantine:manage")
def refused_dismiss(request: HttpRequest) -> HttpResponse:
    """Asks for the reason, with the number of events; then they leave the list of what waits."""
    wanted = _wanted(request.POST if request.method == "POST" else request.GET)
    count = reads.count_selected(event_id=wanted.event_id, code=wanted.code)
    words = _("They leave the list of what waits and stay in the log. Orders and revenue do not count them.")

    def dismiss(reason: str) -> int:
        return services.dismiss_refused(
            event_id=wanted.event_id, code=wanted.code, reason=reason, actor_id=actor_of(request), now=clock.now()
        )

    what = Dismissal("orders:refused", _("Orders not taken"), count, words, wanted.pairs, dismiss)
    return ask_and_dismiss(request, what)


def _say(request: HttpRequest, came: TakenAgain) -> None:
    words = ngettext("%(count)s order event is taken.", "%(count)s order events are taken.", came.taken)
    said = words % {"count": number(came.taken)}
    if came.refused:
        still = ngettext("%(count)s still cannot be taken.", "%(count)s still cannot be taken.", came.refused)
        said += " " + still % {"count": number(came.refused)}
    if came.left:
        said += " " + _("%(count)s more wait: do the same again.") % {"count": number(came.left)}
    (messages.success if came.taken else messages.warning)(request, said)


def _wanted(given: QueryDict) -> _Wanted:
    event_id = event_of(given)
    return _Wanted(event_id, "" if event_id is not None else text_of(given, "code", 60))
