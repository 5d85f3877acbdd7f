"""One shipment: what is sent to whom, its address, its tracking number."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from liebian.access.guard import requires
from liebian.core import clock
from liebian.core.errors import Conflict, LiebianError
from liebian.rewards import queries, services
from liebian.rewards.gift_forms import AddressForm, ShipForm
from liebian.rewards.rules import PARCEL_FROM
from liebian.rewards.types import PACKING, ShipmentLine
from liebian.rewards.views.gift_words import PARCEL_ACTS
from liebian.rewards.views.gifts import may_ship
from liebian.rewards.views.shipments import show_parcel, tell
from liebian.ui.formats import error_text


@requires("rewards:view")
def shipment_page(request: HttpRequest, parcel_id: int) -> HttpResponse:
    return _page(request, parcel_id)


@requires("rewards:ship")
@require_POST
def shipment_address(request: HttpRequest, parcel_id: int) -> HttpResponse:
    form = AddressForm(request.POST)
    if not form.is_valid():
        return _page(request, parcel_id, status=422, address_form=form)
    try:
        services.set_address(
            parcel_id=parcel_id, address=form.address(), actor=int(request.user.pk or 0), now=clock.now()
        )
    except Conflict as error:
        messages.error(request, error_text(error))
        return redirect("rewards:shipment", parcel_id)
    except LiebianError as error:
        form.add_error(None, error_text(error))
        return _page(request, parcel_id, status=error.status, address_form=form)
    messages.success(request, gettext("The address is kept, encrypted."))
    return redirect("rewards:shipment", parcel_id)


@requires("rewards:ship")
@require_POST
def shipment_send(request: HttpRequest, parcel_id: int) -> HttpResponse:
    form = ShipForm(request.POST)
    if not form.is_valid():
        return _page(request, parcel_id, status=422, ship_form=form)
    now, data = clock.now(), form.cleaned_data
    line = ShipmentLine(queries.get_parcel(parcel_id).id, data["carrier"].strip(), data["tracking"].strip())
    tell(
        request,
        services.move_parcels(act="ship", lines=[line], actor=int(request.user.pk or 0), at=now, now=now),
    )
    return redirect("rewards:shipment", parcel_id)


@requires("rewards:ship")
@require_POST
def shipment_erase(request: HttpRequest, parcel_id: int) -> HttpResponse:
    """Every address of this shipment's customer, because the customer asked for it."""
    if request.POST.get("sure") != "1":
        messages.error(request, gettext("Tick the box first: this cannot be undone."))
        return redirect("rewards:shipment", parcel_id)
    now = clock.now()
    customer_id = queries.get_parcel(parcel_id).customer_id
    services.erase_addresses(customer_id=customer_id, at=now, now=now, actor=int(request.user.pk or 0))
    messages.success(request, gettext("The addresses of this customer are gone, and what had not left was cancelled."))
    return redirect("rewards:shipment", parcel_id)


def _page(request: HttpRequest, parcel_id: int, *, status: int = 200, **forms: Any) -> HttpResponse:
    parcel = queries.get_parcel(parcel_id)
    acts = [(name, words) for name, words in PARCEL_ACTS.items() if parcel.state in PARCEL_FROM[name]]
    may_act = may_ship(request)
    context = {
        **show_parcel(parcel),
        "is_here": parcel.state in PACKING,
        "may_ship": may_act,
        "acts": acts if may_act and not parcel.needs_address else (),
        "address_form": AddressForm(),
        "ship_form": ShipForm(),
        **forms,
    }
    return render(request, "rewards/shipment.html", context, status=status)
