"""One person's page: who it is about, facts with their source, tiers with their reason, panels of other contexts."""

import pytest

from liebian.access.permissions import OPERATOR, VIEWER
from liebian.customers import queries, services
from liebian.customers.models import Customer
from liebian.customers.tests.factories import START, client_of, identify, lin, play
from liebian.customers.types import TierFact

pytestmark = pytest.mark.django_db(databases="__all__")


def test_a_merged_id_leads_to_the_person_who_stands_today():
    play(
        [{"type": "page", "name": "Home", "anonymousId": "a1"}, identify("u1"), {**identify("u1"), "anonymousId": "a1"}]
    )
    loser = Customer.objects.get(merged_into__isnull=False)
    client = client_of(VIEWER)
    for tail in ("", "/orders-panel"):
        response = client.get(f"/customers/{loser.pk}{tail}")
        assert response.status_code == 302
        assert response["Location"] == f"/customers/{loser.merged_into}{tail}"


def test_an_unknown_id_is_a_page_that_says_so():
    response = client_of(VIEWER).get("/customers/424242")
    assert response.status_code == 404
    assert "C-424242" in response.content.decode()


def test_facts_name_the_event_that_last_told_them():
    play(
        [
            identify("u1", city="杭州", occupation="教师"),
            identify("u1", city="苏州", birthday="1991-02-14", likes=["绿茶", "礼盒"]),
        ]
    )
    person = Customer.objects.get(user_id="u1")
    facts = {fact.key: fact for fact in queries.list_facts(person.pk)}
    assert facts["city"].value == "苏州" and facts["city"].told_at > facts["occupation"].told_at
    assert facts["occupation"].source == "shop" and facts["occupation"].event_id == person.pk
    assert facts["birth_month"].value == "2" and facts["birth_month"].told_at is not None
    assert facts["likes"].value == "绿茶, 礼盒"
    assert "birthday" not in facts


def test_a_channel_that_nobody_told_is_marked_as_worked_out():
    play([{"type": "page", "name": "Home", "anonymousId": "a1", "context": {"campaign": {"source": "公众号"}}}])
    facts = {fact.key: fact for fact in queries.list_facts(Customer.objects.get().pk)}
    assert facts["channel"].value == "公众号" and facts["channel"].is_derived


def test_own_fields_that_look_personal_are_masked():
    play(
        [
            identify(
                "u1",
                wechat="13900002222",
                backup="secret@example.com",
                note="call 13900002222",
                remark="电话13900002222",
            )
        ]
    )
    html = client_of(OPERATOR).get(f"/customers/{Customer.objects.get().pk}").content.decode()
    assert "139****2222" in html and "s***@example.com" in html
    assert "call 139****2222" in html and "电话139****2222" in html
    assert "secret@example.com" not in html and "13900002222" not in html


def test_identifiers_are_masked_and_say_since_when():
    person = lin()
    found = {item.kind: item for item in queries.list_identifiers(person.pk)}
    assert list(found) == ["user_id", "openid", "phone", "email"]
    assert found["phone"].masked == "138****6021" and found["phone"].since == START and found["phone"].source == "shop"


@pytest.mark.parametrize(
    ("model", "cell", "evidence", "words"),
    [
        ("rfm", "important_value", {"recency_days": 9, "frequency": 14, "monetary_minor": 438600, "r": 5, "f": 5, "m": 5, "currency": "CNY"}, ["Champions", "9 days ago", "14 orders", "¥4,386", "R5"]),
        ("rfm", "brand_new_cell", {"recency_days": None, "frequency": "odd"}, ["brand new cell"]),
        ("abc", "A", {"share_before": 0.25, "revenue_minor": 438600}, ["A: carries the revenue", "25.0%"]),
        ("lifecycle", "at_risk", {"rule": "at_risk", "days_since_last_order": 130, "frequency": 2}, ["At risk", "130 days ago"]),
        ("lifecycle", "potential", {}, ["Potential", "no order yet"]),
        ("own", "gold", {"score": 7, "nested": {"a": 1}}, ["own", "gold", "7"]),
    ],
)  # fmt: skip
def test_tiers_say_why(model, cell, evidence, words):
    person = lin()
    services.set_tiers(model=model, as_of=START.date(), facts=[TierFact(person.pk, cell, evidence)])
    html = client_of(VIEWER).get(f"/customers/{person.pk}", headers={"accept-language": "en"}).content.decode()
    for word in words:
        assert word in html


def test_panels_that_do_not_exist_are_left_out_and_the_others_have_a_plain_link(settings):
    person = lin()
    settings.CUSTOMER_PANELS = ["nowhere:panel", "orders:customer-panel"]
    html = client_of(VIEWER).get(f"/customers/{person.pk}").content.decode()
    href = f"/customers/{person.pk}/orders-panel"
    assert f'hx-get="{href}"' in html and f'<a href="{href}"' in html
    assert html.count("hx-trigger=") == 1


def test_the_page_asks_a_bounded_number_of_questions(django_assert_max_num_queries):
    person = lin()
    play([{**identify("u-lin", step=number), "messageId": f"x{number}"} for number in range(60)])
    client = client_of(VIEWER)
    with django_assert_max_num_queries(30):
        assert client.get(f"/customers/{person.pk}").status_code == 200


def test_the_recommender_is_named_masked_and_linked():
    play([identify("u1", name="林晚秋"), identify("u2", name="周倩", referred_by="u1")])
    recommender, friend = Customer.objects.get(user_id="u1"), Customer.objects.get(user_id="u2")
    client = client_of(VIEWER)
    assert f'href="/customers/{recommender.pk}"' in client.get(f"/customers/{friend.pk}").content.decode()
    assert f"?referred_by={recommender.pk}" in client.get(f"/customers/{recommender.pk}").content.decode()
