"""The proofs of the nights have a page; a full proof is asked for there and run by the worker; an account answers for any instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from liebian.access.tests.factories import make_user
from liebian.ledger import queries, services
from liebian.ledger.models import Account
from liebian.ledger.services import proving
from liebian.ledger.tests.test_pages import BUDGET, NOW, RESERVED, WORLD, post, read
from liebian.ledger.types import EntryDraft, move

pytestmark = pytest.mark.django_db(databases="__all__")


def sign_in(role: str, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(make_user(role))
    return client


def clock() -> datetime:
    return datetime(2026, 6, 2, tzinfo=UTC)


def test_before_the_first_night_the_page_says_so():
    page = read(sign_in("viewer"), "/ledger/proofs")
    assert "Nothing was proven yet." in page and 'action="/ledger/proofs/full"' not in page


def test_the_page_shows_the_last_proof_its_digest_and_the_chain():
    post("1", "fund", move(WORLD, BUDGET, 100))
    proof = services.prove(now=NOW)
    client = sign_in("viewer")
    page = read(client, "/ledger/proofs")
    assert "The last proof held." in page and page.count(proof.digest) == 1 and proof.digest[:16] in page
    post("2", "fund", move(WORLD, BUDGET, 1))
    assert "1 came since" in read(client, "/ledger/proofs")


def test_a_full_proof_is_asked_for_once_run_by_the_worker_and_tells_how_far_it_is(monkeypatch):
    monkeypatch.setattr(proving, "SEGMENT_ENTRIES", 2)
    for number in range(5):
        post(str(number), "fund", move(WORLD, BUDGET, 10))
    services.prove(now=NOW)
    assert sign_in("viewer").post("/ledger/proofs/full").status_code == 403
    staff = sign_in("operator")
    for _ in range(2):
        assert staff.post("/ledger/proofs/full").status_code == 302
    assert "It waits for the worker." in read(staff, "/ledger/proofs?part=1")
    told = []
    real = proving.read_segment

    def watch(**asked):
        full = queries.find_full_proof()
        told.append((full.state, full.n_done, full.n_total, full.percent) if full else None)
        return real(**asked)

    monkeypatch.setattr(proving, "read_segment", watch)
    assert [services.run_full_proof(clock=clock) for _ in range(2)] == [1, 0]
    assert told[:3] == [("running", 0, 5, 0), ("running", 2, 5, 40), ("running", 4, 5, 80)]
    found = queries.find_full_proof()
    assert found is not None and (found.state, found.n_done, found.proof and found.proof.is_full) == ("done", 5, True)
    page = read(staff, "/ledger/proofs?part=1")
    assert "Everything holds." in page and "hx-get" not in page and "<html" not in page


def test_a_proof_that_does_not_hold_names_what_is_off_and_what_to_do():
    post("1", "fund", move(WORLD, BUDGET, 10_000))
    Account.objects.filter(code="budget:3").update(balance=9_999)
    staff = sign_in("operator", "zh-hans")
    staff.post("/ledger/proofs/full")
    services.run_full_proof(clock=clock)
    page = read(staff, "/ledger/proofs")
    assert "/ledger/accounts/budget:3" in page and "¥99.99" in page and "¥100.00" in page
    assert "证明不成立" in page and "Prove" not in page


def test_a_proof_that_breaks_off_is_told_and_can_be_asked_for_again(monkeypatch):
    post("1", "fund", move(WORLD, BUDGET, 10))
    staff = sign_in("operator")
    staff.post("/ledger/proofs/full")

    def fail(**asked: object) -> None:
        raise OSError("disk away")

    with monkeypatch.context() as broken:
        broken.setattr("liebian.ledger.services.full_proofs.prove", fail)
        services.run_full_proof(clock=clock)
    assert "OSError: disk away" in read(staff, "/ledger/proofs")
    staff.post("/ledger/proofs/full")
    services.run_full_proof(clock=clock)
    assert "Everything holds." in read(staff, "/ledger/proofs")


def test_an_account_answers_for_any_instant_and_as_it_was_known():
    post("1", "fund", move(WORLD, BUDGET, 10_000))
    late = EntryDraft("late", "grant", move(BUDGET, RESERVED, 4_000), NOW + timedelta(hours=1))
    services.post(entry=late, now=NOW + timedelta(days=9))
    client = sign_in("viewer")
    address = "/ledger/accounts/budget:3?at=2026-06-01T14:00:00"
    page = read(client, address).split('id="instant"')[1]
    assert "¥60.00" in page and "with everything known today" in page
    then = read(client, f"{address}&known=2026-06-05T00:00")
    assert "¥100.00" in then and "−¥40.00 was booked for that time later" in then
    assert "¥0.00" in read(client, "/ledger/accounts/budget:3?at=2026-06-01T12:00:00")
    assert read(client, "/ledger/accounts/budget:3?at=nonsense&known=x")
