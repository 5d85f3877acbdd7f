"""The list of shipments: chosen by state, moved many at once, out to the warehouse and back with tracking numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST

from liebian.access.guard import requires
from liebian.access.services import record_audit
from liebian.core import clock
from liebian.core.errors import LiebianError
from liebian.events.services import read_table
from liebian.rewards import queries, services
from liebian.rewards.gift_forms import ShipmentFilter, TrackingFileForm
from liebian.rewards.types import MOST_PARCELS, ParcelOutcome, ParcelView, PostalAddress, ShipmentLine, ShippedTable
from liebian.rewards.views.gift_words import NO_ADDRESS, PARCEL_ACTS, PARCELS, WHY_NOT
from liebian.rewards.views.gifts import may_ship
from liebian.ui.formats import error_text, number
from liebian.ui.tables import read_ids, send_csv

PAGE, SHOWN = 50, 200
COLUMNS = ("shipment", "gift", "recipient", "phone", "region", "address", "postcode", "carrier", "tracking")


@requires("rewards:view")
def shipment_list(request: HttpRequest) -> HttpResponse:
    return _list(request)


@requires("rewards:ship")
def shipment_act(request: HttpRequest) -> HttpResponse:
    """Asks once, with the number that it concerns; then does it and tells what was left alone."""
    given = request.POST if request.method == "POST" else request.GET
    name, ids = given.get("act", ""), read_ids(given, MOST_PARCELS)
    if name not in PARCEL_ACTS or not ids:
        messages.error(request, gettext("Choose shipments and what became of them first."))
        return redirect("rewards:shipments")
    if request.method != "POST":
        context = {"act": name, "words": PARCEL_ACTS[name], "ids": ids, "n_chosen": len(ids)}
        return render(request, "rewards/shipment_act.html", context)
    now = clock.now()
    try:
        lines = [ShipmentLine(each) for each in ids]
        outcomes = services.move_parcels(act=name, lines=lines, actor=int(request.user.pk or 0), at=now, now=now)
    except LiebianError as error:
        messages.error(request, error_text(error))
        return redirect("rewards:shipments")
    tell(request, outcomes)
    return redirect("rewards:shipment", ids[0]) if len(ids) == 1 else redirect("rewards:shipments")


@requires("rewards:ship")
def shipment_export(request: HttpRequest) -> HttpResponse:
    """The chosen shipments, or all that can leave, with their addresses in clear. Who took them out is written down."""
    ids = read_ids(request.GET, MOST_PARCELS)
    chosen = queries.list_parcels(ids=ids) if ids else _list_ready()
    parcels = [each for each in chosen if each.state in ("to_pack", "packed") and each.has_address]
    record_audit(
        actor_id=int(request.user.pk or 0),
        action="parcels.downloaded",
        subject="parcels",
        details={"parcels": [each.id for each in parcels]},
        now=clock.now(),
    )
    addresses = queries.open_addresses([each.id for each in parcels])
    rows = [_cells(each, addresses[each.id]) for each in parcels if each.id in addresses]
    return send_csv("shipments.csv", COLUMNS, rows)


@requires("rewards:ship")
@require_POST
def shipment_tracking(request: HttpRequest) -> HttpResponse:
    """Takes what is good of the file and shows every other row with its reason."""
    form = TrackingFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _list(request, status=422, form=form)
    now = clock.now()
    try:
        header, rows = read_table(Path(form.cleaned_data["file"].temporary_file_path()))
        told = services.ship_table(header=header, rows=rows, actor=int(request.user.pk or 0), at=now, now=now)
    except LiebianError as error:
        form.add_error("file", error_text(error))
        return _list(request, status=error.status, form=form)
    return _list(request, told=told)


def tell(request: HttpRequest, outcomes: Sequence[ParcelOutcome]) -> None:
    n_done = sum(not each.reason for each in outcomes)
    if n_done:
        said = ngettext("Done for %(n)s shipment.", "Done for %(n)s shipments.", n_done)
        messages.success(request, said % {"n": number(n_done)})
    for each in [each for each in outcomes if each.reason][:10]:
        texts = {"number": each.parcel_id, "why": WHY_NOT[each.reason]}
        messages.warning(request, gettext("Shipment #%(number)s was left alone: %(why)s.") % texts)


def show_parcel(parcel: ParcelView) -> dict[str, Any]:
    return {"parcel": parcel, "state": NO_ADDRESS if parcel.needs_address else PARCELS[parcel.state]}


def _list(
    request: HttpRequest, *, form: TrackingFileForm | None = None, told: ShippedTable | None = None, status: int = 200
) -> HttpResponse:
    asked = ShipmentFilter(request.GET).asked()
    found = queries.list_parcels(
        state=asked["state"] or "", offer_id=asked["gift"], before=asked["before"], limit=PAGE + 1
    )
    context = {
        "rows": [show_parcel(each) for each in found[:PAGE]],
        "older": found[PAGE - 1].id if len(found) > PAGE else None,
        "states": _count_states(asked["state"] or ""),
        "is_filtered": any(asked[name] for name in ("state", "gift")),
        "acts": PARCEL_ACTS.items() if may_ship(request) else (),
        "may_ship": may_ship(request),
        "form": form or TrackingFileForm(),
        "told": told,
        "rejected": [(row, text, WHY_NOT[reason]) for row, text, reason in (told.rejected[:SHOWN] if told else ())],
        "n_more": max(len(told.rejected) - SHOWN, 0) if told else 0,
    }
    return render(request, "rewards/shipments.html", context, status=status)


def _count_states(chosen: str) -> list[dict[str, Any]]:
    counts = queries.count_parcels()
    rows = [{"code": code, "words": words, "n": counts.get(code, 0)} for code, words in _STATES.items()]
    return [{**row, "on": row["code"] == chosen} for row in rows if row["n"] or row["code"] == chosen]


_STATES = {"no_address": NO_ADDRESS, **PARCELS}


def _list_ready() -> list[ParcelView]:
    found = [each for state in ("to_pack", "packed") for each in queries.list_parcels(state=state, limit=MOST_PARCELS)]
    return sorted(found, key=lambda each: each.id)[:MOST_PARCELS]


def _cells(parcel: ParcelView, address: PostalAddress) -> list[str]:
    texts = (parcel.gift, address.recipient, address.phone, address.region, address.line, address.postcode)
    return [str(parcel.id), *texts, parcel.carrier, parcel.tracking]
