"""Points that a person passes on, takes back, makes a debt or forgives: at once or agreed by two, as corrections are."""

from __future__ import annotations

from datetime import timedelta

import pytest

from liebian.access.queries import list_audit
from liebian.core.errors import Conflict
from liebian.ledger.tests.support import prove_zero
from liebian.rewards import queries, services
from liebian.rewards.models import Review
from liebian.rewards.tests.factories import NOW, TODAY
from liebian.rewards.types import (
    POINTS,
    PointsBurn,
    PointsClaw,
    PointsEarn,
    PointsOutcome,
    PointsTerms,
    PointsTransfer,
    PolicyView,
    ReviewView,
)

pytestmark = pytest.mark.django_db(databases="__all__")
ANN, BOB, CUSTOMER, FRIEND = 1, 2, 5, 6
ACTS = ["transfer", "take_back", "owe", "forgive"]
BEFORE = (100, 0, 40, 0)
AFTER = {
    "transfer": (70, 30, 40, 0),
    "take_back": (70, 0, 40, 0),
    "owe": (70, 0, 10, 0),
    "forgive": (100, 0, 10, 0),
}


@pytest.fixture(autouse=True)
def _a_customer_with_points_and_a_shortage():
    set_terms(may_transfer=True)
    earn("spent", 40)
    services.burn_points(burns=[PointsBurn("cart", CUSTOMER, 40, NOW)], now=NOW)
    services.claw_points(claws=[PointsClaw("spent", 40, NOW)], now=NOW)
    earn("visit", 100)
    assert standing() == BEFORE
    yield
    assert all(proof.holds for proof in prove_zero())
    assert queries.prove_lots() == []


def set_terms(*, may_transfer: bool) -> None:
    terms = PointsTerms("UTC", shortage="review", may_transfer=may_transfer)
    services.set_points_terms(asset=POINTS, terms=terms, actor=ANN, now=NOW - timedelta(days=1))


def earn(key: str, amount: int) -> None:
    services.earn_points(earns=[PointsEarn(key, CUSTOMER, amount, NOW)], now=NOW)


def policy(mode: str, from_points: int = 0) -> None:
    asked = PolicyView(mode, "CNY", 10_000, from_points)  # type: ignore[arg-type]
    services.set_review_policy(policy=asked, actor=ANN, now=NOW)


def standing() -> tuple[int, int, int, int]:
    own, friend = (queries.get_points_balance(who, at=NOW) for who in (CUSTOMER, FRIEND))
    return own.active, friend.active, own.in_review, own.debt


def act(name: str, amount: int = 30, key: str = "k") -> PointsOutcome:
    said = {"note": "asked by phone", "actor": ANN, "now": NOW}
    if name == "transfer":
        transfer = PointsTransfer(key, CUSTOMER, FRIEND, amount, NOW)
        return services.transfer_by_hand(transfer=transfer, **said)
    if name == "take_back":
        [lot] = [each for each in queries.list_lots(CUSTOMER) if each.amount == 100]
        return services.take_back_by_hand(customer_id=CUSTOMER, lot_id=lot.id, total=amount, key=key, at=NOW, **said)
    return services.decide_shortage(
        customer_id=CUSTOMER, amount=amount, make_debt=name == "owe", key=key, asset=POINTS, at=NOW, **said
    )


def decide(outcome: PointsOutcome, *, agree: bool = True, actor: int = BOB) -> ReviewView:
    assert outcome.review_id is not None
    return services.decide_review(review_id=outcome.review_id, agree=agree, note="", actor=actor, day=TODAY, now=NOW)


@pytest.mark.parametrize("name", ACTS)
def test_it_waits_for_somebody_else_and_then_happens_once(name: str) -> None:
    policy("always")
    asked = act(name)
    assert act(name).review_id == asked.review_id
    assert standing() == BEFORE
    with pytest.raises(Conflict) as caught:
        decide(asked, actor=ANN)
    assert (caught.value.code, standing()) == ("same_person", BEFORE)
    for _ in range(2):
        assert decide(asked).state == "agreed"
        assert standing() == AFTER[name]
    assert act(name).review_id in (asked.review_id, None)
    assert standing() == AFTER[name]


