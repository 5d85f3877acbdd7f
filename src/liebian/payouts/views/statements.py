"""Statements of providers, and what differs."""

from __future__ import annotations

from pathlib import Path
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
from liebian.events.services import read_table
from liebian.payouts import queries, services
from liebian.payouts.forms import StatementForm
from liebian.payouts.rules import FINDINGS
from liebian.payouts.types import FindingView, RowProblem, StatementOutcome
from liebian.payouts.views.words import ROW_PROBLEMS
from liebian.ui.formats import error_text, money

SHOWN = 200


@requires("payouts:view")
def statements(request: HttpRequest) -> HttpResponse:
    return _page(request, _form())


@requires("payouts:prepare")
@require_POST
def statement_new(request: HttpRequest) -> HttpResponse:
    """Takes what can be read of the file, and shows every other row with its reason."""
    form = StatementForm(request.POST, request.FILES, accounts=queries.list_accounts())
    if not form.is_valid():
        return _page(request, form, status=422)
    data = form.cleaned_data
    try:
        header, rows = read_table(Path(data["file"].temporary_file_path()))
        told = services.compare_statement(
            account_id=data["account"],
            name=data["file"].name,
            header=header,
            rows=([cell or "" for cell in row] for row in rows),
            first_day=data["first"],
            last_day=data["last"],
            actor=int(request.user.pk or 0),
            now=clock.now(),
        )
    except LiebianError as error:
        form.add_error("file", error_text(error))
        return _page(request, form, status=error.status)
    return _page(request, _form(), told=told)


@requires("payouts:prepare")
@require_POST
def explain(request: HttpRequest, finding_id: int) -> HttpResponse:
    note, actor = request.POST.get("note", ""), int(request.user.pk or 0)
    try:
        services.explain_finding(finding_id=finding_id, note=note, actor=actor, now=clock.now())
    except LiebianError as error:
        messages.error(request, error_text(error))
    else:
        messages.success(request, gettext("Explained."))
    return redirect("payouts:statements")


def show_finding(finding: FindingView) -> dict[str, Any]:
    currency = queries.get_account(finding.account_id).currency
    sums = [finding.ours_minor, finding.theirs_minor]
    ours, theirs = [money(each, currency) if each is not None else "" for each in sums]
    return {"it": finding, "kind": gettext(FINDINGS[finding.kind]), "ours": ours, "theirs": theirs}


def _show_open(request: HttpRequest) -> list[dict[str, Any]]:
    """Open findings; those of money that left without us with what waits for a second person."""
    waiting = queries.list_recordings()
    names = find_user_names(sorted({each.proposed_by for each in waiting.values()}))
    rows = [show_finding(each) for each in queries.list_findings()]
    for row in rows:
        found = waiting.get(row["it"].id)
        own = found is not None and found.proposed_by == request.user.pk
        row |= {
            "recording": found,
            "by": names.get(found.proposed_by, f"#{found.proposed_by}") if found else "",
            "may_record": found is None and row["it"].kind == "paid_unsent",
            "may_agree": found is not None and not own and request.user.may("payouts:approve"),  # type: ignore[union-attr]
            "may_withdraw": own,
        }
    return rows


def _form() -> StatementForm:
    return StatementForm(accounts=queries.list_accounts())


def _show_problem(problem: RowProblem) -> tuple[int, str, str]:
    return problem.row, problem.text, str(ROW_PROBLEMS.get(problem.reason, problem.reason))


def _page(
    request: HttpRequest, form: StatementForm, *, told: StatementOutcome | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "form": form,
        "told": told,
        "problems": [_show_problem(each) for each in (told.problems[:SHOWN] if told else ())],
        "findings": _show_open(request),
        "statements": queries.list_statements(),
        "may_prepare": bool(request.user.may("payouts:prepare")),  # type: ignore[union-attr]
    }
    return render(request, "payouts/statements.html", context, status=status)
