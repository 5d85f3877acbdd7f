"""Two sources that place the same order number for two customers: it is taken, and somebody is told."""

from datetime import UTC, datetime
from itertools import count

import pytest

from liebian.access.models import AuditEntry
from liebian.access.permissions import OPERATOR, VIEWER
from liebian.core import cursors
from liebian.core.errors import Invalid
from liebian.customers.models import Customer
from liebian.customers.tests.factories import client_of, play, track
from liebian.orders import collisions, queries, services
from liebian.orders.models import Order

pytestmark = pytest.mark.django_db(databases="__all__")
NOW = datetime(2026, 6, 1, tzinfo=UTC)
_numbers = count()


def send(source, *messages):
    play([{**message, "messageId": f"n{next(_numbers)}"} for message in messages], source=source)
    cursors.drain(services.advance)


def placed(user, number="1001", name="Order Completed", **more):
    return track(user, name, order_id=number, total=100, currency="CNY", **more)


def visitor(device, **more):
    """What the page of a shop tells of somebody whom it does not know."""
    return {**placed(None), "anonymousId": device, **more}


def found():
    return [(one.external_id, one.first_source, one.source) for one in collisions.list_collisions()]


def id_of(user):
    return Customer.objects.get(user_id=user).pk


def collide(number="1001", first="hangzhou", then="suzhou"):
    send(first, placed("u1", number))
    send(then, placed("u2", number))


def test_a_number_that_another_source_placed_for_another_customer_is_noted_and_taken():
    send("hangzhou", placed("u1"))
    send("suzhou", {**placed("u2"), "properties": {"order_id": "1001", "total": 300, "currency": "CNY"}})
    assert found() == [("1001", "hangzhou", "suzhou")]
    one = collisions.list_collisions()[0]
    assert (one.first_customer_id, one.customer_id) == (id_of("u1"), id_of("u2"))
    order = Order.objects.get()
    assert (order.customer_id, order.total_minor, one.first_event_id) == (id_of("u1"), 30000, order.pk)
    assert queries.count_refused_events() == 0


def test_one_batch_and_many_note_the_same():
    play([{**placed("u1"), "messageId": "a"}], source="hangzhou")
    play([{**placed("u2"), "messageId": "b"}], source="suzhou")
    cursors.drain(services.advance)
    assert found() == [("1001", "hangzhou", "suzhou")]


@pytest.mark.parametrize(
    "second",
    [
        ("website", [placed("u1")]),
        ("hangzhou", [placed("u2")]),
        ("website", [visitor("d2")]),
        ("website", [placed("u2", "1002")]),
        ("website", [placed("u2", name="Order Updated"), placed("u2", name="Order Refunded")]),
    ],
    ids=["the same customer", "the same source", "nobody named", "another number", "no placing"],
)
def test_what_is_no_collision(second):
    send("hangzhou", placed("u1"))
    send(second[0], *second[1])
    assert found() == []


def test_the_page_tells_of_a_visitor_before_the_shop_names_the_customer():
    send("website", visitor("d1"))
    send("server", placed("u1"))
    assert found() == []
    send("suzhou", placed("u2"))
    assert found() == [("1001", "server", "suzhou")], "who named a customer first is who placed it"


def test_a_phone_number_says_who_it_is_as_well():
    send("hangzhou", visitor("d1", context={"traits": {"phone": "13800138000"}}))
    send("suzhou", visitor("d2", context={"traits": {"phone": "13900139000"}}))
    assert found() == [("1001", "hangzhou", "suzhou")]


def test_a_correction_by_the_first_source_is_none_and_by_the_second_is_another_event_of_the_same_order():
    collide()
    send("hangzhou", placed("u1"))
    send("suzhou", placed("u2"))
    pairs = collisions.list_colliding_sources()
    assert [(pair.n_orders, len(found())) for pair in pairs] == [(1, 2)]
    assert queries.count_colliding_orders() == 1


def test_a_visitor_who_turns_out_to_be_the_customer_is_the_same():
    send("hangzhou", placed("u1"))
    send("website", visitor("d1"))
    send("website", {**placed("u1"), "anonymousId": "d1"})
    send("website", visitor("d1"))
    assert found() == []


