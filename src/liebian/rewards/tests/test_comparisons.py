"""“Compare now” is asked for on the page and done by the worker: once however many ask, and to its end whoever dies."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from liebian.config.jobs import BACKGROUND_JOBS
from liebian.ledger.tests.support import run_threads
from liebian.rewards import queries, services
from liebian.rewards.models import Comparison
from liebian.rewards.services import comparisons
from liebian.rewards.tests.factories import NOW
from liebian.rewards.tests.test_pages import sign_in
from liebian.rewards.types import Compared, ComparisonView, Difference

DB = pytest.mark.django_db(databases="__all__")
PAGE = "/rewards/reconciliation"
SOON = NOW + timedelta(seconds=5)


class Counted:
    title, writes = "Counted", False
    figures, page = {"y": "how many"}, ""

    def __init__(self, code: str, *, differs: bool = False) -> None:
        self.code, self.differs, self.n = code, differs, 0

    def compare(self, now: datetime) -> Compared:
        self.n += 1
        return Compared(1, (Difference("x:1", "y", 1, 2),) if self.differs else ())


class Deadly(Counted):
    """The worker dies in it the first time, without a word."""

    def compare(self, now: datetime) -> Compared:
        self.n += 1
        if self.n == 1:
            raise SystemExit
        return Compared(1)


@pytest.fixture
def checks(monkeypatch):
    made = [Counted("one"), Deadly("two"), Counted("three", differs=True)]
    monkeypatch.setattr(comparisons, "list_checks", lambda: made)
    return made


def run(at: datetime = SOON) -> int:
    return services.run_comparison(clock=lambda: at)


def seen() -> ComparisonView:
    found = queries.find_comparison()
    assert found is not None
    return found


@DB
def test_two_who_press_it_get_one_run_and_the_request_compares_nothing(checks):
    for role in ("operator", "administrator"):
        assert sign_in(role).post(f"{PAGE}/run").status_code == 302
    assert Comparison.objects.count() == 1 and [each.n for each in checks] == [0, 0, 0]
    assert sign_in("viewer").post(f"{PAGE}/run").status_code == 403
    with pytest.raises(IntegrityError), transaction.atomic():
        Comparison.objects.create(asked_at=NOW, asked_by=1)


@pytest.mark.django_db(transaction=True, databases="__all__")
def test_however_many_press_it_at_once_it_is_one_run():
    numbers = run_threads(lambda actor: services.ask_comparison(actor=actor, now=NOW), range(1, 7), workers=6)
    assert len(set(numbers)) == 1 and Comparison.objects.count() == 1


@DB
def test_the_worker_makes_one_check_at_a_time_and_one_that_dies_leaves_only_its_own(checks):
    services.ask_comparison(actor=1, now=NOW)
    assert run() == 1 and (seen().n_done, seen().percent) == (1, 33)
    with pytest.raises(SystemExit), transaction.atomic():
        run()
    # What a process that died has committed is its hold.
    Comparison.objects.update(held_until=SOON + comparisons.HOLD)
    assert run(SOON + timedelta(minutes=1)) == 0, "somebody else holds it"
    assert [run(SOON + comparisons.HOLD) for _ in range(3)] == [1, 1, 0]
    assert [each.n for each in checks] == [1, 2, 1]
    last = seen()
    assert (last.is_open, last.n_done, last.n_differences, last.n_failed) == (False, 3, 1, 0)
    assert last.started_at == SOON and last.finished_at == SOON + comparisons.HOLD
    assert [each.subject for each in queries.list_alarms()] == ["x:1"]


@DB
def test_what_the_night_compared_meanwhile_is_not_compared_again(checks):
    services.ask_comparison(actor=1, now=NOW)
    services.reconcile(checks=[checks[0], checks[2]], now=SOON)
    checks[1].n = 1
    assert [run() for _ in range(2)] == [1, 0] and [each.n for each in checks] == [1, 2, 1]
    services.ask_comparison(actor=1, now=SOON + timedelta(hours=1))
    assert [run(SOON + timedelta(hours=2)) for _ in range(4)] == [1, 1, 1, 0]


@DB
def test_a_check_that_fails_is_told_with_the_outcome(checks, monkeypatch):
    def fail(now: datetime) -> Compared:
        raise OSError("disk away")

    checks[1].n = 1
    monkeypatch.setattr(checks[0], "compare", fail)
    services.ask_comparison(actor=1, now=NOW)
    while run():
        pass
    assert (seen().n_failed, seen().n_differences) == (1, 1)
    page = sign_in("viewer").get(f"{PAGE}?part=1").content.decode()
    assert "1 check could not be made" in page and "1 differences" in page and "hx-get" not in page


@DB
def test_the_page_says_that_it_waits_runs_or_finds_no_worker(checks, monkeypatch):
    moment = NOW

    def clock() -> datetime:
        return moment

    monkeypatch.setattr("liebian.core.clock.now", clock)
    staff = sign_in("operator")

    def read(address: str = f"{PAGE}?part=1") -> str:
        return staff.get(address).content.decode()

    assert "Compare now" in read(PAGE)
    staff.post(f"{PAGE}/run")
    assert "waits for the worker" in read() and "hx-get" in read() and "Compare now" not in read(PAGE)
    moment = NOW + timedelta(minutes=2)
    assert "No worker goes on with it" in read() and "liebian worker" in read()
    run(moment)
    assert "1 of 3 checks" in read() and "No worker" not in read()
    Comparison.objects.update(held_until=moment + comparisons.HOLD)
    moment += comparisons.HOLD + timedelta(seconds=1)
    assert "No worker goes on with it" in read()
    checks[1].n = 1
    while run(moment):
        pass
    assert "1 differences" in read() and "Compare now" in read(PAGE)


@DB
def test_the_worker_runs_every_real_check():
    services.ask_comparison(actor=1, now=NOW)
    [job] = [job for job in BACKGROUND_JOBS if job.name == "comparison"]
    n_checks = len(services.list_checks())
    assert [job.run(NOW) for _ in range(n_checks + 1)] == [1] * n_checks + [0]
    assert set(queries.list_last_runs()) == {check.code for check in services.list_checks()}
    page = sign_in("operator", "zh-hans").get(PAGE).content.decode()
    assert "对账" in page and "Compare" not in page
