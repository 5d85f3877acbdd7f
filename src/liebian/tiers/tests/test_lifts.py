"""Levels that rewards give lift people in tiers for their days, and nobody longer."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from liebian.access.permissions import VIEWER
from liebian.core.days import day_start
from liebian.customers import queries as customers
from liebian.customers.models import Customer, TierMembership
from liebian.customers.tests.factories import client_of, make_customer, store_customers
from liebian.lake.tests.tables import paid, person, publish
from liebian.rewards.models import Privilege
from liebian.rewards.tests.factories import make_budget
from liebian.rewards.tests.test_privileges import give, make_privilege, refund
from liebian.rewards.types import PrivilegeTerms
from liebian.tiers import queries, services, words
from liebian.tiers.models import TierRun
from liebian.tiers.queries.lifts import find_lifts, list_given
from liebian.tiers.rules import CELLS
from liebian.tiers.types import Lift

START = date(2026, 1, 1)
DAY = date(2026, 6, 10)
DB = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def abc(lake):
    """Twenty who bought ever more, and one who never did; number 1 bought least."""
    publish("customers", [person(c, START) for c in range(1, 22)])
    publish("order_facts", [paid(c, c, START + timedelta(days=c), 1000 * c * c) for c in range(1, 21)])
    store_customers([make_customer(c) for c in range(1, 22)])
    [model] = [m for m in services.ensure_default_models(now=at(DAY)) if m.kind == "abc"]
    return model


def at(day: date) -> datetime:
    return day_start(day, "Asia/Shanghai") + timedelta(hours=10)


def level(name: str, days: int = 5, day: date = DAY, number: int = 1) -> None:
    give(make_budget(funded=3000), make_privilege(days, PrivilegeTerms("level", name)), number, day)


def cell_of(model, customer_id: int, day: date) -> str:
    ids, cells = queries.find_cells(day)[model.kind]
    return dict(zip(ids.tolist(), cells.tolist(), strict=True)).get(customer_id, "")


@DB
def test_a_level_lifts_for_its_days_and_falls_back(abc):
    level("A")
    days = [DAY - timedelta(days=1), DAY, DAY + timedelta(days=4), DAY + timedelta(days=5)]
    assert [cell_of(abc, 1, day) for day in days] == ["C", "A", "A", "C"]
    assert 1 in queries.list_tier_members("abc", "A", DAY).tolist()
    answer = queries.answer_tiers(abc.id, DAY)
    assert (answer.n_lifted, answer.n_customers, sum(group.n_customers for group in answer.groups)) == (1, 20, 20)
    moves = queries.compare_days(abc.id, days[0], DAY)
    assert [(m.source, m.target, m.n_customers) for m in moves if m.source != m.target] == [("C", "A", 1)]


@DB
def test_the_places_handed_down_follow_at_once_and_say_why(abc):
    services.refresh_all(now=at(DAY))
    level("a: CARRIES the revenue")
    assert [each.changed for each in services.refresh_all(now=at(DAY)) if each.model_id == abc.id] == [True]
    [place] = [each for each in customers.list_tiers([1])[1] if each.model == "abc"]
    assert (place.cell, place.evidence["given"]) == ("A", {"own": "C", "until": "2026-06-15"})
    assert services.refresh_all(now=at(DAY)) == []
    with translation.override("en"):
        told = {each.kind: each for each in queries.explain(1, DAY)}["abc"]
    assert (told.cell, told.sentences[0]) == (
        "A",
        "Given as a reward until 14 Jun 2026; by the orders: C: the long tail",
    )
    page = client_of(VIEWER).get("/customers/1", headers={"accept-language": "en"}).content.decode()
    assert "given as a reward until 14 Jun 2026" in page
    before = set(TierMembership.objects.filter(model="abc").values_list("customer_id", "cell"))
    TierMembership.objects.all().delete()
    TierRun.objects.all().delete()
    services.refresh_all(now=at(DAY))
    assert set(TierMembership.objects.filter(model="abc").values_list("customer_id", "cell")) == before
    services.refresh_all(now=at(DAY + timedelta(days=5)))
    assert TierMembership.objects.get(model="abc", customer_id=1).cell == "C"


@DB
def test_somebody_without_a_place_has_one_while_it_lasts(abc):
    level("A 类")
    Privilege.objects.update(customer_id=21)
    answer = queries.answer_tiers(abc.id, DAY)
    assert (cell_of(abc, 21, DAY), answer.n_customers, answer.n_outside) == ("A", 21, 0)
    services.refresh_all(now=at(DAY))
    place = TierMembership.objects.get(model="abc", customer_id=21)
    assert (place.cell, place.evidence) == ("A", {"given": {"own": "", "until": "2026-06-15"}})
    assert client_of(VIEWER).get("/customers/21").status_code == 200
    Privilege.objects.update(customer_id=999)
    assert cell_of(abc, 999, DAY) == "", "nobody whom the company does not know"


@DB
def test_a_better_place_of_ones_own_stays_and_unknown_names_lift_nobody(abc):
    level("B")
    Privilege.objects.update(customer_id=20)
    assert cell_of(abc, 20, DAY) == "A" and queries.answer_tiers(abc.id, DAY).n_lifted == 0
    Privilege.objects.update(customer_id=1, subject="gold")
    assert cell_of(abc, 1, DAY) == "C"


@DB
def test_who_was_merged_keeps_the_level_and_what_is_taken_back_lifts_no_longer(abc):
    level("A")
    Privilege.objects.update(customer_id=500)
    Customer.objects.create(pk=500, first_seen_at=at(START), is_known=True, merged_into=2)
    assert cell_of(abc, 2, DAY) == "A"
    Privilege.objects.update(customer_id=1)
    refund(1, DAY + timedelta(days=1))
    days = [cell_of(abc, 1, DAY + timedelta(days=n)) for n in range(3)]
    assert days == ["A", "A", "C"], "the day that had begun stays as it was"


@DB
@given(own=st.sampled_from(["", *CELLS["abc"]]), cell=st.sampled_from(CELLS["abc"]))
def test_nobody_is_ever_lowered(own, cell):
    lifted = find_lifts({1: (cell, DAY)}, {1: own})
    if not own:
        assert lifted == {}, "not known"
    elif words.LADDER[cell] < words.LADDER[own]:
        assert lifted == {1: Lift(cell, own, DAY)}
    else:
        assert lifted == {}


@DB
def test_of_two_levels_the_better_one_counts(abc):
    level("B", days=30)
    level("abc:A", days=2, number=2)
    assert list_given("abc", DAY) == {1: ("A", DAY + timedelta(days=2))}
    assert list_given("abc", DAY + timedelta(days=3)) == {1: ("B", DAY + timedelta(days=30))}
    assert list_given("rfm", DAY) == {}
