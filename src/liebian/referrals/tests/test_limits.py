"""Limits of a programme: set on its pages, frozen with its version, drawn from with every reward, whatever the size of the steps."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from liebian.core import clock
from liebian.core.errors import Invalid
from liebian.ledger.queries import list_balances
from liebian.ledger.tests.support import prove_zero
from liebian.referrals import queries, services
from liebian.referrals.models import Programme
from liebian.referrals.rules import clean_limits, read_limits
from liebian.referrals.rules.limits import MEASURES, ON_EXCESS, PERIODS, SCOPES
from liebian.referrals.tests.shop import INVITER_CAP, T0, Shop, decisions
from liebian.referrals.tests.test_staff_pages import EN, signed_in
from liebian.referrals.types import ProgrammeView
from liebian.rewards import queries as rewards
from liebian.rewards.models import Reward

pytestmark = pytest.mark.django_db(databases="__all__")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WEEKLY = {"scope": "person", "period": "week", "measure": "minor", "amount": 4000, "on_excess": "clamp"}


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    monkeypatch.setattr(clock, "now", lambda: T0)
    yield Shop(monkeypatch)
    assert all(proof.holds for proof in prove_zero())


def bring(shop: Shop, programme: ProgrammeView, inviter: int, *numbers: int, at: timedelta = HOUR) -> None:
    for number in numbers:
        shop.sign_up(f"f{number}", shop.code(programme, inviter), at=T0)
        shop.order(f"f{number}", f"o{number}", 120, at=T0 + at)


@pytest.mark.parametrize("limit", [1, 1000])
def test_money_is_clamped_within_the_week_of_the_programmes_zone(monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    shop = Shop(monkeypatch, limit=limit)
    anna = shop.customer("anna")
    programme = shop.programme(anna, limits=[WEEKLY])
    bring(shop, programme, anna, 0, 1, 2)
    bring(shop, programme, anna, 3, at=timedelta(days=6, hours=14))
    shop.run()
    assert [decisions(f"o{n}")["referrer"] for n in range(4)] == [
        ("granted", ""), ("granted", ""), ("refused", "window_cap"), ("granted", ""),
    ]  # fmt: skip
    assert decisions("o2")["friend"] == ("granted", ""), "the inviter's limit leaves the friend alone"
    given_points = {r.qualification[-2:]: r.amount for r in rewards.list_rewards(customer_id=anna) if r.state == "held"}
    assert given_points == {"o0": 300, "o1": 100, "o3": 300}


def test_a_limit_of_the_whole_programme_counts_both_sides(shop: Shop) -> None:
    anna, carl = shop.customer("anna"), shop.customer("carl")
    programme = shop.programme(anna, carl, limits=[{**INVITER_CAP, "scope": "programme", "amount": 3}])
    bring(shop, programme, anna, 0)
    bring(shop, programme, carl, 1)
    shop.run()
    assert decisions("o1") == {"referrer": ("granted", ""), "friend": ("refused", "programme_cap")}


@pytest.mark.parametrize(
    ("scope", "name", "same", "other"),
    [
        ("store", "affiliation", "杭州三店", "杭州四店"),
        ("store", "store_id", "x" * 60, "x" * 59 + "y"),
        ("identifier", "payer_id", "pay-1", "pay-2"),
    ],
)
def test_orders_of_one_store_or_one_payer_share_a_limit(
    shop: Shop, scope: str, name: str, same: str, other: str
) -> None:
    anna = shop.customer("anna")
    programme = shop.programme(anna, limits=[{**INVITER_CAP, "scope": scope, "amount": 2}])
    for number, told in enumerate([same, same, other, ""]):
        shop.sign_up(f"f{number}", shop.code(programme, anna), at=T0)
        shop.order(f"f{number}", f"o{number}", 120, at=T0 + (1 + number) * HOUR, **{name: told})
    shop.run()
    both = {"referrer": ("granted", ""), "friend": ("granted", "")}
    none = dict.fromkeys(("referrer", "friend"), ("refused", f"{scope}_cap"))
    assert [decisions(f"o{n}") for n in range(4)] == [both, none, both, both]
    [use] = rewards.list_limit_uses(programme_id=programme.id, limits=programme.limits, at=T0)
    assert (use.n_subjects, use.n_full, use.most) == (2, 2, 2)
    if scope == "store":
        subjects = {row["subject"] for r in Reward.objects.all() for row in r.trace.get("limits", ())}
        assert all(len(each) < 60 for each in subjects)
    else:
        assert "pay-1" not in str(list(Reward.objects.values_list("trace", flat=True))), "only its hash is kept"


@pytest.mark.parametrize("when", ["before", "after"])
def test_what_is_taken_back_no_longer_counts_for_the_inviter(shop: Shop, when: str) -> None:
    anna = shop.customer("anna")
    programme = shop.programme(anna, limits=[{**INVITER_CAP, "amount": 1}])
    bring(shop, programme, anna, 0)
    if when == "after":
        shop.day("2026-06-09")
    shop.refund("f0", "o0", "r0", None, at=T0 + 10 * DAY)
    bring(shop, programme, anna, 1, 2, at=11 * DAY)
    shop.run()
    assert decisions("o1")["referrer"] == ("granted", "")
    assert decisions("o2")["referrer"] == ("refused", "person_cap")


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "scope": st.sampled_from(SCOPES), "period": st.sampled_from(PERIODS), "measure": st.sampled_from(MEASURES),
                "on_excess": st.sampled_from(ON_EXCESS), "amount": st.integers(-1, 10**6),
            }
        ), max_size=12,
    )
)  # fmt: skip
def test_a_draft_keeps_only_limits_that_rewards_understand(rows: list[dict[str, Any]]) -> None:
    try:
        kept = clean_limits(rows)
    except Invalid as error:
        assert error.code in {"limits_too_many", "limit_amount", "limit_twice"}
        return
    rules = read_limits(kept, "Asia/Shanghai")
    assert len({rule.code for rule in rules}) == len(rows) and all(rule.amount > 0 for rule in rules)
    assert not any(rule.measure == "count" and rule.on_excess == "clamp" for rule in rules)
    assert clean_limits(kept) == kept


def draft_page(client: Client, shop: Shop) -> str:
    shop.target = [1]
    signed_in(client, "operator")
    client.post("/referrals/new", {"name": "Dragon boat"}, **EN)
    return f"/referrals/{Programme.objects.get().pk}/edit/limits"


ROW = {"scope_0": "person", "amount_0": "5", "measure_0": "count", "period_0": "day", "on_excess_0": "refuse"}


def test_rows_are_added_and_removed_without_a_script(client: Client, shop: Shop) -> None:
    address = draft_page(client, shop)
    assert 'value="10"' in client.get(address, **EN).content.decode(), "the usual cap is offered"
    more = client.post(address, {**ROW, "rows": "1", "add": "1"}, **EN).content.decode()
    assert 'name="amount_1"' in more and 'value="5"' in more
    none = client.post(address, {**ROW, "rows": "1", "drop": "0"}, **EN).content.decode()
    assert "No limit: only the budget decides." in none
    assert "limits" not in Programme.objects.get().draft, "nothing was kept yet"
    client.post(address, {"rows": "0"}, **EN)
    assert Programme.objects.get().draft["limits"] == []
    client.post(address, {**ROW, "rows": "1"}, **EN)
    assert queries.get_programme(Programme.objects.get().pk).draft["limits"][0]["amount"] == 5


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"amount_0": "0"}, "more than zero"), ({"amount_0": ""}, "required"), ({"amount_0": "2.5"}, "whole number"),
        ({"scope_0": "moon"}, "moon"), ({"rows": "x"}, "Not saved yet"),
        ({**{f"{name[:-1]}1": value for name, value in ROW.items()}, "rows": "2"}, "about the same"),
    ],
)  # fmt: skip
def test_a_limit_without_sense_is_told_and_kept_as_typed(
    client: Client, shop: Shop, changes: dict[str, str], words: str
) -> None:
    response = client.post(draft_page(client, shop), {**ROW, "rows": "1", **changes}, **EN)
    assert response.status_code == 422 and words in response.content.decode()


def test_a_limit_under_which_nobody_gets_anything_blocks_publishing(shop: Shop) -> None:
    shop.target = [shop.customer("anna")]
    with pytest.raises(Invalid) as refused:
        shop.programme(*shop.target, limits=[{**WEEKLY, "amount": 2999, "on_excess": "refuse"}])
    assert refused.value.details["codes"] == ["LIMIT_BELOW_REWARD"]
    with pytest.raises(Invalid) as wrong:
        services.save_draft(programme_id=None, values={"limits": [{"scope": "person"}]}, actor=None, now=T0)
    assert wrong.value.code == "limit_terms"


def test_an_old_cap_is_carried_over_with_what_was_given_so_far(shop: Shop) -> None:
    anna = shop.customer("anna")
    programme = shop.programme(anna, limits=[])
    bring(shop, programme, anna, 0, 1)
    shop.run()
    row = Programme.objects.get(pk=programme.id)
    row.person_cap, row.limits = 3, [{**INVITER_CAP, "amount": 3}]  # type: ignore[attr-defined]
    row.save()
    importlib.import_module("liebian.referrals.migrations.0003_limits")._carry_used(apps, row)
    key = f"{programme.id}.person.ever.count:{anna}:"
    assert list_balances([f"allowance:{key}", f"allowance_used:{key}"]) == {
        f"allowance:{key}": 1, f"allowance_used:{key}": 2,
    }  # fmt: skip
    assert Reward.objects.filter(role="referrer", trace__limits__0__left=1).count() == 2
    shop.refund("f0", "o0", "r0", None, at=T0 + DAY)
    bring(shop, programme, anna, 2, 3, 4, at=2 * DAY)
    shop.run()
    assert [decisions(f"o{n}")["referrer"][1] for n in (2, 3, 4)] == ["", "", "person_cap"]


def test_the_programme_page_says_how_far_limits_are_used_and_what_was_refused(client: Client, shop: Shop) -> None:
    anna, carl = shop.customer("anna"), shop.customer("carl")
    weekly = {**WEEKLY, "scope": "programme"}
    programme = shop.programme(anna, carl, limits=[{**INVITER_CAP, "amount": 2}, weekly])
    bring(shop, programme, anna, 0, 1, 2)
    bring(shop, programme, carl, 3)
    shop.sign_up("anna", shop.code(programme, carl), at=T0)
    shop.run()
    uses = rewards.list_limit_uses(programme_id=programme.id, limits=programme.limits, at=T0 + DAY)
    assert [(use.n_subjects, use.n_full, use.used, use.most, use.start) for use in uses] == [
        (1, 1, 2, 2, ""), (1, 1, 4000, 4000, "2026-06-01"),
    ]  # fmt: skip
    signed_in(client, "viewer")
    text = client.get(f"/referrals/{programme.id}", **EN).content.decode()
    for words in (
        "Each inviter gets at most 2 rewards in all.", "The whole programme gives at most ¥40 a week.", "Used up",
        "The limit for this period was reached", "Had bought here before", "This is for friends who have not bought here before",
    ):  # fmt: skip
        assert words in text
    assert f"/rewards?programme={programme.id}&amp;state=refused&amp;reason=window_cap" in text
    listed = client.get(f"/rewards?programme={programme.id}&state=refused&reason=window_cap", **EN).content.decode()
    assert listed.count("order") and "window_cap" in listed


def test_everybody_reads_the_limits_in_the_rules(client: Client, shop: Shop) -> None:
    anna = shop.customer("anna")
    programme = shop.programme(anna, limits=[INVITER_CAP, {**INVITER_CAP, "period": "month", "amount": 3}])
    for headers, words in (
        (EN, "Each inviter gets at most 3 rewards a month."),
        ({"HTTP_ACCEPT_LANGUAGE": "zh-hans"}, "每位推荐人每月最多得 3 份奖励。"),
    ):
        assert words in client.get(f"/r/{shop.code(programme, anna)}", **headers).content.decode()
