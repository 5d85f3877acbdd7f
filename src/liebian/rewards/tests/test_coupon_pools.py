"""Pools of codes: made, imported, given to rewards one each; codes that anybody may bring; one code for many."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liebian.core.errors import LiebianError
from liebian.ledger.tests.support import prove_zero, run_threads
from liebian.rewards import queries, services
from liebian.rewards.models import CouponCode, Reward
from liebian.rewards.rules import LETTERS, check_codes, make_codes, shortest_length
from liebian.rewards.tests.coupon_shop import QUARTER, back, issue, make_offer, redeem, reserve
from liebian.rewards.tests.factories import HOLD, NOW, make_budget, make_grant, make_points
from liebian.rewards.types import OfferView, PoolView

KEY = bytes(range(32))
database = pytest.mark.django_db(databases="__all__")
parallel = pytest.mark.django_db(transaction=True, databases="__all__")


def make_pool(kind: str = "rewards", n_codes: int = 0, low_at: int = 0, **terms: object) -> tuple[OfferView, PoolView]:
    offer = make_offer(codes="pool", **terms)
    pool = services.create_pool(offer_id=offer.id, name="Summer", kind=kind, low_at=low_at, now=NOW)  # type: ignore[arg-type]
    return offer, fill(pool, n_codes) if n_codes else pool


def fill(pool: PoolView, n_codes: int, key: str = "1") -> PoolView:
    return services.generate_codes(
        pool_id=pool.id, n_codes=n_codes, prefix="S-", length=9, idempotency_key=key, now=NOW
    )


def code_of(error: pytest.ExceptionInfo[LiebianError]) -> str:
    return error.value.code


def test_codes_are_unique_unambiguous_and_made_again_from_the_same_key():
    codes = [code for block in make_codes(KEY, 250_000, prefix="X", length=9) for code in block]
    assert len(set(codes)) == 250_000
    assert codes == [code for block in make_codes(KEY, 250_000, prefix="X", length=9) for code in block]
    assert set("".join(codes)) == set(LETTERS) | {"X"}
    assert not set("01OILAEU") & set(LETTERS)
    others = {code for block in make_codes(bytes(32), 250_000, prefix="X", length=9) for code in block}
    assert len(others & set(codes)) < 5, "another key makes other codes"


def test_no_code_offends():
    text = "\n".join(code for block in make_codes(KEY, 100_000, length=9) for code in block)
    assert not re.search("FCK|KKK|WTF|SB|TMD|CNM|748", text)


def test_letters_come_equally_often():
    text = "".join(code for block in make_codes(KEY, 100_000, length=9) for code in block)
    share = [text.count(letter) / len(text) * len(LETTERS) for letter in LETTERS]
    assert min(share) > 0.92 and max(share) < 1.05, "B, S and 2 are a little rarer: no SB, no 2B"


@given(st.integers(1, 5_000_000))
def test_a_guess_is_hardly_ever_right(n_codes):
    length = shortest_length(n_codes)
    assert len(LETTERS) ** length >= n_codes * 1_000_000 > len(LETTERS) ** (length - 1)
    check_codes(n_codes, "", length)
    with pytest.raises(LiebianError):
        check_codes(n_codes, "", length - 1)


@database
def test_filling_a_pool_is_done_once_per_key():
    _, pool = make_pool(n_codes=300)
    again = fill(pool, 300)
    assert (again.n_codes, again.n_left) == (300, 300)
    assert fill(pool, 50, "2").n_left == 350
    with pytest.raises(LiebianError) as refused:
        fill(pool, 51, "2")
    assert code_of(refused) == "idempotency_mismatch"
    assert all(proof.holds for proof in prove_zero())


@database
def test_a_code_is_set_aside_with_the_promise_and_an_empty_pool_is_known_at_once():
    offer, pool = make_pool(n_codes=2, low_at=1)
    budget = make_budget(funded=5 * offer.cost_minor)
    outcomes = services.grant_pairs(grants=[make_grant(budget, n, ("referee", offer)) for n in range(5)], now=NOW)
    assert [each.reason for each in outcomes] == ["", "", *["stock_empty"] * 3]
    assert queries.get_budget(budget.id).reserved == 2 * offer.cost_minor
    assert queries.get_pool(pool.id).n_left == 0 and [each.id for each in queries.list_low_pools()] == [pool.id]
    assert not CouponCode.objects.exclude(cause=None).exists(), "a code has no owner before the reward is issued"
    fill(pool, 2, "2")
    issued = services.release_due(day=HOLD, now=NOW)
    codes = {queries.list_coupons(each.customer_id)[0].code for each in issued}
    assert len(codes) == 2 and codes == set(CouponCode.objects.exclude(cause=None).values_list("code", flat=True))
    assert queries.get_pool(pool.id).n_left == 2
    assert all(proof.holds for proof in prove_zero())


@database
@pytest.mark.parametrize("way", ["refund", "reject"])
def test_a_reward_that_ends_unissued_gives_its_code_back(way):
    offer, pool = make_pool(n_codes=1)
    budget = make_budget(funded=5 * offer.cost_minor)
    [first] = services.grant_pairs(grants=[make_grant(budget, 1, ("referee", offer))], now=NOW)
    if way == "refund":
        services.cancel_or_claw_back(qualification="order:1", refunded_minor=1, order_total_minor=1, at=NOW, now=NOW)
    else:
        services.propose_review(
            act="reject",
            reward_ids=[first.reward.id],
            reason="staff_or_test",
            note="",
            key="k",
            actor=1,
            day=HOLD,
            now=NOW,
        )
    assert queries.get_pool(pool.id).n_left == 1
    (coupon,) = issue(offer, budget=budget, start=2)
    assert coupon.code and queries.get_pool(pool.id).n_left == 0
    assert all(proof.holds for proof in prove_zero())


@database
def test_the_other_side_is_given_when_the_pool_of_one_is_empty_and_nothing_is_set_aside_for_what_the_budget_refuses():
    offer, _pool = make_pool(n_codes=1)
    points = make_points(cost=1000)
    budget = make_budget(funded=2 * offer.cost_minor)
    pairs = [make_grant(budget, n, ("referrer", points), ("referee", offer)) for n in (1, 2)]
    assert [each.reason for each in services.grant_pairs(grants=pairs, now=NOW)] == [
        "", "", "campaign_budget", "stock_empty",
    ]  # fmt: skip
    other, full = make_pool(n_codes=1, group="other")
    poor = make_budget(funded=10)
    [refused] = services.grant_pairs(grants=[make_grant(poor, 3, ("referee", other))], now=NOW)
    assert refused.reason == "campaign_budget" and queries.get_pool(full.id).n_left == 1
    services.fund_budget(budget_id=poor.id, amount_minor=5000, idempotency_key="2", actor=1, now=NOW)
    both = [make_grant(make_budget(funded=10), 4, ("referee", other)), make_grant(poor, 5, ("referee", other))]
    assert [each.reason for each in services.grant_pairs(grants=both, now=NOW)] == ["campaign_budget", ""]


@database
def test_a_reward_from_before_takes_only_what_is_left_beside_the_promises():
    offer, pool = make_pool(n_codes=2)
    budget = make_budget(funded=5 * offer.cost_minor)
    services.grant_pairs(grants=[make_grant(budget, n, ("referee", offer)) for n in (1, 2)], now=NOW)
    old = Reward.objects.get(qualification="order:1")
    Reward.objects.filter(pk=old.pk).update(trace={})
    assert services.release_due(day=HOLD, now=NOW)[0].qualification == "order:2"
    [waiting] = queries.list_rewards(is_on_hold=True)
    assert (waiting.id, waiting.reason) == (old.pk, "stock_empty")
    fill(pool, 1, "2")
    assert [each.id for each in services.release_due(day=HOLD, now=NOW)] == [old.pk]


@database
def test_a_reward_keeps_its_code_for_ever():
    offer, _ = make_pool(n_codes=10)
    (coupon,) = issue(offer)
    row = Reward.objects.select_related("offer").get(pk=coupon.reward_id)
    assert services.take_codes(rewards=[row], now=NOW) == [row]
    assert CouponCode.objects.exclude(cause=None).count() == 1
    services.cancel_or_claw_back(qualification="order:1", refunded_minor=1, order_total_minor=1, at=NOW, now=NOW)
    assert CouponCode.objects.filter(cause=None).count() == 9, "a code that somebody saw is not given to another"


@database
def test_a_file_tells_every_code_that_was_not_taken():
    _, pool = make_pool(kind="open")
    rows = [(2, "abcd-1"), (3, " ABCD-1 "), (4, "no"), (5, "with space"), (6, "ABCD-2"), (7, ""), (8, "ÄÖÜ99")]
    told = services.import_codes(pool_id=pool.id, rows=rows, idempotency_key="f1", now=NOW)
    assert told.n_taken == 2
    assert [(row, reason) for row, _text, reason in told.rejected] == [
        (3, "twice_in_file"), (4, "bad_code"), (5, "bad_code"), (7, "bad_code"), (8, "bad_code"),
    ]  # fmt: skip
    again = services.import_codes(pool_id=pool.id, rows=rows[:1], idempotency_key="f2", now=NOW)
    assert (again.n_taken, again.rejected) == (0, ((2, "ABCD-1", "known_before"),))
    assert list(queries.iterate_unused_codes(pool.id)) == ["ABCD-1", "ABCD-2"]


@database
def test_codes_that_were_promised_are_not_taken_out():
    offer, first = make_pool(n_codes=3)
    second = services.create_pool(offer_id=offer.id, name="Autumn", kind="rewards", low_at=0, now=NOW)
    fill(second, 2, key="2")
    budget = make_budget(funded=10 * offer.cost_minor)
    services.grant_pairs(grants=[make_grant(budget, n, ("referee", offer)) for n in range(1, 5)], now=NOW)
    assert (queries.get_pool(first.id).n_left, queries.get_pool(second.id).n_left) == (0, 1)
    unused = [code for pool in (first, second) for code in queries.iterate_unused_codes(pool.id)]
    services.release_due(day=HOLD, now=NOW)
    assert unused == list(CouponCode.objects.filter(cause=None).values_list("code", flat=True)) and len(unused) == 1


@database
def test_whoever_brings_an_open_code_first_has_it():
    _, pool = make_pool(kind="open")
    services.import_codes(pool_id=pool.id, rows=[(1, "OPEN-1")], idempotency_key="1", now=NOW)
    reserve("OPEN-1", customer=None)
    assert queries.get_pool(pool.id).n_left == 0 and list(queries.iterate_unused_codes(pool.id)) == []
    with pytest.raises(LiebianError) as refused:
        reserve("OPEN-1", key="r2", customer=7)
    assert refused.value.details["reasons"] == {"OPEN-1": "coupon_reserved"}
    redeem()
    assert queries.get_pool(pool.id).n_left == 0
    assert back().returned == ("OPEN-1",)
    assert queries.get_pool(pool.id).n_left == 1


@database
def test_a_retail_code_is_used_as_often_as_it_says_and_carts_that_lapse_give_it_back():
    _, pool = make_pool(kind="retail")
    services.set_retail_code(pool_id=pool.id, code="summer", n_uses=2, idempotency_key="1", now=NOW)
    reserve("SUMMER", key="r1", customer=None)
    reserve("SUMMER", key="r2", customer=None)
    with pytest.raises(LiebianError) as refused:
        reserve("SUMMER", key="r3", customer=None)
    assert refused.value.details["reasons"] == {"SUMMER": "stock_empty"}
    redeem("r1")
    reserve("SUMMER", key="r3", customer=None, now=NOW + QUARTER)
    redeem("r3", "A-3", now=NOW + QUARTER)
    assert queries.get_pool(pool.id).n_left == 0
    services.set_retail_code(pool_id=pool.id, code="SUMMER", n_uses=5, idempotency_key="2", now=NOW)
    services.set_retail_code(pool_id=pool.id, code="SUMMER", n_uses=5, idempotency_key="2", now=NOW)
    assert (queries.get_pool(pool.id).n_codes, queries.get_pool(pool.id).n_left) == (7, 5)
    with pytest.raises(LiebianError) as refused:
        services.set_retail_code(pool_id=pool.id, code="OTHER", n_uses=5, idempotency_key="3", now=NOW)
    assert code_of(refused) == "code_taken"


@database
def test_pools_are_for_coupons_that_take_codes_from_them():
    offer = make_offer()
    for kind, number in (("rewards", offer.id), ("open", 999), ("nonsense", offer.id)):
        with pytest.raises(LiebianError):
            services.create_pool(offer_id=number, name="x", kind=kind, low_at=0, now=NOW)  # type: ignore[arg-type]
    _, retail = make_pool(kind="retail")
    with pytest.raises(LiebianError) as refused:
        fill(retail, 5)
    assert code_of(refused) == "pool_retail"


@parallel
@pytest.mark.parametrize(("n_codes", "n_asking"), [(1, 16), (100, 200)])
def test_however_many_want_the_last_codes_at_once_each_goes_to_one(n_codes: int, n_asking: int):
    offer, pool = make_pool(n_codes=n_codes)
    budget = make_budget(funded=n_asking * offer.cost_minor)
    grants = [make_grant(budget, n, ("referee", offer)) for n in range(n_asking)]
    batches = [grants[n : n + 2] for n in range(0, n_asking, 2)] * 3
    run_threads(lambda batch: services.grant_pairs(grants=batch, now=NOW), batches, workers=8)
    rewards = queries.list_rewards(programme_id=9, limit=1000)
    assert Counter((r.state, r.reason) for r in rewards) == {
        ("held", ""): n_codes, ("refused", "stock_empty"): n_asking - n_codes,
    }  # fmt: skip
    assert queries.get_budget(budget.id).reserved == n_codes * offer.cost_minor
    assert queries.get_pool(pool.id).n_left == 0
    assert len(services.release_due(day=HOLD, now=NOW)) == n_codes
    assert CouponCode.objects.exclude(cause=None).values("cause").distinct().count() == n_codes
    assert all(proof.holds for proof in prove_zero())


@parallel
def test_16_carts_want_one_code_at_once_and_one_has_it():
    (coupon,) = issue(make_offer())

    def attempt(number: int) -> str:
        try:
            reserve(coupon.code, key=f"r{number}")
        except LiebianError as error:
            return str(error.details["reasons"][coupon.code])
        return "held"

    assert sorted(run_threads(attempt, range(16))) == ["coupon_reserved"] * 15 + ["held"]


@parallel
def test_16_carts_want_a_retail_code_with_5_uses():
    _, pool = make_pool(kind="retail")
    services.set_retail_code(pool_id=pool.id, code="SUMMER", n_uses=5, idempotency_key="1", now=NOW)

    def attempt(number: int) -> bool:
        try:
            reserve("SUMMER", key=f"r{number}", customer=None)
            redeem(f"r{number}", f"A-{number}")
        except LiebianError:
            return False
        return True

    assert sum(run_threads(attempt, range(16))) == 5
    assert queries.get_pool(pool.id).n_left == 0
    assert all(proof.holds for proof in prove_zero())
