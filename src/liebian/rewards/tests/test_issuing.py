"""Rewards that somebody delivers: their money is payable until they arrived, and a refund never meets them half-way."""

from __future__ import annotations

import pytest

from liebian.access.tests.factories import make_user
from liebian.ledger.tests.support import prove_zero
from liebian.rewards import queries, services
from liebian.rewards.services.kinds import KINDS
from liebian.rewards.tests.factories import HOLD, NOW, make_budget, make_grant, make_points
from liebian.rewards.types import BudgetView, RewardView

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def stoppable() -> dict[str, bool]:
    return {"now": True}


@pytest.fixture(autouse=True)
def _delivered_points(monkeypatch, stoppable):
    """Points that are brought by somebody; `stoppable` says whether a delivery can still be called back."""

    class Delivered(type(KINDS["points"])):
        delivery = True

        def issue_legs(self, row):
            return ()

        def write_issued(self, rows, *, day, now):
            pass

        def write_clawed(self, returns, *, now):
            pass

        def pocket(self, row):
            return row.pk

        def on_hand(self, rows, *, now):
            return {row.pk: row.amount if row.state != "issued" and stoppable["now"] else 0 for row in rows}

    monkeypatch.setitem(KINDS, "points", Delivered())
    yield
    assert all(proof.holds for proof in prove_zero())


@pytest.fixture
def budget() -> BudgetView:
    return make_budget(funded=5000)


@pytest.fixture
def on_its_way(budget) -> RewardView:
    services.grant_pairs(grants=[make_grant(budget, 1, ("referrer", make_points()))], now=NOW)
    [reward] = services.release_due(day=HOLD, now=NOW)
    return reward


def where(budget: BudgetView) -> tuple[int, int, int, int]:
    seen = queries.get_budget(budget.id)
    assert seen.funded == 5000 == seen.available + seen.reserved + seen.payable + seen.paid_out + seen.receivable
    return seen.available, seen.payable, seen.paid_out, seen.receivable


def refund(part: int = 10) -> None:
    services.cancel_or_claw_back(qualification="order:1", refunded_minor=part, order_total_minor=10, at=NOW, now=NOW)


def test_release_makes_it_payable(budget, on_its_way):
    assert on_its_way.state == "issuing"
    assert where(budget) == (4000, 1000, 0, 0)


def test_delivered_it_is_paid_once(budget, on_its_way):
    services.mark_awaiting(reward_ids=[on_its_way.id], at=NOW, now=NOW)
    assert queries.get_reward(on_its_way.id).state == "awaiting_recipient"
    assert [r.state for r in services.mark_issued(reward_ids=[on_its_way.id], at=NOW, now=NOW)] == ["issued"]
    assert services.mark_issued(reward_ids=[on_its_way.id], at=NOW, now=NOW) == []
    assert services.return_unissued(reward_ids=[on_its_way.id], reason="x", at=NOW, now=NOW) == []
    assert where(budget) == (4000, 0, 1000, 0)


def test_what_nobody_took_returns_to_the_budget(budget, on_its_way):
    reason = "recipient_did_not_confirm"
    [reward] = services.return_unissued(reward_ids=[on_its_way.id], reason=reason, at=NOW, now=NOW)
    assert (reward.state, reward.reason, reward.kept_minor) == ("returned", reason, 0)
    assert services.mark_issued(reward_ids=[on_its_way.id], at=NOW, now=NOW) == []
    assert where(budget) == (5000, 0, 0, 0)


def test_a_refund_stops_a_delivery_that_can_be_stopped(budget, on_its_way):
    refund()
    assert queries.get_reward(on_its_way.id).state == "cancelled"
    assert where(budget) == (5000, 0, 0, 0)


def test_a_partial_refund_makes_the_delivery_smaller(budget, on_its_way):
    refund(3)
    assert queries.get_reward(on_its_way.id).state == "issuing"
    services.mark_issued(reward_ids=[on_its_way.id], at=NOW, now=NOW)
    assert where(budget) == (4300, 0, 700, 0)


@pytest.mark.parametrize(("part", "state", "owed"), [(3, "issued", 300), (10, "clawed_back", 1000)])
def test_a_refund_waits_for_a_delivery_that_cannot_be_stopped(budget, on_its_way, stoppable, part, state, owed):
    stoppable["now"] = False
    refund(part)
    refund(part)
    assert where(budget) == (4000, 1000, 0, 0)
    services.mark_issued(reward_ids=[on_its_way.id], at=NOW, now=NOW)
    assert (queries.get_reward(on_its_way.id).state, queries.get_reward(on_its_way.id).owed_minor) == (state, owed)
    assert where(budget) == (4000, 0, 1000 - owed, owed)


def test_a_refund_that_met_it_half_way_moves_nothing_when_it_returns(budget, on_its_way, stoppable):
    stoppable["now"] = False
    refund()
    give_back(on_its_way)
    assert where(budget) == (5000, 0, 0, 0)


@pytest.mark.parametrize("first", ["refund", "return"])
@pytest.mark.parametrize(("part", "state"), [(3, "issued"), (10, "clawed_back")])
def test_what_was_refunded_is_taken_back_when_it_arrives_after_all(budget, on_its_way, stoppable, first, part, state):
    stoppable["now"] = False
    for act in ("refund", "return") if first == "refund" else ("return", "refund"):
        refund(part) if act == "refund" else give_back(on_its_way)
    services.mark_issued_late(reward_ids=[on_its_way.id], at=NOW, now=NOW)
    seen = queries.get_reward(on_its_way.id)
    assert (seen.state, seen.clawed_amount, seen.owed_minor) == (state, part * 100, part * 100)
    assert where(budget) == (4000, 0, 1000 - part * 100, part * 100)


def give_back(reward: RewardView) -> None:
    services.return_unissued(reward_ids=[reward.id], reason="recipient_did_not_confirm", at=NOW, now=NOW)


def test_what_staff_took_back_under_way_keeps_its_reason_who_and_why(budget, on_its_way, stoppable):
    stoppable["now"] = False
    review = services.propose_review(
        act="claw_back", reward_ids=[on_its_way.id], reason="self_referral", note="Same flat", key="1", actor=7, day=HOLD, now=NOW
    )  # fmt: skip
    assert [item.outcome for item in review.items] == ["on_arrival"]
    planned = queries.list_reward_changes(on_its_way.id)[-1]
    said = ("self_referral", 7, "Same flat")
    assert (planned.kind, planned.amount, planned.minor) == ("to_take_back", 1000, 0)
    assert (planned.reason, planned.actor, planned.note) == said
    refund()
    services.mark_issued(reward_ids=[on_its_way.id], at=NOW, now=NOW)
    taken = queries.list_reward_changes(on_its_way.id)[-1]
    assert (taken.to_state, taken.kind, taken.reason, taken.actor, taken.note) == ("clawed_back", "taken_back", *said)


def test_the_history_says_what_will_be_taken_back(client, on_its_way, stoppable):
    client.force_login(make_user("administrator"))
    stoppable["now"] = False
    refund()
    for language, words in (("en", "Will be taken back when it arrives"), ("zh-hans", "到达后收回")):
        page = client.get(f"/rewards/{on_its_way.id}", headers={"accept-language": language})
        assert words in page.content.decode()


def test_totals_count_what_is_under_way_apart(budget, on_its_way):
    totals = queries.get_programme_totals(9)
    assert (totals.granted.count, totals.held.count, totals.issuing.count, totals.issued.count) == (1, 0, 1, 0)
    assert totals.net_minor == 1000
