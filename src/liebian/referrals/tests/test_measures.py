"""What the programme's page says, against plain counting."""

from __future__ import annotations

from datetime import timedelta

import pytest

from liebian.referrals import queries
from liebian.referrals.models import Participation
from liebian.referrals.tests.shop import T0, Shop

pytestmark = pytest.mark.django_db(databases="__all__")
DAY = timedelta(days=1)
SOON = T0 + 20 * DAY


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    return Shop(monkeypatch)


def test_both_arms_are_counted_by_the_same_rule(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    people = [shop.customer(f"u{number}") for number in range(20)]
    programme = shop.programme(*people, holdout_percent=50)
    arms = dict(Participation.objects.values_list("customer_id", "arm"))
    users = {person: f"u{number}" for number, person in enumerate(people)}
    treated = next(p for p in people if arms[p] == "treated")
    held = next(p for p in people if arms[p] == "holdout")
    shop.sign_up("f1", shop.code(programme, treated))
    shop.say({"type": "identify", "userId": "f2", "traits": {"referred_by": users[treated]}}, at=T0)
    shop.say({"type": "identify", "userId": "f3", "traits": {"referred_by": users[held]}}, at=T0)
    shop.say({"type": "identify", "userId": "f4", "traits": {"referred_by": users[held]}}, at=T0)
    shop.sign_up("f4", shop.code(programme, treated))
    for friend in ("f1", "f2", "f3", "f4"):
        shop.order(friend, f"o-{friend}", 30, at=T0 + DAY)
    shop.run()
    outcomes = queries.list_outcomes(programme, as_of=SOON)
    assert sum(outcomes["treated"]) == 2 and sum(outcomes["holdout"]) == 2, (
        "f4 named the person held out, a code does not move that"
    )
    assert len(outcomes["treated"]) + len(outcomes["holdout"]) == 20
    results = queries.get_results(programme, as_of=SOON)
    assert results.effect.verdict == "too_few"


def test_the_steps_of_the_funnel_are_the_lists_behind_them(shop: Shop) -> None:
    anna, carl = shop.customer("anna"), shop.customer("carl")
    programme = shop.programme(anna, carl)
    code = shop.code(programme, anna)
    for number in range(3):
        opened = {
            "type": "track",
            "event": "Referral Link Opened",
            "anonymousId": f"a{number}",
            "properties": {"code": code},
        }
        shop.say(opened, opened, at=T0)
    for number in range(3):
        shop.sign_up(f"f{number}", code)
    shop.order("f0", "o0", 120, at=T0 + DAY)
    shop.order("f1", "o1", 20, at=T0 + DAY)
    shop.run()
    counts = {step: queries.count_people(programme.id, step, as_of=SOON) for step in queries.STEPS}
    assert counts == {
        "invited": 2, "viewed": 0, "shared": 1, "opened": 3, "signed_up": 3, "ordered": 2, "qualified": 1, "rewarded": 0,
        "held": 1, "refused": 0, "reversed": 0, "holdout": 0, "unpaid": 0,
    }  # fmt: skip
    for step in queries.STEPS:
        seen, after = [], None
        while page := queries.list_people(programme.id, step, as_of=SOON, after=after, limit=2):
            seen += page
            after = page[-1].key
        assert len(seen) == counts[step] == len({row.key for row in seen})
    shop.day("2026-06-15")
    shop.run()
    assert queries.count_people(programme.id, "rewarded", as_of=SOON) == 1


def test_k_counts_friends_whose_order_stands_per_participant(shop: Shop) -> None:
    anna, carl = shop.customer("anna"), shop.customer("carl")
    programme = shop.programme(anna, carl)
    for number, owner in enumerate((anna, anna, carl)):
        shop.sign_up(f"f{number}", shop.code(programme, owner), at=T0 + number * DAY)
        shop.order(f"f{number}", f"o{number}", 120, at=T0 + number * DAY + timedelta(hours=1))
    shop.refund("f1", "o1", "r1", None, at=T0 + 4 * DAY)
    shop.run()
    points = queries.list_k(programme, as_of=SOON)
    assert points[-1].k.k == 1.0 and points[-1].k.n_participants == 2
    assert points[0].k.n_participants == 1
    best = queries.list_top_inviters(programme.id, as_of=SOON)
    assert [(row.customer_id, row.signed_up, row.qualified) for row in best] == [(anna, 2, 1), (carl, 1, 1)]
    assert queries.get_generations(programme.id, as_of=SOON) == ((2, 3), anna, 1)


def test_why_not_tells_the_story_in_order(shop: Shop) -> None:
    anna = shop.customer("anna")
    programme = shop.programme(anna)
    code = shop.code(programme, anna)
    shop.say(
        {
            "type": "track",
            "event": "Referral Link Opened",
            "userId": "ben",
            "properties": {"code": code, "channel": "wechat"},
        }
    )
    shop.sign_up("ben", code, at=T0 + timedelta(minutes=4))
    shop.order("ben", "o1", 20, at=T0 + DAY)
    shop.run()
    assert queries.find_people("ben") == [shop.id_of("ben")] == queries.find_people("o1")
    assert queries.find_people(f" {code.lower()} ") == [anna]
    story = queries.list_story(shop.id_of("ben"), programme_id=programme.id)
    assert [(entry.kind, entry.reason) for entry in story] == [
        ("opened", ""), ("signed_up", ""), ("ordered", "below_min_order"), ("reward_not_given", "below_min_order"),
    ]  # fmt: skip
    assert queries.find_people("nobody here") == []
