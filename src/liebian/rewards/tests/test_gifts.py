"""Gifts that are sent: stock in the ledger, parcels, refunds before and after they left, erased customers."""

from __future__ import annotations

import pytest

from liebian.core.errors import LiebianError
from liebian.customers.models import Customer
from liebian.ledger.tests.support import prove_zero
from liebian.rewards import queries, services
from liebian.rewards.models import Parcel
from liebian.rewards.tests.factories import HOLD, NOW, make_budget, make_grant
from liebian.rewards.tests.gift_shop import (
    ADDRESS,
    act,
    address,
    make_gift,
    parcel_of,
    promise,
    refund,
    restock,
    send,
    state_of,
    units,
)
from liebian.rewards.types import BudgetView, OfferView, PostalAddress, ShipmentLine

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture(autouse=True)
def _sums_are_zero():
    yield
    assert all(proof.holds for proof in prove_zero())


@pytest.fixture
def gift() -> OfferView:
    return make_gift()


@pytest.fixture
def budget() -> BudgetView:
    return make_budget(funded=5000)


def where(budget: BudgetView) -> tuple[int, int, int, int, int]:
    seen = queries.get_budget(budget.id)
    parts = seen.available, seen.reserved, seen.payable, seen.paid_out, seen.receivable
    assert seen.funded == sum(parts) + seen.written_off
    return parts


def test_a_reward_that_waits_for_stock_can_be_put_on_hold_and_stays():
    gift = make_gift()
    [reward] = promise(gift)
    assert state_of(reward) == ("held", "stock_empty")
    for name, reason in (("hold", "risk_held"), ("hold", "risk_held")):
        services.propose_review(
            act=name, reward_ids=[reward.id], reason=reason, note="", key=name, actor=1, day=HOLD, now=NOW
        )
    restock(gift, 1)
    assert state_of(reward) == ("held", "risk_held") and queries.get_reward(reward.id).is_on_hold
    services.propose_review(
        act="approve", reward_ids=[reward.id], reason="checked", note="", key="ok", actor=1, day=HOLD, now=NOW
    )
    assert state_of(reward)[0] == "issuing"


def test_a_gift_goes_from_the_stock_to_the_customer(gift, budget):
    restock(gift, 3)
    [reward] = promise(gift, budget=budget)
    assert state_of(reward) == ("issuing", "")
    assert (units(gift), where(budget)) == ((2, 1, 0, 0, 0), (4000, 0, 1000, 0, 0))
    address(reward)
    assert act("pack", reward) == [""]
    assert act("ship", reward) == [""]
    assert state_of(reward) == ("awaiting_recipient", "parcel_shipped")
    assert units(gift) == (2, 0, 1, 0, 0)
    assert act("deliver", reward) == [""]
    assert (state_of(reward)[0], units(gift)) == ("issued", (2, 0, 0, 1, 0))
    assert where(budget) == (4000, 0, 0, 1000, 0)
    assert act("deliver", reward) == ["moved_on"]


def test_without_an_address_nothing_is_packed_or_sent(gift):
    restock(gift, 1)
    [reward] = promise(gift)
    assert parcel_of(reward).needs_address
    assert act("pack", reward) == act("ship", reward) == ["address_missing"]
    assert [each.id for each in queries.list_parcels(state="no_address")] == [parcel_of(reward).id]
    address(reward)
    assert queries.list_parcels(state="no_address") == []
    assert act("ship", reward) == [""]


def test_good_lines_are_taken_and_bad_ones_told(gift):
    restock(gift, 3)
    first, second, third = promise(gift, 3)
    address(first), address(second)
    ids = [parcel_of(each).id for each in (first, second, third)]
    lines = [
        ShipmentLine(ids[0], "SF", "1", 2),
        ShipmentLine(ids[0], "SF", "9", 3),
        ShipmentLine(ids[1], "SF", "", 4),
        ShipmentLine(ids[2], "SF", "3", 5),
        ShipmentLine(10**9, "SF", "4", 6),
    ]
    told = services.move_parcels(act="ship", lines=lines, actor=1, at=NOW, now=NOW)
    reasons = ["", "twice_in_file", "tracking_missing", "address_missing", "parcel_unknown"]
    assert [(each.row, each.reason) for each in told] == list(zip(range(2, 7), reasons, strict=True))
    assert (parcel_of(first).state, parcel_of(first).tracking) == ("shipped", "1")
    assert units(gift) == (0, 2, 1, 0, 0)


def test_an_empty_stock_makes_rewards_wait_and_a_full_one_lets_them_go(gift, budget):
    restock(gift, 1)
    rewards = promise(gift, 3, budget)
    assert [state_of(each) for each in rewards] == [("issuing", ""), *[("held", "stock_empty")] * 2]
    assert queries.get_gift_stock(gift.id).n_waiting == 2
    assert where(budget) == (2000, 2000, 1000, 0, 0)
    for _ in range(2):
        restock(gift, 1, "2")
        assert [state_of(each)[0] for each in rewards] == ["issuing", "issuing", "held"]
    refund(1)
    assert units(gift) == (1, 1, 0, 0, 0)
    services.release_due(day=HOLD, now=NOW)
    assert state_of(rewards[2])[0] == "issuing"
    assert units(gift) == (0, 2, 0, 0, 0)


