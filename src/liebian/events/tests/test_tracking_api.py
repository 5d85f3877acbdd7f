"""The tracking API: what it keeps, what it refuses, and that rubbish never breaks it."""

import gzip
import json
from datetime import UTC, datetime

import pytest

from liebian.events.queries import get_log_end, list_events_after
from liebian.events.services import create_source, set_source_enabled
from liebian.events.tests.client import basic

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def source():
    return create_source(name="shop", now=NOW)


@pytest.fixture
def send(tracking, source):
    def post(kind, body, **headers):
        given = {"authorization": basic(source.write_key), **headers}
        return tracking.post(f"/v1/{kind}", body, **given)

    return post


def counts(accepted, duplicates=0, quarantined=0):
    return {"success": True, "accepted": accepted, "duplicates": duplicates, "quarantined": quarantined}


ORDER = {"userId": "u1", "event": "Order Completed", "messageId": "m1", "timestamp": "2026-05-01T08:00:00+08:00"}


def test_a_message_is_kept_once_with_its_time_and_owner(send):
    assert send("track", ORDER).json() == counts(1)
    assert send("track", ORDER).json() == counts(0, 1)
    (event,) = list_events_after(0, 10)
    assert (event.type, event.name, event.user_id, event.source) == ("track", "Order Completed", "u1", "shop")
    assert event.at == datetime(2026, 5, 1, tzinfo=UTC)


def test_a_repeat_is_recognised_by_its_name_when_it_names_no_time(send):
    untimed = {key: value for key, value in ORDER.items() if key != "timestamp"}
    assert send("track", untimed).json() == counts(1)
    assert send("track", untimed).json() == counts(0, 1)
    nameless = {key: value for key, value in untimed.items() if key != "messageId"}
    assert [send("track", nameless).json()["accepted"] for _ in range(2)] == [1, 1]  # two visits are two visits


@pytest.mark.parametrize("kind", ["identify", "page", "screen", "group", "alias"])
def test_every_kind_of_the_specification_is_taken(send, kind):
    assert send(kind, {"anonymousId": "a1", "name": "Home"}).json()["accepted"] == 1


def test_personal_traits_are_sealed_apart_from_the_body(send):
    send("identify", {"userId": "u1", "traits": {"phone": "13800138000", "city": "杭州"}, "context": {"ip": "1.2.3.4"}})
    (event,) = list_events_after(0, 10)
    assert event.traits == {"city": "杭州"}
    assert event.personal == {"phone": "13800138000", "ip": "1.2.3.4"}


def test_the_key_may_stand_in_the_body_as_browsers_send_it(tracking, source):
    body = json.dumps({"writeKey": source.write_key, "anonymousId": "a1"})
    answer = tracking.post("/v1/page", body, content_type="text/plain")
    assert answer.json() == counts(1)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert tracking.ask("OPTIONS", "/v1/page").status == 204


def test_without_a_key_of_an_active_source_nothing_is_taken(tracking, send, source):
    assert tracking.post("/v1/page", "{}").json()["error"]["code"] == "write_key_missing"
    unknown = tracking.post("/v1/page", {"writeKey": "nobody"})
    assert (unknown.status, unknown.json()["error"]["code"]) == (401, "write_key_unknown")


def test_a_source_that_is_off_takes_nothing(send, source):
    set_source_enabled(source_id=source.id, is_enabled=False, now=NOW)
    assert send("track", ORDER).status == 401
    assert get_log_end() == 0


def test_a_gzip_batch_is_taken_as_a_whole(send):
    batch = {"batch": [{"type": "page", "anonymousId": f"a{n}"} for n in range(50)], "sentAt": NOW.isoformat()}
    packed = gzip.compress(json.dumps(batch).encode())
    assert send("batch", packed, content_encoding="gzip").json() == counts(50)


def test_limits(send):
    big = {"userId": "u1", "event": "x", "properties": {"text": "x" * 33_000}}
    assert send("track", big).status == 413
    sealed = {"type": "track", "userId": "u1", "event": "x", "properties": {"phone": "1" * 33_000}}
    assert send("batch", {"batch": [sealed]}).json()["messages"][0]["code"] == "event_too_large"
    listed = send("batch", {"batch": [{"type": "track", **big}]}).json()
    assert (listed["quarantined"], listed["messages"][0]["code"]) == (1, "event_too_large")
    assert send("batch", b" " * 600_000).status == 413
    bomb = gzip.compress(b" " * 10_000_000)
    assert send("batch", bomb, content_encoding="gzip").status == 413


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (415, {"content_type": "application/xml"}),
        (415, {"content_encoding": "br"}),
        (400, {"content_encoding": "gzip"}),
    ],
)
def test_what_it_cannot_read_is_said(send, status, headers):
    answer = send("page", {"anonymousId": "a"}, **headers)
    assert answer.status == status
    assert set(answer.json()["error"]) >= {"code", "message"}


def test_only_post(tracking):
    answer = tracking.ask("GET", "/v1/track")
    assert (answer.status, answer.json()["error"]["code"]) == (405, "bad_method")


