"""The way in beyond single messages: partial batches, quarantine, refusals, counters, limits, origins, a busy database."""

import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connections

from liebian.core import crypto
from liebian.events import api
from liebian.events.intake import writer
from liebian.events.models import Event, EventKey, Quarantined, RefusedRequest, Source, SourceDay
from liebian.events.queries import QUARANTINE_CONTEXT, REFUSED_CONTEXT, get_log_end, list_events_after
from liebian.events.services import create_source, log_alias, set_source_enabled
from liebian.events.tests.client import basic

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
PAGE = {"type": "page", "anonymousId": "a1"}


@pytest.fixture
def source():
    return create_source(name="shop", now=NOW)


@pytest.fixture
def send(tracking, source):
    def post(kind, body, **headers):
        return tracking.post(f"/v1/{kind}", body, **{"authorization": basic(source.write_key), **headers})

    return post


def change(source, **values):
    Source.objects.filter(pk=source.id).update(**values)


def eventually(ask, wanted):
    """What is read at most a second later. Waits for it, not for the clock."""
    waiting = threading.Event()
    for _ in range(100):
        if (seen := ask()) == wanted:
            return seen
        waiting.wait(0.02)
    return seen


# --- partial batches -------------------------------------------------------------------------------------------------
BATCH = [
    {**PAGE, "messageId": "1"}, {"type": "page", "messageId": "2"}, {**PAGE, "messageId": "3"}, 7,
    {"type": "day", "userId": "u", "messageId": "5"}, {**PAGE, "timestamp": "yesterday", "messageId": "6"},
]  # fmt: skip


def test_what_is_good_in_a_batch_is_kept_and_the_rest_waits_in_quarantine(send):
    said = send("batch", {"batch": BATCH}).json()
    assert (said["accepted"], said["duplicates"], said["quarantined"]) == (2, 0, 4)
    assert [(note["index"], note["code"]) for note in said["messages"]] == [
        (1, "id_missing"), (3, "bad_shape"), (4, "bad_type"), (5, "bad_timestamp"),
    ]  # fmt: skip
    assert get_log_end() > 0 and len(list_events_after(0, 10)) == 2
    waiting = list(Quarantined.objects.order_by("id"))
    assert [(row.type, row.code, row.state) for row in waiting] == [
        ("page", "id_missing", "waiting"), ("", "bad_shape", "waiting"), ("day", "bad_type", "waiting"),
        ("page", "bad_timestamp", "waiting"),
    ]  # fmt: skip
    assert crypto.unseal(waiting[3].message, context=QUARANTINE_CONTEXT) == BATCH[5]
    assert waiting[3].reasons == [{"code": "bad_timestamp", "field": "timestamp", "args": {"text": "yesterday"}}]


def test_a_batch_sent_again_changes_nothing(send):
    send("batch", {"batch": BATCH})
    said = send("batch", {"batch": BATCH}).json()
    assert (said["accepted"], said["duplicates"], said["quarantined"]) == (0, 6, 0)
    assert (Event.objects.count(), Quarantined.objects.count(), EventKey.objects.count()) == (2, 4, 6)


def test_repeats_within_a_batch_are_counted(send):
    said = send("batch", {"batch": [BATCH[0], BATCH[0], BATCH[1], BATCH[1]]}).json()
    assert (said["accepted"], said["duplicates"], said["quarantined"]) == (1, 2, 1)


def test_an_empty_batch_is_a_success(send):
    assert send("batch", {"batch": []}).json()["accepted"] == 0
    assert send("batch", {}).status == 400


def test_an_unknown_event_waits_where_its_source_says_so(send, source):
    change(source, unknown_events="quarantine")
    said = send("track", {"userId": "u", "event": "Misspelt", "messageId": "1"}).json()
    assert (said["quarantined"], said["messages"][0]["code"]) == (1, "unknown_event")
    assert send("page", {"userId": "u"}).json()["accepted"] == 1
    (row,) = Quarantined.objects.all()
    assert (row.name, row.code) == ("Misspelt", "unknown_event")


