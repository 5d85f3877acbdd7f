"""Kept sums: what the accounts of each kind in a book hold together, and what each hour and day did to them, carried along with the proof."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Count, Min, QuerySet, Sum
from django.db.models.functions import TruncDate

from liebian.core.bulk import give_keys, write_rows
from liebian.core.columns import select_in
from liebian.ledger.models import Account, DaySum, HourSum, KeptSum, Segment
from liebian.ledger.types import Finding

What = tuple[str, str, str]
"""Book, asset and kind."""
Hours = Mapping[tuple[What, datetime], int]
"""By kind and hour, what entries did; nothing where that is zero."""
_OF = ("what__book", "what__asset", "what__kind")


def sum_hours(amounts: Mapping[tuple[int, datetime], int]) -> Hours:
    """What was done to accounts in an hour, for all accounts of a kind together."""
    accounts = {account for account, _ in amounts}
    kinds = {row[0]: row[1:] for row in select_in(Account, ("id", "book", "asset", "kind"), "id", list(accounts))}
    sums: dict[tuple[What, datetime], int] = defaultdict(int)
    for (account, hour), amount in amounts.items():
        sums[kinds[account], hour] += amount
    return {key: amount for key, amount in sums.items() if amount}


def move_sums(hours: Hours, *, last_account: int) -> Mapping[What, int]:
    """Add what a segment did, and count the accounts up to `last_account` that no segment has counted; answers the keys of the kinds.

    Writes KeptSum. For one caller at a time, before the segment is written.
    """
    moved: dict[What, int] = defaultdict(int)
    for (what, _), amount in hours.items():
        moved[what] += amount
    last = Segment.objects.order_by("-id").first()
    fresh = Account.objects.filter(id__gt=(last and last.last_account) or 0, id__lte=last_account).order_by()
    opened: dict[What, tuple[int, str, str, int]] = {
        (book, asset, kind): (n, code, title, first)
        for book, asset, kind, n, code, title, first in fresh.values_list("book", "asset", "kind").annotate(
            Count("id"), Min("code"), Min("title"), Min("id")
        )
    }
    kept = {(row.book, row.asset, row.kind): row for row in KeptSum.objects.all()}
    rows: list[KeptSum] = []
    new: list[KeptSum] = []
    for what in moved.keys() | opened.keys():
        row = kept.get(what) or KeptSum(book=what[0], asset=what[1], kind=what[2])
        if what in opened:
            _count(row, *opened[what])
        row.balance += moved.get(what, 0)
        (rows if row.pk else new).append(row)
    give_keys(new)
    write_rows(new)
    KeptSum.objects.bulk_update(rows, ["n_accounts", "balance", "first_code", "title", "opened"])
    return {(row.book, row.asset, row.kind): row.pk for row in (*rows, *new)}


def _count(row: KeptSum, n: int, code: str, title: str, opened: int) -> None:
    is_first = row.n_accounts == 0
    row.n_accounts += n
    row.first_code = code if is_first else min(row.first_code, code)
    row.title = title if is_first else min(row.title, title)
    row.opened = opened if is_first else min(row.opened, opened)


def keep_hours(hours: Hours, segment: Segment, keys: Mapping[What, int]) -> None:
    """Keep what a segment did in each hour, and add it to the days. Writes HourSum, DaySum. Once for a segment, which is new."""
    rows = [
        HourSum(what_id=keys[what], segment=segment, hour=hour, amount=amount)
        for (what, hour), amount in sorted(hours.items())
    ]
    write_rows(rows)
    moved: dict[tuple[int, date], int] = defaultdict(int)
    for row in rows:
        moved[row.what_id, row.hour.date()] += row.amount
    known = DaySum.objects.filter(what__in={key for key, _ in moved}, day__in={day for _, day in moved})
    days = {(row.what_id, row.day): row for row in known}
    give_keys(new := [DaySum(what_id=key, day=day, amount=0) for key, day in moved.keys() - days.keys()])
    days |= {(row.what_id, row.day): row for row in new}
    for place, amount in moved.items():
        days[place].amount += amount
    write_rows((days[place] for place in sorted(moved)), update=("amount",))


def compare_hours(hours: Hours, segment: Segment) -> list[Finding]:
    """Whether the sums that were kept with a segment are those of its entries: how many should be, and how many of these are."""
    rows = HourSum.objects.filter(segment=segment).values_list(*_OF, "hour", "amount")
    kept = {((book, asset, kind), hour): amount for book, asset, kind, hour, amount in rows}
    if kept == hours:
        return []
    agreeing = kept.items() & hours.items()
    return [Finding("sums_off", f"{segment.after_entry + 1}-{segment.last_entry}", "", len(hours), len(agreeing))]


def compare_sums(segments: Iterable[Segment] | None) -> list[Finding]:
    """Days against their hours, of kinds and days that these segments touch, or all; and kinds against all their days."""
    hours, days = HourSum.objects.order_by(), DaySum.objects.order_by()
    if segments is not None:
        hours, days = _near(hours, days, segments)
    of_days = {tuple(row[:4]): row[4] for row in days.values_list(*_OF, "day", "amount")}
    by_day = hours.annotate(day=TruncDate("hour", tzinfo=UTC)).values_list(*_OF, "day").annotate(Sum("amount"))
    of_hours = {tuple(row[:4]): int(row[4]) for row in by_day}
    found = _differ(of_hours, of_days)
    kinds = KeptSum.objects.values_list("book", "asset", "kind", "balance", Sum("days__amount"))
    return found + _differ(*({tuple(row[:3]): int(row[n] or 0) for row in kinds} for n in (3, 4)))


def _near(
    hours: QuerySet[HourSum], days: QuerySet[DaySum], segments: Iterable[Segment]
) -> tuple[QuerySet[HourSum], QuerySet[DaySum]]:
    touched = list(HourSum.objects.filter(segment__in=segments).values_list("what", "hour"))
    if not touched:
        return hours.none(), days.none()
    kinds = {what for what, _ in touched}
    first, last = (pick(hour for _, hour in touched).date() for pick in (min, max))
    begin = datetime.combine(first, datetime.min.time(), UTC)
    end = datetime.combine(last + timedelta(days=1), datetime.min.time(), UTC)
    return (
        hours.filter(what__in=kinds, hour__gte=begin, hour__lt=end),
        days.filter(what__in=kinds, day__gte=first, day__lte=last),
    )


def _differ(expected: Mapping[tuple[Any, ...], int], found: Mapping[tuple[Any, ...], int]) -> list[Finding]:
    """What is kept of a kind, or of one of its days; the day stands behind it."""
    return [
        Finding("sums_off", " ".join(map(str, (key[0], *key[2:]))), key[1], expected.get(key, 0), found.get(key, 0))
        for key in sorted(expected.keys() | found.keys())
        if expected.get(key, 0) != found.get(key, 0)
    ]
