"""The money of one customer, and what waits for their confirmation; also under ids that were merged into theirs."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Sum

from liebian.customers import queries as customers
from liebian.payouts.models import Payout
from liebian.payouts.types import WITH_PROVIDER, MoneyOf, PayoutState, ToConfirm
from liebian.rewards import queries as rewards
from liebian.rewards.types import RESERVED


def list_money_of(customer_id: int) -> list[MoneyOf]:
    """By currency; empty when this person never had a reward of money that counts."""
    ids = customers.list_ids_of(customer_id)
    promised = rewards.sum_money(ids)
    sent: dict[tuple[str, str], int] = {}
    for currency, state, minor in (
        Payout.objects.filter(customer_id__in=ids).values_list("currency", "state").annotate(n=Sum("net_minor"))
    ):
        sent[currency, state] = minor
    currencies = sorted({currency for currency, _state in (*promised, *sent)})
    found = [
        MoneyOf(
            currency,
            _sum(promised, currency, RESERVED),
            _sum(promised, currency, ["issuing"]),
            _sum(sent, currency, WITH_PROVIDER),
            _sum(sent, currency, ["paid"]),
        )
        for currency in currencies
    ]
    return [each for each in found if each.promised_minor or each.owed_minor or each.under_way_minor or each.paid_minor]


def _sum(sums: dict[tuple[str, str], int], currency: str, states: Sequence[str] | frozenset[str]) -> int:
    return sum(sums.get((currency, state), 0) for state in states)


def list_to_confirm(customer_id: int, *, reward_id: int | None = None) -> list[ToConfirm]:
    """Payouts that wait for this person, oldest first."""
    state: PayoutState = "awaiting"
    rows = Payout.objects.filter(customer_id__in=customers.list_ids_of(customer_id), state=state).exclude(package="")
    if reward_id is not None:
        rows = rows.filter(reward_id=reward_id)
    found = list(rows.select_related("account").order_by("id"))
    names = {each.id: each.offer.name for each in rewards.list_rewards(ids=[row.reward_id for row in found])}
    return [_to_confirm(row, names[row.reward_id]) for row in found]


def _to_confirm(row: Payout, name: str) -> ToConfirm:
    said = row.account.settings
    return ToConfirm(
        payout_id=row.pk, reward_id=row.reward_id, name=name, currency=row.currency, net_minor=row.net_minor,
        merchant=said.get("mchid", ""), app=said.get("appid", ""), package=row.package, sent_at=row.sent_at or row.changed_at,
    )  # fmt: skip
