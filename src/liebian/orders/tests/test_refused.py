"""Order events that cannot be taken: they wait on a page with their reason until somebody decides."""

from datetime import UTC, datetime

import pytest

from liebian.access.models import AuditEntry
from liebian.access.permissions import OPERATOR, VIEWER
from liebian.core import cursors
from liebian.core.errors import Invalid
from liebian.customers.tests.factories import client_of, play, track
from liebian.orders import queries, refusals, rules, services
from liebian.orders.models import Order, RefusedOrderEvent

pytestmark = pytest.mark.django_db(databases="__all__")
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def send(*messages):
    play(list(messages))
    cursors.drain(services.advance)


def completed(number, **more):
    return track("u1", "Order Completed", **{"order_id": f"o{number}", "total": 100, "currency": "CNY", **more})


def refused():
    return [(one.code, one.name) for one in refusals.list_refusals()]


def test_every_reason_is_listed_and_counted_until_somebody_decides():
    send(
        completed(1, order_id=""), completed(2, total="many"), completed(3, products=[{"price": 1, "quantity": 0.5}]),
        completed(4), track("u1", "Order Refunded", order_id="o4", total=3, currency="USD"),
    )  # fmt: skip
    assert refused() == [
        ("refund_currency", "Order Refunded"), ("bad_quantity", "Order Completed"), ("bad_amount", "Order Completed"),
        ("order_id_missing", "Order Completed"),
    ]  # fmt: skip
    services.dismiss_refused(code="bad_amount", reason="a test of theirs", actor_id=1, now=NOW)
    assert queries.count_refused_events() == 3
    assert Order.objects.count() == 1


def test_pages_hold_every_refusal_once_and_filter_by_reason():
    send(*[completed(n, order_id="", total=n) for n in range(5)], completed(9, total="many"))
    found, before = [], None
    while page := refusals.list_refusals(code="order_id_missing", before=before, limit=2):
        found += [one.event_id for one in page]
        before = page[-1].event_id
    assert found == sorted(set(found), reverse=True) and len(found) == 5


def test_a_dismissal_has_a_reason_in_the_trail_and_happens_once():
    send(completed(1, total="many"), completed(2, total="many"))
    event_id = refusals.list_refusals()[0].event_id
    with pytest.raises(Invalid, match="words"):
        services.dismiss_refused(event_id=event_id, reason=" ", actor_id=1, now=NOW)
    assert [services.dismiss_refused(event_id=event_id, reason="test", actor_id=1, now=NOW) for _ in range(2)] == [1, 0]
    entry = AuditEntry.objects.get(action="orders.refused_dismissed")
    assert (entry.reason, entry.subject) == ("test", f"event:{event_id}")
    assert queries.count_refused_events() == 1


def test_what_can_be_read_by_now_is_taken_again_and_the_rest_waits(monkeypatch):
    with monkeypatch.context() as before:
        before.setattr(rules, "MAX_QUANTITY", 1)
        send(
            completed(1, products=[{"price": 50, "quantity": 2}]), completed(2, products=[{"price": 1, "quantity": 0}])
        )
    came = services.take_refused_again(code="bad_quantity", actor_id=1, now=NOW)
    assert (came.taken, came.refused, came.left) == (1, 1, 0)
    assert Order.objects.get().total_minor == 10000
    assert queries.count_refused_events() == 1
    assert AuditEntry.objects.get(action="orders.refused_taken").details == {"taken": 1, "refused": 1}
    assert services.take_refused_again(code="", actor_id=1, now=NOW).taken == 0


def test_a_dismissed_event_that_is_read_again_stays_dismissed():
    send(completed(1, total="many"))
    event_id = RefusedOrderEvent.objects.get().pk
    services.dismiss_refused(event_id=event_id, reason="test", actor_id=1, now=NOW)
    services.take_aside([event_id])
    assert RefusedOrderEvent.objects.get().state == "dismissed"


@pytest.mark.parametrize(("language", "words"), [("en", "An amount cannot be read"), ("zh-hans", "金额无法识别")])
def test_the_page_says_why_in_both_languages_and_hides_acts_from_viewers(language, words):
    send(completed(1, total="13800138000x"))
    for role, may in ((OPERATOR, True), (VIEWER, False)):
        client = client_of(role)
        client.cookies["django_language"] = language
        html = client.get("/orders/refused?before=x&state=none").content.decode()
        assert words in html and "13800138000" not in html
        assert ("/orders/refused/dismiss?event=" in html) is may


def test_people_dismiss_and_take_again_on_the_page():
    send(completed(1, total="many"), completed(2, order_id=""))
    client = client_of(OPERATOR)
    event_id = refusals.list_refusals(code="bad_amount")[0].event_id
    assert client.get(f"/orders/refused/dismiss?event={event_id}").context["what"].count == 1
    assert client.post("/orders/refused/dismiss", {"event": event_id, "reason": ""}).status_code == 422
    client.post("/orders/refused/dismiss", {"event": "x", "code": "order_id_missing", "reason": "no number"})
    assert queries.count_refused_events() == 2, "a number that cannot be means nothing"
    client.post("/orders/refused/dismiss", {"event": event_id, "reason": "test"})
    client.post("/orders/refused/take", {"code": "order_id_missing"})
    assert refused() == [("order_id_missing", "Order Completed")]
    client.post("/orders/refused/dismiss", {"code": "order_id_missing", "reason": "no number"})
    assert "empty" in (html := client.get("/orders/refused").content.decode()) and "bad_amount" not in html
    assert client_of(VIEWER).post("/orders/refused/take", {"event": event_id}).status_code == 403
