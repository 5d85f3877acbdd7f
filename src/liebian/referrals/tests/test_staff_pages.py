"""The staff's pages: the wizard from the first word to the publication, the programme's page, lists, why not, rights."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from liebian.access.models import User
from liebian.core import clock
from liebian.ledger.models import Entry
from liebian.referrals import queries
from liebian.referrals.models import Participation, Programme
from liebian.referrals.tests.shop import DRAFT, T0, Shop
from liebian.rewards import queries as rewards
from liebian.rewards import services as reward_services
from liebian.rewards.types import OfferDraft, PointsTerms, PolicyView, PrivilegeTerms
from liebian.segments import queries as segment_queries
from liebian.segments.types import SegmentView

pytestmark = pytest.mark.django_db(databases="__all__")
EN = {"HTTP_ACCEPT_LANGUAGE": "en"}
STEPS: dict[str, dict[str, Any]] = {
    "people": {"segment_id": "1", "holdout_percent": "10"},
    "rewards": {
        "referrer_kind": "points", "referrer_points": "300", "referrer_cost": "30", "friend_kind": "coupon",
        "friend_face": "20", "friend_threshold": "99", "friend_valid_days": "14",
    },
    "budget": {
        "budget_id": "", "budget": "30000", "starts_on": "2026-06-02", "last_day": "2026-06-30", "min_order": "99", "hold_days": "7",
    },
    "limits": {
        "rows": "2", "scope_0": "person", "amount_0": "10", "measure_0": "count", "period_0": "ever", "on_excess_0": "refuse",
        "scope_1": "programme", "amount_1": "2500.50", "measure_1": "minor", "period_1": "month", "on_excess_1": "clamp",
    },
    "texts": {name: DRAFT[name] for name in ("title_zh", "title_en", "message_zh", "message_en", "rules_zh", "rules_en", "organiser", "contact")},
}  # fmt: skip


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setattr(clock, "now", lambda: T0)
    shop = Shop(monkeypatch)
    view = SegmentView(1, "常客", {}, 1, None, T0, T0, None)
    monkeypatch.setattr(segment_queries, "list_segments", lambda: [view])
    monkeypatch.setattr(segment_queries, "count_segments", lambda as_of: {1: len(shop.target)})
    return shop


def signed_in(client: Client, role: str) -> Client:
    user = User.objects.create(username=role, role=role, display_name=role.title(), created_at=T0)
    client.force_login(user)
    return client


def page(client: Client, address: str) -> str:
    response = client.get(address, **EN)
    assert response.status_code == 200, response.content.decode()[:2000]
    return response.content.decode()


def test_the_wizard_goes_from_a_name_to_a_running_programme(client: Client, shop: Shop) -> None:
    shop.target = [shop.customer(f"u{number}") for number in range(30)]
    signed_in(client, "operator")
    begun = client.post("/referrals/new", {"name": "Dragon boat", "target_customers": "200"}, **EN)
    programme_id = Programme.objects.get().pk
    assert begun["Location"] == f"/referrals/{programme_id}/edit/people"
    for step, typed in STEPS.items():
        assert page(client, f"/referrals/{programme_id}/edit/{step}")
        assert client.post(f"/referrals/{programme_id}/edit/{step}", typed, **EN).status_code == 302
    text = page(client, f"/referrals/{programme_id}/edit/publish")
    assert "Publish, spend at most ¥30,000" in text and "Nothing stands in the way" in text
    assert "the inviter gets <b>300 points</b> and the friend gets <b>¥20 off</b>" in text
    assert client.post(f"/referrals/{programme_id}/publish", **EN)["Location"] == f"/referrals/{programme_id}"
    programme = queries.get_programme(programme_id)
    assert programme.status == "running" and programme.version == 1
    assert [(each.code, each.amount, each.on_excess) for each in programme.limits] == [
        ("person.ever.count", 10, "refuse"), ("programme.month.minor", 250_050, "clamp"),
    ]  # fmt: skip
    assert rewards.get_budget(programme.budget_id or 0).available == 3_000_000
    assert Participation.objects.count() == 30
    assert client.post(f"/referrals/{programme_id}/publish", **EN).status_code == 302
    assert Participation.objects.count() == 30 and Entry.objects.filter(kind="fund").count() == 1
    assert client.get(f"/referrals/{programme_id}/edit/budget", **EN)["Location"] == f"/referrals/{programme_id}"


def test_points_of_a_reward_are_of_the_programme_of_points_that_is_chosen(client: Client, shop: Shop) -> None:
    shop.target = [shop.customer(f"u{number}") for number in range(30)]
    signed_in(client, "operator")
    client.post("/referrals/new", {"name": "Dragon boat", "target_customers": "200"}, **EN)
    rewards_step = f"/referrals/{Programme.objects.get().pk}/edit/rewards"
    assert "referrer_points_programme" not in page(client, rewards_step), "nothing to choose from yet"
    terms = PointsTerms("Asia/Shanghai")
    reward_services.set_points_terms(asset="POINTS:vip/0", terms=terms, actor=None, now=T0)
    assert '<option value="vip">vip</option>' in page(client, rewards_step)
    wrong = {**STEPS["rewards"], "referrer_points_programme": "typo"}
    assert client.post(rewards_step, wrong, **EN).status_code == 422
    chosen = {**STEPS["rewards"], "referrer_points_programme": "vip", "friend_points_programme": "vip"}
    for step, said in {**STEPS, "rewards": chosen}.items():
        assert client.post(rewards_step.replace("rewards", step), said, **EN).status_code == 302
    assert "the inviter gets <b>300 points of vip</b>" in page(client, rewards_step.replace("rewards", "publish"))
    client.post(rewards_step.replace("edit/rewards", "publish"), **EN)
    offers = [
        rewards.get_offer(each or 0)
        for each in Programme.objects.values_list("referrer_offer_id", "friend_offer_id")[0]
    ]
    assert [(each.kind, each.points_programme) for each in offers] == [("points", "vip"), ("coupon", "")]


def test_a_programme_gives_a_gift_and_a_privilege_on_their_own_terms(client: Client, shop: Shop) -> None:
    gold = PrivilegeTerms("level", "gold")
    drafts = [
        OfferDraft("gift", "Tea set", "CNY", 4550, approval="person"),
        OfferDraft("privilege", "Gold month", "CNY", 1000, valid_days=30, privilege=gold),
    ]
    tea, month = [reward_services.create_offer(draft=draft, now=T0) for draft in drafts]
    shop.target = [shop.customer(f"u{number}") for number in range(30)]
    signed_in(client, "operator")
    client.post("/referrals/new", {"name": "Tea", "segment": "1"}, **EN)
    programme_id = Programme.objects.get().pk
    typed = {"referrer_kind": "made", "referrer_offer_id": month.id, "friend_kind": "made", "friend_offer_id": ""}
    refused = client.post(f"/referrals/{programme_id}/edit/rewards", typed, **EN)
    assert refused.status_code == 422 and "Choose what is given" in refused.content.decode()
    for step, said in {**STEPS, "rewards": {**typed, "friend_offer_id": tea.id}}.items():
        assert client.post(f"/referrals/{programme_id}/edit/{step}", said, **EN).status_code == 302
    text = page(client, f"/referrals/{programme_id}/edit/publish")
    choices = page(client, f"/referrals/{programme_id}/edit/rewards")
    assert ">Tea set</option>" in choices and ">Gold month, 30 days</option>" in choices
    assert "Before that, a person approves each <b>Tea set</b>." in text
    assert "the inviter gets <b>Gold month, 30 days</b> and the friend gets <b>Tea set</b>" in text and "55.50" in text
    client.post(f"/referrals/{programme_id}/publish", **EN)
    programme = queries.get_programme(programme_id)
    assert (programme.referrer_offer_id, programme.friend_offer_id) == (month.id, tea.id)
    code = Participation.objects.filter(arm="treated").values_list("code", flat=True)[0]
    assert "gives you Tea set" in page(Client(), f"/r/{code}")


def test_where_two_have_to_agree_the_money_comes_first_and_the_programme_afterwards(client: Client, shop: Shop) -> None:
    reward_services.set_review_policy(policy=PolicyView("from", "CNY", 3_000_000), actor=1, now=T0)
    shop.target = [shop.customer("anna")]
    signed_in(client, "operator")
    client.post("/referrals/new", {"name": "Dragon boat", "target_customers": "200"}, **EN)
    programme_id = Programme.objects.get().pk
    for step, typed in STEPS.items():
        client.post(f"/referrals/{programme_id}/edit/{step}", typed, **EN)
    told = client.post(f"/referrals/{programme_id}/publish", **EN, follow=True).content.decode()
    assert "somebody else has to agree to the money of its budget first" in told and "BUDGET_WAITS" in told
    assert client.post(f"/referrals/{programme_id}/publish", **EN)["Location"].endswith("/edit/publish")
    assert queries.get_programme(programme_id).status == "draft" and not Participation.objects.exists()
    [budget] = rewards.list_budgets()
    [review] = rewards.list_waiting_budget_acts(budget.id)
    assert budget.funded == 0 and f'value="{budget.id}" selected' in page(
        client, f"/referrals/{programme_id}/edit/budget"
    )
    reward_services.decide_review(review_id=review.id, agree=True, note="", actor=99, day=T0.date(), now=T0)
    client.post(f"/referrals/{programme_id}/publish", **EN)
    assert queries.get_programme(programme_id).status == "running"
    assert [(each.id, each.funded) for each in rewards.list_budgets()] == [(budget.id, 3_000_000)]


def test_what_is_missing_blocks_publishing_with_a_code_and_a_way_to_mend_it(client: Client, shop: Shop) -> None:
    signed_in(client, "operator")
    client.post("/referrals/new", {"name": "Dragon boat", "segment": "1"}, **EN)
    programme_id = Programme.objects.get().pk
    client.post(f"/referrals/{programme_id}/edit/texts", {**STEPS["texts"], "message_zh": "转发领红包"}, **EN)
    text = page(client, f"/referrals/{programme_id}/edit/publish")
    for code in ("SEGMENT_EMPTY", "OFFERS_MISSING", "PERIOD_MISSING", "HOLD_DAYS", "WX_INDUCED_SHARE"):
        assert f"<code>{code}</code>" in text
    assert "转发领" in text and "disabled" in text
    assert client.post(f"/referrals/{programme_id}/publish", **EN)["Location"].endswith("/edit/publish")
    assert Programme.objects.get().status == "draft"


@pytest.mark.parametrize(
    ("step", "changes", "words"),
    [
        ("rewards", {"referrer_cost": ""}, "Say what these points cost you"),
        ("rewards", {"friend_threshold": "5"}, "cannot be smaller than what the coupon takes off"),
        ("budget", {"budget": ""}, "Say how much the programme may spend"),
        ("budget", {"last_day": "2026-06-01"}, "The last day is before the first"),
        ("people", {"holdout_percent": "60"}, "50"),
    ],
)
def test_a_wrong_field_says_so_and_keeps_what_was_typed(
    client: Client, shop: Shop, step: str, changes: dict[str, str], words: str
) -> None:
    signed_in(client, "operator")
    client.post("/referrals/new", {"name": "Dragon boat"}, **EN)
    programme_id = Programme.objects.get().pk
    response = client.post(f"/referrals/{programme_id}/edit/{step}", {**STEPS[step], **changes}, **EN)
    text = response.content.decode()
    assert response.status_code == 422 and words in text and "Not saved yet." in text


@pytest.mark.parametrize("step", [*STEPS])
def test_enter_goes_on_and_does_not_leave_the_wizard(client: Client, shop: Shop, step: str) -> None:
    signed_in(client, "operator")
    client.post("/referrals/new", {"name": "Dragon boat"}, **EN)
    form = page(client, f"/referrals/{Programme.objects.get().pk}/edit/{step}").partition('class="lb-grid" novalidate')[
        2
    ]
    pressed = re.findall(r"<button[^>]*>", form)[0]
    assert 'type="submit"' in pressed and "name=" not in pressed


def test_one_mistake_is_told_once(client: Client, shop: Shop) -> None:
    signed_in(client, "operator")
    client.post("/referrals/new", {"name": "Dragon boat"}, **EN)
    address = f"/referrals/{Programme.objects.get().pk}/edit/budget"
    text = client.post(address, {**STEPS["budget"], "budget": "a lot"}, **EN).content.decode()
    assert "Enter a number." in text and "Say how much the programme may spend." not in text


def test_arms_depend_on_the_person_only_and_follow_the_share(shop: Shop) -> None:
    people = [shop.customer(f"u{number}") for number in range(120)]
    programme = shop.programme(*people, holdout_percent=10)
    row = Programme.objects.get(pk=programme.id)
    from liebian.core.ids import bucket_of

    for participation in Participation.objects.filter(programme=row):
        assert (participation.arm == "holdout") == (bucket_of(row.salt, participation.customer_id) < 0.10)
    assert 2 <= queries.count_arms([programme.id])[programme.id]["holdout"] <= 28


def run_a_programme(shop: Shop) -> Any:
    people = [shop.customer(f"u{number}", name=f"林{chr(0x4E00 + number)}秋") for number in range(40)]
    programme = shop.programme(*people, holdout_percent=25, at=T0 - timedelta(hours=1))
    drawn = Participation.objects.filter(programme_id=programme.id, arm="treated").order_by("id")
    for number, participation in enumerate(drawn[:6]):
        shop.say(
            {
                "type": "track",
                "event": "Referral Link Opened",
                "anonymousId": f"a{number}",
                "properties": {"code": participation.code},
            }
        )
        shop.sign_up(f"f{number}", participation.code, at=T0 + timedelta(hours=number))
        shop.order(f"f{number}", f"o{number}", 120 if number else 20, at=T0 + timedelta(days=1))
    shop.run()
    return programme


def test_the_programme_page_leads_with_what_was_gained(
    client: Client, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    programme = run_a_programme(shop)
    monkeypatch.setattr(clock, "now", lambda: T0 + timedelta(days=10))
    signed_in(client, "viewer")
    text = page(client, f"/referrals/{programme.id}")
    assert (
        text.index("Paying customers gained")
        < text.index("Cost of each one gained")
        < text.index("Their friends")
        < text.index("K is")
    )
    assert "Too early or too few people to tell" in text
    for step in ("invited", "opened", "signed_up", "ordered", "qualified", "rewarded", "held", "unpaid"):
        assert f"/referrals/{programme.id}/people?step={step}" in text
        assert page(client, f"/referrals/{programme.id}/people?step={step}")
    assert "/ledger/accounts/" in text
    assert "Pause" not in text, "a viewer sees no button that would be refused"


def test_why_not_is_answered_by_any_number_people_have(client: Client, shop: Shop) -> None:
    programme = run_a_programme(shop)
    signed_in(client, "viewer")
    for asked in ("o0", "f0"):
        text = page(client, f"/referrals/{programme.id}/why?q={asked}")
        assert "The order was below the minimum of the programme" in text and "below_min_order" in text
        assert "What was checked" in text
    fragment = client.get(f"/referrals/{programme.id}/why?q=o0", headers={"HX-Request": "true"}, **EN).content.decode()
    assert "<html" not in fragment and "below_min_order" in fragment
    assert "We found nobody." in page(client, f"/referrals/{programme.id}/why?q=nobody")


def test_the_panel_tells_who_invited_whom(client: Client, shop: Shop) -> None:
    programme = run_a_programme(shop)
    inviter = Participation.objects.filter(programme_id=programme.id, arm="treated").order_by("id")[1]
    signed_in(client, "viewer")
    text = page(client, f"/customers/{inviter.customer_id}/referrals-panel")
    assert inviter.code in text and "Order counts" in text and "300 points on its way" in text
    assert "Invited by" in page(client, f"/customers/{shop.id_of('f0')}/referrals-panel")
    assert "Not part of any programme" in page(client, f"/customers/{shop.customer('zed')}/referrals-panel")
    assert client.get("/customers/999999999/referrals-panel", **EN).status_code == 404


def test_pausing_and_ending_need_the_right_and_stick(client: Client, shop: Shop) -> None:
    programme = run_a_programme(shop)
    signed_in(client, "viewer")
    assert client.post(f"/referrals/{programme.id}/status", {"act": "end"}).status_code == 403
    signed_in(Client(), "administrator")
    client.force_login(User.objects.get(username="administrator"))
    for act, status in (("pause", "paused"), ("resume", "running"), ("end", "ended"), ("end", "ended")):
        assert client.post(f"/referrals/{programme.id}/status", {"act": act}).status_code == 302
        assert queries.get_programme(programme.id).status == status
    assert client.post(f"/referrals/{programme.id}/status", {"act": "resume"}).status_code == 409
    assert client.post(f"/referrals/{programme.id}/status", {"act": "dance"}).status_code == 422


def test_lists_are_empty_in_words_and_pages_need_rights(client: Client, shop: Shop) -> None:
    assert client.get("/referrals").status_code == 302
    signed_in(client, "viewer")
    assert "No programme yet" in page(client, "/referrals") and "/referrals/new" not in page(client, "/referrals")
    assert client.get("/referrals/new").status_code == 403
    assert client.get("/referrals/7").status_code == 404


def test_no_page_for_staff_shows_a_clear_name_or_phone(client: Client, shop: Shop) -> None:
    anna = shop.customer("anna", name="林晚秋", phone="13812346021")
    programme = shop.programme(anna, at=T0 - timedelta(hours=1))
    shop.sign_up("ben", shop.code(programme, anna), phone="13900001111", at=T0)
    shop.run()
    signed_in(client, "administrator")
    addresses = [
        f"/referrals/{programme.id}", f"/referrals/{programme.id}/people?step=signed_up", f"/customers/{anna}/referrals-panel",
        f"/referrals/{programme.id}/why?q={shop.code(programme, anna)}", f"/referrals/{programme.id}?q=anna",
    ]  # fmt: skip
    for address in addresses:
        text = page(client, address)
        assert "林晚秋" not in text and "13812346021" not in text and "13900001111" not in text
