"""One payout: its history, what its provider said, and what a person can still do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from liebian.access.guard import requires
from liebian.access.queries import find_user_names
from liebian.core import clock
from liebian.core.errors import LiebianError
from liebian.payouts import queries, services
from liebian.payouts.forms import ResultForm
from liebian.payouts.types import GIVE_UP_WAITS, PayoutChangeView
from liebian.payouts.views.statements import show_finding
from liebian.payouts.views.words import PAYOUTS, TAXES, reason_words, show_payout
from liebian.rewards import queries as rewards
from liebian.ui.formats import error_text, money


@requires("payouts:view")
def payout_page(request: HttpRequest, payout_id: int) -> HttpResponse:
    payout = queries.get_payout(payout_id)
    account = queries.get_account(payout.account_id)
    changes = queries.list_payout_changes(payout_id)
    names = find_user_names(sorted({each.actor for each in changes if each.actor}))
    is_in_doubt = payout.state == "failed" and payout.reason == GIVE_UP_WAITS
    may = bool(request.user.may("payouts:prepare"))  # type: ignore[union-attr]
    context = {
        **show_payout(payout),
        "account": account,
        "gross": money(payout.gross_minor, payout.currency),
        "tax_rule": TAXES[payout.tax_rule],
        "changes": [_show_change(each, names) for each in changes],
        "findings": [show_finding(each) for each in queries.list_findings(open_only=False, payout_id=payout_id)],
        "form": ResultForm(),
        "may_tell": may and account.by_hand and payout.state in ("ready", "sending"),
        "may_settle": may,
        "may_give_up": may and payout.state == "failed" and not is_in_doubt,
        "proposals": _list_proposals(payout.reward_id) if is_in_doubt else [],
        "may_call_back": may and payout.state == "awaiting" and not account.by_hand,
    }
    return render(request, "payouts/payout.html", context)


@requires("payouts:prepare")
@require_POST
def payout_result(request: HttpRequest, payout_id: int) -> HttpResponse:
    form = ResultForm(request.POST)
    form.is_valid()
    reference, note = (form.cleaned_data.get(name, "") for name in ("reference", "note"))
    paid = request.POST.get("answer") == "paid"
    return _do(
        request,
        payout_id,
        lambda actor: services.record_result(
            payout_id=payout_id, paid=paid, reference=reference, note=note, actor=actor, now=clock.now()
        ),
    )


@requires("payouts:prepare")
@require_POST
def payout_give_up(request: HttpRequest, payout_id: int) -> HttpResponse:
    note = request.POST.get("note", "")[:500]
    try:
        is_done = services.give_up(payout_id=payout_id, note=note, actor=int(request.user.pk or 0), now=clock.now())
    except LiebianError as error:
        messages.error(request, error_text(error))
    else:
        if is_done:
            messages.success(request, str(PAYOUTS["returned"].name))
        else:
            messages.info(request, gettext("Nothing has moved yet: somebody else has to agree first."))
    return redirect("payouts:payout", payout_id)


@requires("payouts:prepare")
@require_POST
def payout_call_back(request: HttpRequest, payout_id: int) -> HttpResponse:
    return _do(
        request, payout_id, lambda actor: services.call_back_payout(payout_id=payout_id, actor=actor, now=clock.now())
    )


def _list_proposals(reward_id: int) -> list[dict[str, Any]]:
    found = [each for each in rewards.list_reviews_of(reward_id) if (each.act, each.state) == ("give_up", "waiting")]
    names = find_user_names([each.proposed_by for each in found])
    return [{"review": each, "by": names.get(each.proposed_by, f"#{each.proposed_by}")} for each in found]


def _show_change(change: PayoutChangeView, names: dict[int, str]) -> dict[str, Any]:
    by = names.get(change.actor, f"#{change.actor}") if change.actor else ""
    return {"it": change, "state": PAYOUTS[change.to_state], "reason": reason_words(change.reason), "by": by}


def _do(request: HttpRequest, payout_id: int, act: Callable[[int], None]) -> HttpResponse:
    try:
        act(int(request.user.pk or 0))
    except LiebianError as error:
        messages.error(request, error_text(error))
    else:
        messages.success(request, str(PAYOUTS[queries.get_payout(payout_id).state].name))
    return redirect("payouts:payout", payout_id)
