"""A customer who is erased: no copy names them, sums stay, and whoever comes back has no history."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from liebian.access.permissions import ADMINISTRATOR, OPERATOR
from liebian.access.queries import list_audit
from liebian.core import cursors
from liebian.core.crypto import unseal
from liebian.customers import queries, services
from liebian.customers.models import Customer, Identifier, IdentityChange
from liebian.customers.tests.factories import NOW, PERSON, client_of, identify, lin, play, track
from liebian.events import queries as log
from liebian.events.models import Event, Quarantined, RefusedRequest
from liebian.events.queries import PERSONAL_CONTEXT, REFUSED_CONTEXT
from liebian.events.services import drop_retired
from liebian.lake import queries as lake

pytestmark = pytest.mark.django_db(databases="__all__")
SECRETS = ("u-lin", "dev-1", "13812346021", "wanqiu@example.com", "oX8f2kQ9", "林晚秋", "龙井路", "hangzhou-tea-club")


@pytest.fixture(autouse=True)
def _lake(settings, tmp_path):
    settings.LAKE_URL = str(tmp_path / "lake")


def erase(customer_id: int, **changes) -> None:
    services.erase_customer(
        **{"customer_id": customer_id, "reason": "asked by e-mail", "actor_id": 1, "now": NOW, **changes}
    )
    finish()


def finish() -> None:
    for _ in range(4):
        services.work_erasures(now=NOW)
        cursors.drain(services.advance)
        cursors.drain(services.publish)
        services.work_erasures(now=NOW)
    services.forget_words([each.customer_id for each in queries.list_erasure_words()], now=NOW)


def history():
    """Lin on a device, then known, with an order."""
    play([
        {"type": "page", "name": "Tea", "anonymousId": "dev-1", "context": {"campaign": {"source": "wechat"}, "userAgent": "hangzhou-tea-club"}},
        {**identify("u-lin", **PERSON, city="杭州", club="hangzhou-tea-club"), "anonymousId": "dev-1"},
        track("u-lin", "Order Completed", order_id="o1", total=99, currency="CNY", payer_id="u-lin"),
    ])  # fmt: skip
    return Customer.objects.get(user_id="u-lin")


def everything_said() -> str:
    """All that the log, people and the lake say, opened."""
    found = []
    for row in Event.objects.all():
        found += [row.user_id, row.anonymous_id, bytes(row.body).decode()]
        found.append(
            json.dumps(unseal(row.personal, context=PERSONAL_CONTEXT), ensure_ascii=False) if row.personal else ""
        )
    told = {"events": ("user_id", "anonymous_id", "body", "personal_sealed"), "customers": ("city", "attributes")}
    for table, columns in told.items():
        for rows in lake.stream_rows(table, columns):
            for row in rows.to_pylist():
                sealed = row.pop("personal_sealed", None)
                found += [str(value) for value in row.values()]
                found.append(json.dumps(unseal(sealed, context=PERSONAL_CONTEXT), ensure_ascii=False) if sealed else "")
    found += [str(row.before) for row in IdentityChange.objects.all()]
    found += [str(row.attributes) + row.city for row in Customer.objects.all()]
    return " ".join(filter(None, found))


@pytest.mark.parametrize("published_before", [True, False])
def test_no_copy_names_an_erased_customer_and_the_events_stay(published_before):
    person = history()
    if published_before:
        cursors.drain(services.publish)
    assert all(secret in everything_said() for secret in SECRETS)
    n_events = Event.objects.count()
    erase(person.pk)
    said = everything_said()
    assert [secret for secret in SECRETS if secret in said] == []
    assert Event.objects.count() == n_events + 1, "what was done stays, and that they were erased"
    assert not Identifier.objects.filter(customer_id=person.pk).exists()
    assert queries.get_personal(person.pk).name == "" and not queries.get_customer(person.pk).is_known
    assert queries.find_erasure(person.pk).done_at == NOW
    assert sum(rows.num_rows for rows in lake.stream_rows("events", ["event_id"])) == n_events + 1


def test_what_left_the_database_for_the_lake_is_found_there():
    person = history()
    cursors.drain(services.publish)
    services.retire_events(upto=log.get_log_end())
    drop_retired()
    assert not Event.objects.exists() and "13812346021" in everything_said()
    erase(person.pk)
    assert [secret for secret in SECRETS if secret in everything_said()] == []


def test_the_people_of_the_log_are_found_again_without_names():
    """What identity makes of the scrubbed log from zero is what it had made before."""
    person = history()
    play([identify("u-bo", phone="13900001111", referred_by="u-lin"), track("u-bo", "Paid")], source="other")
    erase(person.pk)
    play(
        [{**identify("u-lin", phone="13812346021"), "timestamp": (NOW - timedelta(minutes=1)).isoformat()}],
        source="back",
    )
    play(
        [{**identify("u-back", phone="13812346021"), "timestamp": (NOW + timedelta(minutes=1)).isoformat()}],
        source="again",
    )
    finish()
    before = _state()
    _forget_people()
    cursors.drain(lambda: services.advance(limit=2))
    assert _state() == before


def _state():
    people = Customer.objects.order_by("pk").values_list(
        "pk",
        "is_known",
        "user_id",
        "merged_into",
        "channel",
        "city",
        "first_seen_at",
        "known_at",
        "referred_by",
        "erased_by_event",
    )
    owned = Identifier.objects.order_by("index").values_list("index", "kind", "customer_id")
    events = services.CustomerEvent.objects.order_by("pk").values_list("event_id", "customer_id")
    return list(people), [(bytes(index), *rest) for index, *rest in owned], list(events)


def _forget_people():
    from liebian.core.models import Cursor
    from liebian.customers import models

    for model in (
        models.Tombstone,
        models.CustomerSeen,
        models.Customer,
        Identifier,
        IdentityChange,
        models.CustomerEvent,
    ):
        model.objects.all().delete()
    Cursor.objects.filter(name="customers").delete()


def test_whoever_comes_back_is_new_and_known_to_have_been_here():
    person = history()
    erase(person.pk)
    play(
        [{**identify("u-new", phone="138 1234 6021", name="Lin"), "timestamp": (NOW + timedelta(hours=1)).isoformat()}],
        source="back",
    )
    back = Customer.objects.get(user_id="u-new")
    assert back.pk != person.pk and back.first_seen_at >= NOW
    assert list(queries.list_returned([back.pk])) == [back.pk]
    assert queries.get_personal(person.pk).phone == "" and queries.get_personal(back.pk).phone == "+8613812346021"
    assert queries.was_erased(phone="+8613812346021") and not queries.was_erased(phone="+8613900000000")


def test_what_is_told_late_of_the_time_before_makes_nobody_and_goes_too():
    person = history()
    erase(person.pk)
    n_people = Customer.objects.count()
    play(
        [identify("u-lin", **PERSON), track("u-lin", "Order Completed", order_id="o2", total=5, currency="CNY")],
        source="file",
    )
    assert Customer.objects.count() == n_people and "13812346021" in everything_said()
    finish()
    assert [secret for secret in SECRETS if secret in everything_said()] == []
    assert queries.get_personal(person.pk).name == "" and not Identifier.objects.exists()


def test_who_named_them_and_who_used_their_phone_keep_what_is_their_own():
    person = history()
    play(
        [identify("u-bo", email="bo@example.com", referred_by="u-lin"), {**identify("u-bo", phone="13812346021")}],
        source="b",
    )
    bo = Customer.objects.get(user_id="u-bo")
    erase(person.pk)
    body = {row.pk: bytes(row.body).decode() for row in Event.objects.filter(user_id="u-bo")}
    assert body and not any("u-lin" in text for text in body.values())
    assert "13812346021" not in str([log.open_personal(row) for row in log.list_rows_by_id(body)])
    assert (
        queries.get_customer(bo.pk).referred_by == person.pk and queries.get_personal(bo.pk).email == "bo@example.com"
    )


def test_everything_under_every_id_goes():
    play([{"type": "page", "name": "Tea", "anonymousId": "dev-9", "context": {"campaign": {"source": "wx"}}}])
    visitor = Customer.objects.get()
    play([identify("u-lin", **PERSON)], source="s2")
    play([{**identify("u-lin"), "anonymousId": "dev-9"}], source="s3")
    assert Customer.objects.get(pk=visitor.pk).merged_into
    erase(visitor.pk)
    assert set(queries.list_erased()) == set(Customer.objects.values_list("pk", flat=True))
    assert "dev-9" not in everything_said() and "wanqiu" not in everything_said()


def test_a_message_in_quarantine_is_emptied_and_others_are_not():
    from liebian.core.crypto import seal
    from liebian.events.inbox.quarantine import open_message

    person = history()
    for number, phone in enumerate(("138-1234-6021", "13900001111")):
        message = seal({"userId": 7, "traits": {"phone": phone}}, context="event.quarantined")
        Quarantined.objects.create(
            key=bytes([number] * 16), source="s", type="identify", name="", received_ms=0, code="x", message=message
        )
    erase(person.pk)
    assert [open_message(row.message).get("traits", {}).get("phone") for row in Quarantined.objects.order_by("pk")] == [
        None,
        "13900001111",
    ]


REFUSED = {
    "theirs": ('{"batch": [{"traits": {"mobile": "+86 138-1234-6021"}}]}', False),
    "theirs, by user": ('{"userId": "u-lin", "type": 7}', False),
    "theirs, escaped": (r'{"note": "\u6797\u665a\u79cb"}', False),
    "theirs, percent": ('{"url": "/?m=wanqiu%40example.com"}', False),
    "theirs, base64": ('{"data": "eyJwaG9uZSI6IjEzODEyMzQ2MDIxIn0="}', False),
    "theirs, as a number": ('{"traits": {"phone": 13812346021}}', False),
    "cut off": ('{"a": "' + "x" * 2_100, False),
    "not JSON": ("a=1&b", False),
    "not text": ('{"a": "\ufffd"}', False),
    "another's": ('{"userId": "u-linda", "traits": {"phone": "13900001111", "name": "陈一"}}', True),
    "nobody's": ('{"batch": []}', True),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_was_refused_is_emptied_where_it_may_name_the_person(case):
    from liebian.core.crypto import seal

    excerpt, stays = REFUSED[case]
    person = history()
    row = RefusedRequest.objects.create(
        received_ms=0,
        status=400,
        code="x",
        details={"got": "13812346021", "field": "phone"},
        excerpt=seal(excerpt, context=REFUSED_CONTEXT),
    )
    erase(person.pk)
    row.refresh_from_db()
    assert (row.excerpt is not None) is stays and row.details == {"got": "███", "field": "phone"}


def test_twice_is_once_and_the_first_reason_stands():
    person = history()
    erase(person.pk)
    state = _state()
    erase(person.pk, reason="again")
    assert _state() == state and queries.find_erasure(person.pk).reason == "asked by e-mail"
    assert [entry.reason for entry in list_audit() if entry.action == "customer.erased"] == ["asked by e-mail"]


def test_the_page_asks_for_the_number_and_a_reason():
    person, client = lin(), client_of(ADMINISTRATOR)
    address, number = f"/customers/{person.pk}/erase", f"C-{person.pk:06d}"
    assert number in client.get(address).content.decode()
    for wrong in ({"typed": "C-9", "reason": "asked"}, {"typed": number, "reason": " "}):
        assert client.post(address, wrong).status_code == 422 and queries.find_erasure(person.pk) is None
    assert client.post(address, {"typed": number.lower(), "reason": "asked"}).status_code == 302
    assert "正在删除" in client.get(address).content.decode()
    finish()
    html = client.get(f"/customers/{person.pk}").content.decode()
    assert "已删除的客户" in html and "6021" not in html
    assert "正在删除" not in client.get(address).content.decode()
    assert "能认出客户的信息已清除" in html and "Customer Erased" not in html and "不再保留这位客户的任何资料" in html
    assert "已删除的客户" in client.get(f"/customers?q={number}").content.decode()


def test_only_with_the_right():
    person, client = lin(), client_of(OPERATOR)
    assert (
        client.post(f"/customers/{person.pk}/erase", {"typed": f"C-{person.pk:06d}", "reason": "x"}).status_code == 403
    )
    assert (
        "/erase" not in client.get(f"/customers/{person.pk}").content.decode()
        and queries.find_erasure(person.pk) is None
    )
