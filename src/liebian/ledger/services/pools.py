"""Pools: one account in parts. Whoever draws locks one part; only when that part is short are all of them locked and levelled."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction

from liebian.ledger.rules import level_parts, sum_legs
from liebian.ledger.services.posting import lock_balances, post_each, post_inside, post_many
from liebian.ledger.types import AccountRef, EntryDraft, EntryView, InsufficientFunds, Leg, PoolRef


class _NeedsAll(Exception):
    """A part was short: the locks that were taken are given back, and all parts are locked in their order."""


def post_each_pooled(
    *, entries: Sequence[EntryDraft], pools: Sequence[PoolRef], now: datetime
) -> list[EntryView | InsufficientFunds]:
    """As `post_each`, where a part that is short is filled from the other parts of its pool before anything is refused.

    What the pool as a whole can carry is posted, what it cannot is refused, whatever comes at once. Writes one entry "rebalance"
    more where parts were levelled. Idempotency and errors as `post_each`.
    """
    split = [pool for pool in pools if pool.shards > 1]
    parts = {part.code: pool for pool in split for part in pool.parts}
    try:
        with transaction.atomic():
            outcomes = post_inside(entries=entries, now=now)
            if any(isinstance(each, InsufficientFunds) and each.account in parts for each in outcomes):
                raise _NeedsAll
            return outcomes
    except _NeedsAll:
        with transaction.atomic():
            return _post_levelled(entries, split, now)


def reshard(*, before: PoolRef, after: PoolRef, now: datetime) -> None:
    """Spread what a pool holds evenly over another number of parts. Writes one entry. Repeating it changes nothing."""
    with transaction.atomic():
        refs = {part.code: part for part in (*before.parts, *after.parts)}
        balances = lock_balances(refs=list(refs.values()), now=now)
        wanted = level_parts(sum(balances.values()), [0] * after.shards)
        targets = {part.code: amount for part, amount in zip(after.parts, wanted, strict=True)}
        _shift(after, refs, {code: targets.get(code, 0) - held for code, held in balances.items()}, now)


def _post_levelled(
    entries: Sequence[EntryDraft], pools: Sequence[PoolRef], now: datetime
) -> list[EntryView | InsufficientFunds]:
    refs = {leg.account.code: leg.account for entry in entries for leg in entry.legs}
    refs |= {part.code: part for pool in pools for part in pool.parts}
    lock_balances(refs=list(refs.values()), now=now)
    outcomes: dict[str, EntryView | InsufficientFunds] = {}
    left = list(entries)
    while left:
        for pool in pools:
            _level(pool, left, now)
        answers = post_each(entries=left, now=now)
        outcomes |= {entry.key: answer for entry, answer in zip(left, answers, strict=True)}
        refused = [entry for entry in left if isinstance(outcomes[entry.key], InsufficientFunds)]
        if len(refused) == len(left):
            break
        left = refused
    return [outcomes[entry.key] for entry in entries]


def _level(pool: PoolRef, entries: Sequence[EntryDraft], now: datetime) -> None:
    """Give every part what these entries draw from it, as far as the pool goes, first come first served."""
    codes = {part.code: number for number, part in enumerate(pool.parts)}
    balances = lock_balances(refs=pool.parts, now=now)
    total = rest = sum(balances.values())
    needs = [0] * pool.shards
    for entry in entries:
        drawn = {code: -amount for code, amount in sum_legs(entry.legs).items() if code in codes and amount < 0}
        if 0 < sum(drawn.values()) <= rest:
            rest -= sum(drawn.values())
            for code, amount in drawn.items():
                needs[codes[code]] += amount
    wanted = level_parts(total, needs)
    refs = {part.code: part for part in pool.parts}
    _shift(pool, refs, {code: wanted[number] - balances[code] for code, number in codes.items()}, now)


def _shift(pool: PoolRef, refs: Mapping[str, AccountRef], deltas: Mapping[str, int], now: datetime) -> None:
    legs = tuple(Leg(refs[code], delta) for code, delta in sorted(deltas.items()) if delta)
    if legs:
        key = f"rebalance:{pool.code}:{uuid.uuid4().hex}"
        post_many(entries=[EntryDraft(key, "rebalance", legs, now, subject=pool.book)], now=now)
