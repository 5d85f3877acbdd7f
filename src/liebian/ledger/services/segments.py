"""Segments of the proof: some entries in a row, their digest, and what they did to each account."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

from django.db import transaction

from liebian.core.bulk import write_rows
from liebian.core.columns import select_in
from liebian.ledger.models import Entry, Posting, Proven, Segment, Statement
from liebian.ledger.services.sums import Hours, keep_hours, move_sums, sum_hours
from liebian.ledger.types import Finding

BUSY = 500
"""Postings from which on an account has statements; before that its postings themselves are quick to read."""
_AT_ONCE = 5_000
_ENTRY = ("id", "idempotency_key", "body_hash", "kind", "subject", "reference", "effective_at", "inserted_at", "reversal_of_id")  # fmt: skip


@dataclass(slots=True)
class Hour:
    amount: int
    first_entry: int
    last_entry: int


@dataclass(slots=True)
class Content:
    """What a segment holds. `accounts` is by account: sum and number of its postings."""

    after_entry: int
    last_entry: int = 0
    n_entries: int = 0
    n_postings: int = 0
    turnover: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    accounts: dict[int, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    hours: dict[tuple[int, datetime], Hour] = field(default_factory=dict)
    inserted: list[datetime] = field(default_factory=list)
    unbalanced: list[Finding] = field(default_factory=list)
    own_digest: str = ""

    def chain(self, before: str) -> str:
        return hashlib.sha256(f"{before}{self.own_digest}".encode()).hexdigest()

    def sum_hours(self) -> Hours:
        return sum_hours({place: each.amount for place, each in self.hours.items()})


def read_segment(*, after: int, upto: int, limit: int | None = None) -> Content | None:
    """Entries behind `after` up to `upto`, at most `limit`; None where there are none."""
    rows = Entry.objects.filter(id__gt=after, id__lte=upto).order_by("id").values_list(*_ENTRY)
    entries = (rows if limit is None else rows[:limit]).iterator(_AT_ONCE)
    content, digest = Content(after), hashlib.sha256()
    while part := list(islice(entries, _AT_ONCE)):
        by_entry = _read_postings(content.last_entry or after, part[-1][0])
        for entry in part:
            legs = by_entry.pop(entry[0], [])
            digest.update(repr((*entry[:6], *(each.astimezone(UTC).isoformat() for each in entry[6:8]), entry[8], [(a, n) for a, _, n in legs])).encode())  # fmt: skip
            _count(content, entry[0], entry[6], legs)
        content.inserted = [min([*content.inserted, *(e[7] for e in part)]), max([*content.inserted, *(e[7] for e in part)])]  # fmt: skip
        content.n_entries += len(part)
        content.last_entry = part[-1][0]
    content.own_digest = digest.hexdigest()
    return content if content.n_entries else None


def _read_postings(after: int, upto: int) -> dict[int, list[tuple[int, str, int]]]:
    rows = Posting.objects.filter(entry_id__gt=after, entry_id__lte=upto).order_by("entry_id", "id")
    found: dict[int, list[tuple[int, str, int]]] = defaultdict(list)
    for entry, account, asset, amount in rows.values_list("entry_id", "account_id", "account__asset", "amount"):
        found[entry].append((account, asset, amount))
    return found


def _count(content: Content, entry: int, effective_at: datetime, legs: list[tuple[int, str, int]]) -> None:
    hour = effective_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    sums: dict[str, int] = defaultdict(int)
    for account, asset, amount in legs:
        sums[asset] += amount
        content.turnover[asset] += max(amount, 0)
        of_account = content.accounts[account]
        of_account[0] += amount
        of_account[1] += 1
        known = content.hours.get((account, hour))
        if known is None:
            content.hours[account, hour] = Hour(amount, entry, entry)
        else:
            known.amount += amount
            known.last_entry = entry
    content.n_postings += len(legs)
    content.unbalanced += [
        Finding("entry_unbalanced", str(entry), asset, 0, total) for asset, total in sums.items() if total
    ]


def add_segment(content: Content, *, digest: str, last_account: int, now: datetime) -> None:
    """Keep a proven segment: what accounts hold after it, alone and together, and the statements of busy ones.

    No account up to `last_account` can appear any more. Writes Segment, Proven, KeptSum, HourSum, DaySum, Statement.
    """
    hours = content.sum_hours()
    with transaction.atomic():
        keys = move_sums(hours, last_account=last_account)
        row = Segment.objects.create(
            after_entry=content.after_entry,
            last_entry=content.last_entry,
            n_entries=content.n_entries,
            n_postings=content.n_postings,
            turnover=dict(content.turnover),
            digest=digest,
            inserted_from=content.inserted[0],
            inserted_to=content.inserted[1],
            checked_at=now,
            last_account=last_account,
        )
        keep_hours(hours, row, keys)
        proven = list(_carry(content))
        write_rows(proven, update=("balance", "n_postings", "busy_after"))
        busy = {each.account_id for each in proven if each.busy_after is not None}
        write_rows(
            Statement(account_id=account, segment=row, hour=hour, amount=each.amount, first_entry=each.first_entry, last_entry=each.last_entry)
            for (account, hour), each in content.hours.items()
            if account in busy
        )  # fmt: skip


def _carry(content: Content) -> Iterator[Proven]:
    columns = ("account", "balance", "n_postings", "busy_after")
    known = {row[0]: row[1:] for row in select_in(Proven, columns, "account", list(content.accounts))}
    for account, (amount, n_postings) in content.accounts.items():
        balance, n_before, busy_after = known.get(account, (0, 0, None))
        n = n_before + n_postings
        if busy_after is None and n >= BUSY:
            busy_after = content.after_entry
        yield Proven(account_id=account, balance=balance + amount, n_postings=n, busy_after=busy_after)
