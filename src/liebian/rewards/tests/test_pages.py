"""The customer's panel gives every reward its reason; money goes into a budget once, after its effect was shown."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.utils import translation

from liebian.access.tests.factories import make_user
from liebian.rewards import queries, services
from liebian.rewards.tests.factories import HOLD, NOW, make_budget, make_coupon, make_grant, make_points
from liebian.rewards.types import REASONS

pytestmark = pytest.mark.django_db(databases="__all__")


def sign_in(role: str, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(make_user(role))
    return client


def test_a_panel_without_rewards_says_when_they_come():
    page = sign_in("viewer").get("/customers/1/rewards-panel").content.decode()
    assert "No reward so far" in page and "<html" not in page


def test_the_panel_shows_state_amount_and_reason():
    budget = make_budget(funded=4000)
    sides = (("referrer", make_points()), ("referee", make_coupon()))
    services.grant_pairs(grants=[make_grant(budget, n, *sides) for n in (1, 2, 3)], now=NOW)
    client = sign_in("viewer")
    page = client.get("/customers/1/rewards-panel").content.decode()
    assert page.count("in_hold") == 2 and "8 Jun 2026" in page
    assert "The budget could not carry both" in page and "campaign_budget" in page
    services.release_due(day=HOLD, now=NOW)
    page = client.get("/customers/1/rewards-panel").content.decode()
    assert "/customers/1/points" in page and "2,000" in page
    code = queries.list_coupons(1001)[0].code
    friend = client.get("/customers/1001/rewards-panel").content.decode()
    assert code[-4:] in friend and code not in friend


def test_funding_says_its_effect_first_and_happens_once():
    budget = make_budget(funded=1000)
    address = f"/ledger/budgets/{budget.id}/fund"
    client = sign_in("operator")
    key = re.search(r'name="key" value="(\w+)"', client.get(address).content.decode())[1]
    shown = client.post(address, {"amount": "300.50", "key": key}).content.decode()
    assert "Available goes from ¥10.00 to ¥310.50" in shown
    assert queries.get_budget(budget.id).funded == 1000
    for _ in range(2):
        answer = client.post(address, {"amount": "300.50", "key": key, "confirm": "yes"})
        assert answer.status_code == 302
    assert queries.get_budget(budget.id).funded == 31_050
    other = client.post(address, {"amount": "1", "key": key, "confirm": "yes"})
    assert other.status_code == 409 and "already sent once" in other.content.decode()


@pytest.mark.parametrize("amount", ["", "x", "0", "-5", "1.001", "99999999999999999", "NaN", "1e400"])
def test_an_impossible_amount_keeps_what_was_typed(amount: str):
    budget = make_budget()
    answer = sign_in("operator").post(
        f"/ledger/budgets/{budget.id}/fund", {"amount": amount, "key": "k", "confirm": "y"}
    )
    assert answer.status_code == 422
    assert f'value="{amount}"' in answer.content.decode() or not amount
    assert queries.get_budget(budget.id).funded == 0


def test_a_viewer_may_not_fund_and_an_unknown_budget_is_not_found():
    budget = make_budget()
    assert sign_in("viewer").get(f"/ledger/budgets/{budget.id}/fund").status_code == 403
    assert sign_in("operator").get("/ledger/budgets/999999/fund").status_code == 404


def test_every_reason_is_said_in_chinese_too():
    with translation.override("zh-hans"):
        for code, said in REASONS.items():
            for text in (said.staff, said.customer):
                assert re.search(r"[\u4e00-\u9fff]", translation.gettext(text)), (code, text)
