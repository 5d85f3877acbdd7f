"""Statements to the last cent, each of its own account and currency; the same again is the same."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from liebian.core.errors import LiebianError
from liebian.payouts import queries, services
from liebian.payouts.models import Payout, Statement
from liebian.payouts.services.sending import start_sending
from liebian.payouts.tests.desk import CHECKER, MAKER, approve, give_payees, make_account, owe, reward_state, states
from liebian.payouts.types import Answer, StatementOutcome
from liebian.rewards.tests.factories import NOW

pytestmark = pytest.mark.django_db(databases="__all__")
LATER = NOW + timedelta(minutes=11)


def read(account: int, *rows: list[str], days: tuple[date, date] | None = None) -> StatementOutcome:
    first, last = days or (None, None)
    return services.compare_statement(
        account_id=account, name="s", header=["our number", "amount", "state"], rows=rows, first_day=first, last_day=last,
        actor=CHECKER, now=NOW,
    )  # fmt: skip


def kinds() -> list[str]:
    return [each.kind for each in queries.list_findings()]


def code_of(act, **said: object) -> str:
    with pytest.raises(LiebianError) as refused:
        act(**said)
    return refused.value.code


@pytest.fixture
def sent():
    """An account by hand with two payouts on their way."""
    account = make_account(adapter="manual")
    _budget, owed = owe(2)
    give_payees(owed, "manual")
    batch = approve(account, owed)
    services.hand_over(batch_id=batch.id, actor=CHECKER, now=NOW)
    return account.id, *[row.out_no for row in Payout.objects.order_by("id")]


@pytest.fixture
def unsent():
    """A payout that was declined, its reward, and its account."""
    account = make_account(adapter="manual")
    _budget, [reward] = owe()
    give_payees([reward], "manual")
    said = {"account_id": account.id, "key": "1", "note": "", "actor": MAKER, "now": NOW}
    batch = services.propose_batch(reward_ids=[reward.id], **said)
    services.decide_batch(batch_id=batch.id, agree=False, note="", actor=CHECKER, now=NOW)
    return account.id, reward, Payout.objects.get().out_no


@pytest.mark.parametrize("amount", ["10.01", "9.99"])
def test_a_cent_is_another_amount_also_where_the_line_does_not_say_paid(sent, amount):
    account, first, _second = sent
    assert read(account, [first, amount, ""]).n_findings == 1 and kinds() == ["amount_differs"]
    assert states() == ["sending", "sending"]


def test_amounts_are_read_in_the_currency_of_the_account():
    account = make_account(adapter="manual", currency="JPY")
    read(account.id, ["NOBODY", "1,000", "paid"])
    assert [each.theirs_minor for each in queries.list_findings()] == [1000]


@pytest.mark.parametrize(("amount", "theirs"), [("8.804", []), ("8.80", [880]), ("8.8000", [880])])
def test_an_amount_is_never_rounded(amount, theirs):
    read(make_account(adapter="manual").id, ["NOBODY", amount, "paid"])
    assert [each.theirs_minor for each in queries.list_findings()] == theirs


def test_a_statement_of_another_account_settles_nothing(sent):
    account, first, _second = sent
    other = make_account(adapter="manual", name="Other")
    read(account, [first, "9.99", ""])
    assert read(other.id, [first, "10.00", "paid"]).n_findings == 1
    assert kinds() == ["unknown_in_statement", "amount_differs"] and states() == ["sending", "sending"]


def test_only_what_was_paid_twice_is_told_as_twice(sent):
    account, first, _second = sent
    read(account, [first, "10.00", "paid"], [first, "10.00", ""])
    assert kinds() == [] and states() == ["paid", "sending"]


def test_differences_are_counted_once_each_and_the_same_statement_is_one(sent):
    account, first, second = sent
    rows = [first, "9.99", "paid"], [first, "9.99", "paid"], ["NOBODY", "1.00", "paid"], [second, "10.00", "paid"]
    told = [read(account, *rows) for _again in range(2)]
    assert [each.n_findings for each in told] == [3, 3] and len(kinds()) == 3 and Statement.objects.count() == 1
    assert [(each.n_settled, each.n_agreeing) for each in told] == [(2, 0), (0, 1)]


def test_what_was_explained_stays_explained_when_the_statement_is_read_again(sent):
    account, _first, _second = sent
    read(account, ["NOBODY", "1.00", "paid"])
    [finding] = queries.list_findings()
    assert code_of(services.explain_finding, finding_id=finding.id, note=" ", actor=CHECKER, now=NOW) == "finding_note"
    services.explain_finding(finding_id=finding.id, note="their fee", actor=CHECKER, now=NOW)
    assert read(account, ["NOBODY", "1.00", "paid"]).n_findings == 0 and kinds() == []


def test_only_payouts_of_its_own_account_are_missing_in_a_statement(sent):
    account, first, _second = sent
    read(account, [first, "10.00", "paid"])
    other, days = make_account(adapter="manual", name="Other"), (date(2026, 1, 1), date(2026, 12, 31))
    assert read(other.id, days=days).n_findings == 0
    assert read(account, days=days).n_findings == 1 and kinds() == ["missing_in_statement"]


@pytest.mark.parametrize("theirs", ["10.01", "9.99"])
def test_a_cent_is_another_amount_also_when_it_is_recorded(unsent, theirs):
    account, _reward, out_no = unsent
    read(account, [out_no, theirs, "paid"])
    _record(MAKER)
    assert kinds() == ["amount_differs"] and states() == ["paid"]


def test_an_answer_about_what_was_never_sent_moves_nothing(unsent):
    _account, reward, _out_no = unsent
    for state in ("paid", "failed", "returned"):
        services.apply_answer(payout_id=Payout.objects.get().pk, answer=Answer(state), now=NOW)
    assert kinds() == ["paid_unsent"] and states() == ["cancelled"] and reward_state(reward)[0] == "issuing"


def test_said_to_be_paid_by_one_account_it_is_not_sent_by_another(unsent):
    account, reward, out_no = unsent
    read(account, [out_no, "10.00", "paid"])
    approve(make_account(adapter="manual", name="Other"), [reward], key="2")
    payout = Payout.objects.order_by("id").last()
    assert start_sending(payout.pk, now=NOW) is None and states() == ["cancelled", "ready"]


def test_recorded_the_next_payout_of_its_reward_is_cancelled(unsent):
    account, reward, out_no = unsent
    read(account, [out_no, "10.00", "paid"])
    approve(make_account(adapter="manual", name="Other"), [reward], key="2")
    _record(MAKER)
    assert states() == ["paid", "cancelled"] and reward_state(reward)[0] == "issued"


def test_only_what_is_said_to_be_paid_and_was_not_sent_until_now_is_recorded(unsent):
    account, _reward, out_no = unsent
    read(account, [out_no, "10.00", "paid"], [out_no, "10.00", "paid"])
    found = {each.kind: each.id for each in queries.list_findings()}
    said = {"reference": "1", "note": "x", "actor": MAKER, "now": NOW}
    twice = found["twice_in_statement"]
    assert code_of(services.propose_recording, finding_id=twice, **said) == "recording_not_unsent"
    services.explain_finding(finding_id=found["paid_unsent"], note="of another merchant", actor=CHECKER, now=NOW)
    Payout.objects.update(state="sending")
    assert code_of(services.propose_recording, finding_id=found["paid_unsent"], **said) == "recording_not_unsent"


def _record(maker: int) -> None:
    [finding] = [each for each in queries.list_findings() if each.kind == "paid_unsent"]
    said = {"reference": "1", "note": "x", "actor": maker, "now": LATER}
    recording = services.propose_recording(finding_id=finding.id, **said)
    services.decide_recording(recording_id=recording, agree=True, note="", actor=CHECKER, now=LATER)
