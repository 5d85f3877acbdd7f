"""How the pages call shipments, what was done to them and why not, and privileges."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from liebian.rewards.types import ParcelAct, PrivilegeKind
from liebian.rewards.views.words import ActWords, StateWords

NO_ADDRESS = StateWords(_("Address missing"), "warn", "map-pin")
PARCELS = {
    "to_pack": StateWords(_("To be packed"), "warn", "package"),
    "packed": StateWords(_("Packed"), "warn", "package"),
    "shipped": StateWords(_("In transit"), "act", "truck-delivery"),
    "delivered": StateWords(_("Delivered"), "good", "check"),
    "lost": StateWords(_("Lost on the way"), "bad", "alert-triangle"),
    "returned": StateWords(_("Back in stock"), "", "arrow-back-up"),
    "cancelled": StateWords(_("Cancelled"), "", "ban"),
}
PARCEL_ACTS: dict[ParcelAct, ActWords] = {
    "pack": ActWords(_("Packed"), _("Mark as packed?"), _("They can still be stopped by a refund."), "package"),
    "deliver": ActWords(
        _("Delivered"), _("Mark as delivered?"), _("Their cost is paid out. What was refunded meanwhile is owed."), "check"
    ),
    "return": ActWords(
        _("Came back"), _("Put back into the stock?"), _("Their money returns to the budget, the pieces to the stock."),
        "arrow-back-up", danger=True,
    ),
    "lose": ActWords(
        _("Lost on the way"), _("Mark as lost?"), _("Their cost is written off. This cannot be undone."), "alert-triangle", danger=True
    ),
}  # fmt: skip
WHY_NOT = {
    "moved_on": _("has moved on or was cancelled"),
    "address_missing": _("has no address"),
    "tracking_missing": _("needs a carrier and a tracking number, of at most 60 characters each"),
    "parcel_unknown": _("no shipment has this number"),
    "twice_in_file": _("twice in the file"),
}
_PRIVILEGES: dict[PrivilegeKind, Any] = {
    "level": _("Level %(subject)s"),
    "priority": _("Priority service"),
    "access": _("Access: %(subject)s"),
}


def say_privilege(kind: PrivilegeKind, subject: str) -> str:
    return str(_PRIVILEGES[kind]) % {"subject": subject}
