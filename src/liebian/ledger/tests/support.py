"""Many callers at once, for tests of what holds under concurrency; and the books read from nothing but accounts and postings, for tests of
what must hold whatever the product's own proof says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from django.db import connections
from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce

from liebian.ledger.models import Account, Posting
from liebian.ledger.types import WORLD


def run_threads(act: Callable[[Any], Any], items: Sequence[Any], *, workers: int = 16) -> list[Any]:
    """`act(item)` for all items from many threads, each with database connections of its own."""

    def one(item: Any) -> Any:
        try:
            return act(item)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(one, items))


@dataclass(frozen=True, slots=True)
class AssetProof:
    """For one asset: what all accounts add up to, and how many disagree with their postings."""

    asset: str
    n_accounts: int
    balance_sum: int
    posting_sum: int
    n_mismatched: int
    n_overdrawn: int

    @property
    def holds(self) -> bool:
        return not (self.balance_sum or self.posting_sum or self.n_mismatched or self.n_overdrawn)


def prove_zero() -> list[AssetProof]:
    """Every balance from its postings; an empty ledger gives []."""
    accounts = Account.objects.annotate(posted=Coalesce(Sum("postings__amount"), 0))
    proofs: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0, 0])
    for asset, kind, balance, posted in accounts.values_list("asset", "kind", "balance", "posted").iterator(5000):
        parts = proofs[asset]
        parts[0] += 1
        parts[1] += balance
        parts[2] += posted
        parts[3] += balance != posted
        parts[4] += balance < 0 and kind != WORLD
    return [AssetProof(asset, *parts) for asset, parts in sorted(proofs.items())]


def list_unbalanced_entries() -> list[int]:
    """Entries whose postings do not sum to zero in every asset."""
    sums = Posting.objects.values("entry_id", asset=F("account__asset")).annotate(total=Sum("amount"))
    return list(sums.filter(~Q(total=0)).values_list("entry_id", flat=True))
