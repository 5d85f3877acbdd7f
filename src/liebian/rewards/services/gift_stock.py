"""Which rewards have a unit of their gift, and which wait for one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from liebian.ledger.queries import list_balances
from liebian.ledger.services import lock_balances
from liebian.rewards.models import Reward
from liebian.rewards.rules import GiftAccounts
from liebian.rewards.services.kinds.gifts import accounts_of
from liebian.rewards.services.life import Step, move_rewards

WAITING = ("held", "approved")


def take_gifts(*, rewards: Sequence[Reward], now: datetime) -> list[Reward]:
    """The rewards that can be issued now: of gifts, as many as are left, the first first.

    The others are put on hold with "stock_empty" until the stock is filled. Locks the stocks until the caller's transaction ends, so
    that of many takers each counts on another unit. Writes Reward, RewardChange.
    """
    gifts = [row for row in rewards if row.offer.kind == "gift"]
    if not gifts:
        return list(rewards)
    stocks = {row.offer_id: accounts_of(row).left for row in gifts}
    left = lock_balances(refs=list(stocks.values()), now=now)
    without = []
    for row in gifts:
        code = stocks[row.offer_id].code
        if left[code] > 0:
            left[code] -= 1
        else:
            without.append(row)
    move_rewards([Step(row, row.state, "stock_empty", by_hand=True, on_hold=True) for row in without], at=now)
    short = {row.pk for row in without}
    return [row for row in rewards if row.pk not in short]


def wake_waiting(*, now: datetime) -> list[int]:
    """Let go what waits for a gift that is there again, as many as are left, the oldest first; answers the rewards.

    Rewards that somebody is changing just now are left for the next call. Writes Reward, RewardChange.
    """
    waiting = Reward.objects.filter(is_on_hold=True, reason="stock_empty", state__in=WAITING, offer__kind="gift")
    asked = list(waiting.order_by().values_list("offer_id", "offer__name").distinct())
    codes = {GiftAccounts(offer_id, name).left.code: offer_id for offer_id, name in asked}
    found: list[int] = []
    with transaction.atomic():
        for code, n_left in sorted(list_balances(codes).items()):
            locked = waiting.filter(offer_id=codes[code]).select_for_update(of=("self",), skip_locked=True)
            rows = list(locked.order_by("id")[:n_left]) if n_left else []
            move_rewards([Step(row, row.state, by_hand=True) for row in rows], at=now)
            found += [row.pk for row in rows]
    return found
