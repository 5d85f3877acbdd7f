"""The quarantine: what waits, by reason; one message; a repair tried on all alike, then made; replay; dismissal."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from liebian.access.guard import requires
from liebian.core import clock, keyset
from liebian.core.errors import Invalid
from liebian.events import services
from liebian.events.checking.types import OWN_FIELDS, Step
from liebian.events.inbox import quarantine as reads
from liebian.events.inbox.masks import masked, pretty
from liebian.events.inbox.types import REPAIRED, STATES, WAITING, QuarantinedMessage, RepairReport, Selection
from liebian.events.inbox_forms import DismissForm, GroupFilterForm, StepFormSet, wanted_of
from liebian.events.reasons import STATES as STATE_WORDS
from liebian.events.reasons import finding_text, findings_text, group_text, reason_text
from liebian.events.views.sources import actor_of
from liebian.events.views.tables import read_order, with_changes
from liebian.ui.formats import error_text, number

PAGE = 50
_ROWS = 4
_MAX_ID = 2**63 - 1


@requires("quarantine:view")
def quarantine_list(request: HttpRequest) -> HttpResponse:
    filters = GroupFilterForm(*reads.list_group_choices(), request.GET)
    asked = wanted_of(filters)
    wanted = reads.GroupFilter(asked["source"], asked["code"], asked["q"].replace("\x00", ""))
    order = read_order(request.GET, _SORTS, default="count", falling={"count", "newest"})
    found = reads.list_groups(
        wanted,
        sort=order.column,
        is_descending=order.is_descending,
        after=_after(request, order.column),
        limit=PAGE + 1,
    )
    groups = [
        {"group": one, "words": group_text(one.code), "query": query_of(Selection((), one.source, one.code, one.type, one.name))}
        for one in found[:PAGE]
    ]  # fmt: skip
    counts = reads.count_states()
    next_place = keyset.encode(*reads.place_of(found[PAGE - 1], order.column)) if len(found) > PAGE else ""
    pager = {
        "count": reads.count_groups(wanted), "next": with_changes(request.GET, after=next_place) if next_place else "",
        "previous": with_changes(request.GET) if request.GET.get("after") else "",
    }  # fmt: skip
    context = {
        "pager": pager, "sorts": order.heads, "filters": filters, "wanted": asked, "is_filtered": any(asked.values()),
        "groups": groups, "now": clock.now(), "waiting": counts.get(WAITING, 0), "may_manage": _may_manage(request),
        "states": [{"state": one, "label": STATE_WORDS[one][0], "count": counts.get(one, 0)} for one in STATES],
    }  # fmt: skip
    return render(request, "events/quarantine.html", context)


_SORTS = ("count", "newest", "name", "source")


def _after(request: HttpRequest, column: str) -> list[str | int]:
    if not request.GET.get("after"):
        return []
    told = keyset.decode(request.GET["after"], size=4 if column in {"name", "source"} else 5)
    kinds = [int if column in {"count", "newest"} else str, *[str] * (len(told) - 1)]
    if [type(value) for value in told] != kinds or abs(told[0] if kinds[0] is int else 0) > _MAX_ID:
        raise keyset.bad_cursor()
    return told


@requires("quarantine:view")
def quarantine_messages(request: HttpRequest) -> HttpResponse:
    """The messages of one group, or of one state."""
    wanted = _selection(request.GET)
    state = request.GET.get("state", WAITING)
    state = state if state in STATES else WAITING
    before = _number(request.GET.get("before", ""))
    found = reads.list_quarantined(wanted, state=state, before=before, limit=PAGE + 1)
    context = {
        "rows": [_row(one) for one in found[:PAGE]], "older": found[PAGE - 1].id if len(found) > PAGE else None,
        "wanted": wanted, "query": query_of(wanted), "state": state, "state_label": STATE_WORDS[state][0],
        "words": group_text(wanted.code) if wanted.code else "", "may_manage": _may_manage(request), "now": clock.now(),
        "count": reads.count_selected(wanted) if state == WAITING and not wanted.is_empty else None,
    }  # fmt: skip
    return render(request, "events/quarantine_messages.html", context)


@requires("quarantine:view")
def quarantine_message(request: HttpRequest, message_id: int) -> HttpResponse:
    one = reads.get_quarantined(message_id)
    alike = Selection((), one.source, one.code, one.type, one.name)
    user: Any = request.user
    whose = one.message.get("userId")
    context = {
        "may_find": one.state == REPAIRED and user.may("customers:view") and masked(whose) == whose,
        **_row(one), "findings": [finding_text(found) for found in one.findings], "text": pretty(one.message),
        "query": query_of(Selection(ids=(one.id,))), "alike": query_of(alike), "may_manage": _may_manage(request),
        "alike_count": reads.count_selected(alike) if one.state == WAITING else 0, "is_waiting": one.state == WAITING,
    }  # fmt: skip
    return render(request, "events/quarantine_message.html", context)


@requires("quarantine:manage")
def quarantine_repair(request: HttpRequest) -> HttpResponse:
    """The steps, tried before they are made. The same form is sent again to make them."""
    wanted = _selection(request.POST if request.method == "POST" else request.GET)
    if request.method != "POST":
        steps = StepFormSet(initial=[{} for _row in range(_ROWS)], prefix="step")
        return render(
            request, "events/repair.html", _repair_context(wanted, steps, services.preview_repair(wanted, ()))
        )
    steps = StepFormSet(request.POST, prefix="step")
    if not steps.is_valid():
        return render(request, "events/repair.html", _repair_context(wanted, steps, None), status=422)
    chosen = _steps(steps)
    try:
        if request.POST.get("act") == "repair":
            report = services.repair_quarantined(wanted, chosen, actor_id=actor_of(request), now=clock.now())
            _say(request, report)
            return redirect("events:quarantine")
        return render(
            request, "events/repair.html", _repair_context(wanted, steps, services.preview_repair(wanted, chosen))
        )
    except Invalid as error:
        return render(
            request, "events/repair.html", _repair_context(wanted, steps, None, error_text(error)), status=422
        )


@requires("quarantine:manage")
@require_POST
def quarantine_replay(request: HttpRequest) -> HttpResponse:
    wanted = _selection(request.POST)
    _say(request, services.replay_quarantined(wanted, actor_id=actor_of(request), now=clock.now()))
    return redirect("events:quarantine")


@requires("quarantine:manage")
def quarantine_dismiss(request: HttpRequest) -> HttpResponse:
    """Asks for the reason, with the number of messages; then they leave the queue and stay readable."""
    wanted = _selection(request.POST if request.method == "POST" else request.GET)
    form = DismissForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                count = services.dismiss_quarantined(
                    wanted, reason=form.cleaned_data["reason"], actor_id=actor_of(request), now=clock.now()
                )
            except Invalid as error:
                form.add_error("reason", error_text(error))
            else:
                words = ngettext("%(count)s message is dismissed.", "%(count)s messages are dismissed.", count)
                messages.success(request, words % {"count": number(count)})
                return redirect("events:quarantine")
    context = {
        "form": form,
        "hidden": _hidden(wanted),
        "query": query_of(wanted),
        "count": reads.count_selected(wanted),
    }
    return render(request, "events/dismiss.html", context, status=status)


def query_of(wanted: Selection) -> str:
    """A selection as part of an address."""
    return urlencode(_hidden(wanted))


def _hidden(wanted: Selection) -> list[tuple[str, str]]:
    pairs = [("id", str(one)) for one in wanted.ids]
    pairs += [(name, getattr(wanted, name)) for name in ("source", "code") if getattr(wanted, name)]
    return pairs + [(name, value) for name in ("type", "name") if (value := getattr(wanted, name)) is not None]


def _selection(given: Any) -> Selection:
    ids = tuple(one for text in given.getlist("id")[:PAGE] if (one := _number(text)) is not None)
    if given.getlist("id") and not ids:
        ids = (-1,)  # an id that cannot be: nothing is meant, rather than everything
    texts = {
        name: value.replace("\x00", "")[:200]
        for name in ("source", "code", "type", "name")
        if (value := given.get(name)) is not None
    }
    return Selection(ids=ids, **texts)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and int(text[:20]) <= _MAX_ID else None


def _steps(forms: Any) -> list[Step]:
    return [step for form in forms if (step := form.step()) is not None]


def _repair_context(wanted: Selection, steps: Any, report: RepairReport | None, problem: str = "") -> dict[str, Any]:
    return {
        "steps": steps, "wanted": wanted, "hidden": _hidden(wanted), "query": query_of(wanted), "report": report,
        "problem": problem, "words": group_text(wanted.code) if wanted.code else "",
        "trials": [_trial(one) for one in report.trials] if report else [],
        "own_fields": OWN_FIELDS, "reasons": [(reason_text(code, name), count) for code, name, count in report.reasons] if report else [],
        "chosen": bool(report and report.steps),
    }  # fmt: skip


def _trial(trial: Any) -> dict[str, Any]:
    return {
        "trial": trial, "before": pretty(trial.before), "after": pretty(trial.after),
        "findings": findings_text(trial.findings), "corrections": findings_text(trial.corrections),
    }  # fmt: skip


def _say(request: HttpRequest, report: RepairReport) -> None:
    words = ngettext("%(count)s message is in the log now.", "%(count)s messages are in the log now.", report.passed)
    said = words % {"count": number(report.passed)}
    if report.failed:
        still = ngettext(
            "%(count)s still does not fit and stays.", "%(count)s still do not fit and stay.", report.failed
        )
        said += " " + still % {"count": number(report.failed)}
    if report.left and report.looked_at >= services.MAX_AT_ONCE:
        said += " " + _("%(count)s more wait: do the same again.") % {"count": number(report.left)}
    (messages.success if report.passed else messages.warning)(request, said)


def _row(one: QuarantinedMessage) -> dict[str, Any]:
    label, tone, icon = STATE_WORDS[one.state]
    return {
        "message": one, "words": findings_text(one.findings) or group_text(one.code), "label": label, "tone": tone,
        "state_icon": icon, "user_id": masked(one.message.get("userId") or one.message.get("anonymousId") or ""),
    }  # fmt: skip


def _may_manage(request: HttpRequest) -> bool:
    user: Any = request.user
    return bool(user.may("quarantine:manage"))
