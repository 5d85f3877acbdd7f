"""The page shows every check with its result; differences are explained there."""

from __future__ import annotations

import pytest

from liebian.rewards import queries
from liebian.rewards.models import Reward
from liebian.rewards.tests.test_pages import sign_in
from liebian.rewards.tests.test_reconciling import check, give_rewards

pytestmark = pytest.mark.django_db(databases="__all__")
PAGE = "/rewards/reconciliation"


def test_before_the_first_night_it_says_when_it_happens():
    assert "3:00" in sign_in("viewer").get(PAGE).content.decode()


def test_a_difference_shows_its_amounts_its_link_and_takes_an_explanation():
    give_rewards()
    Reward.objects.filter(state="issued").update(cost_minor=1100)
    check()
    client = sign_in("operator")
    page = client.get(PAGE).content.decode()
    [alarm] = queries.list_alarms()
    assert "Something differs" in page and f"/ledger?book={alarm.subject}" in page and "paid out" in page
    refused = client.post(f"{PAGE}/{alarm.id}/explain", {"note": ""}, follow=True).content.decode()
    assert "1 to 500 characters" in refused
    said = client.post(f"{PAGE}/{alarm.id}/explain", {"note": "Moved by hand"}, follow=True).content.decode()
    assert "Moved by hand" in said and "Everything agrees" in said


def test_whoever_may_only_look_is_not_offered_to_explain():
    give_rewards()
    Reward.objects.filter(state="issued").update(cost_minor=1100)
    check()
    assert '<form method="post" action="/rewards/reconciliation' not in sign_in("viewer").get(PAGE).content.decode()
