"""What kinds of account held at any instant is what their postings say, whatever came late, however far the proof is; and kept sums that
were changed are found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from importlib import import_module
from random import Random

import pytest
from django.apps import apps
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from liebian.ledger import queries, services
from liebian.ledger.models import Account, DaySum, Entry, HourSum, Posting, Segment
from liebian.ledger.services import proving
from liebian.ledger.tests.support import run_threads
from liebian.ledger.types import AccountRef, EntryDraft, Leg, move

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 1, 16, tzinfo=UTC)
BOOKS = {"points": ("POINTS/0", "VIP/0"), "budget:1": ("CNY/2",), "budget:2": ("CNY/2",)}
LATE = [0, 0, 0, 1, 29, 61, 24 * 60, 3 * 24 * 60 + 7]
EDGES = [timedelta(0), timedelta(microseconds=1), timedelta(minutes=30), -timedelta(microseconds=1)]


def refs(book: str, asset: str, customer: int) -> tuple[AccountRef, AccountRef]:
    world = AccountRef(f"world:{book}:{asset}", "world", asset, book=book)
    return world, AccountRef(f"held:{book}:{asset}:{customer}", "points", asset, book=book)


def sum_postings(instant: datetime, known_at: datetime | None, books: set[str]) -> Mapping[tuple[str, str, str], int]:
    """From nothing but entries, postings and accounts, one by one."""
    sums: dict[tuple[str, str, str], int] = defaultdict(int)
    for row in Posting.objects.select_related("entry", "account"):
        if row.entry.effective_at < instant and (known_at is None or row.entry.inserted_at < known_at):
            sums[row.account.book, row.account.asset, row.account.kind] += row.amount
    return {what: amount for what, amount in sums.items() if what[0] in books and amount}


def act(chance: Random, number: int, key: str) -> None:
    """Post something of now or of the past, or take back what was posted; prove now and then."""
    known = NOW + timedelta(minutes=30 * number) + chance.choice(EDGES)
    at = known - timedelta(minutes=chance.choice(LATE))
    open_ones = Entry.objects.filter(reversal_of=None, reversal__isnull=True).order_by("id")
    if chance.random() < 0.15 and (first := open_ones.first()):
        services.reverse(entry_id=first.pk, key=f"{key}:{number}", now=known)
        return
    legs: list[Leg] = []
    for book in chance.sample(sorted(BOOKS), chance.randint(1, 2)):
        world, held = refs(book, chance.choice(BOOKS[book]), chance.randint(1, 4))
        legs += move(world, held, chance.randint(1, 50))
    services.post(entry=EntryDraft(f"{key}:{number}", "fund", tuple(legs), at), now=known)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), size=st.integers(1, 60))
def test_sums_of_any_instant_are_those_of_the_postings(seed: int, size: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(proving, "SEGMENT_ENTRIES", 7)
    chance = Random(seed)
    with transaction.atomic():
        for number in range(size):
            act(chance, number, f"{seed}")
            if chance.random() < 0.15:
                assert services.prove(now=NOW).holds
        for _ in range(8):
            hours = [NOW + timedelta(hours=chance.randint(-80, 31)) + chance.choice(EDGES) for _ in range(2)]
            instant, known_at = hours[0], chance.choice([None, hours[1]])
            books = set(chance.sample(sorted(BOOKS), chance.randint(1, 3)))
            found = queries.sum_kinds_as_of(books=books, instant=instant, known_at=known_at)
            assert {what: n for what, n in found.items() if n} == sum_postings(instant, known_at, books)
        assert services.prove(now=NOW, is_full=True).holds
        transaction.set_rollback(True)


def post(number: int, at: datetime) -> None:
    world, held = refs("points", "POINTS/0", number)
    services.post(entry=EntryDraft(f"e{number}", "fund", move(world, held, 10), at), now=NOW)


def test_what_is_proven_is_not_read_again():
    """Sums that somebody changed show that no posting was asked; the proof is there to find that."""
    post(1, NOW)
    services.prove(now=NOW)
    DaySum.objects.filter(what__kind="points").update(amount=77)
    later = NOW + timedelta(days=1)
    assert queries.sum_kinds_as_of(books=["points"], instant=later)["points", "POINTS/0", "points"] == 77


def unlock(change: Callable[[], object]) -> None:
    """As somebody with the database's own rights would do it: without its triggers."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE ledger_hour_sum DISABLE TRIGGER USER")
            change()
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("ALTER TABLE ledger_hour_sum ENABLE TRIGGER USER")
            return
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ledger_hour_sum'")
        triggers = cursor.fetchall()
        for name, _sql in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        change()
        for _name, sql in triggers:
            cursor.execute(sql)


