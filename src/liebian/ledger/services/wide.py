"""One entry over very many accounts, as columns: for what a night does to all customers at once."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from liebian.core.bulk import give_keys
from liebian.core.columns import insert_tuples, select_in
from liebian.core.errors import NotFound
from liebian.core.texts import mark as _
from liebian.ledger.models import Account, Entry, Posting
from liebian.ledger.rules import check_wide, hash_wide
from liebian.ledger.services.posting import (
    LOCKED,
    Locked,
    check_account,
    find_stored,
    insert_entries,
    move_balances,
    open_missing,
)
from liebian.ledger.types import InsufficientFunds, WideDraft


def post_wide(*, entry: WideDraft, now: datetime) -> bool:
    """Post it; False where it was posted before. The same as `post` with a leg for every account, at a fraction of the cost.

    Writes Entry, Posting, Account. Idempotent by `entry.key`. Raises Invalid, NotFound "account_not_found", Conflict
    "idempotency_mismatch" or "account_mismatch", InsufficientFunds.
    """
    check_wide(entry)
    body = hash_wide(entry)
    with transaction.atomic():
        ids, short = _lock(entry, now)
        if find_stored({entry.key: body}):
            return False
        if short is not None:
            raise short
        row = Entry(
            idempotency_key=entry.key,
            body_hash=body,
            kind=entry.kind,
            effective_at=entry.effective_at,
            inserted_at=now,
            memo=dict(entry.memo),
        )
        give_keys([row])
        insert_entries([row])
        moves = sorted((ids[code], -amount) for code, amount in entry.taken.items())
        moves.append((ids[entry.target.code], sum(entry.taken.values())))
        entry_id = row.pk
        insert_tuples(Posting, ("entry", "account", "amount"), [(entry_id, key, amount) for key, amount in moves])
        if not move_balances(moves):
            raise InsufficientFunds(entry.kind, needed=moves[-1][1], balance=0)
    return True


def _lock(entry: WideDraft, now: datetime) -> tuple[dict[str, int], InsufficientFunds | None]:
    """The ids of the accounts by code, all locked in the order of the codes, and one of them that has too little."""
    taken, target = entry.taken, entry.target
    open_missing({target.code: target}, now)
    ids: dict[str, int] = {}
    short: InsufficientFunds | None = None
    for row in select_in(Account, LOCKED, "code", [*taken, target.code], lock=True):
        key, code, kind, asset, balance = row
        ids[code] = key
        if code == target.code:
            check_account(Locked(*row), target.kind, target.asset)
        elif kind != entry.account_kind or asset != target.asset:
            check_account(Locked(*row), entry.account_kind, target.asset)
        elif balance < taken[code]:
            short = InsufficientFunds(code, needed=taken[code], balance=balance)
    if len(ids) <= len(taken):
        missing = min(set(taken) - set(ids))
        raise NotFound(
            "account_not_found", _("There is no account %(code)s. Nothing was ever posted to it."), code=missing
        )
    return ids, short
