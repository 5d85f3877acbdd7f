"""The proof goes on from where it was, finds what somebody changed behind the ledger's back, and balances of any instant agree."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liebian.ledger import queries, services
from liebian.ledger.models import Account, Entry, Posting
from liebian.ledger.services import proving, segments
from liebian.ledger.tests.support import run_threads
from liebian.ledger.types import AccountRef, EntryDraft, move

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 4, tzinfo=UTC)
WORLD = AccountRef("world:test", "world", "CNY/2")
POT = AccountRef("pot", "budget", "CNY/2")


def post(
    number: int, amount: int = 10, at: datetime = NOW, now: datetime | None = None, target: AccountRef = POT
) -> int:
    draft = EntryDraft(f"e{number}", "fund", move(WORLD, target, amount), at)
    return services.post(entry=draft, now=now or at).id


@contextmanager
def past_open():
    """As somebody with the database's own rights would do it: without its triggers."""
    names = ("ledger_entry", "ledger_posting")
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for name in names:
                cursor.execute(f"ALTER TABLE {name} DISABLE TRIGGER {name}_append_only")
            yield
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for name in names:
                cursor.execute(f"ALTER TABLE {name} ENABLE TRIGGER {name}_append_only")
            return
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('ledger_entry', 'ledger_posting')"
        )
        triggers = cursor.fetchall()
        for name, _sql in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        yield
        for _name, sql in triggers:
            cursor.execute(sql)


def kinds(**asked: bool) -> list[str]:
    return sorted(each.kind for each in services.prove(now=NOW, **asked).findings)


def test_the_proof_counts_only_what_is_new_and_chains_its_digest():
    post(1)
    first = services.prove(now=NOW)
    post(2)
    post(3)
    second = services.prove(now=NOW)
    third = services.prove(now=NOW)
    assert [(p.n_new, p.n_entries, p.holds) for p in (first, second, third)] == [
        (1, 1, True),
        (2, 3, True),
        (0, 3, True),
    ]
    assert first.digest != second.digest == third.digest
    assert queries.find_last_proof() == third


def test_an_empty_ledger_holds():
    proof = services.prove(now=NOW)
    assert (proof.holds, proof.n_entries, proof.digest) == (True, 0, "")


def test_a_balance_that_was_changed_beside_its_postings_is_found():
    post(1)
    services.prove(now=NOW)
    post(2)
    Account.objects.filter(code="pot").update(balance=21)
    proof = services.prove(now=NOW)
    assert {(f.kind, f.what, f.expected, f.found) for f in proof.findings} == {
        ("balance_off", "pot", 20, 21),
        ("asset_off", "CNY/2", 0, 1),
    }


def test_two_balances_that_were_changed_alike_are_found_by_a_full_proof():
    post(1)
    post(2, target=AccountRef("other", "budget", "CNY/2"))
    services.prove(now=NOW)
    Account.objects.filter(code="pot").update(balance=9)
    Account.objects.filter(code="other").update(balance=11)
    assert kinds() == []
    assert kinds(is_full=True) == ["balance_off", "balance_off"]


def test_an_entry_that_does_not_sum_to_zero_is_found_once_it_is_new():
    entry = post(1)
    pot = Account.objects.get(code="pot")
    Posting.objects.create(entry_id=entry, account=pot, amount=5)
    proof = services.prove(now=NOW)
    assert ("entry_unbalanced", str(entry), 0, 5) in {(f.kind, f.what, f.expected, f.found) for f in proof.findings}


