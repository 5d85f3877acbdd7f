"""The pipeline page: what it shows, and who may do what."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils.translation import override

from liebian.access.models import User
from liebian.customers.tests.factories import client_of, track
from liebian.events.models import Quarantined
from liebian.events.services import record_events
from liebian.pipeline.models import SetAside, UnitState
from liebian.pipeline.reasons import reason_of
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


def test_an_error_that_is_over_stays_with_its_time_and_says_so():
    UnitState.objects.create(name="orders", last_error="OperationalError: database is locked", failed_at=NOW)
    UnitState.objects.create(name="lake", failures=2, last_error="Unavailable: The lake is away.", failed_at=NOW)
    with time_machine.travel(NOW + timedelta(hours=2), tick=False):
        viewer = client_of("viewer")
        html = viewer.get("/pipeline", headers={"accept-language": "en"}).content.decode()
        chinese = viewer.get("/pipeline").content.decode()
    over = "Over. Last failed 2 hours ago:"
    assert html.count(over) == 2, "once for a wide page, once for a phone"
    assert "The database was busy" in html.split(over)[1] and "The lake could not be read" in html
    assert "已恢复。上次失败于" in chinese and "数据库正忙" in chinese


def test_events_set_aside_are_paged_to_their_end_and_counted(monkeypatch):
    monkeypatch.setattr("liebian.pipeline.views.PAGE", 2)
    for number in range(5):
        SetAside.objects.create(unit="orders", event_id=4711 + number, error="KeyError: 'x'", at=NOW)
    viewer, address, pages = client_of("viewer"), "/pipeline", []
    while address and len(pages) < 9:
        html = viewer.get(address, headers={"accept-language": "en"}).content.decode()
        pages.append(re.findall(r">(47\d\d)<", html))
        assert "5 events: a stage failed on them" in html
        found = re.findall(r'href="([^"]+)" rel="next"', html)
        address = found[0] if found else ""
    assert pages == [["4715", "4714"], ["4713", "4712"], ["4711"]]
    assert 'hx-get="/pipeline/units?before=' in html, "what is read every two seconds is the same page"
    assert viewer.get("/pipeline?before=made-up").status_code == 200
    assert (
        "No more on this page" in viewer.get("/pipeline?before=1", headers={"accept-language": "en"}).content.decode()
    )


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("OperationalError: database is locked", "busy"), ("OperationalError: connection refused", "could not be reached"),
        ("OSError: [Errno 28] No space left on device", "disk is full"), ("PermissionError: [Errno 13] x", "may not be written"),
        ("Unavailable: The lake x", "lake could not be read"), ("IntegrityError: x", "contradicts"), ("Conflict: x", "rule of ours"),
        ("ValueError: x", "does not understand"), ("Strange: x", "no words for yet"), ("", ""),
    ],
)  # fmt: skip
def test_known_errors_have_words(error, words):
    with override("en"):
        assert words in reason_of(error) and bool(reason_of(error)) == bool(error)


def test_what_is_kept_where_and_how_long_is_said_with_what_leaves_next(settings):
    settings.LOG_DAYS = 12
    record_events([track("u1", "Order Completed", order_id="o1", total=1)], source="shop", received_at=NOW)
    Quarantined.objects.create(
        key=b"k",
        source="shop",
        received_ms=1,
        code="x",
        message=b"",
        state="repaired",
        changed_at=NOW + timedelta(days=1),
    )

    viewer = client_of("viewer")

    def look(days: int) -> str:
        with time_machine.travel(NOW + timedelta(days=days), tick=False):
            viewer.force_login(User.objects.get())
            return viewer.get("/pipeline", headers={"accept-language": "en"}).content.decode()

    html = look(2)
    assert "12 days after they came in (LIEBIAN_LOG_DAYS)" in html and "due now" not in html
    assert "from 13 Jun 2026 08:00 on" in html and "from 14 Jun 2026 08:00 on" in html
    assert "16 bytes for each message" in html and "The newest 1,000" in html
    assert look(13).count("due now") == 2


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