# --- the specification -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/v1/batch", "/v1/batch/", "/v1/import", "/v1/b"])
def test_the_addresses_of_a_batch(tracking, source, path):
    answer = tracking.post(path, {"batch": [PAGE]}, authorization=basic(source.write_key))
    assert answer.json()["accepted"] == 1


def test_fields_of_the_specification(send):
    send(
        "group",
        {"userId": "u", "groupId": "g1", "traits": {"name": "Tea Ltd", "plan": "gold"}, "integrations": {"x": 1}},
    )
    send("alias", {"userId": "u", "previousId": "a0"})
    send("page", {"userId": "u", "name": "Home", "category": "Docs"})
    send("screen", {"anonymousId": "a", "name": "Cart"})
    group, alias, page, screen = list_events_after(0, 10)
    assert group.body == {"group_id": "g1", "traits": {"plan": "gold"}}
    assert group.personal == {"group": {"name": "Tea Ltd"}}  # not the person's name
    assert alias.body == {"previous_id": "a0"}
    assert (page.name, page.body, screen.name) == ("Home", {"category": "Docs"}, "Cart")


def test_corrections_are_noted_on_the_event(send):
    send("page", {"anonymousId": 7, "timestamp": "2999-01-01T00:00:00Z"})
    send("page", {"anonymousId": "a", "timestamp": "2020-01-01T00:00:00Z", "sentAt": "2020-01-01T00:00:10Z"})
    send("track", {"anonymousId": "a", "event": "x" * 300})
    send("track", {"anonymousId": "a", "event": "x"})
    noted = [
        [one["code"] for one in row or []] for row in Event.objects.order_by("id").values_list("corrections", flat=True)
    ]
    assert noted == [["id_as_text", "future_time"], ["clock_skew"], ["name_cut"], []]
    assert len(list_events_after(0, 10)[2].name) == 200


def test_a_single_message_that_is_not_well_formed_is_refused_and_does_not_wait(send):
    for told in ({"timestamp": "yesterday"}, {"anonymousId": None}, {"userId": ["u"]}, {"messageId": "m" * 201}):
        assert send("page", {**PAGE, **told}).status == 400
    assert Quarantined.objects.count() == 0 and Event.objects.count() == 0


def test_a_message_id_has_a_length(send):
    assert send("page", {"anonymousId": "a", "messageId": "m" * 201}).json()["error"]["code"] == "bad_id"


def test_an_undated_repeat_is_known_for_two_days_after_the_day_it_came(send):
    message = {"anonymousId": "a", "messageId": "m1"}
    seen = []
    for day in ("2026-06-01T23:59:00", "2026-06-02T12:00:00", "2026-06-03T23:59:00", "2026-06-04T00:01:00"):
        with time_machine.travel(datetime.fromisoformat(day).replace(tzinfo=UTC), tick=True):
            seen.append(send("page", message).json()["accepted"])
    assert seen == [1, 0, 0, 1]


def test_another_timestamp_is_another_event(send):
    first = {"anonymousId": "a", "messageId": "m", "timestamp": "2026-05-01T00:00:00Z"}
    assert send("page", first).json()["accepted"] == 1
    assert send("page", {**first, "timestamp": "2026-05-01T00:00:00.001Z"}).json()["accepted"] == 1
    assert send("page", {**first, "timestamp": "2026-05-01T08:00:00+08:00"}).json()["duplicates"] == 1


# --- refusals and counters -------------------------------------------------------------------------------------------
def test_refusals_are_kept_sealed_with_the_reason(tracking, send):
    send("track", {"userId": "u", "traits": {"phone": "13800138000"}})
    tracking.post("/v1/track", {"writeKey": "nobody"})
    tracking.close()
    kept = list(RefusedRequest.objects.order_by("id"))
    assert [(row.source, row.status, row.code) for row in kept] == [
        ("shop", 400, "event_missing"), ("", 401, "write_key_unknown"),
    ]  # fmt: skip
    assert b"13800138000" not in bytes(kept[0].excerpt)
    assert "13800138000" in str(crypto.unseal(kept[0].excerpt, context=REFUSED_CONTEXT))


