"""Entries with many postings: counted and summed by what their accounts are, or read a page at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from django.db.models import BooleanField, Case, Count, F, Min, Sum, Value, When

from liebian.ledger.models import Posting
from liebian.ledger.types import PostingGroup, PostingPage, PostingView


def find_long(entry_ids: Collection[int], most: int) -> set[int]:
    """Those of the entries that have more than `most` postings."""
    counts = Posting.objects.filter(entry_id__in=entry_ids).order_by().values("entry_id").annotate(n=Count("id"))
    return set(counts.filter(n__gt=most).values_list("entry_id", flat=True))


def list_groups(entry_ids: Collection[int]) -> dict[int, tuple[PostingGroup, ...]]:
    """By entry, what left and what reached the accounts of each kind; what left comes first."""
    if not entry_ids:
        return {}
    leaves = Case(When(amount__lt=0, then=Value(True)), default=Value(False), output_field=BooleanField())
    rows = Posting.objects.filter(entry_id__in=entry_ids).order_by().annotate(leaves=leaves)
    sums = rows.values("entry_id", "leaves", kind=F("account__kind"), asset=F("account__asset")).annotate(
        n=Count("account", distinct=True), total=Sum("amount"), code=Min("account__code")
    )
    groups: dict[int, list[PostingGroup]] = defaultdict(list)
    for row in sums.order_by("entry_id", "-leaves", "kind", "asset"):
        only = row["code"] if row["n"] == 1 else ""
        groups[row["entry_id"]].append(PostingGroup(row["kind"], row["asset"], row["n"], int(row["total"]), only))
    return {entry_id: tuple(found) for entry_id, found in groups.items()}


def list_postings(entry_id: int, *, kind: str = "", after: int = 0, limit: int = 50) -> PostingPage:
    """The postings of one entry in their order, of accounts of a kind or of all; `after` is the place from which to go on."""
    rows = Posting.objects.filter(entry_id=entry_id, id__gt=after).order_by("id")
    if kind:
        rows = rows.filter(account__kind=kind)
    found = list(rows.values_list("account__code", "account__kind", "account__asset", "amount", "id")[: limit + 1])
    postings = tuple(PostingView(*row[:4]) for row in found[:limit])
    return PostingPage(postings, found[limit - 1][4] if len(found) > limit else None)
