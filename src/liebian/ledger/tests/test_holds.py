"""Two steps: what was set aside is posted, voided or given back, once, whatever comes at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from liebian.core.errors import Conflict, Invalid, NotFound
from liebian.ledger import queries, services
from liebian.ledger.tests.support import prove_zero, run_threads
from liebian.ledger.tests.test_post import BUDGET, NOW, PAID, WORLD, balance, fund
from liebian.ledger.types import AccountRef, HoldDraft, HoldView, InsufficientFunds

pytestmark = pytest.mark.django_db(databases="__all__")
END = NOW + timedelta(minutes=15)
ON_HOLD = AccountRef("on_hold:budget:t", "on_hold", "CNY/2", book="t")


@pytest.fixture(autouse=True)
def _always_zero():
    yield
    assert all(proof.holds for proof in prove_zero())


def hold(amount: int = 600, key: str = "h", **changed) -> HoldDraft:
    draft = {"key": key, "source": BUDGET, "target": PAID, "amount": amount, "expires_at": END, "effective_at": NOW}
    return HoldDraft(**{**draft, **changed})


def where() -> tuple[int, int, int]:
    return balance(BUDGET), balance(ON_HOLD), balance(PAID)


def code_of(act, **given) -> str:
    with pytest.raises(Conflict) as caught:
        act(**given)
    return caught.value.code


def test_what_is_set_aside_cannot_be_spent_and_is_posted_later():
    fund(1000)
    services.reserve(hold=hold(), now=NOW)
    assert where() == (400, 600, 0)
    with pytest.raises(InsufficientFunds):
        services.reserve(hold=hold(500, "other"), now=NOW)
    posted = services.post_hold(key="h", now=NOW)
    assert (posted.state, posted.posted_amount, where()) == ("posted", 600, (400, 0, 600))


def test_posting_less_returns_the_rest():
    fund(1000)
    services.reserve(hold=hold(), now=NOW)
    services.post_hold(key="h", now=NOW, amount=250, reference="WX-9")
    assert where() == (750, 0, 250)
    entry = queries.list_entries(kind="post_hold").entries[0]
    assert entry.reference == "WX-9"


def test_every_step_may_be_repeated():
    fund(1000)
    first = services.reserve(hold=hold(), now=NOW)
    assert services.reserve(hold=hold(), now=NOW) == first
    assert services.post_hold(key="h", now=NOW) == services.post_hold(key="h", now=END + timedelta(days=1))
    assert services.reserve(hold=hold(), now=NOW).state == "posted"
    services.reserve(hold=hold(100, "v"), now=NOW)
    assert services.void_hold(key="v", now=NOW) == services.void_hold(key="v", now=NOW)
    assert where() == (400, 0, 600)


def test_another_body_under_the_same_key_is_refused():
    fund(1000)
    services.reserve(hold=hold(), now=NOW)
    for other in (hold(500), hold(target=WORLD), hold(expires_at=END + timedelta(1))):
        assert code_of(services.reserve, hold=other, now=NOW) == "idempotency_mismatch"
    services.post_hold(key="h", now=NOW, amount=100)
    assert code_of(services.post_hold, key="h", now=NOW, amount=101) == "already_posted"


def test_a_hold_is_resolved_in_one_way_only():
    fund(1000)
    services.reserve(hold=hold(100, "p"), now=NOW)
    services.reserve(hold=hold(100, "v"), now=NOW)
    services.post_hold(key="p", now=NOW)
    services.void_hold(key="v", now=NOW)
    assert code_of(services.void_hold, key="p", now=NOW) == "already_posted"
    assert code_of(services.post_hold, key="v", now=NOW) == "already_voided"


def test_time_is_over_at_the_very_instant_even_before_the_job_ran():
    fund(1000)
    services.reserve(hold=hold(100, "early"), now=NOW)
    services.reserve(hold=hold(200, "late"), now=NOW)
    services.post_hold(key="early", now=END - timedelta(microseconds=1))
    assert code_of(services.post_hold, key="late", now=END) == "already_expired"
    assert services.expire_holds(now=END - timedelta(microseconds=1)) == 0
    assert (services.expire_holds(now=END), services.expire_holds(now=END)) == (1, 0)
    assert code_of(services.post_hold, key="late", now=NOW) == "already_expired"
    assert where() == (900, 0, 100)


def test_many_are_resolved_together_or_not_at_all():
    fund(1000)
    services.reserve_each(holds=[hold(100, key) for key in "abc"], now=NOW)
    services.void_hold(key="b", now=NOW)
    assert code_of(services.post_holds, amounts={"a": None, "b": None}, now=NOW) == "already_voided"
    assert where() == (800, 200, 0)
    states = [view.state for view in services.post_holds(amounts={"a": 40, "c": None}, now=NOW)]
    assert (states, where()) == (["posted", "posted"], (860, 0, 140))


def test_of_many_what_fits_is_set_aside():
    fund(250)
    outcomes = services.reserve_each(holds=[hold(100, key) for key in "abc"], now=NOW)
    assert [isinstance(each, HoldView) for each in outcomes] == [True, True, False]


def test_nonsense_is_refused():
    fund(1000)
    with pytest.raises(Invalid):
        services.reserve(hold=hold(expires_at=NOW), now=NOW)
    services.reserve(hold=hold(), now=NOW)
    for amount in (0, -1, 601, True):
        with pytest.raises(Invalid):
            services.post_hold(key="h", now=NOW, amount=amount)
    with pytest.raises(NotFound):
        services.void_hold(key="unknown", now=NOW)


@pytest.mark.parametrize("statement", ["UPDATE ledger_hold SET amount = 1", "DELETE FROM ledger_hold"])
def test_the_database_refuses_to_resolve_anew(statement: str):
    fund(1000)
    services.reserve(hold=hold(), now=NOW)
    services.void_hold(key="h", now=NOW)
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_of_all_who_resolve_at_once_one_does():
    fund(1000)
    services.reserve(hold=hold(), now=NOW)

    def resolve(number: int) -> str:
        act = [services.post_hold, services.void_hold][number % 2]
        try:
            return act(key="h", now=NOW).state
        except Conflict as error:
            return error.code

    answers = set(run_threads(resolve, list(range(16))))
    assert answers in ({"posted", "already_posted"}, {"voided", "already_voided"})
    assert where() in ((400, 0, 600), (1000, 0, 0))
