"""A wide entry is the entry of the same legs: it takes from every account or from none, once, and is proven like any other."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from liebian.core.errors import Conflict, Invalid, NotFound
from liebian.ledger import queries, services
from liebian.ledger.rules import hash_body, hash_wide
from liebian.ledger.tests.support import list_unbalanced_entries, prove_zero
from liebian.ledger.types import AccountRef, EntryDraft, InsufficientFunds, Leg, WideDraft, move

pytestmark = pytest.mark.django_db(databases="__all__")

NOW = datetime(2026, 6, 1, tzinfo=UTC)
WORLD = AccountRef("world:POINTS/0", "world", "POINTS/0", book="points")
GONE = AccountRef("points_breakage", "points_breakage", "POINTS/0", book="points")
THEIRS = [AccountRef(f"points:{number}", "points", "POINTS/0", book="points") for number in range(1, 4)]
WIDE = WideDraft("night", "points_expire", "points", {"points:1": 10, "points:2": 5}, GONE, NOW, {"lots": 3})


@pytest.fixture(autouse=True)
def _funded():
    legs = [leg for ref in THEIRS for leg in move(WORLD, ref, 10)]
    services.post(entry=EntryDraft("fund", "points_earn", tuple(legs), NOW), now=NOW)
    yield
    assert all(proof.holds for proof in prove_zero())
    assert list_unbalanced_entries() == []


def balances() -> list[int]:
    return list(queries.list_balances([*(ref.code for ref in THEIRS), GONE.code]).values())


def test_it_takes_from_all_and_gives_to_one_once():
    assert services.post_wide(entry=WIDE, now=NOW)
    assert not services.post_wide(entry=WIDE, now=NOW)
    assert balances() == [0, 5, 10, 15]
    [entry] = queries.list_entries(kind="points_expire").entries
    assert (entry.key, entry.memo, entry.effective_at) == ("night", {"lots": 3}, NOW)
    assert {(p.account, p.amount) for p in entry.postings} == {
        ("points:1", -10),
        ("points:2", -5),
        ("points_breakage", 15),
    }


def test_its_body_is_that_of_the_entry_of_the_same_legs():
    legs = (Leg(GONE, 15), Leg(THEIRS[1], -5), Leg(THEIRS[0], -10))
    same = EntryDraft("night", "points_expire", legs, NOW)
    assert hash_wide(WIDE) == hash_body(same)
    services.post_wide(entry=WIDE, now=NOW)
    services.post(entry=same, now=NOW)
    assert balances() == [0, 5, 10, 15]
    with pytest.raises(Conflict) as caught:
        services.post_wide(entry=replace(WIDE, taken={"points:1": 1}), now=NOW)
    assert caught.value.code == "idempotency_mismatch"


def test_nothing_is_taken_where_one_account_has_too_little():
    with pytest.raises(InsufficientFunds) as caught:
        services.post_wide(entry=replace(WIDE, taken={"points:1": 10, "points:2": 11}), now=NOW)
    assert caught.value.account == "points:2"
    assert balances() == [10, 10, 10, 0]


def test_accounts_have_to_exist_and_to_be_what_they_are_said_to_be():
    with pytest.raises(NotFound):
        services.post_wide(entry=replace(WIDE, taken={"points:1": 1, "points:9": 1}), now=NOW)
    with pytest.raises(Conflict) as caught:
        services.post_wide(entry=replace(WIDE, account_kind="points_pending"), now=NOW)
    assert caught.value.code == "account_mismatch"
    with pytest.raises(Conflict):
        services.post_wide(entry=replace(WIDE, target=replace(WORLD, kind="points_breakage")), now=NOW)
    assert balances() == [10, 10, 10, 0]


@pytest.mark.parametrize("taken", [{}, {"points:1": 0}, {"points:1": -1}, {"points:1": True}, {"points:1": 10**16}])
def test_nonsense_is_refused(taken):
    with pytest.raises(Invalid):
        services.post_wide(entry=replace(WIDE, taken=taken), now=NOW)
