"""From qualification to money and back: grants, releases, refunds, coupons, totals."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from liebian.core.errors import Conflict, Invalid, NotFound
from liebian.ledger.queries import list_entries
from liebian.ledger.tests.support import prove_zero
from liebian.rewards import queries, services
from liebian.rewards.tests.factories import HOLD, NOW, TODAY, make_budget, make_coupon, make_grant, make_points
from liebian.rewards.types import BudgetView, CouponUse, OfferDraft, PointsBurn, RefundNotice, RewardView

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture(autouse=True)
def _always_zero():
    yield
    assert all(proof.holds for proof in prove_zero())


def grant_pair(budget: BudgetView, number: int = 1) -> tuple[RewardView, RewardView]:
    grant = make_grant(budget, number, ("referrer", make_points()), ("referee", make_coupon()))
    first, second = services.grant_pairs(grants=[grant], now=NOW)
    return first.reward, second.reward


def refund(refunded: int, total: int = 9999, number: int = 1) -> list[RewardView]:
    return services.cancel_or_claw_back(
        qualification=f"order:{number}", refunded_minor=refunded, order_total_minor=total, at=NOW, now=NOW
    )


def where(budget: BudgetView) -> tuple[int, int, int, int, int]:
    seen = queries.get_budget(budget.id)
    return seen.available, seen.reserved, seen.paid_out, seen.receivable, seen.written_off


def test_money_is_put_in_once_per_key():
    budget = make_budget(funded=5000)
    assert make_budget().available == 0
    again = services.fund_budget(budget_id=budget.id, amount_minor=5000, idempotency_key="1", actor=1, now=NOW)
    assert (again.funded, again.available) == (5000, 5000)
    with pytest.raises(Conflict) as caught:
        services.fund_budget(budget_id=budget.id, amount_minor=6000, idempotency_key="1", actor=1, now=NOW)
    assert caught.value.code == "idempotency_mismatch"


@pytest.mark.parametrize("amount", [0, -1, 10**15 + 1])
def test_an_impossible_amount_is_refused(amount: int):
    budget = make_budget()
    with pytest.raises(Invalid):
        services.fund_budget(budget_id=budget.id, amount_minor=amount, idempotency_key="1", actor=None, now=NOW)


def test_an_unknown_budget_or_offer_is_not_found():
    with pytest.raises(NotFound):
        services.fund_budget(budget_id=999, amount_minor=1, idempotency_key="1", actor=None, now=NOW)
    with pytest.raises(NotFound):
        grant = make_grant(make_budget(100), 1, ("referrer", replace(make_points(), id=999)))
        services.grant_pairs(grants=[grant], now=NOW)


@pytest.mark.parametrize(("name", "currency"), [("", "CNY"), ("x", "cny"), ("x", "RMB "), ("n" * 121, "CNY")])
def test_a_budget_needs_a_name_and_a_currency(name: str, currency: str):
    with pytest.raises(Invalid):
        services.create_budget(name=name, currency=currency, now=NOW)


def test_the_same_terms_are_the_same_offer():
    assert make_points().id == make_points().id != make_points(points=5).id
    assert {each.id for each in queries.list_offers()} >= {make_points().id}


def test_an_offer_in_another_currency_is_refused():
    offer = services.create_offer(draft=OfferDraft("points", "p", "USD", cost_minor=5, points=5), now=NOW)
    with pytest.raises(Invalid) as caught:
        services.grant_pairs(grants=[make_grant(make_budget(100), 1, ("referrer", offer))], now=NOW)
    assert caught.value.code == "mixed_currencies"


def test_both_sides_are_reserved_together_and_a_repeat_changes_nothing():
    budget = make_budget(funded=2000)
    first = grant_pair(budget)
    assert where(budget) == (0, 2000, 0, 0, 0)
    assert grant_pair(budget) == first
    assert where(budget) == (0, 2000, 0, 0, 0)


def test_a_budget_for_one_side_refuses_both():
    budget = make_budget(funded=1999)
    rewards = grant_pair(budget)
    assert [(each.state, each.reason) for each in rewards] == [("refused", "campaign_budget")] * 2
    assert where(budget) == (1999, 0, 0, 0, 0)


def test_one_side_may_go_alone_where_the_programme_says_so():
    budget = make_budget(funded=1000)
    grant = make_grant(budget, 1, ("referee", make_coupon()), ("referrer", make_points()), both=False)
    outcomes = services.grant_pairs(grants=[grant], now=NOW)
    assert [each.granted for each in outcomes] == [True, False]
    assert outcomes[1].reason == "campaign_budget"


def test_a_refusal_stands_even_when_money_arrives_later():
    budget = make_budget(funded=0)
    grant_pair(budget)
    services.fund_budget(budget_id=budget.id, amount_minor=9000, idempotency_key="2", actor=1, now=NOW)
    assert {each.state for each in grant_pair(budget)} == {"refused"}


def test_a_side_over_its_cap_does_not_take_the_friend_with_it():
    budget = make_budget(funded=1000)
    grant = make_grant(budget, 1, ("referrer", make_points(), "person_cap"), ("referee", make_coupon()))
    referrer, referee = services.grant_pairs(grants=[grant], now=NOW)
    assert (referrer.granted, referrer.reason, referee.granted) == (False, "person_cap", True)
    assert where(budget) == (0, 1000, 0, 0, 0)
    assert queries.count_rewards_by_person(programme_id=9, customer_ids=[1, 1001], role="referee") == {1001: 1}


def test_nothing_is_paid_before_its_day_and_everything_on_it():
    budget = make_budget(funded=2000)
    grant_pair(budget)
    assert services.release_due(day=HOLD - timedelta(days=1), now=NOW) == []
    released = services.release_due(day=HOLD, now=NOW)
    assert {each.state for each in released} == {"issued"}
    assert where(budget) == (0, 0, 2000, 0, 0)
    assert queries.points_balance(1) == 1000
    [coupon] = queries.list_coupons(1001)
    assert (coupon.state, coupon.expires_on) == ("issued", HOLD + timedelta(days=30))
    assert services.release_due(day=HOLD, now=NOW) == []


def test_a_refund_before_release_cancels_and_the_money_returns():
    budget = make_budget(funded=2000)
    grant_pair(budget)
    changed = refund(9999)
    assert {(each.state, each.reason) for each in changed} == {("cancelled", "order_refunded")}
    assert where(budget) == (2000, 0, 0, 0, 0)
    assert services.release_due(day=HOLD, now=NOW) == []
    assert refund(9999) == []


def test_a_part_refunded_before_release_is_never_paid():
    budget = make_budget(funded=2000)
    grant_pair(budget)
    [points] = refund(3333)
    assert (points.state, points.clawed_amount, points.reason) == ("held", 333, "order_partly_refunded")
    assert where(budget) == (333, 1667, 0, 0, 0)
    services.release_due(day=HOLD, now=NOW)
    assert queries.points_balance(1) == 667
    assert where(budget) == (333, 0, 1667, 0, 0)


def test_three_partial_refunds_after_release_claw_333_333_334():
    budget = make_budget(funded=2000)
    grant_pair(budget)
    services.release_due(day=HOLD, now=NOW)
    balances = [1000]
    for refunded in (3333, 6666, 9999, 9999):
        refund(refunded)
        balances.append(queries.points_balance(1))
    assert balances == [1000, 667, 334, 0, 0]
    assert where(budget) == (2000, 0, 0, 0, 0)
    assert queries.list_coupons(1001)[0].state == "void"
    changes = queries.list_reward_changes(queries.list_rewards(customer_id=1)[0].id)
    assert [(each.to_state, each.amount) for each in changes] == [
        ("held", 1000),
        ("issued", 1000),
        ("issued", 333),
        ("issued", 333),
        ("clawed_back", 334),
    ]


def test_points_already_gone_become_a_receivable_not_a_loss():
    budget = make_budget(funded=4000)
    grant_pair(budget, 1)
    services.release_due(day=HOLD, now=NOW)
    spend_points(600)
    rewards = refund(9999)
    assert queries.points_balance(1) == 0
    assert where(budget) == (2000 + 1400, 0, 0, 600, 0)
    assert {each.role: each.owed_minor for each in rewards} == {"referrer": 600, "referee": 0}


def spend_points(amount: int) -> None:
    services.burn_points(burns=[PointsBurn("spent", 1, amount, NOW)], now=NOW)


def use(code: str, order: str = "A", customer: int = 1001, day=HOLD) -> tuple[bool, str]:
    [outcome] = services.redeem_coupons(uses=[CouponUse(code, customer, order, day, NOW)], now=NOW)
    return outcome.accepted, outcome.reason


def issue_coupon(budget: BudgetView) -> str:
    grant_pair(budget)
    services.release_due(day=HOLD, now=NOW)
    return queries.list_coupons(1001)[0].code


def test_a_coupon_counts_once_for_its_owner():
    code = issue_coupon(make_budget(funded=2000))
    assert use("NOSUCH") == (False, "coupon_unknown")
    assert use(code, customer=7) == (False, "coupon_not_theirs")
    assert use(f" {code.lower()} ") == (True, "")
    assert use(code) == (True, "")
    assert use(code, order="B") == (False, "coupon_used")
    found = queries.find_coupon(code)
    assert found and queries.get_reward(found.reward_id).state == "redeemed"


def test_two_orders_in_one_call_cannot_share_a_coupon():
    code = issue_coupon(make_budget(funded=2000))
    uses = [CouponUse(code, 1001, order, HOLD, NOW) for order in ("A", "B", "A")]
    outcomes = services.redeem_coupons(uses=uses, now=NOW)
    assert [each.accepted for each in outcomes] == [True, False, True]


def test_a_used_coupon_whose_order_comes_back_is_written_off():
    budget = make_budget(funded=2000)
    code = issue_coupon(budget)
    use(code)
    refund(9999)
    assert where(budget) == (1000, 0, 0, 0, 1000)
    assert {each.state for each in queries.list_rewards(customer_id=1001)} == {"written_off"}


def test_a_void_coupon_is_not_taken():
    code = issue_coupon(make_budget(funded=2000))
    refund(9999)
    assert use(code) == (False, "coupon_void")


def test_an_unused_coupon_expires_and_its_money_returns():
    budget = make_budget(funded=2000)
    code = issue_coupon(budget)
    last = HOLD + timedelta(days=29)
    assert services.expire_coupons(day=last, now=NOW) == []
    assert use(code, day=last + timedelta(days=1)) == (False, "reward_expired")
    [reward] = services.expire_coupons(day=last + timedelta(days=1), now=NOW)
    assert (reward.state, reward.reason, reward.kept_minor) == ("expired", "reward_expired", 0)
    assert where(budget) == (1000, 0, 1000, 0, 0)
    assert refund(9999) != []
    assert where(budget) == (2000, 0, 0, 0, 0)


def test_rewards_may_be_taken_back_for_another_reason():
    budget = make_budget(funded=2000)
    grant_pair(budget)
    changed = services.cancel_rewards(qualifications=["order:1"], reason="risk_rejected", at=NOW, now=NOW)
    assert {each.reason for each in changed} == {"risk_rejected"}
    assert where(budget) == (2000, 0, 0, 0, 0)


def test_notices_of_one_order_in_any_order_end_at_the_largest():
    budget = make_budget(funded=2000)
    grant_pair(budget)
    services.release_due(day=HOLD, now=NOW)
    notices = [RefundNotice("order:1", refunded, 9999, NOW) for refunded in (6666, 3333)]
    services.claw_back_many(notices=notices, now=NOW)
    refund(3333)
    assert queries.points_balance(1) == 334


def test_totals_of_a_programme_agree_with_its_budget():
    budget = make_budget(funded=7000)
    for number in range(1, 6):
        grant_pair(budget, number)
    services.release_due(day=HOLD, now=NOW, limit=4)
    refund(9999, number=1)
    refund(9999, number=3)
    totals = queries.get_programme_totals(9)
    assert (totals.granted.count, totals.refused.count, totals.refused_by_reason) == (6, 4, {"campaign_budget": 4})
    assert (totals.held.count, totals.issued.count, totals.clawed.count, totals.cancelled.count) == (0, 4, 2, 2)
    assert (totals.clawed.minor, totals.net_minor, totals.owed_minor) == (2000, 2000, 0)
    available, reserved, paid, *_ = where(budget)
    assert (available, reserved + paid) == (5000, totals.net_minor)
    assert queries.get_programme_totals(404).granted.count == 0


def test_rewards_are_listed_newest_first_and_changes_in_order():
    budget = make_budget(funded=2000)
    grant_pair(budget)
    assert [each.role for each in queries.list_rewards(programme_id=9)] == ["referee", "referrer"]
    assert len(queries.list_rewards(customer_id=1, state="held", limit=1)) == 1
    changes = queries.list_reward_changes_after(0, 10)
    assert [each.to_state for each in changes] == ["held", "held"]
    assert queries.list_reward_changes_after(changes[0].id, 10) == changes[1:]
    with pytest.raises(NotFound):
        queries.get_reward(10**9)


def test_every_entry_of_a_qualification_is_found_by_it():
    budget = make_budget(funded=2000)
    grant_pair(budget)
    services.release_due(day=HOLD, now=NOW)
    refund(9999)
    kinds = [entry.kind for entry in list_entries(subject="order:1").entries]
    assert kinds == ["points_claw", "claw_back", "claw_back", "release", "release", "grant"]
    assert TODAY < HOLD
