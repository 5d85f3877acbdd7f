"""Where one person's money goes."""

from __future__ import annotations

from pathlib import Path

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from liebian.access.guard import requires
from liebian.core import clock
from liebian.core.errors import LiebianError
from liebian.customers import queries as customers
from liebian.events.services import read_table
from liebian.payouts import queries, services
from liebian.payouts.forms import ADAPTERS, PayeeFileForm, PayeeForm
from liebian.payouts.types import PayeeTable
from liebian.payouts.views.words import show_payout
from liebian.ui.formats import error_text

SHOWN = 200  # rows that were not taken


@requires("payouts:prepare")
def payee(request: HttpRequest, customer_id: int) -> HttpResponse:
    person = customers.get_customer(customer_id).id
    if request.method != "POST":
        return _page(request, person, PayeeForm())
    form = PayeeForm(request.POST)
    if not form.is_valid():
        return _page(request, person, form, status=422)
    adapter, actor = form.cleaned_data["adapter"], int(request.user.pk or 0)
    try:
        services.set_payee(customer_id=person, adapter=adapter, details=form.details(), actor=actor, now=clock.now())
    except LiebianError as error:
        form.add_error(None, error_text(error))
        return _page(request, person, form, status=error.status)
    messages.success(request, gettext("Saved. It holds from the next batch on."))
    return redirect("payouts:payee", person)


@requires("payouts:prepare")
@require_POST
def payee_forget(request: HttpRequest, customer_id: int) -> HttpResponse:
    if request.POST.get("sure") != "1":
        messages.error(request, gettext("Tick the box first: it cannot be undone."))
        return redirect("payouts:payee", customer_id)
    actor = int(request.user.pk or 0)
    services.forget_payee(customer_id=customer_id, reason="deleted_identity", actor=actor, now=clock.now())
    messages.success(request, gettext("Erased. What was not sent yet returned to its budget."))
    return redirect("payouts:payee", customer_id)


@requires("payouts:prepare")
def payee_file(request: HttpRequest) -> HttpResponse:
    """Takes what is good of the file and shows every other row with its reason."""
    if request.method != "POST":
        return _file_page(request, PayeeFileForm())
    form = PayeeFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _file_page(request, form, status=422)
    adapter, actor = form.cleaned_data["adapter"], int(request.user.pk or 0)
    try:
        header, rows = read_table(Path(form.cleaned_data["file"].temporary_file_path()))
        told = services.import_payees(adapter=adapter, header=header, rows=rows, actor=actor, now=clock.now())
    except LiebianError as error:
        form.add_error("file", error_text(error))
        return _file_page(request, form, status=error.status)
    return _file_page(request, PayeeFileForm(initial={"adapter": adapter}), told=told)


def _file_page(
    request: HttpRequest, form: PayeeFileForm, *, told: PayeeTable | None = None, status: int = 200
) -> HttpResponse:
    rejected = [(row, who, error_text(why)) for row, who, why in told.rejected[:SHOWN]] if told else []
    n_more = len(told.rejected) - len(rejected) if told else 0
    context = {"form": form, "told": told, "rejected": rejected, "n_more": n_more}
    return render(request, "payouts/payee_file.html", context, status=status)


def _page(request: HttpRequest, person: int, form: PayeeForm, *, status: int = 200) -> HttpResponse:
    names = dict(ADAPTERS)
    context = {
        "customer_id": person,
        "form": form,
        "hints": [(names[adapter], hint) for adapter, hint in queries.get_payee_hints(person).items()],
        "rows": [
            show_payout(each) for each in queries.list_payouts(customer_ids=customers.list_ids_of(person), limit=20)
        ],
    }
    return render(request, "payouts/payee.html", context, status=status)
