"""The menu says how many alarms wait, to those who may explain them, and asks only when a menu is drawn."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from liebian.events.models import Quarantined
from liebian.pipeline.models import SetAside, UnitState
from liebian.rewards.models import CheckRun, Reward
from liebian.rewards.tests.factories import NOW
from liebian.rewards.tests.test_pages import sign_in
from liebian.rewards.tests.test_reconciling import check, give_rewards

pytestmark = pytest.mark.django_db(databases="__all__")
PAGE, PANEL = "/rewards/gifts", "/customers/1/rewards-panel"


def badge(client: Client) -> str:
    menu = client.get(PAGE).content.decode().split("<aside")[1].split("</aside>")[0]
    return menu.split('class="lb-count">')[1].split("<")[0] if "lb-count" in menu else ""


def test_open_alarms_stand_in_the_menu_until_they_are_gone():
    staff = sign_in("operator")
    assert badge(staff) == ""
    give_rewards()
    Reward.objects.filter(state="issued").update(cost_minor=1001)
    check()
    CheckRun.objects.create(code="payouts_of_old", day=NOW.date(), at=NOW, error="OSError")
    assert badge(staff) == "2"
    assert badge(sign_in("viewer")) == ""


def test_a_fragment_of_a_page_asks_nothing_about_alarms():
    staff = sign_in("operator")
    for address, asks in ((PAGE, True), (PANEL, False)):
        with CaptureQueriesContext(connection) as asked:
            staff.get(address)
        assert any("rewards_alarm" in str(each["sql"]) for each in asked) is asks


def test_stopped_stages_and_what_was_set_aside_or_quarantined_stand_in_the_menu():
    staff, viewer = sign_in("operator"), sign_in("viewer")
    UnitState.objects.create(name="orders", is_stopped=True)
    UnitState.objects.create(name="segments.7", is_stopped=True)  # a share that is no more
    SetAside.objects.create(unit="identity", event_id=1, error="x", at=NOW)
    for key, state in ((b"a", "waiting"), (b"b", "waiting"), (b"c", "dismissed")):
        Quarantined.objects.create(key=key, source="s", received_ms=1, code="x", message=b"", state=state)
    assert (badge(staff), badge(viewer)) == ("4", "")
    tabs = staff.get("/sources").content.decode().split("</aside>")[1]
    assert re.findall(r'position-relative">(\d+)<', tabs) == ["2", "2"]
    UnitState.objects.all().delete()
    SetAside.objects.update(taken_at=NOW)
    Quarantined.objects.update(state="repaired")
    assert badge(staff) == ""
