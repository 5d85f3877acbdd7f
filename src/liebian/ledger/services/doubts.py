"""What the last proof found off. The next one looks at it again, so that a difference is told until it is put right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F, Q, Sum

from liebian.core.columns import select_in
from liebian.ledger.models import Account, Posting
from liebian.ledger.queries.proofs import find_last_proof
from liebian.ledger.types import Finding


@dataclass(frozen=True, slots=True)
class Doubts:
    """Accounts by their ids, entries, and segments by the entry after which they begin; whether any kept sum was off."""

    accounts: frozenset[int] = frozenset()
    entries: frozenset[int] = frozenset()
    segments: frozenset[int] = frozenset()
    has_sums: bool = False


def find_doubts() -> Doubts:
    last = find_last_proof()
    found = last.findings if last else ()
    codes = [each.what for each in found if each.kind in ("balance_off", "past_changed") and each.asset]
    spans = [each.what for each in found if each.kind in ("past_changed", "sums_off") and not each.asset]
    return Doubts(
        frozenset(key for (key,) in select_in(Account, ["id"], "code", sorted(codes))),
        frozenset(int(each.what) for each in found if each.kind == "entry_unbalanced"),
        frozenset(int(span.partition("-")[0]) - 1 for span in spans),
        any(each.kind == "sums_off" for each in found),
    )


def find_unbalanced(entries: Iterable[int]) -> list[Finding]:
    """Those of the entries that do not sum to zero."""
    sums = Posting.objects.filter(entry_id__in=list(entries)).order_by("entry_id", "account__asset")
    off = sums.values("entry_id", asset=F("account__asset")).annotate(total=Sum("amount")).filter(~Q(total=0))
    return [Finding("entry_unbalanced", str(row["entry_id"]), row["asset"], 0, int(row["total"])) for row in off]
