"""The three models side by side."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from liebian.access.guard import requires
from liebian.core import clock
from liebian.tiers import queries, services, words
from liebian.tiers.views import shapes
from liebian.tiers.views.days import read_day, today


@requires("tiers:view")
@require_safe
def tier_list(request: HttpRequest) -> HttpResponse:
    as_of, now = read_day(request), clock.now()
    models = queries.list_models() or services.ensure_default_models(now=now)
    answers = [queries.answer_tiers(model.id, as_of) for model in models]
    cards: list[dict[str, Any]] = [
        {
            "answer": answer,
            "label": words.kind_label(answer.model.kind),
            "finding": shapes.finding(answer),
            "rows": shapes.group_rows(answer, today(now)),
        }
        for answer in answers
    ]
    runs = [run for model in models if (run := queries.find_last_run(model.id))]
    context = {
        "cards": cards, "as_of_day": as_of, "today": today(now), "now": now, "is_empty": not any(a.n_customers for a in answers),
        "computed_at": min((run.computed_at for run in runs), default=None),
    }  # fmt: skip
    return render(request, "tiers/list.html", context)
