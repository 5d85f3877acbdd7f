"""The ledger's pages say where the money is and lead to what is behind each number."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client

from liebian.access.tests.factories import make_user
from liebian.ledger import services
from liebian.ledger.types import AccountRef, EntryDraft, move

pytestmark = pytest.mark.django_db(databases="__all__")
NOW = datetime(2026, 6, 1, 4, tzinfo=UTC)
WORLD = AccountRef("world:budget:3", "world", "CNY/2", book="budget:3", title="Dragon boat")
BUDGET = AccountRef("budget:3", "budget", "CNY/2", book="budget:3", title="Dragon boat")
RESERVED = AccountRef("reserved:3", "reserved", "CNY/2", book="budget:3", title="Dragon boat")
POINTS_WORLD = AccountRef("world:POINTS/0", "world", "POINTS/0", book="points")
POINTS = AccountRef("points:5", "points", "POINTS/0", book="points")


def post(key: str, kind: str, legs, subject: str = "", **memo) -> int:
    draft = EntryDraft(key=key, kind=kind, legs=legs, effective_at=NOW, subject=subject, memo=memo)
    return services.post(entry=draft, now=NOW).id


@pytest.fixture
def staff() -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(make_user("viewer"))
    return client


@pytest.fixture
def booked() -> list[int]:
    return [
        post("fund", "fund", move(WORLD, BUDGET, 6_000_000)),
        post("grant", "grant", move(BUDGET, RESERVED, 899_000), subject="order:1"),
        post("points", "release", move(POINTS_WORLD, POINTS, 300), subject="order:2"),
    ]


def read(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def test_an_empty_ledger_says_what_comes_first(staff):
    assert "Nothing has been booked yet" in read(staff, "/ledger")


def test_a_budget_is_shown_as_a_flow_that_sums_to_zero(staff, booked):
    page = read(staff, "/ledger")
    assert "¥60,000.00 in all: ¥51,010.00 still available" in page
    assert "−60,000.00 + 51,010.00 + 8,990.00 = 0.00" in page
    assert 'href="/ledger/accounts/reserved:3"' in page
    assert "Put money in" not in page


def test_points_have_a_page_of_their_own(staff, booked):
    page = read(staff, "/ledger?asset=POINTS")
    assert "300 points" in page
    assert "¥" not in page.split('id="entries"')[1].split("</section>")[0]


def test_a_flow_of_many_accounts_leads_to_their_entries(staff, booked):
    other = AccountRef("points:6", "points", "POINTS/0", book="points")
    entry_id = post("more", "release", move(POINTS_WORLD, other, 5))
    page = read(staff, "/ledger?asset=POINTS/0")
    assert "2 accounts" in page
    address = page.split("305 points</a>")[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    entries = read(staff, address).split('id="entries"')[1]
    assert f"/ledger/entries/{entry_id}" in entries and f"/ledger/entries/{booked[0]}" not in entries


def test_entries_are_filtered_by_cause_kind_and_account(staff, booked):
    only = read(staff, "/ledger?subject=order:1").split('id="entries"')[1]
    assert f"/ledger/entries/{booked[1]}" in only and f"/ledger/entries/{booked[0]}" not in only
    only = read(staff, "/ledger?kind=fund").split('id="entries"')[1]
    assert f"/ledger/entries/{booked[0]}" in only and f"/ledger/entries/{booked[1]}" not in only
    assert "No entry matches" in read(staff, "/ledger?subject=order:404")


@pytest.mark.parametrize("nonsense", ["before=x", "after=-1", "asset=GOLD", "before=99999999999999999999", "book=%00"])
def test_a_nonsense_address_is_no_error(staff, booked, nonsense):
    read(staff, f"/ledger?{nonsense}")


def test_long_lists_are_paged_both_ways(staff):
    for number in range(35):
        post(f"k{number}", "fund", move(WORLD, BUDGET, 1 + number))
    first = read(staff, "/ledger")
    assert 'rel="next"' in first and 'rel="prev"' not in first
    older = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = read(staff, f"/ledger{older}")
    assert 'rel="prev"' in second and 'rel="next"' not in second


def test_an_account_shows_what_it_held_on_a_day(staff, booked):
    page = read(staff, "/ledger/accounts/budget:3?day=2026-05-31")
    assert "¥51,010.00" in page and "¥0.00" in page
    assert read(staff, "/ledger/accounts/world:POINTS/0")
    assert staff.get("/ledger/accounts/nobody").status_code == 404


def test_an_entry_shows_both_ends_its_reason_and_its_reversal(staff, booked):
    undone = services.reverse(entry_id=booked[1], key="undo", now=NOW)
    page = read(staff, f"/ledger/entries/{booked[1]}")
    assert "−¥8,990.00" in page and "This entry was reversed" in page
    assert f"/ledger/entries/{booked[1]}" in read(staff, f"/ledger/entries/{undone.id}")
    assert staff.get("/ledger/entries/999999999").status_code == 404


def test_who_may_fund_is_offered_to(booked):
    client = Client(headers={"accept-language": "en"})
    client.force_login(make_user("operator"))
    assert "/ledger/budgets/3/fund" in read(client, "/ledger")
