"""The pages on which staff see rewards and decide about them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from django.test import Client

from liebian.access.tests.factories import make_user
from liebian.rewards import queries, services
from liebian.rewards.tests.factories import HOLD, NOW, make_budget, make_grant, make_points
from liebian.rewards.tests.gift_shop import make_gift, promise, restock
from liebian.rewards.types import LimitRule, PolicyView, RewardView

pytestmark = pytest.mark.django_db(databases="__all__")
NOTHING = {"customer_id": None, "programme_id": None, "cause": "", "reason": ""}


def sign_in(role: str, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(make_user(role))
    return client


@pytest.fixture
def rewards() -> list[RewardView]:
    budget = make_budget(funded=3000)
    points = make_points()
    grants = [make_grant(budget, n, ("referrer", points)) for n in range(4)]
    return [outcome.reward for outcome in services.grant_pairs(grants=grants, now=NOW)]


def read(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def key_of(page: str) -> str:
    found = re.search(r'name="key" value="(\w+)"', page)
    assert found
    return found[1]


def act(client: Client, name: str, reason: str, *rewards: RewardView) -> str:
    ids = [each.id for each in rewards]
    page = read(client, "/rewards/act?act=" + name + "".join(f"&id={each}" for each in ids))
    data = {"act": name, "id": ids, "reason": reason, "note": "seen", "key": key_of(page)}
    response = client.post("/rewards/act", data, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def test_the_list_counts_states_and_filters_by_them(rewards):
    staff = sign_in("operator")
    page = read(staff, "/rewards")
    assert "Refund period 3" in page and "Not given 1" in page
    only = read(staff, "/rewards?state=refused")
    assert "order:3" in only and "order:0" not in only
    assert "order:1" in read(staff, "/rewards?cause=order:1")
    assert "No reward matches" in read(staff, "/rewards?customer=77")


@pytest.mark.parametrize("nonsense", ["state=%00", "before=x", "customer=-1", "programme=99999999999999999999"])
def test_a_nonsense_address_is_no_error(rewards, nonsense):
    read(sign_in("viewer"), f"/rewards?{nonsense}")


def test_one_reward_tells_its_history_with_reasons_and_money(rewards):
    staff = sign_in("operator")
    act(staff, "hold", "risk_held", rewards[0])
    page = read(staff, f"/rewards/{rewards[0].id}")
    for words in ("Put on hold", "seen", "1,000 points", "¥10.00", "entry in the ledger", "order:0"):
        assert words in page
    assert staff.get("/rewards/999999").status_code == 404


def titles(page: str) -> list[str]:
    return [
        found.strip()
        for found in re.findall(r"<b>([^<]+)</b>", page.partition("What happened")[2].partition("</ul>")[0])
    ]


def test_the_history_says_that_it_was_put_on_hold_and_that_it_waited_for_stock(rewards):
    staff = sign_in("operator")
    act(staff, "hold", "risk_held", rewards[0])
    assert titles(read(staff, f"/rewards/{rewards[0].id}"))[-1] == "Put on hold"
    gift = make_gift()
    [waiting] = promise(gift)
    restock(gift, 1)
    page = read(staff, f"/rewards/{waiting.id}")
    assert titles(page)[1:3] == ["Waits for stock", "No longer on hold"]
    assert "Partly changed" not in page


def test_acts_are_done_with_a_reason_on_many_at_once(rewards):
    staff = sign_in("operator")
    said = act(staff, "reject", "staff_or_test", rewards[0], rewards[1])
    assert "Done for 2 rewards." in said
    assert [queries.get_reward(each.id).state for each in rewards[:2]] == ["rejected", "rejected"]
    assert "Nothing to do" in read(staff, f"/rewards/act?act=approve&id={rewards[0].id}")


def test_without_rewards_or_with_an_unknown_act_one_is_sent_back(rewards):
    staff = sign_in("operator")
    for address in (
        "/rewards/act?act=approve",
        f"/rewards/act?act=burn&id={rewards[0].id}",
        "/rewards/act?act=hold&id=x",
    ):
        assert "Choose rewards" in staff.get(address, follow=True).content.decode()


def test_a_viewer_sees_no_buttons_and_cannot_act(rewards):
    viewer = sign_in("viewer")
    assert 'name="act"' not in read(viewer, "/rewards") + read(viewer, f"/rewards/{rewards[0].id}")
    assert viewer.post("/rewards/act", {"act": "reject", "id": rewards[0].id}).status_code == 403


def test_a_second_person_agrees_on_a_page_of_its_own(rewards):
    services.set_review_policy(policy=PolicyView("always", "", 0), actor=1, now=NOW)
    first, second = sign_in("operator"), sign_in("administrator")
    page = act(first, "reject", "risk_rejected", rewards[0])
    assert "somebody else has to agree" in page and ">Agree<" not in page and ">Withdraw<" in page
    [review] = queries.list_reviews(state="waiting")
    assert "1 decision waits" in read(second, "/rewards")
    refused = first.post(f"/rewards/reviews/{review.id}/decide", {"answer": "agree"}, follow=True)
    assert "whoever proposed it cannot" in refused.content.decode()
    assert ">Agree<" in read(second, f"/rewards/reviews/{review.id}")
    done = second.post(f"/rewards/reviews/{review.id}/decide", {"answer": "agree"}, follow=True)
    assert "Agreed and done" in done.content.decode()
    assert queries.get_reward(rewards[0].id).state == "rejected"


def test_only_an_administrator_sets_when_two_have_to_agree(rewards):
    data = {"mode": "from", "currency": "cny", "amount": "15"}
    assert sign_in("operator").post("/rewards/reviews/policy", data).status_code == 403
    boss = sign_in("administrator")
    assert boss.post("/rewards/reviews/policy", data).status_code == 302
    assert queries.get_review_policy() == PolicyView("from", "CNY", 1500)
    wrong = boss.post("/rewards/reviews/policy", {"mode": "from", "currency": "CNY", "amount": ""})
    assert wrong.status_code == 422 and "from which sum on" in wrong.content.decode()
    assert "¥15.00 and more" in read(sign_in("viewer"), "/rewards/reviews")


def test_the_pages_speak_chinese(rewards):
    staff = sign_in("operator", "zh-hans")
    services.release_due(day=HOLD, now=NOW)
    for address in (
        "/rewards",
        f"/rewards/{rewards[0].id}",
        "/rewards/reviews",
        f"/rewards/act?act=claw_back&id={rewards[0].id}",
    ):
        assert "奖励" in read(staff, address)


def test_a_reward_shows_what_was_checked_and_what_its_limits_left(rewards):
    budget = make_budget(funded=3000)
    rule = LimitRule("two-a-day", "person", "day", "count", 2, "Asia/Shanghai")
    paid = {"paid": 27500, "minimum": 9900, "currency": "CNY"}
    checks = [
        {"check": "below_min_order", "passed": True, "seen": paid},
        {"check": "of_another_day", "passed": False, "seen": {"paid": 1}},
    ]
    trace = {"checks": [*checks, {"check": "outside_window", "passed": True}]}
    grant = replace(make_grant(budget, 9, ("referrer", make_points())), limits=(rule,), trace=trace)
    [outcome] = services.grant_pairs(grants=[grant], now=NOW)
    page = read(sign_in("viewer"), f"/rewards/{outcome.reward.id}")
    assert "The order reaches the minimum" in page and "¥275.00 paid, at least ¥99.00" in page
    assert "of_another_day" in page, "what has no words is said as it is"
    assert "Limit of the inviter" in page and "1 of 2 left · on 1 Jun 2026" in page


def test_all_that_match_are_chosen_beyond_the_page_and_the_filter_is_kept():
    budget, points = make_budget(funded=60_000), make_points()
    grants = [make_grant(budget, n, ("referrer", points)) for n in range(61)]
    services.grant_pairs(grants=grants, now=NOW)
    staff = sign_in("operator")
    page = read(staff, "/rewards?state=held")
    assert 'name="all"' in page and '<input type="hidden" name="state" value="held">' in page
    assert 'name="all"' not in read(staff, "/rewards?state=refused"), "what is on one page is ticked by hand"
    asked = read(staff, "/rewards/act?act=hold&all=1&state=held")
    assert "60 rewards are concerned" in asked
    found = re.search(r'name="ids" value="([\d,]+)"', asked)
    assert found
    data = {"act": "hold", "ids": found[1], "reason": "risk_held", "note": "seen", "key": key_of(asked)}
    assert "Done for 60 rewards" in staff.post("/rewards/act", data, follow=True).content.decode()
    assert not queries.find_reward_ids(**NOTHING, state="held", is_on_hold=False, limit=99)


def test_more_than_one_act_takes_is_told_and_the_oldest_come_first(monkeypatch: pytest.MonkeyPatch, rewards):
    monkeypatch.setattr("liebian.rewards.views.rewards.MOST_REWARDS", 2)
    asked = read(sign_in("operator"), "/rewards/act?act=hold&all=1&state=held")
    assert "2 rewards are concerned" in asked and "the oldest 2 that match" in asked
    assert f'name="ids" value="{rewards[0].id},{rewards[1].id}"' in asked
