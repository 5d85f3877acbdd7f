"""Posting: `post` and its set-based forms are the only way anything moves.

All accounts of a call are locked in the order of their codes before anything is decided, so what a call sees is what it
changes. Calls may be nested in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import IntegrityError, connection, transaction

from liebian.core.arrays import ints_text
from liebian.core.bulk import give_keys, write_rows
from liebian.core.columns import insert_tuples, select_in
from liebian.core.errors import Conflict, Invalid
from liebian.core.prepared import cursor_of
from liebian.core.texts import mark as _
from liebian.ledger.models import Account, Entry, Posting
from liebian.ledger.queries import get_entry, list_entries_by_id
from liebian.ledger.rules import check_entry, find_shortage, hash_body, list_refs, sum_legs
from liebian.ledger.types import REVERSAL, AccountRef, EntryDraft, EntryView, InsufficientFunds, Leg, PostingView

_APPLY = """
UPDATE ledger_account SET balance = balance + %s WHERE id = %s AND (kind = 'world' OR balance + %s >= 0)
"""
_APPLY_ALL = """
UPDATE ledger_account AS a SET balance = a.balance + v.delta FROM unnest(%s::bigint[], %s::bigint[]) AS v(id, delta)
WHERE a.id = v.id AND (a.kind = 'world' OR a.balance + v.delta >= 0)
"""
LOCKED = ("id", "code", "kind", "asset", "balance")


class Locked(NamedTuple):
    """An account as it is while its row is locked."""

    id: int
    code: str
    kind: str
    asset: str
    balance: int


def post(*, entry: EntryDraft, now: datetime) -> EntryView:
    """Post one entry. Idempotent by `entry.key`. Raises as `post_many`."""
    return post_many(entries=[entry], now=now)[0]


def post_many(*, entries: Sequence[EntryDraft], now: datetime) -> list[EntryView]:
    """Post all entries or none, in one transaction; answers in their order.

    Writes Account (opens new ones, moves balances), Entry, Posting. Idempotent by each entry's key.
    Raises Invalid (unbalanced …), Conflict "idempotency_mismatch", "reference_taken" or "account_mismatch", InsufficientFunds.
    """
    with transaction.atomic():
        outcomes = post_each(entries=entries, now=now)
        for outcome in outcomes:
            if isinstance(outcome, InsufficientFunds):
                raise outcome
    return [outcome for outcome in outcomes if isinstance(outcome, EntryView)]


def post_each(*, entries: Sequence[EntryDraft], now: datetime) -> list[EntryView | InsufficientFunds]:
    """Post, in order, every entry that its accounts can carry; the others come back as their refusal.

    One set of statements however many entries there are. Writes, idempotency and other errors as `post_many`.
    """
    with transaction.atomic():
        return post_inside(entries=entries, now=now)


def post_inside(*, entries: Sequence[EntryDraft], now: datetime) -> list[EntryView | InsufficientFunds]:
    """As `post_each`, in the innermost transaction of the caller, who may take it all back.

    PostgreSQL lets those who wait for a row go on when the savepoint in which it was locked is taken back, but not when that was
    released into another one first: they wait for the whole transaction then, and it may come to wait for them.
    """
    if not entries:
        return []
    hashes = _hash_all(entries)
    accounts = _lock_accounts(list_refs(entries), now)
    stored = find_stored(hashes)
    _check_references(entries, stored)
    _check_reversals(entries, stored)
    fresh, refusals = _choose(entries, stored, accounts)
    views = {view.key: view for view in list_entries_by_id(sorted(stored.values()))}
    views |= _insert(fresh, hashes, accounts, now)
    return [refusals[draft.key] if draft.key in refusals else views[draft.key] for draft in entries]


def reverse(*, entry_id: int, key: str, now: datetime, subject: str = "") -> EntryView:
    """Post the opposite of an entry, once. Idempotent by `key`.

    Raises NotFound, Invalid "reversal_of_reversal", Conflict "already_reversed", InsufficientFunds.
    """
    original = get_entry(entry_id)
    if original.reversal_of is not None:
        raise Invalid(
            "reversal_of_reversal",
            _("Entry %(entry_id)s is itself a reversal. Post what you mean instead."),
            entry_id=entry_id,
        )
    legs = tuple(Leg(AccountRef(p.account, p.kind, p.asset), -p.amount) for p in original.postings)
    draft = EntryDraft(
        key=key,
        kind=REVERSAL,
        legs=legs,
        effective_at=now,
        subject=subject or original.subject,
        reversal_of=entry_id,
    )
    return post(entry=draft, now=now)


def lock_balances(*, refs: Sequence[AccountRef], now: datetime) -> dict[str, int]:
    """What these accounts hold, by code, locked until the caller's transaction ends; opens the missing ones at zero.

    Locks in the order of the codes, as every posting does. Raises Conflict "account_mismatch".
    """
    accounts = _lock_accounts({ref.code: ref for ref in sorted(refs, key=lambda ref: ref.code)}, now)
    return {code: row.balance for code, row in accounts.items()}


def open_accounts(*, refs: Sequence[AccountRef], now: datetime) -> None:
    """Open accounts at zero before anything is posted to them. Idempotent by code. Raises Conflict "account_mismatch"."""
    with transaction.atomic():
        _lock_accounts({ref.code: ref for ref in sorted(refs, key=lambda ref: ref.code)}, now)


def _hash_all(entries: Sequence[EntryDraft]) -> dict[str, str]:
    hashes: dict[str, str] = {}
    for draft in entries:
        check_entry(draft)
        body = hash_body(draft)
        if hashes.setdefault(draft.key, body) != body:
            raise _mismatch(draft.key)
    return hashes


def _lock_accounts(refs: Mapping[str, AccountRef], now: datetime) -> dict[str, Locked]:
    codes = list(refs)
    if connection.features.has_select_for_update:
        open_missing(refs, now)
        accounts = _read_accounts(codes, lock=True)
    else:
        accounts = _read_accounts(codes)
        if len(accounts) < len(codes):
            open_missing(refs, now)
            accounts = _read_accounts(codes)
    for code, ref in refs.items():
        check_account(accounts[code], ref.kind, ref.asset)
    return accounts


def check_account(row: Locked, kind: str, asset: str) -> None:
    if (row.kind, row.asset) != (kind, asset):
        raise Conflict(
            "account_mismatch",
            _("%(code)s is an account of kind %(kind)s in %(asset)s, not of kind %(wanted_kind)s in %(wanted_asset)s."),
            code=row.code,
            kind=row.kind,
            asset=row.asset,
            wanted_kind=kind,
            wanted_asset=asset,
        )


def _read_accounts(codes: Sequence[str], *, lock: bool = False) -> dict[str, Locked]:
    return {row[1]: Locked(*row) for row in select_in(Account, LOCKED, "code", codes, lock=lock)}


def open_missing(refs: Mapping[str, AccountRef], now: datetime) -> None:
    codes = list(refs)
    known = {code for (code,) in select_in(Account, ["code"], "code", codes)}
    missing = [
        Account(code=ref.code, kind=ref.kind, asset=ref.asset, book=ref.book, title=ref.title, opened_at=now)
        for ref in refs.values()
        if ref.code not in known
    ]
    if missing:
        Account.objects.bulk_create(missing, ignore_conflicts=True)


def find_stored(hashes: Mapping[str, str]) -> dict[str, int]:
    stored: dict[str, int] = {}
    rows = select_in(Entry, ("id", "idempotency_key", "body_hash"), "idempotency_key", list(hashes))
    for entry_id, key, body in rows:
        if hashes[key] != body:
            raise _mismatch(key)
        stored[key] = entry_id
    return stored


def _check_references(entries: Sequence[EntryDraft], stored: Mapping[str, int]) -> None:
    keys: dict[str, str] = {}
    for draft in entries:
        if draft.reference and draft.key not in stored and keys.setdefault(draft.reference, draft.key) != draft.key:
            raise _taken(draft.reference)
    taken = Entry.objects.filter(reference__in=list(keys)).values_list("reference", flat=True).first()
    if taken is not None:
        raise _taken(taken)


def _check_reversals(entries: Sequence[EntryDraft], stored: Mapping[str, int]) -> None:
    targets = [draft.reversal_of for draft in entries if draft.reversal_of is not None and draft.key not in stored]
    if targets and (done := Entry.objects.filter(reversal_of__in=targets).first()):
        raise _reversed(done)


def _choose(
    entries: Sequence[EntryDraft], stored: Mapping[str, int], accounts: Mapping[str, Locked]
) -> tuple[list[EntryDraft], dict[str, InsufficientFunds]]:
    balances = {code: row.balance for code, row in accounts.items()}
    kinds = {code: row.kind for code, row in accounts.items()}
    fresh: dict[str, EntryDraft] = {}
    refusals: dict[str, InsufficientFunds] = {}
    for draft in entries:
        if draft.key in stored or draft.key in fresh or draft.key in refusals:
            continue
        shortage = find_shortage(draft.legs, balances, kinds)
        if shortage is not None:
            refusals[draft.key] = shortage
            continue
        fresh[draft.key] = draft
        for code, delta in sum_legs(draft.legs).items():
            balances[code] += delta
    return list(fresh.values()), refusals


def _insert(
    drafts: Sequence[EntryDraft], hashes: Mapping[str, str], accounts: Mapping[str, Locked], now: datetime
) -> dict[str, EntryView]:
    if not drafts:
        return {}
    rows = [
        Entry(
            idempotency_key=draft.key,
            body_hash=hashes[draft.key],
            kind=draft.kind,
            subject=draft.subject,
            reference=draft.reference,
            effective_at=draft.effective_at,
            inserted_at=now,
            reversal_of_id=draft.reversal_of,
            memo=dict(draft.memo),
        )
        for draft in drafts
    ]
    give_keys(rows)
    insert_entries(rows)
    postings = [
        (row.pk, accounts[leg.account.code].id, leg.amount)
        for row, draft in zip(rows, drafts, strict=True)
        for leg in draft.legs
    ]
    insert_tuples(Posting, ("entry", "account", "amount"), postings)
    _apply(sum_legs(leg for draft in drafts for leg in draft.legs), accounts)
    return {draft.key: _view(row, draft, accounts) for row, draft in zip(rows, drafts, strict=True)}


def _view(row: Entry, draft: EntryDraft, accounts: Mapping[str, Locked]) -> EntryView:
    return EntryView(
        id=row.pk,
        key=row.idempotency_key,
        kind=row.kind,
        subject=row.subject,
        reference=row.reference,
        effective_at=row.effective_at,
        inserted_at=row.inserted_at,
        reversal_of=row.reversal_of_id,
        memo=row.memo,
        postings=tuple(
            PostingView(leg.account.code, accounts[leg.account.code].kind, leg.account.asset, leg.amount)
            for leg in draft.legs
        ),
    )


def insert_entries(rows: list[Entry]) -> None:
    try:
        with transaction.atomic():
            write_rows(rows)
    except IntegrityError as error:
        raise (_find_clash(rows) or error) from None


def _find_clash(rows: Sequence[Entry]) -> Conflict | None:
    """What somebody else posted meanwhile, under other accounts' locks, that these entries cannot stand beside."""
    keys, references = [row.idempotency_key for row in rows], [row.reference for row in rows if row.reference]
    if (
        key := Entry.objects.filter(idempotency_key__in=keys).values_list("idempotency_key", flat=True).first()
    ) is not None:
        return _mismatch(key)
    if (
        taken := Entry.objects.filter(reference__in=references).values_list("reference", flat=True).first()
    ) is not None:
        return _taken(taken)
    targets = [row.reversal_of_id for row in rows if row.reversal_of_id is not None]
    done = Entry.objects.filter(reversal_of__in=targets).first()
    return _reversed(done) if done else None