def shift_days() -> None:
    """Of one kind, a day has more and another one less, so that the kind still adds up."""
    for row, by in zip(DaySum.objects.filter(what__kind="points").order_by("day"), (5, -5), strict=False):
        DaySum.objects.filter(pk=row.pk).update(amount=row.amount + by)


CHANGES: dict[str, Callable[[], object]] = {
    "one day": lambda: DaySum.objects.filter(what__kind="points").update(amount=11),
    "a day is gone": lambda: DaySum.objects.filter(what__kind="points", day=NOW.date()).delete(),
    "two days alike": shift_days,
    "an hour": lambda: unlock(lambda: HourSum.objects.filter(what__kind="points").update(amount=11)),
    "hours are gone": lambda: unlock(lambda: HourSum.objects.all().delete()),
    "an hour too many": lambda: HourSum.objects.create(
        what_id=DaySum.objects.values_list("what", flat=True)[0],
        segment=Segment.objects.get(),
        hour=NOW + timedelta(hours=5),
        amount=0,
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_kept_sums_that_were_changed_are_found_until_they_are_right(change: str):
    post(1, NOW)
    post(2, NOW - timedelta(days=2))
    assert services.prove(now=NOW).holds
    with transaction.atomic():
        CHANGES[change]()
        found = [
            {each.kind for each in services.prove(now=NOW, is_full=full).findings} for full in (False, True, False)
        ]
        assert found == [{"sums_off"}] * 3
        transaction.set_rollback(True)
    assert services.prove(now=NOW).holds


def test_days_of_segments_whose_turn_has_not_come_are_found_when_it_comes(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(proving, "SEGMENT_ENTRIES", 1)
    for number in range(4):
        post(number, NOW + timedelta(days=number))
    services.prove(now=NOW)
    shift_days()
    proofs = [services.prove(now=NOW + timedelta(days=n)) for n in range(1, 6)]
    assert all(proof.findings for proof in proofs[3:])


def test_an_installation_that_is_updated_keeps_the_sums_of_what_it_has_proven():
    for number in range(5):
        post(number, NOW + timedelta(hours=9 * number, minutes=number))
    services.prove(now=NOW)
    kept = [sorted(each.objects.values_list(*columns)) for each, columns in _COLUMNS.items()]
    DaySum.objects.all().delete()
    unlock(lambda: HourSum.objects.all().delete())
    migration = import_module("liebian.ledger.migrations.0140_sums_by_hour")
    migration.keep_what_is_proven(apps, None)
    assert [sorted(each.objects.values_list(*columns)) for each, columns in _COLUMNS.items()] == kept
    assert Account.objects.exists() and services.prove(now=NOW, is_full=True).holds


_COLUMNS = {HourSum: ("what", "segment", "hour", "amount"), DaySum: ("what", "day", "amount")}


@pytest.mark.django_db(transaction=True)
def test_they_sum_to_zero_while_many_post_and_prove():
    def work(number: int) -> list[int]:
        if number % 8 == 0:
            services.prove(now=NOW)
        elif number % 3 == 0:
            instant = NOW + timedelta(minutes=47 * number)
            return [sum(queries.sum_kinds_as_of(books=["points"], instant=instant).values())]
        else:
            post(number, NOW + timedelta(minutes=47 * (number % 30)))
        return []

    assert {total for sums in run_threads(work, range(120), workers=8) for total in sums} <= {0}
