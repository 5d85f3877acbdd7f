"""What the accounts of each kind in a book held together at any instant: from sums that were kept with the proofs.

Whole days and hours before the instant are kept sums; read one by one are the postings of its begun hour and those that came since the
last proof. The cost grows with the days and kinds, not with what was posted; as it was known, with the hours of every segment.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from liebian.ledger.models import DaySum, HourSum, KeptSum, Posting, Segment

What = tuple[str, str, str]
"""Book, asset and kind."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """The kept sums of some books, by their keys, up to a place: the last segment and its last entry."""

    whats: Mapping[int, What]
    days: Mapping[int, int]
    segment: int
    entry: int


def sum_kinds_as_of(*, books: Iterable[str], instant: datetime, known_at: datetime | None = None) -> Mapping[What, int]:
    """By book, asset and kind, what accounts held just before `instant`, by the entries' effective times.

    With `known_at`, only by entries that were inserted before it: what a report of that moment said.
    """
    codes = set(books)
    hour = instant.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    kept = _read_kept(codes, hour.replace(hour=0))
    sums: dict[What, int] = defaultdict(int)
    for key, amount in _sum_kept(kept, hour, known_at):
        sums[kept.whats[key]] += amount
    known = Q() if known_at is None else Q(entry__inserted_at__lt=known_at)
    for rows in _rows_beside(kept.entry, hour, instant, _list_straddling(kept.segment, known_at)):
        kinds = rows.filter(known).order_by().values_list("account__book", "account__asset", "account__kind")
        for book, asset, kind, amount in kinds.annotate(Sum("amount")):
            if book in codes:
                sums[book, asset, kind] += int(amount)
    return sums


def _sum_kept(kept: _Kept, hour: datetime, known_at: datetime | None) -> Iterator[tuple[int, int]]:
    """By their keys, what kinds held before the begun hour, by whole days and hours; known then only by hours of whole segments."""
    hours = HourSum.objects.filter(what__in=list(kept.whats), hour__lt=hour).order_by()
    if known_at is None:
        yield from kept.days.items()
        hours = hours.filter(hour__gte=hour.replace(hour=0))
    else:
        yield from dict.fromkeys(kept.days, 0).items()
        hours = hours.filter(segment__inserted_to__lt=known_at)
    for key, amount in hours.values_list("what").annotate(n=Sum("amount", filter=Q(segment__lte=kept.segment))):
        yield key, int(amount or 0)


def _list_straddling(last: int, known_at: datetime | None) -> list[tuple[int, int]]:
    """The entries of segments of which a part was inserted by then: after which one they begin, and the last."""
    if known_at is None:
        return []
    rows = Segment.objects.filter(pk__lte=last, inserted_from__lt=known_at, inserted_to__gte=known_at)
    return list(rows.values_list("after_entry", "last_entry"))


def _read_kept(books: Collection[str], before: datetime) -> _Kept:
    """Whole days before this one. They are read together with their place, so that a proof that goes on meanwhile counts nothing twice."""
    last = Segment.objects.order_by("-id")
    days = DaySum.objects.filter(what=OuterRef("pk"), day__lt=before.date()).order_by().values("what")
    rows = KeptSum.objects.filter(book__in=books).annotate(
        of_days=Subquery(days.annotate(n=Sum("amount")).values("n")),
        of_segment=Subquery(last.values("pk")[:1]),
        of_entry=Subquery(last.values("last_entry")[:1]),
    )
    whats, sums, segment, entry = {}, {}, 0, 0
    for row in rows:
        whats[row.pk], sums[row.pk] = (row.book, row.asset, row.kind), int(row.of_days or 0)
        segment, entry = row.of_segment or 0, row.of_entry or 0
    return _Kept(whats, sums, segment, entry)


def _rows_beside(
    last: int, hour: datetime, instant: datetime, straddling: Iterable[tuple[int, int]]
) -> Iterator[QuerySet[Posting]]:
    """Postings before the instant that have to be read one by one: behind the last proven entry, of straddling segments, of the begun hour."""
    effective = F("entry__effective_at")
    at = Coalesce(effective, effective)  # the column itself would let SQLite look through the whole past by its index
    before = Posting.objects.alias(at=at).filter(at__lt=instant)
    yield before.filter(entry__gt=last)
    begun = Posting.objects.filter(entry__effective_at__gte=hour, entry__effective_at__lt=instant, entry__lte=last)
    for after, upto in straddling:
        yield before.filter(entry__gt=after, entry__lte=upto)
        begun = begun.exclude(entry__gt=after, entry__lte=upto)
    if hour < instant:
        yield begun