def _apply(deltas: Mapping[str, int], accounts: Mapping[str, Locked]) -> None:
    if not move_balances([(accounts[code].id, delta) for code, delta in sorted(deltas.items()) if delta]):
        worst = min(deltas, key=lambda code: deltas[code])
        raise InsufficientFunds(worst, needed=-deltas[worst], balance=accounts[worst].balance)


def move_balances(moves: Sequence[tuple[int, int]]) -> bool:
    """Add to accounts by their ids; false where one would go below zero, which the caller has to take back."""
    if not moves:
        return True
    with cursor_of(connection) as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_APPLY_ALL, [ints_text([key for key, _ in moves]), ints_text([delta for _, delta in moves])])
        else:
            cursor.executemany(_APPLY, [(delta, key, delta) for key, delta in moves])
        return bool(cursor.rowcount == len(moves))


def _reversed(done: Entry) -> Conflict:
    return Conflict(
        "already_reversed",
        _("Entry %(original)s was already reversed by entry %(reversal)s."),
        original=done.reversal_of_id,
        reversal=done.pk,
    )


def _taken(reference: str) -> Conflict:
    return Conflict(
        "reference_taken",
        _("%(reference)s was posted before, by another entry. Nothing was posted; look that entry up first."),
        reference=reference,
    )


def _mismatch(key: str) -> Conflict:
    return Conflict(
        "idempotency_mismatch",
        _("This was already sent once with other figures. Nothing was posted; open the page again and start over."),
        key=key,
    )
