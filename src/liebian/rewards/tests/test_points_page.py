"""A customer's points on one page: what there is, what ends, where it came from; and what staff may do to it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from liebian.access.tests.factories import make_user
from liebian.core import clock
from liebian.customers.tests.factories import make_customer, store_customers
from liebian.rewards import queries, services
from liebian.rewards.models import PointsUse, Review
from liebian.rewards.tests.factories import HOLD, make_budget, make_grant, make_points
from liebian.rewards.types import POINTS, PointsBurn, PointsClaw, PointsEarn, PointsTerms, PolicyView

pytestmark = pytest.mark.django_db(databases="__all__")
VIP = "POINTS:vip/0"


@pytest.fixture
def now():
    return clock.now()


@pytest.fixture(autouse=True)
def people():
    store_customers([make_customer(1), make_customer(2)])


def sign_in(role: str = "operator", language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(make_user(role))
    return client


def earn(key: str, amount: int, at, **others) -> None:
    services.earn_points(earns=[PointsEarn(key, 1, amount, at, **others)], now=at)


def read(client: Client, address: str = "/customers/1/points") -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def stat(page: str, label: str) -> str:
    return re.search(rf'<p class="lb-h">{label}</p><div class="[^"]*">(?:<a[^>]*>)?([^<]*)', page)[1]


def fields(page: str, form: str) -> dict[str, str]:
    """The hidden fields of the form that posts to this act."""
    part = page.split(f'action="/customers/1/points/{form}?')[1].split("</form>")[0]
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', part)) | {"csrfmiddlewaretoken": ""}


def post(client: Client, act: str, data: dict[str, object], asset: str = POINTS):
    return client.post(f"/customers/1/points/{act}?asset={asset}", data)


ADJUST = {"direction": "give", "amount": "70", "reason": "points_goodwill", "note": "sorry", "key": "k1"}


def test_without_points_it_says_where_they_come_from():
    client = sign_in("viewer")
    page = read(client)
    assert "Points come from rewards" in page and stat(page, "Usable") == "0"
    assert client.get("/customers/99/points").status_code == 404


def test_everything_that_a_customer_has_is_told_apart(now):
    earn("a", 100, now, expires_at=now + timedelta(days=20))
    earn("b", 40, now, expires_at=now + timedelta(days=60))
    earn("c", 30, now)
    earn("d", 9, now, active_from=now + timedelta(days=5))
    services.burn_points(
        burns=[PointsBurn("cart", 1, 25, now, subject="order:9", reserve_until=now + timedelta(hours=1))], now=now
    )
    page = read(sign_in("viewer"))
    said = ["Usable", "Not usable yet", "Held by carts", "End within 30 days", "End within 90 days", "Owed"]
    assert [stat(page, label) for label in said] == ["145", "9", "25", "75", "115", "0"]
    assert "order:9" in page and "no end" in page
    assert "/points/adjust" not in page and "Take back" not in page, "who only looks has no buttons"


def test_points_of_a_reward_lead_to_it_and_to_its_programme(now):
    budget = make_budget(funded=4000)
    services.grant_pairs(grants=[make_grant(budget, 1, ("referrer", make_points()))], now=now)
    [reward] = services.release_due(day=HOLD, now=now)
    page = read(sign_in())
    assert f'href="/rewards/{reward.id}"' in page and 'href="/referrals/9"' in page
    assert f"/rewards/act?act=claw_back&amp;id={reward.id}" in page


def test_a_correction_shows_its_effect_and_happens_once(now):
    client = sign_in()
    shown = post(client, "adjust", ADJUST).content.decode()
    assert "Usable points go from 0 to 70." in shown
    assert queries.get_points_balance(1, at=now).active == 0
    for _ in range(2):
        answer = post(client, "adjust", fields(shown, "adjust") | {"confirm": "yes"})
        assert (answer.status_code, answer["Location"]) == (302, f"/customers/1/points?asset={POINTS}")
    assert queries.get_points_balance(1, at=clock.now()).active == 70
    other = post(client, "adjust", ADJUST | {"amount": "71", "confirm": "yes"})
    assert other.status_code == 409 and "already sent once" in other.content.decode()
    page = read(client)
    assert "Correction by a person" in page and "sorry" in page


def test_from_the_sum_of_the_policy_on_it_waits_for_somebody_else(now):
    services.set_review_policy(policy=PolicyView("from", "CNY", 100, 50), actor=1, now=now)
    ann, bob = sign_in(), sign_in("administrator")
    assert "Somebody else has to agree" in post(ann, "adjust", ADJUST).content.decode()
    place = post(ann, "adjust", ADJUST | {"confirm": "yes"})["Location"]
    assert queries.get_points_balance(1, at=clock.now()).active == 0
    assert "This waits for a second person." in read(ann)
    assert "You proposed this" in read(ann, place) and "Usable afterwards" in read(bob, place)
    assert "+70 points" in read(bob, "/rewards/reviews")
    ann.post(f"{place}/decide", {"answer": "agree"})
    assert queries.get_points_balance(1, at=clock.now()).active == 0
    bob.post(f"{place}/decide", {"answer": "agree"})
    assert queries.get_points_balance(1, at=clock.now()).active == 70


def test_what_is_passed_on_and_taken_back_waits_for_somebody_else_too(now):
    services.set_points_terms(asset=POINTS, terms=PointsTerms("UTC", may_transfer=True), actor=1, now=now)
    earn("a", 100, now)
    services.set_review_policy(policy=PolicyView("from", "CNY", 100, 50), actor=1, now=now)
    [lot] = queries.list_lots(1)
    ann, bob = sign_in(), sign_in("administrator")
    asked = {"amount": "60", "note": "by phone", "confirm": "yes"}
    passed = post(ann, "transfer", asked | {"receiver": "C-2", "key": "t"})["Location"]
    taken = post(ann, "take-back", asked | {"lot": lot.id, "before": "0", "key": "b"})["Location"]
    first = {"amount": "60", "note": "by phone", "receiver": "C-2", "key": "t"}
    assert "Somebody else has to agree" in post(ann, "transfer", first).content.decode()
    assert "/customers/2/points" in read(bob, passed) and "as the terms say" in read(bob, taken)
    assert read(ann).count("This waits for a second person.") == 2
    assert [queries.get_points_balance(who, at=clock.now()).active for who in (1, 2)] == [100, 0]
    for place in (passed, taken):
        bob.post(f"{place}/decide", {"answer": "agree"})
    assert [queries.get_points_balance(who, at=clock.now()).active for who in (1, 2)] == [0, 60]


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "what the same person did alone within the last 24 hours"),
        ("zh-hans", "加上同一人过去 24 小时内独自完成的操作"),
    ],
)
def test_it_says_before_and_after_why_small_steps_wait(now, language, words):
    services.set_review_policy(policy=PolicyView("from", "CNY", 100, 100), actor=1, now=now)
    ann = sign_in(language=language)
    post(ann, "adjust", ADJUST | {"confirm": "yes"})
    again = ADJUST | {"amount": "30", "key": "k2"}
    shown = post(ann, "adjust", again).content.decode()
    assert words in shown and ("Propose it" in shown or "提交他人同意" in shown)
    place = post(ann, "adjust", again | {"confirm": "yes"})["Location"]
    assert words in read(ann, place)
    small = post(ann, "adjust", ADJUST | {"amount": "29", "key": "k3"}).content.decode()
    assert words not in small and queries.get_points_balance(1, at=clock.now()).active == 70


def test_a_crafted_request_for_what_the_terms_forbid_leaves_no_proposal(now):
    earn("a", 100, now)
    services.set_review_policy(policy=PolicyView("always", "", 0), actor=1, now=now)
    ann = sign_in()
    crafted = {"amount": "60", "note": "by phone", "receiver": "C-2", "key": "t", "confirm": "yes"}
    answer = post(ann, "transfer", crafted)
    assert answer.status_code == 409 and queries.count_waiting_reviews() == 0


@pytest.mark.parametrize(("language", "words"), [("en", "fewer points than that"), ("zh-hans", "客户的积分不足")])
def test_more_than_there_is_is_refused_in_words_and_keeps_what_was_typed(now, language, words):
    earn("a", 10, now)
    answer = post(sign_in(language=language), "adjust", ADJUST | {"direction": "take", "confirm": "yes"})
    page = answer.content.decode()
    assert answer.status_code == 409 and words in page and 'value="70"' in page
    assert not Review.objects.exists()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_bad_input_moves_nothing(language):
    client = sign_in(language=language)
    for bad in (
        {"amount": "0"}, {"amount": "x"}, {"amount": "1.5"}, {"amount": "9999999999999"}, {"note": ""}, {"note": "x" * 501},
        {"reason": "mine"}, {"direction": "up"}, {"key": ""}, {"key": "k" * 65},
    ):  # fmt: skip
        assert post(client, "adjust", ADJUST | {"confirm": "yes"} | bad).status_code == 422, bad
    assert not Review.objects.exists()


def test_only_who_has_the_right_may_act():
    viewer, operator = sign_in("viewer"), sign_in()
    for act in ("adjust", "transfer", "shortage", "take-back", "release"):
        assert post(viewer, act, ADJUST | {"confirm": "yes"}).status_code == 403
        assert operator.get(f"/customers/1/points/{act}").status_code == 405


def test_who_was_merged_is_met_where_they_stand():
    store_customers([make_customer(3, merged_into=2)])
    client = sign_in()
    assert client.get("/customers/3/points")["Location"] == "/customers/2/points"
    answer = client.post("/customers/3/points/adjust", ADJUST | {"confirm": "yes"})
    assert (answer.status_code, answer["Location"]) == (302, "/customers/2/points")
    assert not Review.objects.exists()


def test_points_are_given_on_where_the_terms_let_them(now):
    earn("a", 100, now)
    asked = {"receiver": "c-2", "amount": "40", "note": "a present", "key": "t1"}
    client = sign_in()
    assert "/points/transfer" not in read(client)
    refused = post(client, "transfer", asked | {"confirm": "yes"})
    assert refused.status_code == 409 and "do not let points go" in refused.content.decode()
    terms = PointsTerms("Asia/Shanghai", may_transfer=True, transfer_fee_bp=1000)
    services.set_points_terms(asset=POINTS, terms=terms, actor=1, now=clock.now())
    shown = post(client, "transfer", asked).content.decode()
    assert "40 points go to C-000002" in shown and "56 stay here" in shown and "The fee is 4." in shown
    for _ in range(2):
        assert post(client, "transfer", fields(shown, "transfer") | {"confirm": "yes"}).status_code == 302
    at = clock.now()
    assert [queries.get_points_balance(who, at=at).active for who in (1, 2)] == [56, 40]
    assert "From customer C-000001" in read(client, "/customers/2/points")
    for receiver, status in (("C-77", 404), ("x", 422), ("", 422), ("1", 409)):
        assert (
            post(client, "transfer", asked | {"receiver": receiver, "key": "t2", "confirm": "yes"}).status_code
            == status
        )


def test_what_a_cart_holds_is_let_go(now):
    earn("a", 100, now)
    services.burn_points(burns=[PointsBurn("cart", 1, 60, now, reserve_until=now + timedelta(hours=1))], now=now)
    client, use = sign_in(), PointsUse.objects.get()
    form = fields(read(client, f"/customers/1/points?release={use.pk}"), "release") | {"note": "cart is gone"}
    assert "60 points can be spent again" in post(client, "release", form).content.decode()
    for _ in range(2):
        assert post(client, "release", form | {"confirm": "yes"}).status_code == 302
    assert queries.get_points_balance(1, at=clock.now()).active == 100
    assert client.get("/customers/2/points", {"release": use.pk}).status_code == 404


def test_what_was_earned_is_taken_back_once_though_sent_twice(now):
    earn("a", 100, now)
    client, [lot] = sign_in(), queries.list_lots(1)
    form = fields(read(client, f"/customers/1/points?take={lot.id}"), "take-back") | {
        "note": "wrong till",
        "amount": "30",
    }
    for _ in range(2):
        assert post(client, "take-back", form | {"confirm": "yes"}).status_code == 302
    assert queries.get_points_balance(1, at=clock.now()).active == 70


@pytest.mark.parametrize(("decision", "debt"), [("debt", 50), ("forgive", 0)])
def test_missing_points_are_decided_about(now, decision, debt):
    services.set_points_terms(asset=POINTS, terms=PointsTerms("Asia/Shanghai", shortage="review"), actor=1, now=now)
    earn("a", 50, now)
    services.burn_points(burns=[PointsBurn("cart", 1, 50, now)], now=now)
    services.claw_points(claws=[PointsClaw("a", 50, now)], now=now)
    client = sign_in()
    page = read(client)
    assert "50 were to be taken back" in page
    form = fields(page, "shortage") | {"decision": decision, "note": "decided", "amount": "50"}
    for _ in range(2):
        assert post(client, "shortage", form | {"confirm": "yes"}).status_code == 302
    after = queries.get_points_balance(1, at=clock.now())
    assert (after.debt, after.in_review) == (debt, 0)
    assert ("This customer owes points." in read(client)) == bool(debt)


def test_each_programme_of_points_is_on_its_own(now):
    earn("a", 100, now, asset=VIP)
    client = sign_in()
    assert stat(read(client), "Usable") == "0"
    page = read(client, f"/customers/1/points?asset={VIP}")
    assert stat(page, "Usable") == "100" and ">vip</a>" in page
    assert post(client, "adjust", ADJUST | {"confirm": "yes"}, asset=VIP).status_code == 302
    assert queries.get_points_balance(1, at=clock.now(), asset=VIP).active == 170


def test_long_lists_are_paged(now):
    services.earn_points(earns=[PointsEarn(f"e{n}", 1, 1, now) for n in range(55)], now=now)
    client = sign_in()
    page = read(client, "/customers/1/points?lots=all")
    onward = re.search(r'href="(\?[^"]*before=\d+[^"]*)#lots"', page)[1].replace("&amp;", "&")
    assert read(client, f"/customers/1/points{onward}").count("Earned") == 5


def test_a_nonsense_address_is_no_error():
    client = sign_in()
    for nonsense in ("asset=GOLD", "lots=x", "before=x", "take=-1", "used_before=99999999999999999999", "asset=%00"):
        read(client, f"/customers/1/points?{nonsense}")
