"""Erasing a customer: what will happen, a reason, the number typed by hand; afterwards how far it is."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from liebian.access.guard import requires
from liebian.core import clock
from liebian.customers import queries, services
from liebian.customers.forms import EraseForm


@requires("customers:erase")
@require_http_methods(["GET", "POST"])
def erase(request: HttpRequest, customer_id: int) -> HttpResponse:
    person = queries.get_profile(queries.get_customer(customer_id).id)
    form = EraseForm(request.POST if request.method == "POST" else None, person.number)
    if request.method == "POST" and form.is_valid():
        services.erase_customer(
            customer_id=person.id,
            reason=form.cleaned_data["reason"],
            actor_id=int(request.user.pk or 0),
            now=clock.now(),
        )
        messages.success(
            request, _("The customer is being erased. It takes a few seconds; nothing more is to be done.")
        )
        return redirect("customers:erase", person.id)
    context = {"person": person, "form": form, "erasure": queries.find_erasure(person.id)}
    return render(request, "customers/erase.html", context, status=422 if form.is_bound else 200)
