"""The warehouse's file: which shipment left with which carrier under which tracking number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice

from liebian.core.errors import Invalid
from liebian.core.texts import mark as _
from liebian.rewards.services.gifts.shipping import move_parcels
from liebian.rewards.types import MOST_PARCELS, ShipmentLine, ShippedTable

_NAMES = {
    "shipment": ("shipment", "shipment number", "发货单", "发货单号"),
    "carrier": ("carrier", "快递", "快递公司", "承运商"),
    "tracking": ("tracking", "tracking number", "快递单号", "运单号"),
}
_LARGEST = 10**18


def ship_table(
    *, header: Sequence[str], rows: Iterable[Sequence[str | None]], actor: int, at: datetime, now: datetime
) -> ShippedTable:
    """Send every shipment of a table that can be sent; the other rows are told with their reason.

    Rows without a carrier and a tracking number are of shipments that have not left, and are passed over in silence.
    Writes as `move_parcels`, a part of the table at a time. Idempotent: what was sent stays sent. Raises Invalid "shipment_columns".
    """
    places = _find_columns(header)
    n_taken = 0
    rejected: list[tuple[int, str, str]] = []
    waiting = enumerate(rows, 2)
    while part := list(islice(waiting, MOST_PARCELS)):
        lines, texts = [], {}
        for number, row in part:
            shipment, carrier, tracking = ((row[place] if place < len(row) else None) or "" for place in places)
            if not (carrier.strip() or tracking.strip()):
                continue
            texts[number] = shipment.strip()
            lines.append(ShipmentLine(_number(shipment), carrier.strip(), tracking.strip(), number))
        outcomes = move_parcels(act="ship", lines=lines, actor=actor, at=at, now=now)
        n_taken += sum(not each.reason for each in outcomes)
        rejected += [(each.row, texts[each.row][:60], each.reason) for each in outcomes if each.reason]
    return ShippedTable(n_taken, tuple(rejected))


def _find_columns(header: Sequence[str]) -> list[int]:
    names = [name.strip().lower() for name in header]
    places = [next((names.index(name) for name in known if name in names), None) for known in _NAMES.values()]
    found = [place for place in places if place is not None]
    if len(found) < len(places):
        raise Invalid(
            "shipment_columns",
            _("The file needs the columns shipment, carrier and tracking, as in the file for the warehouse."),
        )
    return found


def _number(text: str) -> int:
    """The number of a shipment; 0, which no shipment has, for anything else."""
    clean = text.strip().lstrip("#")
    number = int(clean) if clean.isascii() and clean.isdecimal() and len(clean) < 19 else 0
    return number if number < _LARGEST else 0
