"""What `post` promises: all or nothing, once per key, never below zero, always summing to zero, never rewritten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from liebian.core.errors import Conflict, Invalid, NotFound
from liebian.ledger import queries, services
from liebian.ledger.services import posting
from liebian.ledger.tests.support import list_unbalanced_entries, prove_zero, run_threads
from liebian.ledger.types import AccountRef, EntryDraft, InsufficientFunds, Leg, move

pytestmark = pytest.mark.django_db(databases="__all__")

NOW = datetime(2026, 6, 1, tzinfo=UTC)
WORLD = AccountRef("world:t", "world", "CNY/2", book="t")
BUDGET = AccountRef("budget:t", "budget", "CNY/2", book="t", title="Test")
PAID = AccountRef("paid:t", "paid_out", "CNY/2", book="t")
POINTS_WORLD = AccountRef("world:points", "world", "POINTS/0")
POINTS = AccountRef("points:1", "points", "POINTS/0")


def draft(key: str, legs: tuple[Leg, ...], kind: str = "fund", at: datetime = NOW, subject: str = "") -> EntryDraft:
    return EntryDraft(key=key, kind=kind, legs=legs, effective_at=at, subject=subject)


def fund(amount: int = 1000, key: str = "fund") -> int:
    return services.post(entry=draft(key, move(WORLD, BUDGET, amount)), now=NOW).id


def balance(ref: AccountRef) -> int:
    return queries.list_balances([ref.code])[ref.code]


def test_an_entry_moves_its_legs_and_says_so():
    entry = queries.get_entry(fund())
    assert [(p.account, p.amount) for p in entry.postings] == [("world:t", -1000), ("budget:t", 1000)]
    assert (balance(WORLD), balance(BUDGET)) == (-1000, 1000)


def test_the_same_key_and_body_is_the_same_entry():
    first = fund()
    assert fund() == first
    assert balance(BUDGET) == 1000


def test_the_same_key_with_another_body_posts_nothing():
    fund(1000)
    with pytest.raises(Conflict) as caught:
        fund(2000)
    assert caught.value.code == "idempotency_mismatch"
    assert balance(BUDGET) == 1000


def test_two_bodies_under_one_key_in_one_call_are_refused():
    with pytest.raises(Conflict) as caught:
        services.post_many(entries=[draft("k", move(WORLD, BUDGET, 1)), draft("k", move(WORLD, BUDGET, 2))], now=NOW)
    assert caught.value.code == "idempotency_mismatch"
    assert queries.find_account(BUDGET.code) is None


def test_what_does_not_sum_to_zero_per_asset_is_refused():
    with pytest.raises(Invalid) as caught:
        services.post(entry=draft("k", (Leg(WORLD, -5), Leg(POINTS, 5))), now=NOW)
    assert caught.value.code == "entry_unbalanced"
    assert prove_zero() == []


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        (1.0, "amount_not_integer"),
        (Decimal(1), "amount_not_integer"),
        (True, "amount_not_integer"),
        (0, "amount_out_of_range"),
        (10**15 + 1, "amount_out_of_range"),
    ],
)
def test_an_amount_is_a_whole_number(amount: Any, code: str):
    with pytest.raises(Invalid) as caught:
        services.post(entry=draft("k", (Leg(WORLD, -amount), Leg(BUDGET, amount))), now=NOW)
    assert caught.value.code == code
    assert queries.find_account(BUDGET.code) is None


def test_no_account_but_world_goes_below_zero():
    fund(100)
    with pytest.raises(InsufficientFunds) as caught:
        services.post(entry=draft("pay", move(BUDGET, PAID, 101), kind="pay"), now=NOW)
    assert caught.value.code == "insufficient_funds"
    assert caught.value.account == "budget:t"
    assert (balance(BUDGET), balance(PAID)) == (100, 0)


def test_many_are_all_or_nothing():
    fund(100)
    with pytest.raises(InsufficientFunds):
        services.post_many(entries=[draft(f"pay{n}", move(BUDGET, PAID, 60), kind="pay") for n in range(2)], now=NOW)
    assert balance(BUDGET) == 100


def test_each_posts_in_order_what_fits():
    fund(100)
    entries = [draft(f"pay{n}", move(BUDGET, PAID, amount), kind="pay") for n, amount in enumerate((60, 60, 40))]
    outcomes = services.post_each(entries=entries, now=NOW)
    assert [isinstance(each, InsufficientFunds) for each in outcomes] == [False, True, False]
    assert (balance(BUDGET), balance(PAID)) == (0, 100)
    again = services.post_each(entries=entries, now=NOW)
    assert [isinstance(each, InsufficientFunds) for each in again] == [False, True, False]
    assert balance(PAID) == 100


def test_money_that_arrives_in_the_same_call_can_be_spent_in_it():
    entries = [draft("in", move(WORLD, BUDGET, 50)), draft("out", move(BUDGET, PAID, 50), kind="pay")]
    assert len(services.post_many(entries=entries, now=NOW)) == 2
    assert balance(PAID) == 50


def test_an_account_keeps_its_kind_and_asset():
    fund()
    other = AccountRef(BUDGET.code, "budget", "USD/2")
    with pytest.raises(Conflict) as caught:
        services.post(entry=draft("usd", move(AccountRef("w", "world", "USD/2"), other, 1)), now=NOW)
    assert caught.value.code == "account_mismatch"


def test_a_reversal_undoes_an_entry_once():
    entry_id = fund()
    undone = services.reverse(entry_id=entry_id, key="undo", now=NOW)
    assert undone.reversal_of == entry_id
    assert (balance(WORLD), balance(BUDGET)) == (0, 0)
    assert services.reverse(entry_id=entry_id, key="undo", now=NOW).id == undone.id
    with pytest.raises(Conflict) as caught:
        services.reverse(entry_id=entry_id, key="undo again", now=NOW)
    assert caught.value.code == "already_reversed"


def test_a_reversal_is_not_reversed_and_an_unknown_entry_is_not_found():
    undone = services.reverse(entry_id=fund(), key="undo", now=NOW)
    with pytest.raises(Invalid):
        services.reverse(entry_id=undone.id, key="redo", now=NOW)
    with pytest.raises(NotFound):
        services.reverse(entry_id=10**9, key="nothing", now=NOW)


def test_a_reversal_may_not_overdraw():
    entry_id = fund(100)
    services.post(entry=draft("pay", move(BUDGET, PAID, 60), kind="pay"), now=NOW)
    with pytest.raises(InsufficientFunds):
        services.reverse(entry_id=entry_id, key="undo", now=NOW)


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_of_two_who_post_one_reference_at_once_on_other_accounts_one_is_told_so(monkeypatch):
    both_have_looked, look = Barrier(2, timeout=20), posting._check_references

    def look_together(*args: Any) -> None:
        look(*args)
        if connection.vendor == "postgresql":  # SQLite lets one write after the other
            both_have_looked.wait()

    def act(number: int) -> str:
        world = AccountRef(f"world:r{number}", "world", "CNY/2", book="t")
        pot = AccountRef(f"pot:r{number}", "budget", "CNY/2", book="t")
        entry = EntryDraft(f"r{number}", "fund", move(world, pot, 1), NOW, reference="WX-1")
        try:
            services.post(entry=entry, now=NOW)
        except Conflict as error:
            return f"{error.code} {error.details}"
        return "posted"

    monkeypatch.setattr(posting, "_check_references", look_together)
    assert sorted(run_threads(act, range(2))) == ["posted", "reference_taken {'reference': 'WX-1'}"]


def test_a_reference_belongs_to_one_entry():
    legs = move(WORLD, BUDGET, 5)
    first = EntryDraft(key="a", kind="fund", legs=legs, effective_at=NOW, reference="WX-1")
    again = EntryDraft(key="b", kind="fund", legs=legs, effective_at=NOW, reference="WX-1")
    stored = services.post(entry=first, now=NOW)
    assert services.post(entry=first, now=NOW).id == stored.id
    for entries in ([again], [EntryDraft("c", "fund", legs, NOW, reference="WX-2"), again]):
        with pytest.raises(Conflict) as caught:
            services.post_many(entries=entries, now=NOW)
        assert caught.value.code == "reference_taken"
    assert balance(BUDGET) == 5


def test_it_joins_the_transaction_of_its_caller():
    with pytest.raises(RuntimeError), transaction.atomic():
        fund()
        raise RuntimeError
    assert queries.list_entries().entries == ()


def test_the_database_refuses_a_negative_balance():
    fund()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_account SET balance = -1 WHERE code = 'budget:t'")


def test_the_proof_finds_a_balance_that_was_tampered_with():
    fund()
    assert all(proof.holds for proof in prove_zero())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ledger_account SET balance = 999 WHERE code = 'budget:t'")
    [proof] = prove_zero()
    assert (proof.holds, proof.n_mismatched, proof.balance_sum) == (False, 1, -1)
    assert list_unbalanced_entries() == []


def test_a_balance_as_of_counts_what_took_effect_before():
    fund(100, "a")
    services.post(entry=draft("b", move(WORLD, BUDGET, 5), at=NOW + timedelta(days=2)), now=NOW)
    assert queries.balance_as_of(BUDGET.code, NOW) == 0
    assert queries.balance_as_of(BUDGET.code, NOW + timedelta(days=2)) == 100
    assert queries.balance_as_of(BUDGET.code, NOW + timedelta(days=3)) == 105


def test_entries_are_paged_both_ways_by_key():
    ids = [fund(1, f"k{n}") for n in range(7)]
    first = queries.list_entries(limit=3)
    assert ([e.id for e in first.entries], first.newer) == (ids[:3:-1], None)
    second = queries.list_entries(limit=3, before=first.older)
    assert [e.id for e in second.entries] == ids[3:0:-1]
    last = queries.list_entries(limit=3, before=second.older)
    assert ([e.id for e in last.entries], last.older) == (ids[:1], None)
    back = queries.list_entries(limit=3, after=last.newer)
    assert [e.id for e in back.entries] == ids[3:0:-1]
    top = queries.list_entries(limit=3, after=back.newer)
    assert ([e.id for e in top.entries], top.newer) == (ids[:3:-1], None)


def test_entries_are_found_by_account_book_kind_and_subject():
    fund(100)
    services.post(entry=draft("pay", move(BUDGET, PAID, 60), kind="pay", subject="order:1"), now=NOW)
    assert queries.count_entries(account=PAID.code) == 1
    assert queries.count_entries(book="t") == 2
    assert queries.count_entries(asset="POINTS/0") == 0
    assert [e.kind for e in queries.list_entries(subject="order:1").entries] == ["pay"]
    assert queries.list_kinds() == ["fund", "pay"]


def test_a_book_shows_where_its_money_is():
    fund(100)
    services.post(entry=draft("pay", move(BUDGET, PAID, 60), kind="pay"), now=NOW)
    services.post(entry=draft("points", move(POINTS_WORLD, POINTS, 7), kind="pay"), now=NOW)
    [book] = queries.list_books(codes=["t"])
    assert {each.kind: each.balance for each in book.kinds} == {"world": -100, "budget": 40, "paid_out": 60}
    assert sum(each.balance for each in book.kinds) == 0
    assert queries.list_assets() == ["CNY/2", "POINTS/0"]
