"""Reads of the ledger: accounts, entries, books, and the proof that everything sums to zero."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db import connection
from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Sum

from liebian.core.errors import NotFound
from liebian.core.texts import mark as _
from liebian.ledger.models import Account, Entry, Hold, Posting
from liebian.ledger.queries.books import count_books, list_assets, list_books
from liebian.ledger.queries.groups import find_long, list_groups, list_postings
from liebian.ledger.queries.instants import sum_kinds_as_of
from liebian.ledger.queries.proofs import (
    balance_as_of,
    count_unproven,
    find_full_proof,
    find_last_proof,
    list_daily_flows,
    list_proofs,
    list_segments,
)
from liebian.ledger.types import (
    AccountsSummary,
    AccountView,
    EntryPage,
    EntryView,
    HoldView,
    MovementView,
    PoolRef,
    PostingView,
)

__all__ = [
    "balance_as_of", "count_books", "count_entries", "count_unproven", "find_account", "find_full_proof", "find_last_proof", "find_reversal", "get_account", "get_entry",
    "get_pool_balance", "list_assets", "list_balances", "list_books", "list_daily_flows", "list_entries", "list_entries_by_id", "list_holds",
    "list_kinds", "list_movements", "list_postings", "list_proofs", "list_segments", "list_unopened", "sum_kinds_as_of",
]  # fmt: skip

_KINDS = """
WITH RECURSIVE found(kind) AS (
    SELECT min(kind) FROM ledger_entry
    UNION ALL SELECT (SELECT min(kind) FROM ledger_entry WHERE kind > found.kind) FROM found WHERE found.kind IS NOT NULL
) SELECT kind FROM found WHERE kind IS NOT NULL
"""


def find_account(code: str) -> AccountView | None:
    row = Account.objects.filter(code=code).first()
    return _view_account(row) if row else None


def get_account(code: str) -> AccountView:
    found = find_account(code)
    if found is None:
        raise NotFound(
            "account_not_found", _("There is no account %(code)s. Nothing was ever posted to it."), code=code
        )
    return found


def list_balances(codes: Iterable[str]) -> dict[str, int]:
    """Balance by code; an account that was never opened holds zero."""
    wanted = list(codes)
    found = dict(Account.objects.filter(code__in=wanted).values_list("code", "balance"))
    return {code: found.get(code, 0) for code in wanted}


def list_unopened(codes: Iterable[str]) -> list[str]:
    """Those of the codes that no account has yet, in their order."""
    wanted = list(codes)
    known = set(Account.objects.filter(code__in=wanted).values_list("code", flat=True))
    return [code for code in wanted if code not in known]


def get_pool_balance(pool: PoolRef) -> int:
    """What all parts of a pool hold together."""
    return sum(list_balances(part.code for part in pool.parts).values())


def get_summary(*, book: str, kind: str, prefix: str, suffix: str) -> AccountsSummary:
    """The accounts of a kind in a book whose codes go on, after the kind, with `prefix` and end with `suffix`."""
    rows = Account.objects.filter(book=book, kind=kind, code__startswith=kind + prefix, code__endswith=suffix)
    found = rows.aggregate(
        n=Count("id"), empty=Count("id", filter=Q(balance=0)), total=Sum("balance"), most=Max("balance")
    )
    return AccountsSummary(found["n"], found["empty"], int(found["total"] or 0), int(found["most"] or 0))


def list_holds(keys: Iterable[str]) -> list[HoldView]:
    """Holds by their keys, in the order of the keys; unknown keys are left out."""
    rows = Hold.objects.filter(idempotency_key__in=list(keys)).order_by("idempotency_key")
    return [
        HoldView(
            key=row.idempotency_key,
            amount=row.amount,
            expires_at=row.expires_at,
            state=row.state,  # type: ignore[arg-type]
            posted_amount=row.posted_amount,
            reserved_entry=row.reserved_id,
            resolved_entry=row.resolved_id,
        )
        for row in rows
    ]


def get_entry(entry_id: int, *, most: int | None = None) -> EntryView:
    """With more postings than `most` it has `groups` in their place. Raises NotFound "entry_not_found"."""
    found = _view_entries(Entry.objects.filter(id=entry_id), most)
    if not found:
        raise NotFound("entry_not_found", _("There is no entry #%(number)s."), number=entry_id)
    return found[0]


def find_reversal(entry_id: int) -> int | None:
    """The id of the entry that reversed this one."""
    return Entry.objects.filter(reversal_of_id=entry_id).values_list("id", flat=True).first()


def list_entries_by_id(ids: Sequence[int]) -> list[EntryView]:
    return _view_entries(Entry.objects.filter(id__in=ids).order_by("id"))


def list_entries(
    *,
    account: str = "",
    book: str = "",
    asset: str = "",
    kind: str = "",
    subject: str = "",
    before: int | None = None,
    after: int | None = None,
    limit: int = 50,
    most: int | None = None,
) -> EntryPage:
    """One page of entries, newest first; `before`/`after` are entry ids (exclusive), `asset` may be the beginning of one.

    Entries with more postings than `most` have `groups` in their place.
    """
    rows = _matching(account=account, book=book, asset=asset, kind=kind, subject=subject)
    if after is not None:
        newest_last = list(rows.filter(id__gt=after).order_by("id")[: limit + 1])
        page, more_newer = newest_last[:limit][::-1], len(newest_last) > limit
        older = page[-1].id if page else None
        return EntryPage(tuple(_view_entries(page, most)), older, page[0].id if more_newer else None)
    if before is not None:
        rows = rows.filter(id__lt=before)
    found = list(rows.order_by("-id")[: limit + 1])
    page = found[:limit]
    newer = page[0].id if page and before is not None else None
    return EntryPage(tuple(_view_entries(page, most)), page[-1].id if len(found) > limit else None, newer)


def list_movements(codes: Iterable[str], *, before: int | None = None, limit: int = 50) -> list[MovementView]:
    """What happened to these few accounts, newest first, without the other accounts of the entries, which may be many."""
    accounts = dict(Account.objects.filter(code__in=list(codes)).values_list("id", "code"))
    ids: set[int] = set()
    for account in accounts:
        rows = Posting.objects.filter(account_id=account)
        if before is not None:
            rows = rows.filter(entry_id__lt=before)
        ids |= set(rows.order_by("-entry_id").values_list("entry_id", flat=True)[:limit])
    newest = sorted(ids, reverse=True)[:limit]
    amounts: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    postings = Posting.objects.filter(account_id__in=accounts, entry_id__in=newest)
    for entry_id, account_id, amount in postings.values_list("entry_id", "account_id", "amount"):
        amounts[entry_id][accounts[account_id]] += amount
    entries = Entry.objects.in_bulk(newest)
    return [
        MovementView(row.pk, row.kind, row.subject, row.effective_at, row.memo, dict(amounts[row.pk]))
        for row in (entries[key] for key in newest)
    ]


def count_entries(*, account: str = "", book: str = "", asset: str = "", kind: str = "", subject: str = "") -> int:
    return _matching(account=account, book=book, asset=asset, kind=kind, subject=subject).count()


def list_kinds() -> list[str]:
    """Kinds of entry that occur, in alphabetical order: one look into the index for each."""
    with connection.cursor() as cursor:
        cursor.execute(_KINDS)
        return sorted(kind for (kind,) in cursor.fetchall())


def _matching(*, account: str, book: str, asset: str, kind: str, subject: str) -> QuerySet[Entry]:
    rows = Entry.objects.all()
    if account:
        rows = rows.filter(id__in=Posting.objects.filter(account__code=account).values("entry_id"))
    if book or asset:
        part = Posting.objects.filter(entry=OuterRef("pk"), account__asset__startswith=asset)
        rows = rows.filter(Exists(part.filter(account__book=book) if book else part))
    if kind:
        rows = rows.filter(kind=kind)
    if subject:
        rows = rows.filter(subject=subject)
    return rows


def _view_account(row: Account) -> AccountView:
    return AccountView(row.pk, row.code, row.kind, row.asset, row.book, row.title, row.balance)


def _view_entries(rows: Iterable[Entry], most: int | None = None) -> list[EntryView]:
    entries = list(rows)
    ids = [row.pk for row in entries]
    long = find_long(ids, most) if most is not None else set()
    groups = list_groups(long)
    postings: dict[int, list[PostingView]] = defaultdict(list)
    found = Posting.objects.filter(entry_id__in=[each for each in ids if each not in long]).order_by("id")
    for entry_id, code, kind, asset, amount in found.values_list(
        "entry_id", "account__code", "account__kind", "account__asset", "amount"
    ):
        postings[entry_id].append(PostingView(code, kind, asset, amount))
    return [
        EntryView(
            id=row.pk,
            key=row.idempotency_key,
            kind=row.kind,
            subject=row.subject,
            reference=row.reference,
            effective_at=row.effective_at,
            inserted_at=row.inserted_at,
            reversal_of=row.reversal_of_id,
            memo=row.memo,
            postings=tuple(postings[row.pk]),
            groups=groups.get(row.pk, ()),
        )
        for row in entries
    ]
