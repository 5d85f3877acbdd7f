"""An entry with many postings is shown by what its accounts are, with counts and sums; each posting is a click away."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from django.test import Client
from django.utils import translation

from liebian.access.tests.factories import make_user
from liebian.ledger import queries, services
from liebian.ledger.types import AccountRef, EntryDraft, Leg
from liebian.ledger.views.words import say_entry, say_kind

pytestmark = pytest.mark.django_db(databases="__all__")
NOW = datetime(2026, 6, 1, 4, tzinfo=UTC)
ASSET = "POINTS/0"
WORLD = AccountRef(f"world:{ASSET}", "world", ASSET, book="points")
BREAKAGE = AccountRef("points_breakage", "points_breakage", ASSET, book="points")


def points(number: int) -> AccountRef:
    return AccountRef(f"points:{number}", "points", ASSET, book="points")


def night(n_customers: int) -> int:
    """Everybody's points expire in one entry: 1 for the first customer, 2 for the second, …"""
    amounts = {points(number): number for number in range(1, n_customers + 1)}
    total = sum(amounts.values())
    given = tuple(Leg(account, amount) for account, amount in amounts.items())
    taken = tuple(Leg(account, -amount) for account, amount in amounts.items())
    services.post(entry=EntryDraft("in", "points_earn", (Leg(WORLD, -total), *given), NOW), now=NOW)
    return services.post(entry=EntryDraft("out", "points_expire", (*taken, Leg(BREAKAGE, total)), NOW), now=NOW).id


@pytest.fixture
def staff() -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(make_user("viewer"))
    return client


def read(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_the_list_counts_the_accounts_in_place_of_naming_each(staff):
    entry_id = night(60)
    page = read(staff, "/ledger?asset=POINTS&kind=points_expire").split('id="entries"')[1]
    assert "Customers&#x27; points (60 accounts)" in page and "1,830 points" in page
    assert "/ledger/accounts/points:" not in page
    assert f"/ledger/entries/{entry_id}" in page and "/ledger/accounts/points_breakage" in page


def test_its_page_leads_to_every_posting_in_pieces(staff):
    entry_id = night(60)
    page = read(staff, f"/ledger/entries/{entry_id}")
    assert "Customers&#x27; points (60 accounts)" in page and "-1,830 points" in page.replace("−", "-")
    assert 'href="/ledger/accounts/points_breakage"' in page and "/ledger/accounts/points:1" not in page
    first = read(staff, f"/ledger/entries/{entry_id}?kind=points")
    assert len(re.findall(r'href="/ledger/accounts/points:\d+"', first)) == 50
    onward = re.search(r'href="(\?kind=points&amp;after=\d+)#postings"', first)[1].replace("&amp;", "&")
    rest = read(staff, f"/ledger/entries/{entry_id}{onward}")
    assert len(re.findall(r'href="/ledger/accounts/points:\d+"', rest)) == 10


def test_with_fifty_or_fewer_each_is_named(staff):
    page = read(staff, f"/ledger/entries/{night(49)}")
    assert len(re.findall(r'href="/ledger/accounts/points:\d+"', page)) == 49
    assert "49 accounts" not in page


def test_groups_say_what_postings_say_and_sum_to_zero():
    entry_id = night(60)
    whole, grouped = queries.get_entry(entry_id), queries.get_entry(entry_id, most=50)
    assert (whole.groups, grouped.postings) == ((), ())
    assert [(g.kind, g.n_accounts, g.amount, g.code) for g in grouped.groups] == [
        ("points", 60, -1830, ""), ("points_breakage", 1, 1830, "points_breakage"),
    ]  # fmt: skip
    assert sum(g.amount for g in grouped.groups) == sum(p.amount for p in whole.postings) == 0


@pytest.mark.parametrize("nonsense", ["kind=x%00", "kind=gold", "kind=points&after=x", "kind=points&after=99999999999"])
def test_a_nonsense_address_is_no_error(staff, nonsense):
    read(staff, f"/ledger/entries/{night(51)}?{nonsense}")


@pytest.mark.parametrize(("language", "word"), [("en", "points"), ("zh-hans", "积分")])
def test_everything_that_points_do_has_words(language, word):
    kinds = ("points", "points_pending", "points_reserved", "points_burned", "points_breakage", "points_debt",
             "points_receivable", "points_in_review")  # fmt: skip
    entries = ("points_earn", "points_activate", "points_expire", "points_burn", "points_reserve", "points_release", "points_restore",
               "points_claw", "points_debt_paid", "points_shortage", "points_transfer", "points_merge", "points_adjust")  # fmt: skip
    with translation.override(language):
        said = {code: say_kind(code) for code in kinds} | {f"entry {code}": say_entry(code) for code in entries}
    assert {code: text for code, text in said.items() if word not in text.lower() or "_" in text} == {}
