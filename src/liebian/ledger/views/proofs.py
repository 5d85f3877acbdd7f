"""The proofs of the nights: what they found, the chain of digests, and a full proof when somebody asks for it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from liebian.access.guard import requires
from liebian.access.queries import find_user_names
from liebian.core import clock
from liebian.ledger import queries, services
from liebian.ledger.types import Finding
from liebian.ledger.views.words import say_amount

SHOWN = 20
FOUND: dict[str, Any] = {
    "entry_unbalanced": _("entry does not sum to zero"),
    "balance_off": _("account holds something else than its postings"),
    "asset_off": _("all accounts together are not zero"),
    "past_changed": _("entries that were proven and changed since"),
    "sums_off": _("kept sums that are not those of their entries"),
}


@requires("ledger:view")
@require_safe
def proofs(request: HttpRequest) -> HttpResponse:
    last, full = queries.find_last_proof(), queries.find_full_proof()
    names = find_user_names([full.asked_by]) if full and full.asked_by else {}
    context = {
        "last": last,
        "findings": [_show(each) for each in last.findings[:100]] if last else [],
        "proofs": queries.list_proofs(limit=SHOWN),
        "n_since": queries.count_unproven(),
        "segments": queries.list_segments(limit=SHOWN),
        "full": full,
        "asked_by": names.get(full.asked_by or 0, "") if full else "",
        "may_ask": bool(request.user.may("ledger:fund")),  # type: ignore[union-attr]
    }
    return render(request, "ledger/_full_proof.html" if "part" in request.GET else "ledger/proofs.html", context)


@requires("ledger:fund")
@require_POST
def full_proof(request: HttpRequest) -> HttpResponse:
    services.ask_full_proof(actor=int(request.user.pk or 0), now=clock.now())
    return redirect("ledger:proofs")


def _show(finding: Finding) -> dict[str, Any]:
    def say(amount: int) -> str:
        return say_amount(amount, finding.asset) if finding.asset else str(amount)

    return {
        "kind": FOUND[finding.kind],
        "what": finding.what,
        "place": {"balance_off": "account", "entry_unbalanced": "entry"}.get(finding.kind, ""),
        "expected": say(finding.expected),
        "found": say(finding.found),
    }
