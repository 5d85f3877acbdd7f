"""The pipeline page: what it shows, and who may do what."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from liebian.customers.tests.factories import client_of, track
from liebian.events.services import record_events
from liebian.pipeline.models import SetAside, UnitState
from liebian.pipeline.services import UNITS
from liebian.segments import services as segments

pytestmark = pytest.mark.django_db(databases="__all__")
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def test_the_page_says_how_far_each_stage_is_and_what_it_left_out():
    record_events([track("u1", "Order Completed", order_id="o1", total=1)], source="shop", received_at=NOW)
    UnitState.objects.create(name="referrals", is_stopped=True, last_error="ValueError: sums differ", failed_at=NOW)
    SetAside.objects.create(unit="identity", event_id=4711, error="KeyError: x", at=NOW)
    html = client_of("viewer").get("/pipeline", headers={"accept-language": "en"}).content.decode()
    for words in ("ValueError: sums differ", "4711", "KeyError: x"):
        assert words in html
    assert 'action="/pipeline' not in html
    assert 'hx-get="/pipeline/units"' in html
    assert "Segments" in html and "Publishes the log for other tools" in html and ">segments<" not in html


def test_an_operator_pauses_and_resumes_a_stage():
    client = client_of("operator")
    assert client.post("/pipeline/units/orders/pause").status_code == 302
    assert UnitState.objects.get(name="orders").is_paused
    assert 'action="/pipeline/units/orders/resume"' in client.get("/pipeline").content.decode()
    client.post("/pipeline/units/orders/resume")
    assert not UnitState.objects.get(name="orders").is_paused
    assert client.post("/pipeline/units/nothing/pause").status_code == 404


def test_a_check_by_replay_is_asked_for_once():
    client = client_of("operator")
    client.post("/pipeline/replay")
    assert 'action="/pipeline/replay"' not in client.get("/pipeline").content.decode()
    assert client.post("/pipeline/set-aside/99/take").status_code == 302


def test_segments_can_be_read_again_and_the_page_says_why_others_cannot():
    record_events([track("u1", "Order Completed", order_id="o1", total=1)], source="shop", received_at=NOW)
    while sum(unit.run(unit.limit) for unit in UNITS):
        pass
    client = client_of("operator")
    assert client.post("/pipeline/units/segments/replay").status_code == 302
    html = client.get("/pipeline", headers={"accept-language": "en"}).content.decode()
    assert "0 of 1 shares" in html and 'action="/pipeline/units/segments/replay"' not in html
    while segments.replay_share():
        pass
    html = client.get("/pipeline", headers={"accept-language": "en"}).content.decode()
    assert 'action="/pipeline/units/segments/replay"' in html and "money has moved" in html
    client.post("/pipeline/units/referrals/replay", headers={"accept-language": "en"})
    html = client.get("/pipeline", headers={"accept-language": "en"}).content.decode()
    assert "cannot be read again alone" in html and "being read again" not in html
    assert client.post("/pipeline/units/nothing/replay").status_code == 404
    assert client_of("viewer").post("/pipeline/units/segments/replay").status_code == 403
