"""What pages say of all accounts together is what the accounts hold, however far the proof is; and they do not read them all."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

import pytest

from liebian.ledger import queries, services
from liebian.ledger.models import Account
from liebian.ledger.services import proving
from liebian.ledger.tests.support import run_threads
from liebian.ledger.types import AccountRef, EntryDraft, move

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 4, tzinfo=UTC)


def points(customer: int) -> AccountRef:
    return AccountRef(f"points:{customer}", "points", "POINTS/0", book="points")


def world(asset: str, book: str, title: str = "") -> AccountRef:
    return AccountRef(f"world:{book}", "world", asset, book=book, title=title)


def earn(number: int, customer: int) -> None:
    draft = EntryDraft(f"e{number}", "release", move(world("POINTS/0", "points"), points(customer), 1 + number), NOW)
    services.post(entry=draft, now=NOW)


@pytest.mark.parametrize("seed", range(4))
def test_they_agree_with_every_account_between_and_after_proofs(seed: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(proving, "SEGMENT_ENTRIES", 3)
    chance = Random(seed)
    for number in range(30):
        earn(number, chance.randint(1, 9))
        if chance.random() < 0.3:
            budget = AccountRef(f"budget:{number}", "budget", "CNY/2", book=f"budget:{number}", title=f"No. {number}")
            services.open_accounts(refs=[world("CNY/2", budget.book, budget.title), budget], now=NOW)
            if chance.random() < 0.5:
                fund = move(world("CNY/2", budget.book), budget, 100)
                services.post(entry=EntryDraft(f"f{number}", "fund", fund, NOW), now=NOW)
        if chance.random() < 0.3:
            services.prove(now=NOW)
        assert queries.list_books() == queries.count_books()
    assert [book.code for book in queries.list_books(codes=["points"])] == ["points"]
    assert {book.asset for book in queries.list_books(asset="CNY")} == {"CNY/2"}


def test_what_is_proven_is_not_read_again():
    """Balances that somebody changed show that no account was asked; the proof is there to find that."""
    for number in range(5):
        earn(number, number)
    services.prove(now=NOW)
    earn(5, 5)
    before = queries.list_books()
    Account.objects.filter(code="points:1").update(balance=77)
    assert queries.list_books() == before != queries.count_books()


@pytest.mark.django_db(transaction=True)
def test_they_sum_to_zero_while_many_post_and_prove():
    def act(number: int) -> list[int]:
        if number % 8 == 0:
            services.prove(now=NOW)
        elif number % 3 == 0:
            return [sum(kind.balance for kind in book.kinds) for book in queries.list_books()]
        else:
            earn(number, number % 20)
        return []

    assert {total for sums in run_threads(act, range(120), workers=8) for total in sums} <= {0}
    assert queries.list_books() == queries.count_books()
