"""A pool carries exactly what all its parts hold together, and those who draw from it do not wait for each other."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liebian.ledger import queries, services
from liebian.ledger.rules import level_parts
from liebian.ledger.tests.support import prove_zero, run_threads
from liebian.ledger.tests.test_post import NOW, PAID, WORLD, balance
from liebian.ledger.types import EntryDraft, InsufficientFunds, PoolRef, move

pytestmark = pytest.mark.django_db(databases="__all__")
POOL = PoolRef("pool:t", "budget", "CNY/2", shards=8, book="t")


@pytest.fixture(autouse=True)
def _always_zero():
    yield
    assert all(proof.holds for proof in prove_zero())


def fill(amount: int, pool: PoolRef = POOL) -> None:
    services.post(entry=EntryDraft("fill", "fund", move(WORLD, pool.part(0), amount), NOW), now=NOW)


def draw(number: int, amount: int = 10, pool: PoolRef = POOL) -> EntryDraft:
    cause = f"order:{number}"
    return EntryDraft(f"grant:{number}", "grant", move(pool.part_for(cause), PAID, amount), NOW, cause)


def post(*entries: EntryDraft, pool: PoolRef = POOL) -> list[bool]:
    outcomes = services.post_each_pooled(entries=entries, pools=[pool], now=NOW)
    return [not isinstance(each, InsufficientFunds) for each in outcomes]


def test_a_part_that_is_short_is_filled_from_the_others():
    fill(100)
    assert all(post(*(draw(number) for number in range(10))))
    assert post(draw(10)) == [False]
    assert (queries.get_pool_balance(POOL), balance(PAID)) == (0, 100)


def test_one_entry_may_need_what_all_parts_hold():
    fill(100)
    post(*(draw(number, 1) for number in range(20)))
    assert post(draw(99, 80)) == [True]
    assert queries.get_pool_balance(POOL) == 0


def test_repeats_draw_once_and_refusals_may_be_tried_again():
    fill(30)
    assert post(draw(1), draw(2), draw(3), draw(4)) == [True, True, True, False]
    assert post(draw(1), draw(2), draw(3), draw(4)) == [True, True, True, False]
    services.post(entry=EntryDraft("more", "fund", move(WORLD, POOL.part(5), 10), NOW), now=NOW)
    assert post(draw(4)) == [True]


def test_another_number_of_parts_keeps_the_total():
    fill(101)
    post(*(draw(number, 1) for number in range(8)))
    for shards in (3, 1, 64):
        before = POOL if shards == 3 else PoolRef("pool:t", "budget", "CNY/2", 3 if shards == 1 else 1, "t")
        after = PoolRef("pool:t", "budget", "CNY/2", shards, "t")
        services.reshard(before=before, after=after, now=NOW)
        services.reshard(before=before, after=after, now=NOW)
        assert queries.get_pool_balance(after) == 93
    assert post(*(draw(100 + n, pool=after) for n in range(10)), pool=after) == [True] * 9 + [False]


def test_a_cause_always_draws_from_the_same_part():
    assert {POOL.part_for("order:7").code for _ in range(5)} == {POOL.part_for("order:7").code}
    assert len({POOL.part_for(f"order:{n}").code for n in range(200)}) == 8


@given(st.integers(0, 50), st.lists(st.integers(0, 20), min_size=1, max_size=9))
@settings(max_examples=100, deadline=None)
def test_levelling_keeps_the_total_and_meets_every_need(spare: int, needs: list[int]):
    total = sum(needs) + spare
    parts = level_parts(total, needs)
    assert sum(parts) == total
    assert all(part >= need for part, need in zip(parts, needs, strict=True))


@pytest.mark.django_db(transaction=True, databases="__all__")
@pytest.mark.parametrize("retries", [1, 5])
def test_however_many_draw_at_once_the_pool_is_never_overdrawn_and_wholly_used(retries: int):
    fill(1000)
    numbers = [number for number in range(200) for _ in range(retries)]
    answers = run_threads(lambda number: (number, post(draw(number))[0]), numbers, workers=8)
    assert sum(dict(answers).values()) == 100
    assert (queries.get_pool_balance(POOL), balance(PAID)) == (0, 1000)