@pytest.mark.parametrize("change", ["amount", "time", "removed", "added"])
def test_a_past_that_was_changed_is_found_though_it_still_adds_up(change: str):
    entry = post(1)
    services.prove(now=NOW)
    with past_open():
        if change == "amount":
            for row in Posting.objects.filter(entry=entry):
                Posting.objects.filter(pk=row.pk).update(amount=row.amount * 2)
            Account.objects.filter(code="pot").update(balance=20)
            Account.objects.filter(code="world:test").update(balance=-20)
        elif change == "time":
            Entry.objects.filter(pk=entry).update(effective_at=NOW - timedelta(days=1))
        elif change == "removed":
            Posting.objects.filter(entry=entry).delete()
        else:
            pot = Account.objects.get(code="pot")
            Posting.objects.create(entry_id=entry, account=pot, amount=5)
            Posting.objects.create(entry_id=entry, account=pot, amount=-5)
    assert "past_changed" in kinds()


def test_every_night_reads_the_segment_again_that_waited_longest(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(proving, "SEGMENT_ENTRIES", 2)
    entries = [post(number) for number in range(6)]
    services.prove(now=NOW)
    with past_open():
        Entry.objects.filter(pk=entries[3]).update(kind="grant")
    nights = [NOW + timedelta(days=n) for n in range(1, 4)]
    found = [[f.what for f in services.prove(now=night).findings] for night in nights]
    changed = [f"{entries[2]}-{entries[3]}"]
    assert found == [[], changed, changed]
    assert kinds(is_full=True) == ["past_changed"]


def test_what_is_off_is_told_by_every_proof_until_it_is_put_right(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(proving, "SEGMENT_ENTRIES", 1)
    entries = [post(number) for number in range(4)]
    services.prove(now=NOW)
    with past_open():
        Entry.objects.filter(pk=entries[2]).update(kind="grant")
    Account.objects.filter(code="pot").update(balance=41)
    lonely = post(4, target=AccountRef("lonely", "budget", "CNY/2"))
    pot = Account.objects.get(code="pot")
    with past_open():
        extra = Posting.objects.create(entry_id=lonely, account=pot, amount=5)
    found = [kinds(is_full=True), kinds(), kinds(), kinds(is_full=True)]
    assert found == [["asset_off", "balance_off", "entry_unbalanced", "past_changed"]] * 4
    with past_open():
        Entry.objects.filter(pk=entries[2]).update(kind="fund")
        extra.delete()
    Account.objects.filter(code="pot").update(balance=40)
    assert "entry_unbalanced" not in kinds()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), size=st.integers(1, 60))
def test_balances_of_any_instant_agree_with_the_postings(seed: int, size: int, monkeypatch: pytest.MonkeyPatch):
    """Statements change how a balance is read, never what it is: late entries, begun hours, segments of any size."""
    monkeypatch.setattr(proving, "SEGMENT_ENTRIES", 7)
    monkeypatch.setattr(segments, "BUSY", 5)
    chance, told = Random(seed), []
    with transaction.atomic():
        for number in range(size):
            known = NOW + timedelta(minutes=17 * number)
            at = known - timedelta(minutes=chance.choice([0, 0, 0, 5, 61, 3000]))
            amount = chance.randint(1, 50)
            post(seed * 100 + number, amount, at, known)
            told.append((at, known, amount))
            if chance.random() < 0.2:
                assert services.prove(now=known).holds
        for _ in range(10):
            instant, known_at = (NOW + timedelta(minutes=chance.randint(-3000, 1100)) for _ in range(2))
            assert queries.balance_as_of("pot", instant) == sum(n for at, _, n in told if at < instant)
            assert queries.balance_as_of("pot", instant, known_at=known_at) == sum(
                n for at, known, n in told if at < instant and known < known_at
            )
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_proofs_among_many_writers_leave_no_entry_out():
    """Whoever drew a smaller number may commit later than whoever drew a larger one; the proof waits for both."""

    def act(number: int) -> None:
        if number % 10 == 0:
            services.prove(now=NOW)
        else:
            post(number, target=AccountRef(f"pot:{number % 4}", "budget", "CNY/2"))

    run_threads(act, range(120), workers=8)
    proof = services.prove(now=NOW, is_full=True)
    assert (proof.findings, proof.n_entries) == ((), 108)
