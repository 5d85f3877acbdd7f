"""The pages of tiers: rights, any day, preview before saving, errors that keep the input."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from liebian.access.permissions import ADMINISTRATOR, VIEWER
from liebian.access.tests.factories import make_user
from liebian.core import clock
from liebian.lake.tests.tables import paid, person, publish
from liebian.tiers import queries, services
from liebian.tiers.views.days import today

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def shop(lake):
    now = today()
    publish("customers", [person(c, now - timedelta(days=200)) for c in range(1, 21)])
    publish("order_facts", [paid(c % 15 + 1, c, now - timedelta(days=1 + c * 4), 1000 + c * 100) for c in range(1, 41)])
    return {model.kind: model for model in services.ensure_default_models(now=clock.now())}


def signed_in(role: str = ADMINISTRATOR, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(make_user(role))
    return client


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_page_answers(shop, language):
    client = signed_in(language=language)
    for address in ["/tiers", *(f"/tiers/{model.id}" for model in shop.values())]:
        for day in ["", f"?as_of={today() - timedelta(days=60)}", "?as_of=2001-01-01"]:
            assert client.get(address + day).status_code == 200, address + day


def test_counts_lead_to_their_people(shop):
    client, model = signed_in(), shop["lifecycle"]
    answer = queries.answer_tiers(model.id, today() - timedelta(days=10))
    page = client.get(f"/tiers/{model.id}?as_of={answer.as_of}").content.decode()
    for group in answer.groups:
        assert f"/tiers/{model.id}/people?as_of={answer.as_of}&amp;cell={group.cell}" in page
    assert client.get(f"/tiers/{model.id}/people?cell=lost").status_code == 200
    rfm = shop["rfm"]
    square = queries.answer_tiers(rfm.id, today()).squares[0]
    page = client.get(f"/tiers/{rfm.id}/people?r={square.r}&f={square.f}")
    assert page.context["n"] == square.n_customers


@pytest.mark.parametrize(("address", "code"), [
    ("?as_of=soon", "bad_day"), ("?as_of=2999-01-01", "day_not_reached"), ("/people?cell=gold", "no_such_cell"),
    ("/people", "no_such_cell"),
])  # fmt: skip
def test_a_question_that_makes_no_sense_says_why(shop, address, code):
    response = signed_in().get(f"/tiers/{shop['rfm'].id}{address}")
    assert response.status_code == 422
    assert code in response.content.decode()


def test_an_unknown_model_is_not_found(shop):
    assert signed_in().get("/tiers/999").status_code == 404


def test_preview_shows_who_moves_and_saving_moves_them(shop):
    client, model = signed_in(), shop["lifecycle"]
    typed = {"new_days": 5, "active_days": 20, "lost_after_days": 40, "loyal_orders": 2, "version": model.version}
    page = client.post(f"/tiers/{model.id}", typed | {"act": "preview"})
    assert page.status_code == 200
    assert page.context["preview"].n_moved > 0
    assert queries.get_model(model.id).version == 1
    assert client.post(f"/tiers/{model.id}/preview", typed, headers={"hx-request": "true"}).status_code == 200
    assert client.post(f"/tiers/{model.id}", typed | {"act": "save"}).status_code == 302
    assert queries.get_model(model.id).version == 2
    assert queries.find_last_run(model.id).version == 2


def test_own_cut_points_are_read_in_money(shop):
    client, model = signed_in(), shop["rfm"]
    typed = {
        "drawn": "",
        "bins": 3,
        "high_from": "",
        "window_days": "",
        "recency": "30，90",
        "frequency": "1 2",
        "monetary": "20, 50.5",
    }
    assert client.post(f"/tiers/{model.id}", typed | {"act": "save"}).status_code == 302
    saved = queries.get_model(model.id).parameters
    assert saved["cuts"] == {"recency": [30, 90], "frequency": [1, 2], "monetary": [2000, 5050]}
    assert 'value="20, 50.5"' in client.get(f"/tiers/{model.id}").content.decode()


@pytest.mark.parametrize(("kind", "typed"), [
    ("lifecycle", {"new_days": 50, "active_days": 20, "lost_after_days": 40, "loyal_orders": 2}),
    ("abc", {"a_up_to": 90, "b_up_to": 80}),
    ("rfm", {"drawn": "", "bins": 3, "recency": "30", "frequency": "1 2", "monetary": "2 1"}),
    ("rfm", {"drawn": "", "bins": 3, "recency": "many", "frequency": "1 2", "monetary": "1 2"}),
])  # fmt: skip
def test_wrong_parameters_keep_what_was_typed(shop, kind, typed):
    model = shop[kind]
    page = signed_in().post(f"/tiers/{model.id}", typed | {"act": "save"})
    assert page.status_code == 422
    assert page.context["form"].errors
    assert queries.get_model(model.id).version == 1


def test_two_editors(shop):
    client, model = signed_in(), shop["abc"]
    assert (
        client.post(f"/tiers/{model.id}", {"a_up_to": 70, "b_up_to": 90, "version": 1, "act": "save"}).status_code
        == 302
    )
    late = client.post(f"/tiers/{model.id}", {"a_up_to": 60, "b_up_to": 90, "version": 1, "act": "save"})
    assert late.status_code == 422
    assert "Somebody else" in late.content.decode()


def test_a_viewer_looks_and_does_not_change(shop):
    client, model = signed_in(VIEWER), shop["abc"]
    assert client.get(f"/tiers/{model.id}").status_code == 200
    assert client.post(f"/tiers/{model.id}", {"a_up_to": 70, "b_up_to": 90, "act": "save"}).status_code == 403
    assert client.post(f"/tiers/{model.id}/preview", {"a_up_to": 70, "b_up_to": 90}).status_code == 403
    assert Client().get("/tiers").status_code == 302


def test_an_empty_installation_says_what_to_do(lake):
    page = signed_in().get("/tiers")
    assert page.status_code == 200
    assert "Import an order file" in page.content.decode()