def test_what_the_page_says_puts_both_orders_right():
    send("hangzhou", {**placed("u1"), "timestamp": "2026-03-01T04:00:00Z"})
    send(
        "suzhou", {**placed("u2"), "timestamp": "2026-03-02T04:00:00Z", "properties": {"order_id": "1001", "total": 7}}
    )
    send("hangzhou", {**placed("u1", name="Order Updated"), "timestamp": "2026-03-03T04:00:00Z"})
    send("suzhou", {**placed("u2", "sz-1001"), "timestamp": "2026-03-02T04:00:00Z"})
    stand = Order.objects.order_by("id").values_list("external_id", "customer_id", "total_minor")
    assert list(stand) == [("1001", id_of("u1"), 10000), ("sz-1001", id_of("u2"), 10000)]
    assert len(found()) == 1


def test_an_event_that_is_read_again_is_one_row_and_stays_dismissed():
    collide()
    event_id = collisions.list_collisions()[0].event_id
    services.take_aside([event_id])
    assert len(found()) == 1
    services.dismiss_collisions(event_id=event_id, reason="known", actor_id=1, now=NOW)
    services.take_aside([event_id])
    assert found() == []


def test_a_dismissal_has_a_reason_in_the_trail_and_leaves_other_sources():
    collide()
    collide("1002", then="ningbo")
    with pytest.raises(Invalid, match="words"):
        services.dismiss_collisions(sources=("hangzhou", "suzhou"), reason=" ", actor_id=1, now=NOW)
    asked = {"sources": ("hangzhou", "suzhou"), "reason": "both ours", "actor_id": 1, "now": NOW}
    assert [services.dismiss_collisions(**asked) for _ in range(2)] == [1, 0]
    entry = AuditEntry.objects.get(action="orders.collisions_dismissed")
    assert (entry.reason, entry.subject) == ("both ours", "sources:hangzhou > suzhou")
    assert found() == [("1002", "hangzhou", "ningbo")]
    assert services.dismiss_collisions(reason="nothing named", actor_id=1, now=NOW) == 0


def test_pages_hold_every_collision_once_and_count_orders_by_source():
    for number in range(5):
        collide(str(number))
    collide("9", first="suzhou", then="hangzhou")
    pairs = [(pair.first_source, pair.source, pair.n_orders) for pair in collisions.list_colliding_sources()]
    assert pairs == [("hangzhou", "suzhou", 5), ("suzhou", "hangzhou", 1)]
    seen, before = [], None
    while page := collisions.list_collisions(sources=("hangzhou", "suzhou"), before=before, limit=2):
        seen += [one.external_id for one in page]
        before = page[-1].event_id
    assert seen == ["4", "3", "2", "1", "0"]


def reading(role, language="en"):
    client = client_of(role)
    client.cookies["django_language"] = language
    return client


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ["put the shop in front", "Placed first by"]), ("zh-hans", ["把店铺加在订单号前面", "先由谁下单"])],
)
def test_the_page_says_which_and_what_to_do_in_both_languages(language, words):
    collide("hz & sz/1")
    one = collisions.list_collisions()[0]
    links = [f"/customers/{each}" for each in (one.first_customer_id, one.customer_id)]
    links += [f"/sources/live/events/{each}" for each in (one.first_event_id, one.event_id)]
    for role, may in ((OPERATOR, True), (VIEWER, False)):
        client = reading(role, language)
        html = client.get("/orders/collisions?before=x&first=a").content.decode()
        assert [text for text in (*words, *links, "hz &amp; sz/1", "hangzhou", "suzhou") if text not in html] == []
        assert ("/orders/collisions/dismiss?event=" in html) is may
        assert "/orders/collisions" in client.get("/orders/refused").content.decode()


def test_people_dismiss_on_the_page():
    collide()
    collide("1002", then="ningbo")
    client, page = reading(OPERATOR), "/orders/collisions/dismiss"
    event_id = collisions.list_collisions(sources=("hangzhou", "suzhou"))[0].event_id
    assert client.get(f"{page}?event={event_id}").context["what"].count == 1
    assert client.post(page, {"event": event_id, "reason": ""}).status_code == 422
    client.post(page, {"event": "x", "first": "hangzhou", "then": "suzhou", "reason": "what is no number is no event"})
    client.post(page, {"reason": "nothing named"})
    assert len(found()) == 2
    client.post(page, {"event": event_id, "reason": "known"})
    client.post(page, {"first": "hangzhou", "then": "ningbo", "reason": "known"})
    html = client.get("/orders/collisions").content.decode()
    assert found() == [] and "No order number collides" in html and "hangzhou" not in html
    assert "/orders/collisions" not in client.get("/orders/refused").content.decode()
    assert reading(VIEWER).post(page, {"event": event_id, "reason": "x"}).status_code == 403
