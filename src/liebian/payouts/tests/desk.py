"""Accounts, payees and rewards of money for tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time

from liebian.customers.models import Customer, CustomerSeen
from liebian.payouts import queries, services
from liebian.payouts.models import Payout
from liebian.payouts.tests import wechat_fake
from liebian.payouts.tests.wechat_fake import Fake
from liebian.payouts.types import AccountDraft, AccountView, BatchView
from liebian.rewards import queries as rewards_seen
from liebian.rewards import services as rewards
from liebian.rewards.tests.factories import HOLD, NOW, make_budget, make_grant
from liebian.rewards.types import BudgetView, OfferDraft, OfferView, RewardView, TaxRule

MAKER, CHECKER = 1, 2


def make_account(
    fake: Fake | None = None, *, adapter: str = "wechat", name: str = "Main", **changes: object
) -> AccountView:
    settings = secrets = {}
    if adapter == "wechat":
        assert fake is not None
        settings = {
            "mchid": wechat_fake.MCHID, "appid": "wx0000000000000001", "cert_serial_no": wechat_fake.SERIAL,
            "public_key_id": wechat_fake.KEY_ID, "scene_id": "1000", "gateway": fake.url, "activity": "老带新", "about": "推荐奖励",
        }  # fmt: skip
        secrets = {
            "private_key": wechat_fake.MERCHANT_PEM, "apiv3_key": wechat_fake.APIV3_KEY,
            "public_key": wechat_fake.PLATFORM_PUBLIC,
        }  # fmt: skip
    values: dict[str, object] = {
        "name": name,
        "adapter": adapter,
        "currency": "CNY",
        "settings": settings,
        "secrets": secrets,
    }
    draft = AccountDraft(**(values | changes))  # type: ignore[arg-type]
    return services.save_account(draft=draft, account_id=None, actor=MAKER, now=NOW)


def make_cash(face: int = 1000, tax: TaxRule = "none", kind: str = "cash") -> OfferView:
    cost = rewards_seen.gross_of(tax, face, on=NOW.date())
    draft = OfferDraft(kind=kind, name="Cash", currency="CNY", cost_minor=cost, face_minor=face, tax=tax)  # type: ignore[arg-type]
    return rewards.create_offer(draft=draft, now=NOW)


def make_people(ids: Sequence[int]) -> None:

    for key in ids:
        Customer.objects.get_or_create(pk=key, defaults={"first_seen_at": NOW, "is_known": True})
        CustomerSeen.objects.get_or_create(customer_id=key, defaults={"is_known": True, "last_seen_at": NOW})


def owe(
    n: int = 1, offer: OfferView | None = None, *, funded: int = 0, start: int = 1
) -> tuple[BudgetView, list[RewardView]]:
    """Rewards of money that wait for their payout: of the friends of orders 1, 2, …, customers 1001, 1002, …"""
    offer = offer or make_cash()
    budget = make_budget(funded=funded or n * offer.cost_minor)
    grants = [make_grant(budget, number, ("referee", offer)) for number in range(start, start + n)]
    made = rewards.grant_pairs(grants=grants, now=NOW)
    make_people([each.reward.customer_id for each in made])
    while rewards.release_due(day=HOLD, now=NOW):
        pass
    return budget, [rewards_seen.get_reward(each.reward.id) for each in made]


def give_payees(owed: Sequence[RewardView], adapter: str = "wechat") -> None:
    for each in owed:
        services.set_payee(
            customer_id=each.customer_id, adapter=adapter, details=payee_of(each.customer_id), actor=MAKER, now=NOW
        )


def payee_of(customer_id: int) -> dict[str, str]:
    return {
        "openid": f"oUpF8uMuAJO_{customer_id}",
        "name": "林晚秋",
        "number": f"62220202{customer_id:08}",
        "bank": "工商银行",
    }


def approve(account: AccountView, owed: Sequence[RewardView], *, key: str = "1", now: datetime = NOW) -> BatchView:
    batch = services.propose_batch(
        account_id=account.id, reward_ids=[each.id for each in owed], key=key, note="", actor=MAKER, now=now
    )
    return services.decide_batch(batch_id=batch.id, agree=True, note="", actor=CHECKER, now=now)


def states() -> list[str]:
    return list(Payout.objects.order_by("id").values_list("state", flat=True))


def where(budget: BudgetView) -> tuple[int, int, int]:
    """available, payable, paid out"""
    seen = rewards_seen.get_budget(budget.id)
    assert seen.funded == seen.available + seen.reserved + seen.payable + seen.paid_out + seen.receivable
    return seen.available, seen.payable, seen.paid_out


def reward_state(reward: RewardView) -> tuple[str, str]:
    seen = rewards_seen.get_reward(reward.id)
    return seen.state, seen.reason


NIGHT = (time(0), time(8))
__all__ = ["queries"]
