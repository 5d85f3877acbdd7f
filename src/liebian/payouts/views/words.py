"""How the pages call states of payouts, reasons and rows that were not taken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from liebian.payouts.types import PayoutView, ResultKind
from liebian.rewards import queries as rewards
from liebian.ui.formats import money


@dataclass(frozen=True)
class Words:
    name: Any
    tone: str
    icon: str


PAYOUTS = {
    "proposed": Words(_("Waits for a second person"), "warn", "user-question"),
    "ready": Words(_("To be sent"), "warn", "clock"),
    "sending": Words(_("Sent, no answer yet"), "warn", "hourglass"),
    "accepted": Words(_("Being paid"), "warn", "hourglass"),
    "awaiting": Words(_("Waits for the recipient"), "warn", "user-question"),
    "paid": Words(pgettext_lazy("payout", "Paid out"), "good", "check"),
    "failed": Words(_("Failed"), "bad", "alert-triangle"),
    "cancelled": Words(_("Cancelled"), "", "ban"),
    "returned": Words(_("Back in the budget"), "", "arrow-back-up"),
}
BATCHES = {
    "proposed": Words(_("Waits for a second person"), "warn", "user-question"),
    "approved": Words(_("Agreed"), "good", "users"),
    "declined": Words(_("Declined"), "", "ban"),
    "withdrawn": Words(_("Withdrawn"), "", "arrow-back-up"),
}
_REASONS = {
    "account_off": _("the account is switched off"),
    "other_currency": _("another currency"),
    "payee_missing": _("nobody said where the money goes"),
    "amount_out_of_bounds": _("smaller or larger than the account pays"),
    "paid_unsent": _("said to be paid already; held until somebody has explained or recorded it"),
    "day_limit": _("the most for one person and day is reached"),
    "tax_changed": _("tax of the month in which it was sent"),
    "amount_changed": _("part of it was refunded meanwhile"),
    "provider_busy": _("the provider takes nothing now; sent again later"),
    "give_up_waits": _("giving it up waits for a second person"),
    "give_up_declined": _("not given up; it can be sent again"),
    "declined": _("the batch was declined"),
    "withdrawn": _("the batch was withdrawn"),
}
TAXES = {
    "none": _("No tax"),
    "incidental_withheld": _("Incidental income, withheld"),
    "incidental_on_top": _("Incidental income, paid on top"),
    "fees_withheld": _("Fees, withheld"),
}
ROW_PROBLEMS = {
    "statement_number": _("does not say which payout it is about"),
    "statement_state": _("says neither paid nor not paid"),
    "bad_amount": _("the amount cannot be read"),
    "results_missing": _("does not say whether it was paid"),
    "payout_reference": _("does not say under which number it was paid; give one for all"),
}
RESULTS: dict[ResultKind, Words] = {
    "paid": Words(_("Will be recorded as paid"), "good", "check"),
    "failed": Words(_("Will be recorded as not arrived"), "", "ban"),
    "amount": Words(_("Paid with another amount: recorded, and a difference"), "bad", "alert-triangle"),
    "against": Words(_("We were told the opposite before: a difference"), "bad", "alert-triangle"),
    "unsent": Words(_("Paid, but nobody may pay it: a difference"), "bad", "alert-triangle"),
    "twice": Words(_("Named more than once: a difference"), "bad", "alert-triangle"),
    "unknown": Words(_("We do not know this number: a difference"), "bad", "alert-triangle"),
    "elsewhere": Words(_("Of another batch: bring it there; nothing is recorded"), "warn", "arrow-right"),
    "known": Words(_("Known already: nothing changes"), "", "equal"),
}


def reason_words(code: str) -> str:
    if not code:
        return ""
    return str(_REASONS[code]) if code in _REASONS else gettext(rewards.get_reason(code).staff)


def show_payout(payout: PayoutView) -> dict[str, Any]:
    return {
        "payout": payout,
        "state": PAYOUTS[payout.state],
        "reason": reason_words(payout.reason),
        "net": money(payout.net_minor, payout.currency),
        "tax": money(payout.tax_minor, payout.currency) if payout.tax_minor else "",
    }
