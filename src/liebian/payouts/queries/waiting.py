"""Rewards of money that nobody has put into a batch yet, and why some cannot be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from liebian.core.columns import select_in
from liebian.customers import queries as customers
from liebian.payouts.models import Account, Payee, Payout
from liebian.payouts.queries.months import FeeMonths
from liebian.payouts.types import GIVE_UP_WAITS, LIVE, Waiting
from liebian.rewards import queries as rewards
from liebian.rewards.types import MONEY, RewardView

SHOWN = 1_000


def list_waiting(*, account_id: int | None, now: datetime, reward_ids: Sequence[int] | None = None) -> list[Waiting]:
    """What can be paid, oldest first, at most a thousand. With an account, each carries what stands against paying it there, and those
    whose payee it knows come first, so that the others cannot hide them.
    Tax is what it would be if everything that is on its way were paid this month; it is determined when a payout is sent."""
    account = Account.objects.filter(pk=account_id).first() if account_id else None
    open_ids = _list_open()
    if reward_ids is not None:
        open_ids &= set(reward_ids)
    shown = sorted(sorted(open_ids), key=_has_no_payee(open_ids, account))[:SHOWN]
    found = [each for each in rewards.list_rewards(ids=shown)[::-1] if each.kept_minor > 0]
    people = customers.list_customers_by_id({each.customer_id for each in found})
    standing = {each.customer_id: people[each.customer_id].id for each in found if each.customer_id in people}
    payees = {}
    if account is not None:
        payees = {
            row.customer_id: row
            for row in Payee.objects.filter(adapter=account.adapter, customer_id__in=standing.values())
        }
    in_doubt = Payout.objects.filter(state="failed", reason=GIVE_UP_WAITS)
    given_up = set(in_doubt.values_list("reward_id", flat=True))
    months = FeeMonths(set(standing.values()), now, planned=True)
    rows = [_waiting(each, account, standing.get(each.customer_id), payees, months) for each in found]
    return [replace(each, problem=GIVE_UP_WAITS) if each.reward_id in given_up else each for each in rows]


def count_waiting() -> int:
    """Rewards of money that are in no payout."""
    return len(_list_open())


def _list_open() -> set[int]:
    open_ids = rewards.list_reward_ids(kinds=sorted(MONEY), states=("issuing",))
    on_their_way = select_in(Payout, ("reward_id", "state"), "reward_id", sorted(open_ids))
    return open_ids - {reward_id for reward_id, state in on_their_way if state in LIVE}


def _has_no_payee(reward_ids: set[int], account: Account | None) -> Callable[[int], bool]:
    if account is None or len(reward_ids) <= SHOWN:
        return lambda _reward_id: False
    owners = rewards.map_owners(reward_ids)
    final = customers.find_final_ids(owners.values())
    known = set(Payee.objects.filter(adapter=account.adapter).values_list("customer_id", flat=True))
    return lambda reward_id: final.get(owners[reward_id], owners[reward_id]) not in known


def _waiting(
    reward: RewardView, account: Account | None, person: int | None, payees: dict[int, Payee], months: FeeMonths
) -> Waiting:
    tax = months.tax(person or reward.customer_id, reward.offer.tax, reward.offer.currency, reward.kept_minor)
    payee = payees.get(person or 0)
    problem = _problem(reward, account, person, payee, reward.kept_minor - tax)
    return Waiting(
        reward_id=reward.id, customer_id=person or reward.customer_id, name=reward.offer.name, currency=reward.offer.currency,
        gross_minor=reward.kept_minor, tax_minor=tax, net_minor=reward.kept_minor - tax, tax_rule=reward.offer.tax,
        problem=problem, payee_hint=payee.hint if payee else "",
    )  # fmt: skip


def _problem(
    reward: RewardView, account: Account | None, person: int | None, payee: Payee | None, net_minor: int
) -> str:
    if person is None:
        return "deleted_identity"
    if account is None:
        return ""
    if not account.is_enabled:
        return "account_off"
    if account.currency != reward.offer.currency:
        return "other_currency"
    if payee is None:
        return "payee_missing"
    if not account.min_minor <= net_minor <= account.max_minor:
        return "amount_out_of_bounds"
    return ""
