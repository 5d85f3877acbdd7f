"""Terms of points are read as sentences, changed after they were shown in words, and hold from an instant on."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from liebian.access.tests.factories import make_user
from liebian.core import clock
from liebian.core.days import day_of, day_start
from liebian.core.errors import Invalid
from liebian.rewards import queries, services
from liebian.rewards.models import PointsTermsRow
from liebian.rewards.types import POINTS, PointsBurn, PointsEarn, PointsTerms

pytestmark = pytest.mark.django_db(databases="__all__")
ZONE, VIP = "Asia/Shanghai", "POINTS:vip/0"
FORM = {
    "programme": "vip", "starts": "", "zone": ZONE, "expiry": "months", "expiry_count": "12", "shortage": "debt", "late_restore": "grace",
    "grace_days": "7", "stacking": "highest", "most_times": "2.5", "may_transfer": "on", "fee_percent": "5", "transfer_least": "10",
    "transfer_most": "1000",
}  # fmt: skip


@pytest.fixture
def now():
    return clock.now()


def sign_in(role: str = "operator", language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(make_user(role))
    return client


def save(client: Client, **changes: str):
    return client.post("/rewards/points/terms", FORM | {"step": "save"} | changes)


def terms_of(asset: str = VIP) -> PointsTerms:
    return queries.get_points_terms(asset, clock.now())


def test_without_terms_the_usual_ones_are_read_out():
    page = sign_in("viewer").get("/rewards/points").content.decode()
    assert "General points" in page and "Points never end." in page and "nobody has set any" in page
    assert "Change the terms" not in page


def test_a_change_is_shown_in_words_with_examples_before_it_is_saved(now):
    client = sign_in()
    page = client.post("/rewards/points/terms", FORM).content.decode()
    for words in (
        "vip, from now on.", "Points end 12 months after they became usable.", "Together they are at most 2.5 times.", "from 10 to 1,000 at once",
        "Giving costs 5% of them on top.", "can be spent for 7 days", "later points pay it first",
    ):  # fmt: skip
        assert words in page, words
    examples = re.findall(r"Points earned on ([^<]*) become usable on ([^<]*) and end with ([^<]*)\.</li>", page)
    assert len(examples) == 2 and examples[0][0] == examples[0][1] != examples[1][1]
    assert not PointsTermsRow.objects.exists()
    again = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.split("For example")[1])
    assert client.post("/rewards/points/terms", dict(again) | {"step": "save"}).status_code == 302
    assert terms_of() == PointsTerms(ZONE, "months", 12, 0, "debt", "grace", 7, "highest", 25_000, True, 500, 10, 1000)


def test_the_form_starts_with_the_terms_in_force_and_saving_them_again_adds_nothing():
    client = sign_in()
    assert save(client).status_code == save(client).status_code == 302
    assert PointsTermsRow.objects.filter(asset=VIP).count() == 1
    page = client.get("/rewards/points/terms?programme=vip").content.decode()
    values = dict(re.findall(r'<input type="(?:text|date)" name="(\w+)"(?: value="([^"]*)")?', page))
    assert (values["programme"], values["expiry_count"], values["most_times"]) == ("vip", "12", "2.5")
    assert (values["fee_percent"], values["transfer_most"], values["grace_days"]) == ("5", "1000", "7")


def test_what_does_not_belong_to_the_choice_is_left_out():
    save(sign_in(), expiry="never", may_transfer="", late_restore="expired")
    said = terms_of()
    assert (said.expiry_count, said.grace_days, said.transfer_fee_bp, said.transfer_most) == (0, 0, 0, 0)


def test_terms_are_planned_for_a_day_and_replaced_until_it_comes(now):
    client = sign_in()
    save(client)
    day = day_of(now, ZONE) + timedelta(days=10)
    save(client, expiry="year_end", starts=day.isoformat())
    save(client, expiry="month_end", starts=day.isoformat())
    start = day_start(day, ZONE)
    assert terms_of().expiry == "months"
    assert queries.get_points_terms(VIP, start - timedelta(microseconds=1)).expiry == "months"
    assert queries.get_points_terms(VIP, start).expiry == "month_end"
    assert PointsTermsRow.objects.filter(asset=VIP).count() == 2
    page = client.get("/rewards/points").content.decode()
    assert "Planned from" in page and "Points end with the month." in page and "Earlier terms" in page
    [programme] = [each for each in queries.list_points_programmes(at=now) if each.asset == VIP]
    assert len(programme.planned) == 1 or clock.now() > now
    [later] = [each for each in queries.list_points_programmes(at=start) if each.asset == VIP]
    assert (later.in_force.terms.expiry, len(later.planned), len(later.earlier)) == ("month_end", 0, 2)


def test_what_is_past_stays_as_it_was(now):
    with pytest.raises(Invalid) as caught:
        services.set_points_terms(
            asset=VIP, terms=PointsTerms(ZONE), actor=1, now=now, valid_from=now - timedelta(seconds=1)
        )
    assert caught.value.code == "points_terms_past"


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_bad_input_is_refused_and_nothing_is_kept(now, language):
    client = sign_in(language=language)
    today = day_of(now, ZONE).isoformat()
    for bad in (
        {"programme": "v i p"}, {"programme": "金"}, {"programme": "x" * 31}, {"starts": today}, {"starts": "2020-01-01"}, {"starts": "soon"},
        {"zone": "Mars/Olympus"}, {"zone": ""}, {"expiry": "weeks"}, {"expiry_count": ""}, {"expiry_count": "0"}, {"expiry_count": "1201"},
        {"grace_days": ""}, {"fee_percent": "101"}, {"fee_percent": "x"}, {"most_times": "-1"}, {"transfer_least": "0"}, {"min_days": "-1"},
        {"most_times": "NaN"}, {"shortage": ""},
    ):  # fmt: skip
        answer = save(client, **bad)
        assert answer.status_code == 422, bad
        assert 'name="transfer_most" value="1000"' in answer.content.decode(), "what was typed is kept"
    assert not PointsTermsRow.objects.exists()


def test_only_who_has_the_right_changes_terms():
    viewer = sign_in("viewer")
    assert viewer.get("/rewards/points/terms").status_code == 403
    assert save(viewer).status_code == 403


def test_outstanding_points_are_told_by_state_and_by_the_month_in_which_they_end(now):
    earns = [PointsEarn("a", 1, 100, now, VIP), PointsEarn("b", 2, 9, now, VIP, active_from=now + timedelta(days=3))]
    services.earn_points(earns=earns, now=now)
    services.burn_points(burns=[PointsBurn("c", 1, 30, now, VIP, reserve_until=now + timedelta(hours=1))], now=now)
    client = sign_in("viewer")
    page = client.get("/rewards/points").content.decode()
    card = page.split(">vip<")[1]
    assert [
        re.search(rf'{label}</p><div class="[^"]*"><a[^>]*>(\d+)', card)[1]
        for label in ("Usable", "Not usable yet", "Held by carts")
    ] == ["70", "9", "30"]
    ends = client.get("/rewards/points", {"ends": VIP}).content.decode()
    assert "When points end: vip" in ends and "109" in ends
    assert "When points end" not in client.get("/rewards/points", {"ends": "GOLD"}).content.decode()


def test_general_points_have_the_empty_name():
    save(sign_in(), programme="")
    assert terms_of(POINTS).expiry == "months"
