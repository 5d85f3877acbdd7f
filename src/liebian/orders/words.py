"""Words for why an order event was not taken, and for what became of it."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from liebian.orders.types import DISMISSED, OPEN, TAKEN

Words = str | Promise

REASONS: dict[str, Words] = {
    "order_id_missing": _("order_id is missing, or has more than 100 characters"),
    "bad_amount": _("An amount cannot be read, is negative, or is larger than we can hold"),
    "bad_currency": _("The currency is no code of three letters, such as CNY"),
    "bad_quantity": _("A quantity is not a positive whole number"),
    "refund_currency": _("Order and refund are in different currencies; the refund does not count while they differ"),
}
STATES: dict[str, tuple[Words, str, str]] = {  # label, tone, icon
    OPEN: (_("Waits for you"), "warn", "alert-triangle"),
    TAKEN: (_("Among the orders"), "good", "circle-check"),
    DISMISSED: (_("Dismissed"), "2", "circle-minus"),
}


def reason_text(code: str) -> Words:
    return REASONS.get(code, code)
