"""The results of a bank for a whole batch: brought as a file or as all but a few, shown, and recorded when they are confirmed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext

from liebian.access.guard import requires
from liebian.core import clock
from liebian.core.errors import LiebianError
from liebian.events.services import read_table
from liebian.payouts import queries, services
from liebian.payouts.result_forms import AllPaidForm, ResultsFileForm, ResultsForm, keep_rows
from liebian.payouts.rules import DIFFERENCES, RECORDED, complete_rows, read_rows
from liebian.payouts.types import BatchView, ResultLine, ResultsOutcome, RowProblem, StatementRow
from liebian.payouts.views.words import RESULTS, ROW_PROBLEMS
from liebian.ui.formats import error_text, money, number

SHOWN = 200
_ORDER = list(RESULTS)


@requires("payouts:prepare")
def results(request: HttpRequest, batch_id: int) -> HttpResponse:
    batch = queries.get_batch(batch_id)
    if request.method != "POST":
        return _page(request, batch)
    if "rows" in request.POST:
        return _confirm(request, batch)
    return _bring_all_paid(request, batch) if "exceptions" in request.POST else _bring_file(request, batch)


def _bring_file(request: HttpRequest, batch: BatchView) -> HttpResponse:
    form = ResultsFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, batch, status=422, file_form=form)
    try:
        header, table = read_table(Path(form.cleaned_data["file"].temporary_file_path()))
        read, unread = read_rows(header, ([cell or "" for cell in row] for row in table), batch.account.currency)
        rows, incomplete = complete_rows(read, form.cleaned_data["reference"])
        return _preview(request, batch, rows, (*unread, *incomplete))
    except LiebianError as error:
        form.add_error("file", error_text(error))
        return _page(request, batch, status=error.status, file_form=form)


def _bring_all_paid(request: HttpRequest, batch: BatchView) -> HttpResponse:
    form = AllPaidForm(request.POST)
    if not form.is_valid():
        return _page(request, batch, status=422, all_form=form)
    try:
        rows = queries.list_all_paid(batch_id=batch.id, reference=form.cleaned_data["reference"], failed=form.failed())
        return _preview(request, batch, tuple(rows), ())
    except LiebianError as error:
        form.add_error(None, error_text(error))
        return _page(request, batch, status=error.status, all_form=form)


def _confirm(request: HttpRequest, batch: BatchView) -> HttpResponse:
    form = ResultsForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("These lines cannot be read. Bring the file again."))
        return _page(request, batch, status=422)
    try:
        told = services.record_results(
            batch_id=batch.id, rows=form.cleaned_data["rows"], actor=int(request.user.pk or 0), now=clock.now()
        )
    except LiebianError as error:
        messages.error(request, error_text(error))
        return redirect("payouts:batch", batch.id)
    messages.success(request, _say_outcome(told))
    if told.n_differences:
        text = ngettext("%(n)s difference waits for an explanation.", "%(n)s differences wait for an explanation.", told.n_differences)  # fmt: skip
        messages.warning(request, text % {"n": number(told.n_differences)})
        return redirect("payouts:statements")
    return redirect("payouts:batch", batch.id)


def _preview(
    request: HttpRequest, batch: BatchView, rows: tuple[StatementRow, ...], problems: tuple[RowProblem, ...]
) -> HttpResponse:
    plan = queries.plan_results(batch_id=batch.id, rows=rows)
    counted = Counter(line.kind for line in plan.lines)
    odd_first = sorted(plan.lines, key=lambda line: (line.kind not in DIFFERENCES, -_ORDER.index(line.kind)))
    paid = sum(line.said.amount_minor or line.ours_minor or 0 for line in plan.lines if line.kind in ("paid", "amount"))
    preview = {
        "counts": [(words, number(counted[kind])) for kind, words in RESULTS.items() if counted[kind]],
        "paid": money(paid, batch.account.currency),
        "n_silent": plan.n_silent,
        "lines": [_show(line, batch.account.currency) for line in odd_first[:SHOWN]],
        "n_more": max(0, len(odd_first) - SHOWN),
        "problems": [
            (each.row, each.text, ROW_PROBLEMS.get(each.reason, each.reason))
            for each in sorted(problems, key=lambda each: each.row)[:SHOWN]
        ],
        "n_problems": len(problems),
        "form": keep_rows(rows),
        "may_confirm": any(line.kind in RECORDED | DIFFERENCES for line in plan.lines),
    }
    return _page(request, batch, preview=preview)


def _show(line: ResultLine, currency: str) -> dict[str, Any]:
    ours, theirs = (money(minor, currency) if minor is not None else "" for minor in (line.ours_minor, line.said.amount_minor))  # fmt: skip
    return {"it": line, "what": RESULTS[line.kind], "ours": ours, "theirs": theirs}


def _say_outcome(told: ResultsOutcome) -> str:
    said = {"paid": number(told.n_paid), "failed": number(told.n_failed)}
    return gettext("Recorded: %(paid)s paid, %(failed)s not arrived.") % said


def _page(request: HttpRequest, batch: BatchView, *, status: int = 200, **more: Any) -> HttpResponse:
    may_tell = batch.state == "approved" and batch.account.by_hand
    context = {
        "batch": batch,
        "may_tell": may_tell,
        "n_sent": batch.n_by_state.get("sending", 0),
        "file_form": ResultsFileForm(),
        "all_form": AllPaidForm(),
        **more,
    }
    return render(request, "payouts/results.html", context, status=status)
