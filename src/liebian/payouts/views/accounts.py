"""Accounts with providers."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from liebian.access.guard import requires
from liebian.core import clock
from liebian.core.errors import LiebianError
from liebian.payouts import queries, services
from liebian.payouts.forms import ADAPTERS, AccountForm
from liebian.ui.formats import error_text, money


@requires("payouts:view")
def account_list(request: HttpRequest) -> HttpResponse:
    rows = [
        {"it": each, "adapter": dict(ADAPTERS)[each.adapter], "largest": money(each.max_minor, each.currency)}
        for each in queries.list_accounts()
    ]
    may = bool(request.user.may("payouts:manage"))  # type: ignore[union-attr]
    return render(request, "payouts/accounts.html", {"rows": rows, "may_manage": may})


@requires("payouts:manage")
def account_edit(request: HttpRequest, account_id: int | None = None) -> HttpResponse:
    account = queries.get_account(account_id) if account_id else None
    if request.method != "POST":
        return _page(request, AccountForm(account=account))
    form = AccountForm(request.POST, account=account)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        services.save_account(
            draft=form.draft(), account_id=account_id, actor=int(request.user.pk or 0), now=clock.now()
        )
    except LiebianError as error:
        form.add_error(None, error_text(error))
        return _page(request, form, status=error.status)
    messages.success(request, gettext("Saved."))
    return redirect("payouts:accounts")


def _page(request: HttpRequest, form: AccountForm, *, status: int = 200) -> HttpResponse:
    return render(request, "payouts/account.html", {"form": form, "account": form.account}, status=status)
