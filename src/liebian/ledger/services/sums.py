"""Kept sums: what the accounts of each kind in a book hold together, carried along with the proof."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from django.db.models import Count, Min

from liebian.core.bulk import write_rows
from liebian.core.columns import select_in
from liebian.ledger.models import Account, KeptSum, Segment

What = tuple[str, str, str]
"""Book, asset and kind."""


def move_sums(amounts: Mapping[int, int], *, last_account: int) -> None:
    """Add what a segment did to each account, and count the accounts up to `last_account` that no segment has counted.

    Writes KeptSum. For one caller at a time, before the segment is written.
    """
    moved = _sum_by_kind(amounts)
    last = Segment.objects.order_by("-id").first()
    fresh = Account.objects.filter(id__gt=(last and last.last_account) or 0, id__lte=last_account).order_by()
    opened: dict[What, tuple[int, str, str, int]] = {
        (book, asset, kind): (n, code, title, first)
        for book, asset, kind, n, code, title, first in fresh.values_list("book", "asset", "kind").annotate(
            Count("id"), Min("code"), Min("title"), Min("id")
        )
    }
    kept = {(row.book, row.asset, row.kind): row for row in KeptSum.objects.all()}
    rows = []
    for what in moved.keys() | opened.keys():
        row = kept.get(what) or KeptSum(book=what[0], asset=what[1], kind=what[2])
        if what in opened:
            _count(row, *opened[what])
        row.balance += moved.get(what, 0)
        rows.append(row)
    write_rows(row for row in rows if row.pk is None)
    KeptSum.objects.bulk_update(
        [row for row in rows if row.pk is not None], ["n_accounts", "balance", "first_code", "title", "opened"]
    )


def _sum_by_kind(amounts: Mapping[int, int]) -> dict[What, int]:
    sums: dict[What, int] = defaultdict(int)
    for account, book, asset, kind in select_in(Account, ("id", "book", "asset", "kind"), "id", list(amounts)):
        sums[book, asset, kind] += amounts[account]
    return sums


def _count(row: KeptSum, n: int, code: str, title: str, opened: int) -> None:
    is_first = row.n_accounts == 0
    row.n_accounts += n
    row.first_code = code if is_first else min(row.first_code, code)
    row.title = title if is_first else min(row.title, title)
    row.opened = opened if is_first else min(row.opened, opened)
