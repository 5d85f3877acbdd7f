"""What the accounts of each kind in a book held together at any instant: from sums that were kept with the proofs.

Whole days and hours before the instant are kept sums; read one by one are the postings of its begun hour and those that came since the
last proof. The cost does not grow with the ledger.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum

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


def sum_kinds_as_of(
    *, books: Iterable[str], instant: datetime, known_at: datetime | None = None
) -> Mapping[What, int]:
    """By book, asset and kind that there is, what accounts held just before `instant`, by the entries' effective times.

    With `known_at`, only by entries that were inserted before it: what a report of that moment said.
    """
    codes = set(books)
    day = instant.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    hour = instant.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    kept = _read_kept(codes, day)
    sums: dict[What, int] = defaultdict(int, dict.fromkeys(kept.whats.values(), 0))
    hours = HourSum.objects.filter(what__in=list(kept.whats), hour__lt=hour)
    known = Q()
    straddling: list[tuple[int, int]] = []
    if known_at is None:
        hours = hours.filter(hour__gte=day)
        for key, amount in kept.days.items():
            sums[kept.whats[key]] += amount
    else:
        known = Q(entry__inserted_at__lt=known_at)
        hours = hours.filter(segment__inserted_to__lt=known_at)
        segments = Segment.objects.filter(pk__lte=kept.segment, inserted_from__lt=known_at, inserted_to__gte=known_at)
        straddling = list(segments.values_list("after_entry", "last_entry"))
    proven = Sum("amount", filter=Q(segment__lte=kept.segment))
    for key, amount in hours.order_by().values_list("what").annotate(n=proven):
        sums[kept.whats[key]] += int(amount or 0)
    parts = _parts(kept.entry, hour, instant, straddling, known)
    for what, amount in ((what, amount) for part in parts for what, amount in _sum_postings(*part)):
        if what[0] in codes:
            sums[what] += amount
    return sums


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


def _parts(
    last: int, hour: datetime, instant: datetime, straddling: Collection[tuple[int, int]], known: Q
) -> Iterable[tuple[QuerySet[Posting], Q]]:
    """Postings to be read one by one, and what counts of them.

    The conditions of the second kind are no matter of finding rows: SQLite would look for them by an index over the whole past.
    """
    before = Q(entry__effective_at__lt=instant) & known
    yield Posting.objects.filter(entry__gt=last), before
    spans = Q(pk__in=[])
    for after, upto in straddling:
        spans |= Q(entry__gt=after, entry__lte=upto)
        yield Posting.objects.filter(entry__gt=after, entry__lte=upto), before
    if hour < instant:
        begun = Posting.objects.filter(entry__effective_at__gte=hour, entry__effective_at__lt=instant)
        yield begun, Q(entry__lte=last) & known & ~spans


def _sum_postings(rows: QuerySet[Posting], counts: Q) -> Iterable[tuple[What, int]]:
    kinds = rows.order_by().values_list(F("account__book"), F("account__asset"), F("account__kind"))
    for book, asset, kind, amount in kinds.annotate(n=Sum("amount", filter=counts)):
        yield (book, asset, kind), int(amount or 0)