def test_nobody_outside_can_speak_for_the_product(send):
    assert send("track", {**ORDER, "customerId": 7}).status == 200
    (event,) = list_events_after(0, 10)
    assert "customer_id" not in event.body


def test_the_future_is_now_and_a_clock_that_is_off_is_corrected(send):
    send("page", {"anonymousId": "a", "timestamp": "9999-12-31T23:59:59Z"})
    send("page", {"anonymousId": "a", "timestamp": "2020-01-01T00:00:00Z", "sentAt": "2020-01-01T00:00:10Z"})
    future, late = list_events_after(0, 10)
    assert future.at == future.received_at
    assert 9 <= (late.received_at - late.at).total_seconds() <= 11


def _nested(depth):
    value = 1
    for _ in range(depth):
        value = {"a": value}
    return value


RUBBISH = [
    b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"anonymousId":"\xc3"}', b'{"anonymousId":"\\ud800"}', b"NaN",
    b'{"anonymousId":NaN}', b'{"anonymousId":1e999}', b"[" * 30_000, b'{"a":' * 5_000, b"\x00" * 100,
    json.dumps({"anonymousId": "a", "properties": _nested(400)}).encode(),
    json.dumps({"anonymousId": "a", "traits": {"n": 10**40}}).encode(),
    json.dumps({"anonymousId": "a", "traits": {"n": "nul \x00"}}).encode(),
    *[
        json.dumps({"anonymousId": "a", "event": "e", **extra}).encode()
        for extra in (
            {"timestamp": "0001-01-01T00:00:00+14:00"}, {"timestamp": "9999-12-31T23:59:59-14:00"}, {"timestamp": 10**30},
            {"timestamp": {}}, {"timestamp": "2026-02-30"}, {"sentAt": "0001-01-01T00:00:00Z"},
            {"sentAt": "9999-12-31T00:00:00-23:00", "timestamp": "1990-01-01"}, {"event": {"a": 1}}, {"event": "x" * 9000},
            {"userId": ["u"]}, {"userId": True}, {"userId": "u" * 300}, {"userId": "\x00"}, {"messageId": {"a": []}},
            {"traits": 7}, {"context": [1]}, {"context": {"traits": "x"}}, {"properties": "x"}, {"previousId": {"a": 1}},
            {"type": []}, {"customerId": "x"}, {"context": {"ip": {"a": 1}}}, {"traits": {"phone": {"a": [1]}}},
        )
    ],
]  # fmt: skip


@pytest.mark.parametrize("kind", ["identify", "track", "page", "alias", "batch"])
def test_rubbish_gets_a_clear_answer_and_never_breaks_the_server(send, kind):
    for body in RUBBISH:
        bodies = [body, b'{"batch":[' + body + b"]}"] if kind == "batch" else [body]
        for sent in bodies:
            answer = send(kind, sent)
            assert answer.status in {200, 400, 401, 413}, (sent[:80], answer.body)
            assert answer.status == 200 or set(answer.json()["error"]) >= {"code", "message"}


def test_gzip_that_breaks_off(send):
    packed = gzip.compress(json.dumps({"anonymousId": "a"}).encode())
    for length in range(len(packed)):
        assert send("page", packed[:length], content_encoding="gzip").status == 400


@pytest.mark.parametrize("length", ["\xb2", "\xb3\xb9", "-1", "9" * 5000, "ten"])
def test_a_nonsense_length_is_no_failure_of_ours(send, length):
    assert send("page", {"anonymousId": "a"}, content_length=length).status in {200, 413}


def test_personal_fields_in_the_depth_are_sealed_too(send):
    shipping = {"phone": "13800138000", "city": "杭州", "notes": [{"email": "a@b.cn", "text": "ring"}]}
    assert send("track", {**ORDER, "properties": {"shipping": shipping, "email": "c@d.cn"}}).status == 200
    event = list_events_after(0, 1)[0]
    assert event.properties == {"shipping": {"city": "杭州", "notes": [{"text": "ring"}]}}
    assert event.personal["email"] == "c@d.cn"
    assert event.personal["nested"] == [
        {"path": "properties.shipping.phone", "value": "13800138000"},
        {"path": "properties.shipping.notes.0.email", "value": "a@b.cn"},
    ]


@pytest.mark.parametrize("said", ["text/plain;charset=UTF-8", "application/json; charset=utf-8"])
def test_a_content_type_may_name_its_charset_as_browsers_do(tracking, source, said):
    body = json.dumps({"writeKey": source.write_key, "anonymousId": "a1"})
    assert tracking.post("/v1/page", body, content_type=said).status == 200


def test_a_message_of_a_batch_without_type_hears_what_is_missing(send):
    (note,) = send("batch", {"batch": [{"userId": "u1", "event": "x"}]}).json()["messages"]
    assert note["code"] == "bad_type" and "None" not in note["message"] and "track" in note["message"]


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/", "/v1/Track", "/v1/track/x", "/v1/rewards/7/nothing"])
def test_a_wrong_address_is_answered_for_programs(client, path):
    answer = client.post(path, "{}", content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "address_not_found")