def test_only_the_newest_refusals_are_kept(tracking, source):
    RefusedRequest.objects.bulk_create(
        RefusedRequest(source="shop", received_ms=n, status=400, code="old") for n in range(1_050)
    )
    tracking.post("/v1/track", {"writeKey": "nobody"})
    tracking.close()
    assert RefusedRequest.objects.count() == 1_000
    assert RefusedRequest.objects.order_by("-id")[0].code == "write_key_unknown"


def test_what_arrived_is_counted_by_source_and_business_day(tracking, source):
    key = basic(source.write_key)
    with time_machine.travel(datetime(2026, 6, 1, 15, 59, tzinfo=UTC), tick=True):  # 23:59 in Shanghai
        tracking.post("/v1/batch", {"batch": BATCH}, authorization=key)
        tracking.post("/v1/batch", {"batch": BATCH[:2]}, authorization=key)
    with time_machine.travel(datetime(2026, 6, 1, 16, 1, tzinfo=UTC), tick=True):
        tracking.post("/v1/page", {"anonymousId": 7}, authorization=key)
        tracking.post("/v1/track", {}, authorization=key)
    tracking.close()
    fields = ("accepted", "duplicates", "corrected", "quarantined", "refused")
    days = {row.day.isoformat(): [getattr(row, name) for name in fields] for row in SourceDay.objects.all()}
    assert days == {"2026-06-01": [2, 2, 0, 4, 0], "2026-06-02": [1, 0, 1, 0, 1]}


# --- who may send, and how much --------------------------------------------------------------------------------------
def test_a_source_that_is_switched_off_is_refused_within_a_second(send, source):
    assert send("page", PAGE).status == 200
    set_source_enabled(source_id=source.id, is_enabled=False, now=NOW)
    assert eventually(lambda: send("page", PAGE).status, 401) == 401


def test_a_new_source_may_send_at_once(tracking, send):
    assert send("page", PAGE).status == 200
    other = create_source(name="other", now=NOW)
    assert eventually(lambda: tracking.post("/v1/page", PAGE, authorization=basic(other.write_key)).status, 200) == 200


def test_only_pages_of_the_listed_origins_may_send(send, source):
    change(source, allowed_origins=["https://shop.example"])
    ours = send("page", PAGE, origin="https://shop.example")
    assert (ours.status, ours.headers["access-control-allow-origin"]) == (200, "https://shop.example")
    theirs = send("page", PAGE, origin="https://evil.example")
    assert (theirs.status, theirs.json()["error"]["code"]) == (403, "origin_not_allowed")
    assert send("page", PAGE).status == 200  # a server has no origin


def test_without_a_list_every_origin_may_send(send):
    answer = send("page", PAGE, origin="https://anybody.example")
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, "*")


def test_a_source_that_sends_too_fast_is_told_when_to_come_back(send, source):
    change(source, events_per_second=10)
    assert send("batch", {"batch": [PAGE] * 60}).status == 200
    answer = send("page", PAGE)
    assert (answer.status, answer.json()["error"]["code"]) == (429, "rate_limited")
    assert 1 <= int(answer.headers["retry-after"]) <= 5


