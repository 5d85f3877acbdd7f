"""Points of an erased customer: nothing is offered that cannot be done, and nothing is done by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from liebian.access.tests.factories import make_user
from liebian.core.errors import Conflict, LiebianError
from liebian.customers.models import Customer
from liebian.customers.tests.factories import make_customer, store_customers
from liebian.rewards import queries, services
from liebian.rewards.models import PointsUse, Review
from liebian.rewards.tests.factories import NOW, TODAY
from liebian.rewards.types import POINTS, PointsBurn, PointsClaw, PointsEarn, PointsTerms, PointsTransfer, PolicyView

pytestmark = pytest.mark.django_db(databases="__all__")
ANN, BOB, GONE, OTHER, OLD = 77, 78, 1, 2, 3
SAID = {"note": "a mistake", "actor": ANN, "now": NOW}


@pytest.fixture(autouse=True)
def _people_with_points():
    terms = PointsTerms("UTC", may_transfer=True, shortage="review")
    services.set_points_terms(asset=POINTS, terms=terms, actor=ANN, now=NOW - timedelta(days=9))
    store_customers([make_customer(each) for each in (GONE, OTHER, OLD)])
    for who in (GONE, OTHER):
        services.earn_points(earns=[PointsEarn(f"visit:{who}", who, 100, NOW)], now=NOW)
    later = NOW.replace(year=NOW.year + 1)
    services.burn_points(burns=[PointsBurn("cart", GONE, 30, NOW, reserve_until=later)], now=NOW)


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(make_user("operator"))
    return client


def read(staff: Client, address: str, language: str = "en") -> str:
    return staff.get(address, headers={"accept-language": language}).content.decode()


def erase() -> None:
    Customer.objects.filter(pk=GONE).update(erased_by_event=9)
    Customer.objects.filter(pk=OLD).update(merged_into=GONE)


def correct(customer: int = GONE, amount: int = 5, key: str = "k"):
    said = {"asset": POINTS, "reason": "points_goodwill", **SAID}
    return services.propose_adjustment(customer_id=customer, amount=amount, key=key, **said)


def pass_on(sender: int, receiver: int):
    return services.transfer_by_hand(transfer=PointsTransfer("t", sender, receiver, 5, NOW), **SAID)


def take_back():
    lot = queries.list_lots(GONE)[0]
    return services.take_back_by_hand(customer_id=GONE, lot_id=lot.id, total=5, key="b", at=NOW, **SAID)


def settle(*, make_debt: bool):
    return services.decide_shortage(
        customer_id=GONE, amount=10, make_debt=make_debt, key=f"s{make_debt}", at=NOW, asset=POINTS, **SAID
    )


def let_go():
    return services.release_by_hand(customer_id=GONE, use_id=PointsUse.objects.get(kind="burn").pk, at=NOW, **SAID)


@pytest.mark.parametrize(
    "act",
    [
        correct,
        lambda: correct(amount=-5),
        lambda: correct(customer=OLD),
        lambda: pass_on(GONE, OTHER),
        lambda: pass_on(OTHER, GONE),
        take_back,
        let_go,
        lambda: settle(make_debt=True),
    ],
    ids=["give", "take", "old number", "pass on", "receive", "take back", "let go", "owe"],
)
@pytest.mark.parametrize("mode", ["never", "always"])
def test_nothing_is_given_taken_or_passed_on_by_hand(act, mode):
    services.set_review_policy(policy=PolicyView(mode, "", 0), actor=ANN, now=NOW)
    erase()
    before = queries.get_points_balance(GONE, at=NOW)
    with pytest.raises(Conflict) as refused:
        act()
    assert refused.value.code == "customer_erased"
    assert queries.get_points_balance(GONE, at=NOW) == before and not Review.objects.exists()


def test_what_waited_when_the_customer_was_erased_can_only_be_declined(staff):
    services.set_review_policy(policy=PolicyView("always", "", 0), actor=ANN, now=NOW)
    waiting = [correct().id, pass_on(OTHER, GONE).review_id]
    erase()
    said = {"note": "", "actor": BOB, "day": TODAY, "now": NOW}
    for review_id in waiting:
        with pytest.raises(LiebianError) as refused:
            services.decide_review(review_id=review_id, agree=True, **said)
        assert refused.value.code == "customer_erased" and queries.get_review(review_id).state == "waiting"
        page = read(staff, f"/rewards/reviews/{review_id}")
        assert "The customer was erased by now" in page
        assert services.decide_review(review_id=review_id, agree=False, **said).state == "declined"


def test_what_was_missing_can_be_forgiven(staff):
    services.burn_points(burns=[PointsBurn("spent", GONE, 70, NOW)], now=NOW)
    services.claw_points(claws=[PointsClaw("visit:1", 100, NOW)], now=NOW)
    missing = queries.get_points_balance(GONE, at=NOW).in_review
    assert missing >= 10
    erase()
    page = read(staff, f"/customers/{GONE}/points")
    assert 'value="forgive"' in page and 'value="debt"' not in page
    assert settle(make_debt=False).accepted
    assert queries.get_points_balance(GONE, at=NOW).in_review == missing - 10


def test_sent_again_after_the_erasure_it_is_what_it_was():
    done = correct()
    erase()
    assert correct().id == done.id


def test_the_page_offers_nothing_and_says_why(staff):
    acts = ("adjust", "transfer", "release", "take-back")
    open_page = read(staff, f"/customers/{GONE}/points")
    assert "/points/adjust" in open_page and "was erased" not in open_page
    erase()
    lot = queries.list_lots(GONE)[0]
    for address in ("", f"?take={lot.id}", f"?release={PointsUse.objects.get().pk}"):
        page = read(staff, f"/customers/{GONE}/points{address}")
        assert "This customer was erased" in page and not [each for each in acts if f"/points/{each}" in page]
        assert "Let them go" not in page and "&amp;take=" not in page
    assert "该客户已删除" in read(staff, f"/customers/{GONE}/points", "zh-hans")


def test_a_form_that_was_open_already_is_told_so(staff):
    erase()
    data = {"direction": "give", "amount": "5", "reason": "points_goodwill", "note": "x", "key": "k"}
    for more in ({}, {"confirm": "yes"}):
        page = staff.post(
            f"/customers/{GONE}/points/adjust", {**data, **more}, follow=True, headers={"accept-language": "en"}
        ).content.decode()
        assert "nobody gets or loses points here any more" in page
    assert not Review.objects.exists()
