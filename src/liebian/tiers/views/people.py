"""The people of a cell or a square, as of any day: masked, page by page."""

from __future__ import annotations

from typing import Any

import numpy as np
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_safe

from liebian.access.guard import requires
from liebian.access.types import mask_name, mask_phone
from liebian.core.errors import Invalid
from liebian.customers import queries as customers
from liebian.tiers import queries, words
from liebian.tiers.rules import CELLS
from liebian.tiers.types import TierModelView
from liebian.tiers.views.days import read_day

PAGE = 50


@requires("tiers:view")
@require_safe
def tier_people(request: HttpRequest, model_id: int) -> HttpResponse:
    model, as_of = queries.get_model(model_id), read_day(request)
    cell, r, f = (request.GET.get(name, "") for name in ("cell", "r", "f"))
    if cell in CELLS[model.kind]:
        ids, title = queries.list_tier_members(model.kind, cell, as_of), words.cell_label(model.kind, cell)
    elif model.kind == "rfm" and r.isdecimal() and f.isdecimal() and len(r + f) < 5:
        ids = queries.list_square_members(model.id, as_of, r=int(r), f=int(f))
        title = _("Recency %(r)s, frequency %(f)s") % {"r": r, "f": f}
    else:
        raise Invalid(
            "no_such_cell", gettext_noop("This model has no such group. Go back to the model and choose one there.")
        )
    context = _page(ids, request.GET.get("after", "")) | _labels(model, title, as_of)
    return render(request, "tiers/people.html", context)


def _labels(model: TierModelView, title: str, as_of: Any) -> dict[str, Any]:
    return {
        "currency": queries.get_currency(),
        "model": model,
        "label": words.kind_label(model.kind),
        "title": title,
        "as_of_day": as_of,
    }


def _page(ids: np.ndarray[Any, Any], after: str) -> dict[str, Any]:
    """Newest people first; `after` is the last id of the page before."""
    below = ids[ids < int(after)] if after.isdecimal() and len(after) < 19 else ids
    shown = below[::-1][:PAGE].tolist()
    personal, people = customers.list_personal(shown), customers.list_customers_by_id(shown)
    rows = [
        {
            "id": key,
            "name": mask_name(personal[key].name),
            "phone": mask_phone(personal[key].phone),
            "person": people[key],
        }
        for key in shown
        if key in people and key in personal
    ]
    return {"rows": rows, "n": len(ids), "next": shown[-1] if len(below) > PAGE else None, "is_first": not after}
