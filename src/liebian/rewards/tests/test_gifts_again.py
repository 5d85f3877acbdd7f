"""A gift that was lost or came back is sent again: a piece and its cost once more, by two persons where that is asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from liebian.core.errors import LiebianError
from liebian.ledger.tests.support import prove_zero
from liebian.rewards import queries, services
from liebian.rewards.models import Reward
from liebian.rewards.services.checks.budgets import BudgetCheck
from liebian.rewards.services.checks.limits import LimitCheck
from liebian.rewards.tests.factories import HOLD, NOW, TODAY, make_budget, make_grant, make_points
from liebian.rewards.tests.gift_shop import (
    act,
    make_gift,
    parcel_of,
    promise,
    refund,
    restock,
    send,
    state_of,
    units,
)
from liebian.rewards.tests.test_reward_pages import read, sign_in
from liebian.rewards.types import BudgetView, LimitRule, OfferView, PolicyView, RewardView

pytestmark = pytest.mark.django_db(databases="__all__")
LIMITS = tuple(
    LimitRule(measure, "person", "ever", measure, 100_000, "Asia/Shanghai", frees_taken_back=True)  # type: ignore[arg-type]
    for measure in ("minor", "count")
)


@pytest.fixture(autouse=True)
def _books_agree():
    yield
    assert all(proof.holds for proof in prove_zero())
    assert BudgetCheck().compare(NOW).differences == LimitCheck().compare(NOW).differences == ()


@pytest.fixture
def gift() -> OfferView:
    gift = make_gift()
    restock(gift, 2)
    return gift


def again(*rewards: RewardView, key: str = "again", reason: str = "parcel_lost"):
    return services.propose_review(
        act="resend", reward_ids=[each.id for each in rewards], reason=reason, note="", key=key, actor=1, day=HOLD, now=NOW
    )  # fmt: skip


def money(budget: BudgetView) -> tuple[int, int, int, int]:
    seen = queries.get_budget(budget.id)
    return seen.available, seen.payable, seen.paid_out, seen.written_off


def test_a_lost_gift_is_sent_again_and_costs_twice(gift):
    budget = make_budget(3000)
    [reward] = promise(gift, budget=budget)
    send(reward)
    act("lose", reward)
    first = parcel_of(reward)
    for _ in range(2):
        again(reward)
    assert state_of(reward) == ("issuing", "parcel_lost") and money(budget) == (1000, 1000, 0, 1000)
    second = parcel_of(reward)
    assert second.id != first.id and (second.state, second.covered) == ("to_pack", first.covered)
    assert units(gift) == (0, 1, 0, 0, 1)
    assert not any(act("ship", reward)) and not any(act("deliver", reward))
    assert state_of(reward)[0] == "issued" and money(budget) == (1000, 0, 1000, 1000)
    assert queries.get_programme_totals(9).net_minor == 2000


def test_lost_twice_returned_and_sent_once_more(gift):
    restock(gift, 3, key="2")
    budget = make_budget(9000)
    [reward] = promise(gift, budget=budget)
    send(reward)
    for number, end in enumerate(("lose", "lose", "return", "deliver")):
        assert not any(act(end, reward)), number  # type: ignore[arg-type]
        if end != "deliver":
            again(reward, key=str(number))
            assert not any(act("ship", reward))
    assert state_of(reward)[0] == "issued" and money(budget) == (6000, 0, 1000, 2000)
    assert units(gift) == (2, 0, 0, 1, 2) and Reward.objects.get(pk=reward.id).attempt == 3


def test_what_came_back_uses_its_place_in_the_limits_again(gift):
    budget = make_budget(3000)
    grant = replace(make_grant(budget, 1, ("referee", gift)), limits=LIMITS)
    reward = services.grant_pairs(grants=[grant], now=NOW)[0].reward
    services.release_due(day=HOLD, now=NOW)
    send(reward)
    act("return", reward)
    used = [each.used for each in queries.list_limit_uses(programme_id=9, limits=LIMITS, at=NOW)]
    again(reward, reason="parcel_returned")
    after = [each.used for each in queries.list_limit_uses(programme_id=9, limits=LIMITS, at=NOW)]
    assert (used, after) == ([0, 0], [1000, 1])


def test_a_second_person_agrees_where_the_policy_asks_for_it(gift):
    [reward] = promise(gift, budget=make_budget(3000))
    send(reward)
    act("lose", reward)
    services.set_review_policy(policy=PolicyView("always", "", 0), actor=1, now=NOW)
    review = again(reward)
    assert (review.state, state_of(reward)[0]) == ("waiting", "written_off")
    services.decide_review(review_id=review.id, agree=True, note="", actor=2, day=HOLD, now=NOW)
    assert state_of(reward)[0] == "issuing"


@pytest.mark.parametrize("mode", ["never", "always"])
@pytest.mark.parametrize("short", ["money", "pieces"])
def test_without_money_or_a_piece_nothing_is_changed_and_nobody_is_asked(short, mode):
    services.set_review_policy(policy=PolicyView(mode, "", 0), actor=1, now=NOW)
    gift = make_gift()
    restock(gift, 1 if short == "pieces" else 2)
    budget = make_budget(1000 if short == "money" else 3000)
    [reward] = promise(gift, budget=budget)
    send(reward)
    act("lose", reward)
    with pytest.raises(LiebianError) as refused:
        again(reward)
    assert refused.value.code == "resend_short" and state_of(reward)[0] == "written_off"
    assert parcel_of(reward).state == "lost" and queries.list_reviews() == []


def test_only_what_was_lost_or_came_back_and_not_what_was_refunded(gift):
    on_its_way, refunded = promise(gift, 2, budget=make_budget(5000))
    send(on_its_way, refunded)
    act("lose", refunded)
    refund(2)
    review = again(on_its_way, refunded)
    assert {item.outcome for item in review.items} == {"moved_on"}
    points = services.grant_pairs(grants=[make_grant(make_budget(1000), 9, ("referrer", make_points()))], now=NOW)
    assert queries.preview_review("resend", [points[0].reward.id]).n_fitting == 0


def test_an_erased_address_does_not_come_back(gift):
    [reward] = promise(gift, budget=make_budget(3000))
    send(reward)
    act("lose", reward)
    services.erase_addresses(customer_id=reward.customer_id, at=NOW, now=NOW)
    again(reward)
    assert parcel_of(reward).needs_address


@pytest.mark.parametrize(("end", "reason"), [("lose", "parcel_lost"), ("return", "parcel_returned")])
def test_the_form_begins_with_what_happened(gift, end, reason):
    [reward] = promise(gift)
    send(reward)
    act(end, reward)
    page = read(sign_in("operator"), f"/rewards/act?act=resend&id={reward.id}")
    assert f'<option value="{reason}" selected>' in page and "¥10.00 in all." in page


def test_the_page_offers_it_and_shows_every_shipment(gift):
    [reward] = promise(gift, budget=make_budget(3000))
    send(reward)
    act("return", reward)
    staff = sign_in("operator")
    assert "Send again" in read(staff, f"/rewards/{reward.id}")
    assert "another piece" in read(staff, f"/rewards/act?act=resend&id={reward.id}")
    again(reward)
    page = read(staff, f"/rewards/{reward.id}")
    assert "To be packed" in page and "Send again" not in page


def test_limits_agree_after_every_end_of_a_reward():
    """The nightly check stays quiet after reviews, refunds before and after issue, and stopped deliveries."""
    gift, points, budget = make_gift(), make_points(), make_budget(20_000)
    restock(gift, 3)
    offers = [points, points, points, gift, gift]
    grants = [make_grant(budget, n, ("referee", offer)) for n, offer in enumerate(offers, 1)]
    made = services.grant_pairs(grants=[replace(each, limits=LIMITS) for each in grants], now=NOW)
    first = made[0].reward.id
    for name, reason in (("hold", "risk_held"), ("approve", "checked")):
        services.propose_review(
            act=name, reward_ids=[first], reason=reason, note="", key=name, actor=1, day=TODAY, now=NOW
        )
    refund(2, part=3)
    services.release_due(day=HOLD, now=NOW)
    refund(3)
    refund(2, part=7)
    refund(4)
    assert [queries.get_reward(each.reward.id).state for each in made] == [
        "issued", "issued", "clawed_back", "cancelled", "issuing",
    ]  # fmt: skip
