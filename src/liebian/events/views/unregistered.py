"""What arrives without a schema: the list, and its first rows for the page of schemas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from liebian.access.guard import requires
from liebian.events.inbox.schemas import list_unregistered
from liebian.events.inbox.types import Unregistered
from liebian.events.inbox_forms import UnregisteredFilterForm, wanted_of
from liebian.events.reasons import SCHEMA_TYPES as TYPE_WORDS
from liebian.events.views.tables import page_of, read_order

SHOWN = 10  # beside the schemas


@requires("schemas:view")
def unregistered_list(request: HttpRequest) -> HttpResponse:
    filters = UnregisteredFilterForm(request.GET)
    wanted = wanted_of(filters)
    order = read_order(request.GET, _SORTS, default="count", falling={"count"})
    every = list_unregistered()
    shown, pager = page_of(
        [one for one in every if _is_wanted(one, wanted)], request.GET, order,
        lambda one: (_SORTS[order.column](one), f"{one.name} {one.type}"),
    )  # fmt: skip
    context = {
        "rows": [unregistered_row(one) for one in shown], "has_any": bool(every), "pager": pager, "sorts": order.heads,
        "filters": filters, "wanted": wanted, "is_filtered": any(wanted.values()), "may_manage": may_manage(request),
    }  # fmt: skip
    return render(request, "events/unregistered.html", context)


_SORTS: dict[str, Callable[[Unregistered], str | int]] = {"name": lambda one: one.name, "count": lambda one: one.count}


def unregistered_row(one: Unregistered) -> dict[str, Any]:
    kind = str(TYPE_WORDS[one.type])
    return {"type": one.type, "name": one.name, "count": one.count, "title": one.name or kind, "kind": kind}


def may_manage(request: HttpRequest) -> bool:
    user: Any = request.user
    return bool(user.may("schemas:manage"))


def _is_wanted(one: Unregistered, wanted: dict[str, Any]) -> bool:
    return wanted["q"].casefold() in (one.name or one.type).casefold() and wanted["type"] in {"", one.type}
