"""Budgets are split, levelled, moved and closed, and together they always hold what was put in."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from liebian.core.errors import LiebianError
from liebian.ledger.tests.support import prove_zero, run_threads
from liebian.rewards import queries, services
from liebian.rewards.tests.factories import HOLD, NOW, make_budget, make_grant, make_points
from liebian.rewards.tests.test_pages import sign_in
from liebian.rewards.types import BudgetView

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture(autouse=True)
def _always_zero():
    yield
    assert all(proof.holds for proof in prove_zero())


def transfer(source: BudgetView, target: BudgetView, amount: int, key: str = "1") -> BudgetView:
    return services.transfer_budget(
        source_id=source.id, target_id=target.id, amount_minor=amount, idempotency_key=key, actor=1, now=NOW
    )


def close(budget: BudgetView, target: BudgetView | None = None, key: str = "1") -> BudgetView:
    target_id = target.id if target else None
    return services.close_budget(budget_id=budget.id, target_id=target_id, idempotency_key=key, actor=1, now=NOW)


def code_of(act) -> str:
    with pytest.raises(LiebianError) as refused:
        act()
    return refused.value.code


def parts_of(budget: BudgetView) -> list[int]:
    return [part.available for part in queries.list_budget_parts(queries.get_budget(budget.id))]


@pytest.mark.parametrize("shards", [1, 4])
def test_money_moves_once_between_budgets_however_it_is_split(shards: int):
    source, target = make_budget(1000), make_budget(500)
    services.set_shards(budget_id=source.id, shards=shards, actor=1, now=NOW)
    for _ in range(2):
        after = transfer(source, target, 900)
    assert (after.funded, after.available) == (100, 100)
    assert (queries.get_budget(target.id).funded, queries.get_budget(target.id).available) == (1400, 1400)
    assert code_of(lambda: transfer(source, target, 800)) == "idempotency_mismatch"
    assert code_of(lambda: transfer(source, target, 101, "2")) == "budget_short"
    assert code_of(lambda: transfer(source, source, 1, "3")) == "transfer_same"
    euros = services.create_budget(name="Europe", currency="EUR", now=NOW)
    assert code_of(lambda: transfer(source, euros, 1, "4")) == "transfer_currency"


def test_a_closed_budget_keeps_its_promises_and_makes_no_more():
    budget, other, points = make_budget(5000), make_budget(), make_points()
    grants = [make_grant(budget, n, ("referrer", points)) for n in (1, 2, 3)]
    services.grant_pairs(grants=grants[:2], now=NOW)
    after = close(budget, other)
    assert (after.available, after.reserved, queries.get_budget(other.id).available) == (0, 2000, 3000)
    [refused] = services.grant_pairs(grants=grants[2:], now=NOW)
    assert refused.reason == "budget_closed"
    assert code_of(lambda: transfer(other, budget, 1)) == "budget_closed"
    assert (
        code_of(
            lambda: services.fund_budget(budget_id=budget.id, amount_minor=1, idempotency_key="9", actor=1, now=NOW)
        )
        == "budget_closed"
    )
    services.cancel_or_claw_back(qualification="order:1", refunded_minor=1, order_total_minor=1, at=NOW, now=NOW)
    services.release_due(day=HOLD, now=NOW)
    assert queries.points_balance(1) == 1000
    last = close(budget, key="2")
    assert (last.available, last.funded, last.paid_out) == (0, 1000, 1000)
    assert close(budget, key="3") == last


def test_what_happened_before_the_end_is_still_decided_by_the_money():
    budget = make_budget(5000)
    close(budget)
    early = make_grant(budget, 1, ("referrer", make_points()))
    [outcome] = services.grant_pairs(
        grants=[early.__class__(**{**_fields(early), "at": NOW - timedelta(days=1)})], now=NOW
    )
    assert outcome.reason == "campaign_budget"


def _fields(grant) -> dict:
    return {name: getattr(grant, name) for name in grant.__dataclass_fields__}


def test_parts_are_levelled():
    budget = make_budget(1000)
    services.set_shards(budget_id=budget.id, shards=4, actor=1, now=NOW)
    services.fund_budget(budget_id=budget.id, amount_minor=1000, idempotency_key="2", actor=1, now=NOW)
    assert parts_of(budget) == [1250, 250, 250, 250]
    for _ in range(2):
        services.share_out(budget_id=budget.id, now=NOW)
        assert parts_of(budget) == [500] * 4


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_granting_and_moving_at_once_lose_nothing():
    budget, other, points = make_budget(100_000), make_budget(), make_points()
    services.set_shards(budget_id=budget.id, shards=8, actor=None, now=NOW)

    def act(number: int) -> None:
        if number % 4 == 3:
            transfer(budget, other, 1000, str(number))
        elif number == 66:
            services.share_out(budget_id=budget.id, now=NOW)
        elif number == 88:
            close(budget, other)
        else:
            services.grant_pairs(grants=[make_grant(budget, number, ("referrer", points))], now=NOW)

    def attempt(number: int) -> None:
        try:
            act(number)
        except LiebianError as error:
            assert error.code == "budget_closed" or number % 4 == 3

    run_threads(attempt, range(120), workers=8)
    after, moved = queries.get_budget(budget.id), queries.get_budget(other.id)
    held = [each for each in queries.list_rewards(programme_id=9, limit=1000) if each.state == "held"]
    assert after.available == 0 and after.reserved == 1000 * len(held)
    assert after.funded + moved.funded == 100_000 and moved.available == 100_000 - after.reserved


def test_a_budget_that_is_opened_again_refuses_only_what_happened_while_it_was_closed():
    budget, points = make_budget(5000), make_points()
    hour = timedelta(hours=1)
    close(budget)
    assert code_of(lambda: reopen(budget, " ")) == "reopen_reason"
    for _ in range(2):
        after = reopen(budget, "the campaign goes on", now=NOW + hour)
    [closure] = after.closures
    assert (after.closed_at, closure.start, closure.end, closure.reason) == (
        None, NOW, NOW + hour, "the campaign goes on",
    )  # fmt: skip
    services.fund_budget(budget_id=budget.id, amount_minor=5000, idempotency_key="2", actor=1, now=NOW + hour)
    told = [NOW - hour, NOW, NOW + hour - timedelta(microseconds=1), NOW + hour]
    grants = [replace(make_grant(budget, n, ("referrer", points)), at=at) for n, at in enumerate(told)]
    outcomes = services.grant_pairs(grants=grants, now=NOW + 2 * hour)
    assert [each.reason for each in outcomes] == ["", "budget_closed", "budget_closed", ""]
    close(budget, key="3")
    assert reopen(budget, "again", now=NOW + 3 * hour).closures[0] == closure


def reopen(budget: BudgetView, reason: str, now: datetime = NOW) -> BudgetView:
    return services.reopen_budget(budget_id=budget.id, reason=reason, actor=1, now=now)


def test_the_page_splits_warns_moves_and_closes_and_says_the_effect_first():
    budget, other = make_budget(100_000), make_budget()
    staff, address = sign_in("operator"), f"/ledger/budgets/{budget.id}"
    staff.post(f"{address}/parts", {"shards": "3"})
    services.fund_budget(budget_id=budget.id, amount_minor=300, idempotency_key="2", actor=1, now=NOW)
    staff.post(f"{address}/parts", {"level": "1"})
    assert max(parts_of(budget)) - min(parts_of(budget)) <= 1
    assert staff.post(f"{address}/parts", {"shards": "65"}).status_code == 422
    staff.post(f"{address}/warning", {"amount": "2000"})
    page = staff.get(address).content.decode()
    assert "This budget is low." in page and "¥1,003.00 is left" in page
    assert "Low" in staff.get("/ledger/budgets").content.decode()
    assert staff.post(f"{address}/warning", {"amount": "-1"}).status_code == 422
    said = {"amount": "3", "target": str(other.id), "key": "k"}
    asked = staff.post(f"{address}/transfer", said).content.decode()
    assert "¥3.00 goes from" in asked and "¥1,000.00 stays available" in asked
    assert queries.get_budget(other.id).available == 0
    assert staff.post(f"{address}/transfer", {**said, "confirm": "yes"}).status_code == 302
    assert queries.get_budget(other.id).available == 300
    too_much = staff.post(f"{address}/transfer", {**said, "key": "l", "amount": "2000"})
    assert too_much.status_code == 409 and "does not have so much" in too_much.content.decode()
    asked = staff.post(f"{address}/close", {"key": "c"}).content.decode()
    assert re.search("¥1,000.00 is taken out", asked) and queries.get_budget(budget.id).closed_at is None
    staff.post(f"{address}/close", {"key": "c", "confirm": "yes"})
    assert "Say why it is opened again" in staff.post(f"{address}/reopen", follow=True).content.decode()
    reopened = staff.post(f"{address}/reopen", {"reason": "Autumn, too"}, follow=True).content.decode()
    assert "Autumn, too" in reopened and queries.get_budget(budget.id).closed_at is None
    staff.post(f"{address}/close", {"key": "c2", "confirm": "yes"})
    assert "Closed" in staff.get(address).content.decode() and queries.get_budget(budget.id).available == 0


def test_a_viewer_looks_and_moves_nothing():
    budget, viewer = make_budget(1000), sign_in("viewer")
    page = viewer.get(f"/ledger/budgets/{budget.id}").content.decode()
    assert "Close this budget" not in page and "¥10.00" in page
    for act in ("parts", "warning", "transfer", "close", "reopen"):
        assert viewer.post(f"/ledger/budgets/{budget.id}/{act}", {"confirm": "yes"}).status_code == 403
