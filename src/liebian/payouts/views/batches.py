"""What waits for its money, batches, and the file that goes to a bank."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from liebian.access.guard import requires
from liebian.access.queries import find_user_names
from liebian.access.services import record_audit
from liebian.core import clock
from liebian.core.errors import LiebianError
from liebian.core.money import to_amount
from liebian.payouts import queries, services
from liebian.payouts.forms import ProposeForm
from liebian.payouts.types import AccountView, BatchView, Waiting
from liebian.payouts.views.words import BATCHES, PAYOUTS, reason_words, show_payout
from liebian.ui.formats import error_text, money
from liebian.ui.tables import read_ids, send_csv

SHOWN = 1_000
BANK_HEADER = ["商户单号", "收款人姓名", "收款账号", "开户行", "金额", "币种", "用途"]


@requires("payouts:view")
def batch_list(request: HttpRequest) -> HttpResponse:
    batches = queries.list_batches()
    names = find_user_names(sorted({each.proposed_by for each in batches}))
    context = {
        "rows": [_show(each, names) for each in batches],
        "n_waiting": queries.count_waiting(),
        "n_findings": queries.count_open_findings(),
        "has_accounts": bool(queries.list_accounts()),
        "may_prepare": _may(request, "payouts:prepare"),
    }
    return render(request, "payouts/batches.html", context)


@requires("payouts:view")
def waiting(request: HttpRequest) -> HttpResponse:
    """Rewards of money without a payout; with an account chosen, what can be paid there, to be put into a batch."""
    accounts = [each for each in queries.list_accounts() if each.is_enabled]
    given = request.POST if request.method == "POST" else request.GET
    named = [each for each in accounts if str(each.id) == given.get("account")]
    chosen = next(iter(named or accounts), None)
    if request.method != "POST" or not _may(request, "payouts:prepare"):
        return _waiting_page(request, accounts, chosen, ProposeForm(initial={"account": chosen.id if chosen else 0}))
    form = ProposeForm(request.POST)
    if not form.is_valid() or chosen is None:
        return _waiting_page(request, accounts, chosen, form, status=422)
    try:
        batch = services.propose_batch(
            account_id=chosen.id,
            reward_ids=read_ids(request.POST, 2 * SHOWN),
            key=form.cleaned_data["key"],
            note=form.cleaned_data["note"],
            actor=int(request.user.pk or 0),
            now=clock.now(),
        )
    except LiebianError as error:
        form.add_error(None, error_text(error))
        return _waiting_page(request, accounts, chosen, form, status=error.status)
    messages.info(request, gettext("Nothing was sent yet: somebody else has to agree first."))
    return redirect("payouts:batch", batch.id)


@requires("payouts:view")
def batch_page(request: HttpRequest, batch_id: int) -> HttpResponse:
    batch = queries.get_batch(batch_id)
    own, is_open = batch.proposed_by == request.user.pk, batch.state == "proposed"
    names = find_user_names(sorted({each for each in (batch.proposed_by, batch.decided_by) if each}))
    context = {
        **_show(batch, names),
        "rows": [show_payout(each) for each in queries.list_payouts(batch_id=batch_id, limit=SHOWN)],
        "decided": names.get(batch.decided_by or 0, ""),
        "may_agree": is_open and not own and _may(request, "payouts:approve"),
        "may_withdraw": is_open and own,
        "may_fetch": batch.state == "approved" and batch.account.by_hand and _may(request, "payouts:prepare"),
    }
    return render(request, "payouts/batch.html", context)


@requires("payouts:view")
@require_POST
def batch_decide(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Agreeing and declining needs the right to; withdrawing one's own does not."""
    batch, actor = queries.get_batch(batch_id), int(request.user.pk or 0)
    if batch.proposed_by != actor and not _may(request, "payouts:approve"):
        messages.error(request, gettext("You may see payouts, but not let them go."))
        return redirect("payouts:batch", batch_id)
    agree, note = request.POST.get("answer") == "agree", request.POST.get("note", "")[:500]
    try:
        batch = services.decide_batch(batch_id=batch_id, agree=agree, note=note, actor=actor, now=clock.now())
    except LiebianError as error:
        messages.error(request, error_text(error))
    else:
        messages.success(request, str(BATCHES[batch.state].name))
    return redirect("payouts:batch", batch_id)


@requires("payouts:prepare")
@require_POST
def batch_file(request: HttpRequest, batch_id: int) -> HttpResponse:
    """The orders of a batch for a bank, or for whoever pays by hand. Who took them out is written down."""
    batch, actor, now = queries.get_batch(batch_id), int(request.user.pk or 0), clock.now()
    transfers = services.hand_over(batch_id=batch.id, actor=actor, now=now)
    subject, details = f"payout-batch:{batch_id}", {"payouts": len(transfers)}
    record_audit(actor_id=actor, action="payout_batch.downloaded", subject=subject, details=details, now=now)
    rows = [
        (
            each.out_no,
            each.payee.get("name", ""),
            f"\t{each.payee.get('number', '')}",  # a spreadsheet leaves long digits alone
            each.payee.get("bank", ""),
            to_amount(each.net_minor, each.currency),
            each.currency,
            each.remark,
        )
        for each in transfers
    ]
    return send_csv(f"payouts-{batch_id}.csv", BANK_HEADER, rows)


def _waiting_page(
    request: HttpRequest,
    accounts: list[AccountView],
    chosen: AccountView | None,
    form: ProposeForm,
    *,
    status: int = 200,
) -> HttpResponse:
    found = queries.list_waiting(account_id=chosen.id if chosen else None, now=clock.now())
    context = {
        "accounts": accounts,
        "chosen": chosen,
        "form": form,
        "rows": [_show_waiting(each) for each in found],
        "n_more": max(0, queries.count_waiting() - SHOWN),
        "n_payable": sum(not each.problem for each in found),
        "may_prepare": _may(request, "payouts:prepare"),
    }
    return render(request, "payouts/waiting.html", context, status=status)


def _show_waiting(each: Waiting) -> dict[str, Any]:
    return {
        "it": each,
        "net": money(each.net_minor, each.currency),
        "tax": money(each.tax_minor, each.currency) if each.tax_minor else "",
        "problem": reason_words(each.problem),
    }


def _show(batch: BatchView, names: dict[int, str]) -> dict[str, Any]:
    currency = batch.account.currency
    return {
        "batch": batch,
        "state": BATCHES[batch.state],
        "by": names.get(batch.proposed_by, f"#{batch.proposed_by}"),
        "net": money(batch.net_minor, currency),
        "gross": money(batch.gross_minor, currency),
        "tax": money(batch.tax_minor, currency) if batch.tax_minor else "",
        "counts": [(PAYOUTS[state], n) for state, n in batch.n_by_state.items()],
    }


def _may(request: HttpRequest, right: str) -> bool:
    return bool(request.user.may(right))  # type: ignore[union-attr]
