"""Schemas: the list, one to edit, a new one learnt from what arrived."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from liebian.access.guard import requires
from liebian.core import clock
from liebian.core.errors import LiebianError
from liebian.core.moments import millis_of
from liebian.events import services
from liebian.events.checking.types import SCHEMA_TYPES, FieldRule, LearnedField
from liebian.events.inbox.schemas import get_schema, learn_schema, list_schemas, list_unregistered
from liebian.events.inbox.types import SchemaView
from liebian.events.inbox_forms import (
    SPARE_ROWS,
    FieldFormSet,
    SchemaFilterForm,
    SchemaForm,
    initial_fields,
    rules_of,
    wanted_of,
)
from liebian.events.reasons import SCHEMA_TYPES as TYPE_WORDS
from liebian.events.reasons import TYPES
from liebian.events.views.sources import actor_of
from liebian.events.views.tables import page_of, read_order
from liebian.events.views.unregistered import SHOWN, may_manage, unregistered_row
from liebian.ui.formats import error_text


@requires("schemas:view")
def schema_list(request: HttpRequest) -> HttpResponse:
    filters = SchemaFilterForm(request.GET)
    wanted = wanted_of(filters)
    order = read_order(request.GET, _SORTS, default="name", falling=set(_SORTS) - {"name"})
    every = list_schemas()
    shown, pager = page_of(
        [one for one in every if _is_wanted(one, wanted)], request.GET, order,
        lambda one: (_SORTS[order.column](one), f"{one.name} {one.type}"),
    )  # fmt: skip
    unregistered = list_unregistered()
    context = {
        "rows": [{"schema": one, "type": TYPE_WORDS.get(one.type, one.type)} for one in shown], "has_any": bool(every),
        "pager": pager, "sorts": order.heads, "filters": filters, "wanted": wanted, "is_filtered": any(wanted.values()),
        "unregistered": [unregistered_row(one) for one in unregistered[:SHOWN]], "n_unregistered": len(unregistered),
        "may_manage": may_manage(request), "now": clock.now(),
    }  # fmt: skip
    return render(request, "events/schemas.html", context)


_SORTS: dict[str, Callable[[SchemaView], str | int]] = {
    "name": lambda one: one.name,
    "fields": lambda one: len(one.rules),
    "version": lambda one: one.version,
    "changed": lambda one: millis_of(one.changed_at),
}


def _is_wanted(one: SchemaView, wanted: dict[str, Any]) -> bool:
    return (
        wanted["q"].casefold() in (one.name or one.type).casefold()
        and wanted["type"] in {"", one.type}
        and wanted["state"] in {"", "on" if one.is_enabled else "off"}
    )


@requires("schemas:manage")
def schema_new(request: HttpRequest) -> HttpResponse:
    """An empty form, or with ?type=&name= one filled with what was learnt from the newest events of that name."""
    if request.method == "POST":
        return _save(request, None)
    kind, name = request.GET.get("type", ""), request.GET.get("name", "")[:200]
    learned = learn_schema(type=kind, name=name) if kind in SCHEMA_TYPES and (name or kind != "track") else []
    form = SchemaForm(initial={"type": kind or "track", "name": name, "corrects": True, "other_fields": True})
    fields = FieldFormSet(initial=initial_fields(rules_of(learned)), prefix="field")
    return render(request, "events/schema.html", _context(request, form, fields, None, learned))


@requires("schemas:view")
def schema_page(request: HttpRequest, schema_id: int) -> HttpResponse:
    schema = get_schema(schema_id)
    if not may_manage(request):
        context = {"schema": schema, "type_words": TYPE_WORDS.get(schema.type, ""), "fields_shown": _shown(schema)}
        return render(request, "events/schema_read.html", context)
    if request.method == "POST":
        return _save(request, schema)
    form = SchemaForm(
        is_new=False,
        initial={
            "type": schema.type, "name": schema.name, "corrects": schema.corrects, "other_fields": schema.other_fields,
            "version": schema.version,
        },
    )  # fmt: skip
    fields = FieldFormSet(initial=initial_fields(schema.rules), prefix="field")
    return render(request, "events/schema.html", _context(request, form, fields, schema))


@requires("schemas:manage")
@require_POST
def schema_switch(request: HttpRequest, schema_id: int) -> HttpResponse:
    schema = services.set_schema_enabled(
        schema_id=schema_id, is_enabled=request.POST.get("on") == "1", actor_id=actor_of(request), now=clock.now()
    )
    text = (
        _("Events are checked against it again.")
        if schema.is_enabled
        else _("It is switched off: events are let in unchecked.")
    )
    messages.success(request, text)
    return redirect("events:schema", schema_id=schema_id)


def _save(request: HttpRequest, schema: SchemaView | None) -> HttpResponse:
    data = request.POST
    initial = {"type": schema.type, "name": schema.name} if schema else None
    form = SchemaForm(data, is_new=schema is None, initial=initial)
    fields = FieldFormSet(data, prefix="field")
    is_valid = form.is_valid() and fields.is_valid()
    if is_valid and data.get("act") == "rows":
        fields = FieldFormSet(initial=initial_fields(_rules(fields), SPARE_ROWS * 2), prefix="field")
        return render(request, "events/schema.html", _context(request, form, fields, schema))
    if is_valid:
        given = form.cleaned_data
        try:
            saved = services.save_schema(
                type=given["type"], name=given["name"], rules=_rules(fields), corrects=given["corrects"],
                other_fields=given["other_fields"], actor_id=actor_of(request), now=clock.now(),
                schema_id=schema.id if schema else None, version=given["version"] if schema else None,
            )  # fmt: skip
        except LiebianError as error:
            named = error.details.get("field")
            form.add_error(named if named in {"type", "name"} else None, error_text(error))
        else:
            messages.success(
                request,
                _("Version %(version)s is saved. It applies from the next second on.") % {"version": saved.version},
            )
            return redirect("events:schema", schema_id=saved.id)
    return render(request, "events/schema.html", _context(request, form, fields, schema), status=422)


def _rules(fields: Any) -> list[FieldRule]:
    return [rule for row in fields if (rule := row.rule()) is not None]


def _context(
    request: HttpRequest, form: SchemaForm, fields: Any, schema: SchemaView | None, learned: list[LearnedField] | None = None
) -> dict[str, Any]:  # fmt: skip
    seen = {
        one.rule.path: ngettext("in %(seen)s of %(of)s event", "in %(seen)s of %(of)s events", one.of) % {"seen": one.seen, "of": one.of}
        for one in learned or []
    }  # fmt: skip
    return {
        "form": form, "fields": fields, "schema": schema, "seen": seen, "learned_from": learned[0].of if learned else 0,
        "may_manage": True, "action": request.path,
    }  # fmt: skip


def _shown(schema: SchemaView) -> list[dict[str, Any]]:
    return [
        {"rule": rule, "type": TYPES[rule.type], "one_of": ", ".join(map(str, rule.one_of))} for rule in schema.rules
    ]
