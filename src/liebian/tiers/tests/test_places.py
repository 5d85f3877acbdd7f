"""Places against plain Python over random small histories, as of any day."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import translation

from liebian.core.errors import Conflict, Invalid
from liebian.lake.tests.tables import paid, person, publish, refunded
from liebian.tiers import queries, services
from liebian.tiers.queries.places import compute_places
from liebian.tiers.rules import AbcParameters, LifecycleParameters, RfmParameters

pytestmark = pytest.mark.django_db(databases="__all__")
START = date(2026, 1, 1)
NOW = datetime(2026, 6, 1, 2, tzinfo=UTC)


def random_history(seed: int) -> tuple[list[dict], list[dict]]:
    draw = random.Random(seed)
    people = [person(c, START + timedelta(days=draw.randrange(60))) for c in range(1, 31)]
    facts, order_id = [], 0
    for customer in range(1, 26):
        for _ in range(draw.randrange(5)):
            order_id += 1
            day = START + timedelta(days=draw.randrange(120))
            amount = draw.randrange(100, 5000)
            facts.append(paid(customer, order_id, day, amount))
            if draw.random() < 0.25:
                whole = draw.random() < 0.5
                facts.append(
                    refunded(
                        customer,
                        order_id,
                        day + timedelta(days=draw.randrange(1, 20)),
                        amount if whole else 50,
                        whole=whole,
                    )
                )
    return people, facts


def standing(facts: list[dict], as_of: date) -> dict[int, list[tuple[date, int]]]:
    """Customer → (day paid, net amount) of the orders that stand."""
    orders: dict[int, list] = {}
    for fact in facts:
        if fact["day"] < as_of:
            order = orders.setdefault(fact["order_id"], [fact["customer_id"], fact["day"], 0, 0])
            order[1] = min(order[1], fact["day"])
            order[2] += fact["amount_minor"]
            order[3] += fact["n_orders"]
    found = defaultdict(list)
    for customer, day, amount, count in orders.values():
        if count > 0:
            found[customer].append((day, amount))
    return found


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("days", [30, 75, 150])
def test_rfm_with_own_cuts_is_what_counting_by_hand_gives(lake, seed, days):
    people, facts = random_history(seed)
    publish("customers", people)
    publish("order_facts", facts)
    as_of = START + timedelta(days=days)
    cuts = {"recency": [10, 40], "frequency": [1, 2], "monetary": [1000, 4000]}
    places = compute_places("rfm", RfmParameters(bins=3, cuts=cuts), as_of)
    expected = {}
    for customer, orders in standing(facts, as_of).items():
        values = ((as_of - max(day for day, _ in orders)).days, len(orders), sum(amount for _, amount in orders))
        below = [sum(cut < value for cut in cuts[name]) for name, value in zip(cuts, values, strict=True)]
        expected[customer] = (*values, 3 - below[0], 1 + below[1], 1 + below[2])
    columns = ("recency_days", "frequency", "monetary_value", "r", "f", "m")
    found = {row["customer_id"]: tuple(row[name] for name in columns) for row in places.table.to_pylist()}
    assert found == expected


@pytest.mark.parametrize("seed", range(4))
def test_abc_grades_by_the_share_before(lake, seed):
    people, facts = random_history(seed)
    publish("customers", people)
    publish("order_facts", facts)
    as_of = START + timedelta(days=100)
    sums = {customer: sum(amount for _, amount in orders) for customer, orders in standing(facts, as_of).items()}
    total, before, expected = sum(value for value in sums.values() if value > 0), 0, {}
    for customer, value in sorted(sums.items(), key=lambda item: (-item[1], item[0])):
        inside = value > 0
        expected[customer] = (
            "C" if not inside else "A" if before * 100 < total * 80 else "B" if before * 100 < total * 95 else "C"
        )
        before += max(value, 0)
    places = compute_places("abc", AbcParameters(), as_of)
    assert dict(zip(places.table["customer_id"].to_pylist(), places.table["cell"].to_pylist(), strict=True)) == expected


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("days", [20, 60, 130])
def test_lifecycle_follows_its_stated_rules(lake, seed, days):
    people, facts = random_history(seed)
    publish("customers", people)
    publish("order_facts", facts)
    as_of, limits = START + timedelta(days=days), LifecycleParameters(new_days=14, active_days=30, lost_after_days=60)
    orders_of = standing(facts, as_of)
    ever_bought = {fact["customer_id"] for fact in facts if fact["day"] < as_of}
    expected = {}
    for row in people:
        customer = row["customer_id"]
        if row["known_day"] >= as_of and customer not in ever_bought:
            continue
        orders = orders_of.get(customer)
        if not orders:
            expected[customer] = "potential"
            continue
        last, first = ((as_of - f(day for day, _ in orders)).days for f in (max, min))
        expected[customer] = (
            "lost"
            if last > 60
            else "at_risk"
            if last > 30
            else "new"
            if first <= 14
            else "loyal"
            if len(orders) >= 3
            else "active"
        )
    places = compute_places("lifecycle", limits, as_of)
    assert dict(zip(places.table["customer_id"].to_pylist(), places.table["cell"].to_pylist(), strict=True)) == expected


def test_a_merged_person_has_one_place_with_both_histories(lake):
    publish("customers", [person(1, START)])
    publish("order_facts", [paid(1, 1, START, 500), paid(2, 2, START, 700), paid(3, 3, START, 900)])
    publish("identities", [{"loser_id": 3, "winner_id": 2}, {"loser_id": 2, "winner_id": 1}])
    places = compute_places("rfm", RfmParameters(), date(2026, 2, 1))
    assert [(row["customer_id"], row["monetary_value"]) for row in places.table.to_pylist()] == [(1, 2100)]


def test_amounts_in_another_currency_do_not_mix(lake):
    publish("customers", [person(1, START), person(2, START)])
    facts = [paid(1, 1, START, 500), paid(1, 2, START, 300), paid(2, 3, START, 9_000, currency="GBP")]
    publish("order_facts", facts)
    answer = compute_places("abc", AbcParameters(), date(2026, 2, 1))
    assert (answer.currency, answer.table.to_pylist()[0]["revenue_minor"], answer.table.num_rows) == ("CNY", 800, 1)
    stages = compute_places("lifecycle", LifecycleParameters(), date(2026, 1, 10)).table.to_pylist()
    assert [(row["cell"], row["revenue_minor"]) for row in stages] == [("new", 800), ("new", 0)]


def test_an_empty_lake_has_empty_tiers(lake):
    for model in services.ensure_default_models(now=NOW):
        answer = queries.answer_tiers(model.id, date(2026, 5, 1))
        assert (answer.n_customers, answer.revenue_minor) == (0, 0)
        assert all(group.n_customers == 0 and group.share_of_revenue is None for group in answer.groups)


def test_places_are_handed_down_once_and_again_only_when_they_change(lake):
    people, facts = random_history(1)
    publish("customers", people)
    publish("order_facts", facts)
    first = services.refresh_all(now=NOW)
    assert [summary.changed for summary in first] == [True, True, True]
    assert services.refresh_all(now=NOW) == []
    publish("order_facts", [paid(30, 999, date(2026, 6, 1), 100)])  # a fact of today: no place changes yet
    assert [summary.changed for summary in services.refresh_all(now=NOW)] == [False, False, False]
    publish("order_facts", [paid(30, 1000, date(2026, 5, 30), 100)])
    assert all(summary.changed for summary in services.refresh_all(now=NOW))
    run = queries.find_last_run(queries.find_model("lifecycle").id)
    assert run is not None and run.counts["new"] == 1 and run.as_of == date(2026, 6, 1)


def test_a_day_that_has_not_come_is_refused(lake):
    model = services.ensure_default_models(now=NOW)[0]
    with pytest.raises(Invalid, match="has not come"):
        services.compute_tiers(model_id=model.id, as_of=date(2026, 6, 2), now=NOW)


def test_defaults_are_made_once():
    assert [m.kind for m in services.ensure_default_models(now=NOW)] == ["rfm", "abc", "lifecycle"]
    assert len(services.ensure_default_models(now=NOW)) == 3


def test_a_preview_says_who_moves_and_saves_nothing(lake):
    people, facts = random_history(2)
    publish("customers", people)
    publish("order_facts", facts)
    model = next(m for m in services.ensure_default_models(now=NOW) if m.kind == "lifecycle")
    as_of = date(2026, 5, 1)
    preview = queries.preview_model("lifecycle", {"new_days": 30, "active_days": 60, "lost_after_days": 70}, as_of)
    for cell in preview.before:
        out = sum(move.n_customers for move in preview.moves if move.source == cell)
        into = sum(move.n_customers for move in preview.moves if move.target == cell)
        assert preview.after[cell] == preview.before[cell] - out + into
    assert preview.n_moved == sum(move.n_customers for move in preview.moves) > 0
    assert queries.get_model(model.id).parameters == model.parameters


def test_saving_makes_the_next_version_and_two_editors_do_not_overwrite_each_other():
    model = services.ensure_default_models(now=NOW)[2]
    wanted = model.parameters | {"new_days": 14}
    saved = services.save_model(model_id=model.id, parameters=wanted, now=NOW, based_on_version=1)
    assert (saved.version, saved.parameters["new_days"]) == (2, 14)
    assert services.save_model(model_id=model.id, parameters=wanted, now=NOW, based_on_version=1).version == 2
    with pytest.raises(Conflict, match="version 2"):
        services.save_model(model_id=model.id, parameters=model.parameters, now=NOW, based_on_version=1)


def test_the_reason_names_the_number_and_the_limit(lake):
    publish("customers", [person(c, START) for c in range(1, 7)])
    publish("order_facts", [paid(c, c, START + timedelta(days=c * 10), c * 1000) for c in range(1, 6)])
    services.ensure_default_models(now=NOW)
    with translation.override("en"):
        reasons = {reason.kind: reason for reason in queries.explain(5, date(2026, 3, 1))}
    assert reasons["rfm"].sentences[0] == "bought 9 days ago: among the most recent fifth (≤ 17 days)"
    assert "¥50.00" in reasons["abc"].sentences[0]
    assert [reason.kind for reason in queries.explain(6, date(2026, 3, 1))] == ["lifecycle"]
