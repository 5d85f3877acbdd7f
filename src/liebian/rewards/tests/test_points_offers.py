"""Rewards of points belong to a programme of points, and follow its terms."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from liebian.core.errors import Invalid
from liebian.ledger.queries import list_balances
from liebian.ledger.tests.support import prove_zero
from liebian.rewards import queries, services
from liebian.rewards.models import Offer
from liebian.rewards.tests.factories import HOLD, NOW, make_budget, make_grant, make_points
from liebian.rewards.tests.points_shop import VIP, set_terms
from liebian.rewards.types import OfferDraft, OfferView, PointsBurn
from liebian.rewards.views.words import say_units

pytestmark = pytest.mark.django_db(databases="__all__")


def make_offer(programme: str = "vip", kind: str = "points") -> OfferView:
    draft = OfferDraft(kind, "300 points", "CNY", 3000, points=300, points_programme=programme)  # type: ignore[arg-type]
    return services.create_offer(draft=draft, now=NOW)


def give(offer: OfferView) -> None:
    budget = make_budget(funded=10_000)
    services.grant_pairs(grants=[make_grant(budget, 1, ("referrer", offer))], now=NOW)
    while services.release_due(day=HOLD, now=NOW):
        pass


def has(asset: str) -> int:
    return queries.get_points_balance(1, at=NOW, asset=asset).active


def take_back() -> None:
    services.cancel_or_claw_back(qualification="order:1", refunded_minor=1, order_total_minor=1, at=NOW, now=NOW)


@pytest.fixture(autouse=True)
def _everything_adds_up():
    yield
    assert all(proof.holds for proof in prove_zero())
    assert queries.prove_lots() == []


def test_a_reward_reaches_its_programme_and_ends_as_its_terms_say():
    set_terms(expiry="days", expiry_count=10)
    give(make_offer())
    assert (has(VIP), has("POINTS/0")) == (300, 0)
    [lot] = queries.list_lots(1, asset=VIP)
    assert lot.expires_at is not None and lot.expires_at.isoformat() == "2026-06-11T16:00:00+00:00"
    take_back()
    assert has(VIP) == 0


@pytest.mark.parametrize(("shortage", "debt"), [("debt", 300), ("within_balance", 0)])
def test_what_is_gone_is_treated_as_the_terms_of_its_own_programme_say(shortage, debt):
    set_terms(shortage=shortage)
    give(make_offer())
    services.burn_points(burns=[PointsBurn("x", 1, 300, NOW, VIP)], now=NOW)
    take_back()
    assert queries.get_points_balance(1, at=NOW, asset=VIP).debt == debt
    assert list_balances(["points_debt:1"])["points_debt:1"] == 0, "the general points are not concerned"


def test_offers_from_before_there_was_a_choice_are_the_same_offers():
    old = make_points(300, 3000)
    assert make_offer("").id == old.id and old.points_programme == ""
    assert make_offer().id != old.id
    assert Offer.objects.get(pk=old.id).terms == {}
    assert queries.get_offer(make_offer().id).as_draft().points_programme == "vip"


def test_the_programme_is_named_where_points_are():
    for language, named, general in [("en", "300 points of vip", "300 points"), ("zh-hans", "300 vip积分", "300 积分")]:
        with override(language):
            assert (say_units(make_offer(), 300), say_units(make_offer(""), 300)) == (named, general)


@pytest.mark.parametrize(
    ("programme", "kind", "code"), [("a/b", "points", "points_asset"), ("vip", "gift", "offer_programme")]
)
def test_a_programme_that_makes_no_sense_is_refused(programme, kind, code):
    with pytest.raises(Invalid) as caught:
        make_offer(programme, kind)
    assert caught.value.code == code
