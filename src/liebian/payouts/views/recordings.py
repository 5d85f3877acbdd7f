"""Recording what was paid without us: one person proposes it, another one agrees."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from liebian.access.guard import requires
from liebian.core import clock
from liebian.core.errors import LiebianError
from liebian.payouts import queries, services
from liebian.ui.formats import error_text


@requires("payouts:prepare")
@require_POST
def record(request: HttpRequest, finding_id: int) -> HttpResponse:
    said = {name: request.POST.get(name, "") for name in ("reference", "note")}
    return _do(
        request,
        lambda actor: services.propose_recording(finding_id=finding_id, **said, actor=actor, now=clock.now()),
        gettext("Nothing was recorded yet: somebody else has to agree first."),
    )


@requires("payouts:view")
@require_POST
def recording_decide(request: HttpRequest, recording_id: int) -> HttpResponse:
    """Agreeing and declining needs the right to; withdrawing one's own does not."""
    own = recording_id in {
        each.id for each in queries.list_recordings().values() if each.proposed_by == request.user.pk
    }
    if not own and not request.user.may("payouts:approve"):  # type: ignore[union-attr]
        messages.error(request, gettext("You may see payouts, but not let them go."))
        return redirect("payouts:statements")
    agree, note = request.POST.get("answer") == "agree", request.POST.get("note", "")[:500]
    return _do(
        request,
        lambda actor: services.decide_recording(
            recording_id=recording_id, agree=agree, note=note, actor=actor, now=clock.now()
        ),
        gettext("Recorded as paid.") if agree else gettext("Nothing was recorded."),
    )


def _do(request: HttpRequest, act: Callable[[int], object], done: str) -> HttpResponse:
    try:
        act(int(request.user.pk or 0))
    except LiebianError as error:
        messages.error(request, error_text(error))
    else:
        messages.success(request, done)
    return redirect("payouts:statements")
