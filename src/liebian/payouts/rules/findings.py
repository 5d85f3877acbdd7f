"""What each FindingKind is called, wherever it is shown. Plain Python."""

from __future__ import annotations

from liebian.core.texts import mark as _

FINDINGS: dict[str, str] = {
    "yes_after_no": _("Paid after it had been refused"),
    "no_after_yes": _("Refused after it had been paid"),
    "amount_differs": _("The amounts differ"),
    "unknown_in_statement": _("We know no such payout"),
    "missing_in_statement": _("Paid here, missing there"),
    "twice_in_statement": _("Named more than once"),
    "paid_unsent": _("Said to be paid, but we never sent it"),
}
