"""Two customers turn out to be one: what the one had in points is the other's, and what comes for them later goes there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from liebian.core.bulk import write_rows
from liebian.core.columns import select_in, update_tuples
from liebian.customers.types import Merge
from liebian.ledger.queries import list_balances
from liebian.ledger.services import post_many
from liebian.ledger.types import AccountRef, EntryDraft
from liebian.rewards.models import PointsLot, PointsMerge, PointsUse, PointsWallet
from liebian.rewards.rules import PointsAccounts
from liebian.rewards.services.points.desk import Desk, Holder, Moves, lock_holders, read_standing
from liebian.rewards.services.points.ending import end_silences, run_on_wallets

_LAPSE_SPENT = """
UPDATE rewards_points_lot AS t SET expires_at = w.lapsed_at FROM rewards_points_wallet AS w
WHERE w.id IN ({ids}) AND t.customer_id = w.customer_id AND t.asset = w.asset AND t.active_from < w.lapsed_at
AND (t.expires_at IS NULL OR t.expires_at > w.lapsed_at)
"""


def merge_points(*, merges: Sequence[Merge], at: datetime, now: datetime) -> int:
    """Give the points of those who were merged away to who they are, in the order of the merges; answers how many were new.

    Lots keep their ends and causes, what is set aside stays so, both owe what either owed and pay it from what both have, the longer
    silence counts. Limits of transfers do not apply. Writes PointsLot, PointsUse, PointsWallet, PointsMerge, ledger (one entry for an
    asset). Idempotent by who was merged away.
    """
    with transaction.atomic():
        pairs = _choose(merges)
        if not pairs:
            return 0
        holders = _lock(pairs, now)
        moved = _list_rows(pairs)
        for asset in sorted({asset for asset, _ in holders}):
            theirs = {who: pairs[who] for each, who in holders if each == asset}
            _merge_silences(asset, theirs, at)
            _move_balances(asset, theirs, merges[0].position, at, now)
        _move_rows(merges, pairs, moved, at)
        _pay_debts(holders, pairs, merges[0].position, at, now)
    return len(pairs)


def _choose(merges: Sequence[Merge]) -> dict[int, int]:
    """Who is to be moved to whom: the end of every chain, without those who were moved before."""
    named = {who for merge in merges for who in (merge.loser_id, merge.winner_id)}
    known = read_standing(named)
    fresh = {merge.loser_id: merge.winner_id for merge in merges if merge.loser_id not in known}
    return {loser: _end_of(loser, {**known, **fresh}) for loser in fresh}


def _end_of(who: int, steps: Mapping[int, int]) -> int:
    while who in steps:
        who = steps[who]
    return who


def _lock(pairs: Mapping[int, int], now: datetime) -> set[Holder]:
    """Everything that those who go have, while they and those who stay are locked: what came in meanwhile, too."""
    locked: set[Holder] = set()
    while fresh := _find_holders(pairs) - locked:
        lock_holders(sorted(fresh | {(asset, pairs[who]) for asset, who in fresh}), now)
        locked |= fresh
    return locked


def _find_holders(pairs: Mapping[int, int]) -> set[Holder]:
    losers = sorted(pairs)
    return {
        (asset, who)
        for model in (PointsLot, PointsUse, PointsWallet)
        for asset, who in select_in(model, ("asset", "customer_id"), "customer_id", losers)
    }


def _list_rows(pairs: Mapping[int, int]) -> dict[int, dict[str, list[int]]]:
    """The lots and uses that go over, by who has them so far."""
    moved: dict[int, dict[str, list[int]]] = defaultdict(lambda: {"lots": [], "uses": []})
    for name, model in (("lots", PointsLot), ("uses", PointsUse)):
        for key, who in select_in(model, ("id", "customer_id"), "customer_id", sorted(pairs)):
            moved[who][name].append(key)
    return moved


def _merge_silences(asset: str, pairs: Mapping[int, int], at: datetime) -> None:
    """What lapsed so far stays so for the lots of that customer alone; from then on the later end of both silences counts."""
    people = {*pairs, *pairs.values()}
    wallets = PointsWallet.objects.filter(asset=asset, customer_id__in=people)
    ids = list(wallets.values_list("id", flat=True))
    if not ids:
        return
    end_silences(ids, at)
    run_on_wallets(ids, [_LAPSE_SPENT])
    ends: dict[int, list[datetime]] = defaultdict(list)
    for who, idle_at in wallets.values_list("customer_id", "idle_at"):
        ends[pairs.get(who, who)] += [idle_at] if idle_at else []
    wallets.delete()
    write_rows(PointsWallet(customer_id=who, asset=asset, idle_at=max(each)) for who, each in ends.items() if each)


def _move_balances(asset: str, pairs: Mapping[int, int], position: int, at: datetime, now: datetime) -> None:
    accounts, moves = PointsAccounts(asset), Moves()
    refs = {who: _refs(accounts, who) for who in {*pairs, *pairs.values()}}
    held = list_balances(ref.code for who in pairs for ref in refs[who])
    for loser, winner in sorted(pairs.items()):
        for source, target in zip(refs[loser], refs[winner], strict=True):
            moves.move(source, target, held[source.code])
    if moves.legs:
        memo = {"merged": {str(loser): winner for loser, winner in sorted(pairs.items())}}
        key = f"points:merged:{position}:{asset}"
        post_many(entries=[EntryDraft(key, "points_merge", moves.legs, at, memo=memo)], now=now)


def _refs(accounts: PointsAccounts, who: int) -> list[AccountRef]:
    owed = [accounts.owed(kind, who) for kind in ("debt", "within_balance", "review")]
    return [accounts.active(who), accounts.pending(who), accounts.reserved(who), *owed]


def _move_rows(merges: Sequence[Merge], pairs: Mapping[int, int], moved: Mapping[int, Any], at: datetime) -> None:
    """From now on they are who they are; whoever was merged before into somebody who goes now goes on with them."""
    changes = sorted((winner, loser) for loser, winner in pairs.items())
    update_tuples(PointsLot, ("customer_id",), changes, key="customer_id")
    update_tuples(PointsUse, ("customer_id",), changes, key="customer_id")
    update_tuples(PointsMerge, ("winner_id",), changes, key="winner_id")
    positions = {merge.loser_id: merge.position for merge in merges}
    write_rows(
        PointsMerge(loser_id=loser, winner_id=winner, position=positions[loser], at=at, moved=moved.get(loser, {}))
        for loser, winner in pairs.items()
    )


def _pay_debts(holders: Iterable[Holder], pairs: Mapping[int, int], position: int, at: datetime, now: datetime) -> None:
    people = {(asset, pairs[who]) for asset, who in holders}
    if not people:
        return
    desk = Desk(people, now=now)
    for asset, who in desk.holders:
        desk.pay_debt((asset, who), f"merged:{position}:{who}", at)
    desk.close()
