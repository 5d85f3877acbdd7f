"""Rewards of money that nobody has put into a batch yet, and why some cannot be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.db.models import Sum

from liebian.core.days import day_of, day_start
from liebian.customers import queries as customers
from liebian.payouts.models import Account, Payee, Payout
from liebian.payouts.types import LIVE, Waiting
from liebian.rewards import queries as rewards
from liebian.rewards.queries import tax_of
from liebian.rewards.types import MONEY, RewardView

SHOWN = 1_000


def list_waiting(*, account_id: int | None, now: datetime, reward_ids: Sequence[int] | None = None) -> list[Waiting]:
    """What can be paid, oldest first, at most a thousand. With an account, each carries what stands against paying it there."""
    account = Account.objects.filter(pk=account_id).first() if account_id else None
    open_ids = rewards.list_reward_ids(kinds=sorted(MONEY), states=("issuing",))
    if reward_ids is not None:
        open_ids &= set(reward_ids)
    open_ids -= set(Payout.objects.filter(state__in=LIVE, reward_id__in=open_ids).values_list("reward_id", flat=True))
    found = [each for each in rewards.list_rewards(ids=sorted(open_ids)[:SHOWN])[::-1] if each.kept_minor > 0]
    people = customers.list_customers_by_id({each.customer_id for each in found})
    standing = {each.customer_id: people[each.customer_id].id for each in found if each.customer_id in people}
    payees = {}
    if account is not None:
        payees = {
            row.customer_id: row
            for row in Payee.objects.filter(adapter=account.adapter, customer_id__in=standing.values())
        }
    months = _Months(set(standing.values()), now)
    return [_waiting(each, account, standing.get(each.customer_id), payees, months) for each in found]


class _Months:
    """This month's fees of each person, which the tax of the next ones goes by."""

    def __init__(self, people: set[int], now: datetime) -> None:
        first = day_of(now, settings.TIME_ZONE).replace(day=1)
        rows = Payout.objects.filter(customer_id__in=people, tax_rule="fees_withheld", state__in=LIVE)
        rows = rows.filter(batch__proposed_at__gte=day_start(first, settings.TIME_ZONE))
        self.sums: dict[int, list[int]] = defaultdict(lambda: [0, 0])
        for person, gross, tax in rows.values_list("customer_id").annotate(Sum("gross_minor"), Sum("tax_minor")):
            self.sums[person] = [gross, tax]

    def tax(self, person: int, reward: RewardView) -> int:
        gross, tax = self.sums[person]
        own = tax_of(reward.offer.tax, reward.kept_minor, month_gross=gross, month_tax=tax)
        if reward.offer.tax == "fees_withheld":
            self.sums[person] = [gross + reward.kept_minor, tax + own]
        return own


def _waiting(
    reward: RewardView, account: Account | None, person: int | None, payees: dict[int, Payee], months: _Months
) -> Waiting:
    tax = months.tax(person or reward.customer_id, reward)
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
