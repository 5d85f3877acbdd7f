"""What waits for people too long is not paid: undecided rewards, gifts without an address, money without a payee."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from liebian.access.models import AuditEntry
from liebian.core.errors import Invalid
from liebian.ledger.tests.support import prove_zero
from liebian.payouts import services
from liebian.payouts.services import CHECKS as PAYOUT_CHECKS
from liebian.payouts.tests.desk import give_payees, make_people, owe
from liebian.rewards import queries
from liebian.rewards import services as rewards
from liebian.rewards.models import Reward
from liebian.rewards.tests.coupon_shop import make_offer as make_coupon
from liebian.rewards.tests.factories import HOLD, NOW, TODAY, make_budget, make_grant, make_points
from liebian.rewards.tests.gift_shop import address, make_gift, parcel_of, promise, restock
from liebian.rewards.tests.test_reward_pages import sign_in
from liebian.rewards.types import Deadlines, LimitRule, OfferDraft, OfferView, RewardView

pytestmark = pytest.mark.django_db(databases="__all__")
DAYS = 7
END = NOW + timedelta(days=DAYS)
TICK = timedelta(microseconds=1)


@pytest.fixture(autouse=True)
def _limits():
    rewards.set_deadlines(deadlines=Deadlines(DAYS, DAYS), actor=1, now=NOW)
    yield
    assert all(proof.holds for proof in prove_zero())
    rewards.reconcile(checks=[*rewards.list_checks(), *PAYOUT_CHECKS], now=END)
    assert {code: run.n_differences for code, run in queries.list_last_runs().items() if run.n_differences} == {}


def grant(*offers: OfferView, limits: tuple[LimitRule, ...] = ()) -> list[RewardView]:
    budget = make_budget(funded=10_000)
    grants = [make_grant(budget, n, ("referee", offer)) for n, offer in enumerate(offers)]
    return [each.reward for each in rewards.grant_pairs(grants=[replace(g, limits=limits) for g in grants], now=NOW)]


def asks_approval(kind: str = "points") -> OfferView:
    draft = OfferDraft(kind, "p", "CNY", cost_minor=1000, points=100, approval="person")  # type: ignore[arg-type]
    return rewards.create_offer(draft=draft, now=NOW)


def states(*given: RewardView) -> list[tuple[str, str]]:
    return [(reward.state, reward.reason) for reward in queries.list_rewards(ids=[each.id for each in given])][::-1]


def test_what_nobody_decides_about_ends_at_its_instant_and_its_money_returns():
    limit = LimitRule("day", "person", "day", "minor", 5000, "Asia/Shanghai")
    pending, held = grant(asks_approval(), make_points(), limits=(limit,))
    rewards.propose_review(
        act="hold", reward_ids=[held.id], reason="risk_held", note="", key="k", actor=1, day=TODAY, now=NOW
    )
    budget = queries.get_budget(pending.budget_id)
    assert budget.available == 8000
    assert rewards.end_undecided(now=END - TICK) == 0
    assert [rewards.end_undecided(now=END, limit=1) for _ in range(3)] == [1, 1, 0]
    assert states(pending, held) == [("expired", "not_decided")] * 2
    assert queries.get_budget(pending.budget_id).available == 10_000
    assert set(Reward.objects.values_list("is_by_hand", flat=True)) == {True}, "a replay of the log leaves them out"
    assert queries.points_balance(1000) == 0 and rewards.release_due(day=HOLD, now=END) == []


def test_the_refund_period_and_empty_stock_are_no_decision():
    waits, pooled = grant(make_points(), make_coupon(codes="pool"))
    assert states(pooled) == [("refused", "stock_empty")]
    assert rewards.end_undecided(now=END + timedelta(days=99)) == 0
    assert states(waits) == [("held", "")]


def test_a_gift_without_an_address_returns_to_the_stock_and_one_with_it_stays():
    gift = make_gift()
    restock(gift, 2)
    silent, told = promise(gift, 2)
    address(told)
    assert rewards.return_unclaimed_gifts(now=END - TICK) == 0
    assert (rewards.return_unclaimed_gifts(now=END), rewards.return_unclaimed_gifts(now=END)) == (1, 0)
    assert states(silent, told) == [("returned", "not_claimed"), ("issuing", "")]
    assert parcel_of(told).state == "to_pack" and queries.get_gift_stock(gift.id).n_left == 1


def test_money_without_a_payee_returns_and_money_with_one_stays():
    _budget, (silent, told) = owe(2)
    give_payees([told])
    assert services.return_unclaimed(now=END - TICK) == 0
    assert (services.return_unclaimed(now=END), services.return_unclaimed(now=END)) == (1, 0)
    assert states(silent, told) == [("returned", "not_claimed"), ("issuing", "")]


def test_without_deadlines_everything_waits():
    rewards.set_deadlines(deadlines=Deadlines(), actor=1, now=NOW)
    (pending,) = grant(asks_approval())
    make_people([1])
    later = END + timedelta(days=1000)
    done = (
        rewards.end_undecided(now=later),
        rewards.return_unclaimed_gifts(now=later),
        services.return_unclaimed(now=later),
    )
    assert done == (0, 0, 0) and states(pending) == [("pending", "")]


def test_deadlines_are_set_on_the_page_by_administrators_with_a_trace():
    admin = sign_in("administrator")
    assert admin.post("/rewards/reviews/deadlines", {"decide_days": "30", "claim_days": ""}).status_code == 302
    assert queries.get_deadlines() == Deadlines(30, 0)
    assert AuditEntry.objects.filter(action="reward_deadlines").latest("id").details == {
        "decide_days": 30,
        "claim_days": 0,
    }
    assert admin.post("/rewards/reviews/deadlines", {"decide_days": "4000"}).status_code == 422
    viewer = sign_in("viewer")
    assert viewer.post("/rewards/reviews/deadlines", {"decide_days": "1"}).status_code == 403
    assert "within 30 days" in viewer.get("/rewards/reviews").content.decode()
    with pytest.raises(Invalid):
        rewards.set_deadlines(deadlines=Deadlines(-1, 0), actor=1, now=NOW)