@pytest.mark.parametrize("name", ACTS)
def test_below_the_number_of_the_policy_one_person_suffices(name: str) -> None:
    policy("from", 31)
    done = act(name)
    assert (done.amount, done.review_id) == (30, None)
    assert standing() == AFTER[name] and [review.state for review in Review.objects.all()] == ["done"]
    policy("from", 10)
    before = standing()
    assert act(name, 40 if name == "take_back" else 10, key="2").review_id is not None
    assert standing() == before


@pytest.mark.parametrize(("name", "sign"), [("transfer", -1), ("take_back", -1), ("owe", -1), ("forgive", 1)])
def test_what_is_declined_moves_nothing_and_says_what_was_asked(name: str, sign: int) -> None:
    policy("always")
    asked = act(name)
    [waiting] = queries.list_waiting_corrections(CUSTOMER, POINTS)
    assert waiting.points is not None
    assert (waiting.act, waiting.points.amount) == (name, 30 * sign)
    assert waiting.points.receiver_id == (FRIEND if name == "transfer" else None)
    assert decide(asked, agree=False).state == "declined"
    assert act(name).review_id == asked.review_id
    assert standing() == BEFORE


@pytest.mark.parametrize("name", ACTS)
def test_one_key_is_one_act_with_one_figure(name: str) -> None:
    policy("always")
    act(name)
    for other, amount in ((name, 31), ("forgive" if name == "owe" else "owe", 30)):
        with pytest.raises(Conflict) as caught:
            act(other, amount)
        assert caught.value.code == "idempotency_mismatch"
    assert Review.objects.count() == 1


@pytest.mark.parametrize("mode", ["never", "always"])
@pytest.mark.parametrize(
    ("name", "amount", "change", "reason"),
    [
        ("transfer", 30, {"may_transfer": False}, "points_no_transfer"),
        ("transfer", 30, {"transfer_least": 31}, "points_transfer_size"),
        ("transfer", 101, {}, "points_short"),
        ("owe", 41, {}, "points_short"),
        ("forgive", 41, {}, "points_short"),
    ],
)
def test_what_nobody_could_agree_to_is_refused_at_once_and_leaves_no_trace(mode, name, amount, change, reason) -> None:
    policy(mode)
    terms = {"shortage": "review", "may_transfer": True, **change}
    services.set_points_terms(asset=POINTS, terms=PointsTerms("UTC", **terms), actor=ANN, now=NOW)
    refused = act(name, amount)
    assert (refused.reason, refused.review_id, standing()) == (reason, None, BEFORE)
    assert not Review.objects.exists()


def test_who_has_debts_or_gives_to_themselves_is_not_waited_for() -> None:
    policy("always")
    own = PointsTransfer("own", CUSTOMER, CUSTOMER, 30, NOW)
    said = {"note": "asked by phone", "actor": ANN, "now": NOW}
    assert services.transfer_by_hand(transfer=own, **said).reason == "points_no_transfer"
    decide(act("owe", 40))
    set_terms(may_transfer=True)
    services.set_points_terms(
        asset=POINTS, terms=PointsTerms("UTC", shortage="debt", may_transfer=True), actor=ANN, now=NOW
    )
    services.burn_points(burns=[PointsBurn("rest", CUSTOMER, 60, NOW)], now=NOW)
    services.claw_points(claws=[PointsClaw("visit", 100, NOW)], now=NOW)
    assert act("transfer", key="2").reason == "points_in_debt"


def test_what_the_terms_no_longer_allow_goes_on_waiting() -> None:
    policy("always")
    asked = act("transfer")
    services.set_points_terms(asset=POINTS, terms=PointsTerms("UTC"), actor=ANN, now=NOW)
    with pytest.raises(Conflict) as caught:
        decide(asked)
    assert (caught.value.code, standing()) == ("points_stay", BEFORE)
    assert queries.get_review(asked.review_id or 0).state == "waiting"


def test_what_is_gone_meanwhile_goes_on_waiting() -> None:
    policy("always")
    asked = act("transfer", 80)
    services.burn_points(burns=[PointsBurn("other", CUSTOMER, 50, NOW)], now=NOW)
    with pytest.raises(Conflict) as caught:
        decide(asked)
    assert (caught.value.code, queries.get_review(asked.review_id or 0).state) == ("points_short", "waiting")


def test_the_trail_names_who_asked_and_who_agreed() -> None:
    policy("always")
    decide(act("transfer"))
    told = {entry.action: entry.actor_id for entry in list_audit()}
    assert (told["points_transferred"], told["reward_review_agreed"]) == (ANN, BOB)
