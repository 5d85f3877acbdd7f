"""What each FindingKind is called, wherever it is shown, and under what its alarm stands. Plain Python."""

from __future__ import annotations

from liebian.core.texts import mark as _

CHECK = "payouts"
"""Code of the check of the reconciliation that tells findings."""
FINDINGS: dict[str, str] = {
    "yes_after_no": _("Paid after it had been refused"),
    "no_after_yes": _("Refused after it had been paid"),
    "amount_differs": _("The amounts differ"),
    "unknown_in_statement": _("We know no such payout"),
    "missing_in_statement": _("Paid here, missing there"),
    "twice_in_statement": _("Named more than once"),
    "paid_unsent": _("Said to be paid, but we never sent it"),
}


def alarm_subject(out_no: str) -> str:
    return f"payout:{out_no}"