def test_what_a_person_put_on_hold_does_not_go_with_the_stock(gift, budget):
    [outcome] = services.grant_pairs(grants=[make_grant(budget, 1, ("referee", gift))], now=NOW)
    services.propose_review(
        act="hold", reward_ids=[outcome.reward.id], reason="risk_held", note="", key="k", actor=1, day=HOLD, now=NOW
    )
    restock(gift, 1)
    assert state_of(outcome.reward) == ("held", "risk_held")


def test_a_refund_while_it_is_packed_cancels_it_and_the_unit_comes_back(gift, budget):
    restock(gift, 1)
    [reward] = promise(gift, budget=budget)
    address(reward)
    act("pack", reward)
    refund(part=3)
    assert state_of(reward)[0] == "issuing"
    refund()
    refund()
    assert (state_of(reward)[0], parcel_of(reward).state) == ("cancelled", "cancelled")
    assert (units(gift), where(budget)) == ((1, 0, 0, 0, 0), (5000, 0, 0, 0, 0))
    assert act("ship", reward) == ["moved_on"]


def test_a_refund_after_it_left_is_owed_when_it_has_arrived(gift, budget):
    restock(gift, 1)
    [reward] = promise(gift, budget=budget)
    send(reward)
    refund()
    assert state_of(reward)[0] == "awaiting_recipient"
    act("deliver", reward)
    assert state_of(reward)[0] == "clawed_back"
    assert (units(gift), where(budget)) == ((0, 0, 0, 1, 0), (4000, 0, 0, 0, 1000))


def test_a_refund_after_it_arrived_is_owed(gift, budget):
    restock(gift, 1)
    [reward] = promise(gift, budget=budget)
    send(reward)
    act("deliver", reward)
    refund()
    assert (state_of(reward)[0], where(budget)) == ("clawed_back", (4000, 0, 0, 0, 1000))


def test_a_returned_parcel_is_stock_and_budget_again(gift, budget):
    restock(gift, 1)
    [reward] = promise(gift, budget=budget)
    send(reward)
    refund()
    assert act("return", reward) == [""]
    assert state_of(reward) == ("returned", "parcel_returned")
    assert (units(gift), where(budget)) == ((1, 0, 0, 0, 0), (5000, 0, 0, 0, 0))


def test_a_lost_parcel_is_written_off(gift, budget):
    restock(gift, 1)
    [reward] = promise(gift, budget=budget)
    send(reward)
    assert act("lose", reward) == [""]
    assert state_of(reward) == ("written_off", "parcel_lost")
    assert (units(gift), where(budget)) == ((0, 0, 0, 0, 1), (4000, 0, 0, 0, 0))
    assert queries.get_budget(budget.id).written_off == 1000


def test_stock_is_taken_out_but_never_more_than_there_is(gift):
    restock(gift, 2)
    assert restock(gift, -1, "2").n_left == 1
    with pytest.raises(LiebianError, match="Fewer pieces"):
        restock(gift, -2, "3")
    with pytest.raises(LiebianError, match="other"):
        restock(gift, 7, "1")
    with pytest.raises(LiebianError, match="how many pieces"):
        restock(gift, 0, "4")
    assert units(gift)[0] == 1


def test_addresses_are_sealed_covered_and_fixed_once_it_left(gift):
    restock(gift, 1)
    [reward] = promise(gift)
    seen = address(reward)
    assert seen.covered == "林*秋 138****6021, 浙江省 杭州市 西湖区"
    stored = bytes(Parcel.objects.get(pk=seen.id).address or b"")
    assert stored and "晚秋".encode() not in stored and b"6021" not in stored
    assert queries.open_addresses([seen.id]) == {seen.id: ADDRESS}
    act("ship", reward)
    with pytest.raises(LiebianError, match="has left"):
        address(reward)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"recipient": " "}, "who receives"), ({"phone": "call me"}, "phone number"), ({"line": "x" * 201}, "longer")],
)
def test_an_address_that_no_carrier_can_use_is_refused(gift, wrong, words):
    restock(gift, 1)
    [reward] = promise(gift)
    said = {"recipient": "林秋", "phone": "13812346021", "region": "浙江", "line": "1", **wrong}
    with pytest.raises(LiebianError, match=words):
        address(reward, PostalAddress(**said))
    assert parcel_of(reward).needs_address


def test_an_erased_customer_loses_the_address_and_what_has_not_left(gift, budget):
    restock(gift, 2)
    waits, left = promise(gift, 2, budget)
    address(waits)
    send(left)
    for reward in (waits, left):
        for _ in range(2):
            services.erase_addresses(customer_id=reward.customer_id, at=NOW, now=NOW)
    assert (state_of(waits), parcel_of(waits).state) == (("returned", "deleted_identity"), "cancelled")
    assert (units(gift), where(budget)) == ((1, 0, 1, 0, 0), (4000, 0, 1000, 0, 0))
    assert not Parcel.objects.filter(address__isnull=False).exists()
    assert act("deliver", left) == [""]


@pytest.mark.parametrize("asked", [1001, 1002])
def test_the_addresses_of_everybody_merged_into_one_are_erased(gift, budget, asked):
    restock(gift, 2)
    for reward in promise(gift, 2, budget):
        address(reward)
    Customer.objects.create(pk=1001, first_seen_at=NOW, is_known=True)
    Customer.objects.create(pk=1002, first_seen_at=NOW, is_known=True, merged_into=1001)
    assert services.erase_addresses(customer_id=asked, at=NOW, now=NOW) == 2
