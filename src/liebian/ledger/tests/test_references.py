"""Whatever is written past the services, postings name entries and accounts that exist and go on existing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, connection, transaction

from liebian.ledger import services
from liebian.ledger.models import Account, Entry, Posting
from liebian.ledger.types import AccountRef, EntryDraft, move

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 4, tzinfo=UTC)
NOWHERE = 10**12


@pytest.fixture(autouse=True)
def _posted():
    world, pot = AccountRef("world:test", "world", "CNY/2"), AccountRef("pot", "budget", "CNY/2")
    services.post(entry=EntryDraft("e", "fund", move(world, pot, 10), NOW), now=NOW)


def run(statement: str, *given: int) -> None:
    """As its commit would see it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, given)
        connection.check_constraints()


@pytest.mark.parametrize("missing", ["entry", "account"])
@pytest.mark.parametrize("place", [0, 1])
def test_a_posting_of_several_that_names_nothing_is_refused(missing: str, place: int) -> None:
    good = (Entry.objects.get().pk, Account.objects.get(code="pot").pk)
    bad = (NOWHERE, good[1]) if missing == "entry" else (good[0], NOWHERE)
    rows = [good, good]
    rows[place] = bad
    with pytest.raises(IntegrityError):
        run(
            "INSERT INTO ledger_posting (entry_id, account_id, amount) VALUES (%s, %s, 1), (%s, %s, -1)",
            *rows[0],
            *rows[1],
        )
    assert Posting.objects.count() == 2


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM ledger_account WHERE id = %s", "UPDATE ledger_account SET id = id + 1000000 WHERE id = %s"],
)
def test_an_account_with_postings_stays(statement: str) -> None:
    pot = Account.objects.get(code="pot")
    with pytest.raises(IntegrityError):
        run(statement, pot.pk)
    assert Account.objects.get(code="pot").pk == pot.pk