def test_requests_that_were_asked_to_come_again_are_counted_by_source_and_written_together(
    tracking, send, source, monkeypatch
):
    change(source, events_per_second=10)
    send("batch", {"batch": [PAGE] * 60})
    commits, write = [], writer.write_deliveries
    monkeypatch.setattr(writer, "write_deliveries", lambda *args, **more: commits.append(1) or write(*args, **more))
    assert {send("batch", {"batch": [PAGE] * 60}).status for _ in range(50)} == {429}
    monkeypatch.setattr(api, "MAX_WAITING", 0)
    assert send("page", PAGE).json()["error"]["code"] == "overloaded"
    tracking.close()
    assert 0 < len(commits) < 40
    (day,) = SourceDay.objects.filter(source="shop")
    assert (day.accepted, day.throttled, day.refused, RefusedRequest.objects.count()) == (60, 51, 0, 0)


def test_when_too_much_waits_the_sender_is_told_to_wait(tracking, send, monkeypatch):
    monkeypatch.setattr(api, "MAX_WAITING", 10)
    assert send("batch", {"batch": [PAGE] * 10}).status == 200
    answer = send("batch", {"batch": [PAGE] * 11})
    assert (answer.status, answer.json()["error"]["code"]) == (429, "overloaded")
    assert answer.headers["retry-after"] == "1"


# --- trouble ---------------------------------------------------------------------------------------------------------
def test_many_requests_at_the_same_time_are_each_answered_with_their_own(tracking, source):
    def body(n):
        return json.dumps({"batch": [{**PAGE, "messageId": f"{n}-{i}"} for i in range(n % 5)]}).encode()

    futures = [
        tracking.begin(
            "POST", "/v1/batch", body(n), authorization=basic(source.write_key), content_type="application/json"
        )
        for n in range(100)
    ]
    assert [future.result(timeout=30).json()["accepted"] for future in futures] == [n % 5 for n in range(100)]
    assert Event.objects.count() == 200


def test_while_another_holds_the_log_the_sender_is_told_to_come_back(tracking, send):
    assert send("page", PAGE).status == 200
    alias = log_alias()
    own = connections.create_connection(alias)
    with own.cursor() as cursor:
        if own.vendor == "postgresql":
            cursor.execute("BEGIN")
            cursor.execute("SELECT pg_advisory_xact_lock(7301001)")
        else:
            cursor.execute("BEGIN IMMEDIATE")
        answer = send("page", PAGE)
        cursor.execute("ROLLBACK")
    own.close()
    assert (answer.status, answer.json()["error"]["code"]) == (503, "log_busy")
    assert answer.headers["retry-after"] == "1"
    assert send("page", PAGE).json()["accepted"] == 1
    tracking.close()
    assert SourceDay.objects.get(source="shop").throttled == 1


def test_one_delivery_that_cannot_be_written_does_not_hold_back_the_others(tracking, source, monkeypatch):
    from liebian.events.services import intake

    whole = intake.row_of

    def poisoned(draft, *rest):
        row = whole(draft, *rest)
        return (*row[:2], None, *row[3:]) if draft.name == "poison" else row

    monkeypatch.setattr(intake, "row_of", poisoned)
    key = basic(source.write_key)

    def begin(name):
        data = json.dumps({"anonymousId": "a", "event": name, "messageId": name}).encode()
        return tracking.begin("POST", "/v1/track", data, authorization=key, content_type="application/json")

    answers = [future.result(timeout=30) for future in [begin("good"), begin("poison"), begin("better")]]
    assert [answer.status for answer in answers] == [200, 503, 200]
    assert sorted(event.name for event in list_events_after(0, 10)) == ["better", "good"]


def test_the_far_future_and_the_far_past(send):
    said = send("batch", {"batch": [
        {**PAGE, "timestamp": "9999-12-31T23:59:59Z"}, {**PAGE, "timestamp": "0001-01-01T00:00:00Z"},
        {**PAGE, "timestamp": "1990-01-01T00:00:00Z"},
    ]}).json()  # fmt: skip
    assert (said["accepted"], said["quarantined"]) == (2, 1)
    assert list_events_after(0, 10)[1].at == datetime(1990, 1, 1, tzinfo=UTC)
    assert datetime.now(UTC) - list_events_after(0, 10)[0].at < timedelta(minutes=1)
