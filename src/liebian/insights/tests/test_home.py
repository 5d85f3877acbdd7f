"""The home page: figures of the last 30 days, each from the log, and what to do when there is nothing yet."""

from datetime import UTC, datetime, timedelta

import pytest

from liebian.access.tests.factories import make_user
from liebian.customers import services as customers
from liebian.events import services as events
from liebian.events.queries import get_log_end
from liebian.insights.queries import get_home
from liebian.orders import services as orders
from liebian.pipeline.models import UnitState
from liebian.rewards import services
from liebian.rewards.tests.coupon_shop import make_offer
from liebian.rewards.tests.factories import make_budget, make_grant
from liebian.rewards.tests.gift_shop import make_gift, promise, restock
from liebian.rewards.types import OfferDraft

pytestmark = pytest.mark.django_db(databases="__all__")
NOW = datetime(2026, 6, 12, 2, 24, tzinfo=UTC)


def order(user: str, number: str, total: float, at: datetime) -> dict[str, object]:
    properties = {"order_id": number, "total": total, "currency": "CNY"}
    return {
        "type": "track",
        "event": "Order Completed",
        "userId": user,
        "messageId": number,
        "timestamp": at,
        "properties": properties,
    }


def play(*messages: dict[str, object]) -> None:
    events.record_events(messages, source="test", received_at=NOW)
    customers.advance()
    orders.advance()


def test_an_empty_installation_says_what_to_do_first(client):
    client.force_login(make_user("operator"))
    page = client.get("/home", headers={"accept-language": "en"}).content.decode()
    assert "No data yet" in page
    assert 'href="/imports"' in page


def test_the_last_30_days_stand_beside_the_30_before():
    play(
        order("u1", "o1", 100, NOW - timedelta(days=40)),
        order("u1", "o2", 60, NOW - timedelta(days=1)),
        order("u2", "o3", 30, NOW - timedelta(hours=1)),
    )
    home = get_home(now=NOW)
    assert (home.revenue.value, home.revenue.before) == (9000, 10000)
    assert (home.orders.value, home.orders.before) == (2, 1)
    assert (home.new_buyers.value, home.new_buyers.before) == (1, 1)
    assert home.revenue.arrow == "down"
    assert home.days[-1].revenue_minor == 3000


def test_a_refund_lowers_the_day_on_which_it_happens():
    refund = {"order_id": "o1", "refund_id": "r1", "total": 40}
    play(
        order("u1", "o1", 100, NOW - timedelta(days=3)),
        {
            "type": "track", "event": "Order Refunded", "userId": "u1", "messageId": "r1", "timestamp": NOW - timedelta(days=1),
            "properties": refund,
        },
    )  # fmt: skip
    by_day = {each.day.day: each.revenue_minor for each in get_home(now=NOW).days}
    assert (by_day[9], by_day[11]) == (10000, -4000)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_page_answers_with_data_in_both_languages(client, language):
    play(order("u1", "o1", 100, NOW - timedelta(days=3)))
    client.force_login(make_user("viewer"))
    client.cookies["django_language"] = language
    assert client.get("/home").status_code == 200


def test_an_order_event_that_nobody_could_read_is_not_forgotten(client):
    play(order("u1", "o1", "many", NOW))
    assert get_home(now=NOW).refused_order_events == 1
    client.force_login(make_user("viewer"))
    assert 'class="btn btn-sm" href="/orders/refused"' in client.get("/home").content.decode()


def test_an_order_number_that_two_sources_placed_is_told(client):
    for user, source in (("u1", "hangzhou"), ("u2", "suzhou")):
        said = order(user, "1001", 100, NOW) | {"messageId": user}
        events.record_events([said], source=source, received_at=NOW)
    play()
    assert get_home(now=NOW).colliding_orders == 1
    client.force_login(make_user("viewer"))
    assert 'class="btn btn-sm" href="/orders/collisions"' in client.get("/home").content.decode()


def test_the_search_finds_an_order_s_customer_and_otherwise_lists_customers(client):
    play(order("u1", "SY-1001", 100, NOW))
    client.force_login(make_user("viewer"))
    assert client.get("/search", {"q": " SY-1001 "}).url.startswith("/customers/")
    assert client.get("/search", {"q": "138 0013"}).url == "/customers?q=138+0013"
    assert client.get("/search").url == "/customers"


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"is_stopped": True, "failures": 5, "last_error": "ValueError"}, "was stopped by an error"),
        ({"failures": 1, "last_error": "OSError"}, "fails and tries again"), ({"is_paused": True}, "is paused"), ({}, ""),
    ],
)  # fmt: skip
@pytest.mark.parametrize(("unit", "name"), [("referrals", "Referral"), ("segments", "Segments"), ("lake", "Lake")])
def test_a_stage_that_does_not_go_on_needs_attention(client, unit, name, values, words):
    play(order("u1", "o1", 100, NOW))
    UnitState.objects.create(name=unit, failed_at=NOW if values else None, **values)
    client.force_login(make_user("viewer"))
    page = client.get("/home", headers={"accept-language": "en"}).content.decode()
    assert (f"{name}: the stage {words}" in page) is bool(words)
    assert page.count(": the stage ") == bool(words)


def test_what_waits_is_what_the_slowest_stage_has_not_read():
    play(*[order("u1", f"o{n}", 100, NOW) for n in range(3)])
    assert get_home(now=NOW).freshness.behind == get_log_end(), (
        "people and orders are done, the stages behind them are not"
    )


def test_rewards_that_wait_for_people_need_attention(client):
    play(order("u1", "o1", 100, NOW))
    pooled = make_offer(codes="pool")
    services.create_pool(offer_id=pooled.id, name="Summer", kind="rewards", low_at=5, now=NOW)
    used_up = services.create_pool(offer_id=pooled.id, name="Retail", kind="retail", low_at=0, now=NOW)
    gift = make_gift("Tea set")
    restock(gift, 1)
    promise(gift, 2)
    asked = services.create_offer(draft=OfferDraft("points", "p", "CNY", 1000, points=100, approval="person"), now=NOW)
    services.grant_pairs(grants=[make_grant(make_budget(funded=1000), 9, ("referee", asked))], now=NOW)
    client.force_login(make_user("operator"))
    page = client.get("/home", headers={"accept-language": "en"}).content.decode()
    for words in ("Codes run low: Summer", "Out of stock: Tea set", "1 reward waits for one", "1 reward waits for approval",
                  "1 gift has no address", f"/rewards/gifts/{gift.id}"):  # fmt: skip
        assert words in page, words
    assert used_up.name not in page, "a pool of which nobody said when it is low is not spoken of"
