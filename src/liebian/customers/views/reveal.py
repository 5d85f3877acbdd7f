"""A personal field in clear, once: asks for a reason, records it, shows the value, covers it again."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from liebian.access.guard import requires
from liebian.core import clock
from liebian.core.errors import Invalid
from liebian.customers import queries, services
from liebian.customers.forms import RevealForm
from liebian.customers.types import Revealed
from liebian.customers.words.facts import name_field
from liebian.ui.formats import error_text

_WHOLE, _FRAGMENT = "customers/reveal.html", "customers/_reveal.html"


@requires("customers:reveal")
@never_cache
@require_http_methods(["GET", "POST"])
def reveal(request: HttpRequest, customer_id: int, field: str) -> HttpResponse:
    person = queries.get_profile(queries.get_customer(customer_id).id)
    form = RevealForm(request.POST if request.method == "POST" else None)
    revealed, status = None, 200
    if request.method == "POST":
        revealed = _try_to_reveal(request, person.id, field, form)
        status = 200 if revealed else 422
    is_fragment = request.headers.get("HX-Request") == "true"
    context = {"person": person, "field": field, "label": _label(person.id, field), "form": form, "revealed": revealed}
    return render(request, _FRAGMENT if is_fragment else _WHOLE, context, status=status)


def _try_to_reveal(request: HttpRequest, customer_id: int, field: str, form: RevealForm) -> Revealed | None:
    if not form.is_valid():
        return None
    actor: Any = request.user
    try:
        return services.reveal_field(
            customer_id=customer_id, field=field, actor=actor, reason=form.cleaned_data["reason"], now=clock.now()
        )
    except Invalid as error:
        form.add_error("reason", error_text(error))
        return None


def _label(customer_id: int, field: str) -> str:
    if not field.startswith("identifier-"):
        return name_field(field)
    found = {f"identifier-{item.id}": item.kind for item in queries.list_identifiers(customer_id)}
    return name_field(found.get(field, "identifier"))
