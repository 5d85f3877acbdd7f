"""Virtual gifts: a code of a pool for each reward, exactly as it was imported, given at once and never taken back."""

from __future__ import annotations

import pytest

from liebian.core.errors import LiebianError
from liebian.ledger.tests.support import prove_zero
from liebian.rewards import queries, services
from liebian.rewards.tests.factories import HOLD, NOW, make_budget, make_grant
from liebian.rewards.tests.gift_shop import promise, refund, state_of
from liebian.rewards.types import OfferDraft, OfferView, PoolView

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def card() -> OfferView:
    return services.create_offer(draft=OfferDraft("code", "Cinema card", "CNY", 1000), now=NOW)


@pytest.fixture
def pool(card) -> PoolView:
    return services.create_pool(offer_id=card.id, name="June", kind="rewards", low_at=1, now=NOW)


def fill(pool: PoolView, *codes: str, key: str = "1") -> list[tuple[int, str, str]]:
    told = services.import_codes(pool_id=pool.id, rows=enumerate(codes, 2), idempotency_key=key, now=NOW)
    return list(told.rejected)


def test_a_code_is_given_at_once_and_as_it_was_imported(card, pool):
    assert fill(pool, " aB3$-x/9 ", "two words", "aB3$-x/9", "AB3$-X/9") == [
        (3, "two words", "bad_code"),
        (4, "aB3$-x/9", "twice_in_file"),
    ]
    rewards = promise(card, 2)
    assert [state_of(each)[0] for each in rewards] == ["issued", "issued"]
    assert [queries.find_code_of(each) for each in rewards] == ["aB3$-x/9", "AB3$-X/9"]
    assert queries.get_pool(pool.id).n_left == 0
    assert queries.find_pool_of("aB3$-x/9") is not None
    assert all(proof.holds for proof in prove_zero())


def test_an_empty_pool_refuses_at_once(card, pool):
    [reward] = promise(card)
    assert state_of(reward) == ("refused", "stock_empty")
    fill(pool, "late-1")
    [second] = promise(card, start=2)
    assert (state_of(second)[0], queries.find_code_of(second)) == ("issued", "late-1")


def test_a_known_code_cannot_come_back_so_a_refund_is_owed(card, pool):
    fill(pool, "code-1")
    [reward] = promise(card)
    refund()
    assert state_of(reward)[0] == "clawed_back"
    assert queries.get_reward(reward.id).owed_minor == 1000


def test_a_refund_in_time_leaves_the_code_to_the_next(card, pool):
    fill(pool, "code-1")
    budget = make_budget(funded=1000)
    [outcome] = services.grant_pairs(grants=[make_grant(budget, 1, ("referee", card))], now=NOW)
    assert queries.get_pool(pool.id).n_left == 0
    refund()
    services.release_due(day=HOLD, now=NOW)
    assert (state_of(outcome.reward)[0], queries.find_code_of(outcome.reward)) == ("cancelled", "")
    assert queries.get_pool(pool.id).n_left == 1


@pytest.mark.parametrize("kind", ["open", "retail"])
def test_its_codes_are_for_rewards_only(card, kind):
    with pytest.raises(LiebianError, match="virtual gift"):
        services.create_pool(offer_id=card.id, name="x", kind=kind, low_at=0, now=NOW)
