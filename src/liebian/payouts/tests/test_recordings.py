"""What is said to be paid without having been sent settles nothing: it is found, holds the payout, and two people may record it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from liebian.access.permissions import ADMINISTRATOR, OPERATOR, VIEWER
from liebian.access.tests.factories import make_user
from liebian.core.errors import LiebianError
from liebian.payouts import queries, services
from liebian.payouts.models import Payout, Recording
from liebian.payouts.services.checks import PayoutCheck
from liebian.payouts.tests.desk import (
    CHECKER,
    MAKER,
    approve,
    give_payees,
    make_account,
    owe,
    reward_state,
    states,
    where,
)
from liebian.payouts.types import StatementOutcome
from liebian.rewards import services as rewards
from liebian.rewards.tests.factories import NOW, make_grant

pytestmark = pytest.mark.django_db(databases="__all__")
LATER = NOW + timedelta(minutes=5)


def read_statement(account_id: int, *rows: list[str]) -> StatementOutcome:
    return services.compare_statement(
        account_id=account_id, name="s", header=["our number", "amount", "state"], rows=rows, first_day=None, last_day=None,
        actor=CHECKER, now=NOW,
    )  # fmt: skip


@pytest.fixture(params=["proposed", "ready", "cancelled"])
def unsent(request):
    """A payout in each state in which no provider has heard of it, and a statement that says it was paid."""
    account = make_account(adapter="manual")
    budget, [reward] = owe()
    give_payees([reward], "manual")
    batch = services.propose_batch(
        account_id=account.id, reward_ids=[reward.id], key="1", note="", actor=MAKER, now=NOW
    )
    if request.param != "proposed":
        services.decide_batch(batch_id=batch.id, agree=request.param == "ready", note="", actor=CHECKER, now=NOW)
    payout = Payout.objects.get()
    told = read_statement(account.id, [payout.out_no, "10.00", "paid"])
    return budget, reward, payout, told


def propose(reference: str = "ICBC-1", note: str = "Paid at the counter", actor: int = MAKER) -> int:
    [finding] = [each for each in queries.list_findings(open_only=False) if each.kind == "paid_unsent"]
    return services.propose_recording(finding_id=finding.id, reference=reference, note=note, actor=actor, now=LATER)


def decide(recording: int, agree: bool = True, actor: int = CHECKER) -> None:
    services.decide_recording(recording_id=recording, agree=agree, note="", actor=actor, now=LATER)


def code_of(act, *args, **kwargs) -> str:
    with pytest.raises(LiebianError) as refused:
        act(*args, **kwargs)
    return refused.value.code


def test_it_settles_nothing_and_is_an_alarm_of_its_own(unsent):
    budget, reward, payout, told = unsent
    assert states() == [payout.state] and reward_state(reward)[0] == "issuing" and where(budget) == (0, 1000, 0)
    assert (told.n_settled, told.n_agreeing, told.n_findings) == (0, 0, 1)
    differences = PayoutCheck().compare(NOW).differences
    assert [(each.subject, each.what) for each in differences] == [(f"payout:{payout.out_no}", "paid_unsent")]


@pytest.mark.parametrize("row", [["", ""], ["10.00", ""]], ids=["only named", "without a state"])
def test_also_a_line_that_only_names_it_is_found(row):
    account = make_account(adapter="manual")
    _budget, [reward] = owe()
    give_payees([reward], "manual")
    approve(account, [reward])
    told = read_statement(account.id, [Payout.objects.get().out_no, *row])
    assert told.n_findings == 1 and [each.kind for each in queries.list_findings()] == ["paid_unsent"]


def test_a_no_about_what_was_not_sent_is_no_difference():
    account = make_account(adapter="manual")
    _budget, [reward] = owe()
    give_payees([reward], "manual")
    approve(account, [reward])
    assert read_statement(account.id, [Payout.objects.get().out_no, "10.00", "failed"]).n_findings == 0
    assert states() == ["ready"]


def test_two_people_record_it_and_the_reward_is_issued(unsent):
    budget, reward, payout, _told = unsent
    recording = propose()
    assert propose() == recording and states() == [payout.state]
    assert code_of(decide, recording, actor=MAKER) == "same_person"
    decide(recording)
    decide(recording)
    payout.refresh_from_db()
    assert (payout.state, payout.provider_no, payout.paid_at) == ("paid", "ICBC-1", LATER)
    assert reward_state(reward)[0] == "issued" and where(budget) == (0, 0, 1000)
    assert queries.list_findings() == [] and PayoutCheck().compare(NOW).differences == ()
    assert read_statement(payout.account_id, [payout.out_no, "10.00", "paid"]).n_agreeing == 1


def test_what_is_recorded_takes_one_step_and_was_never_cancelled_by_it(unsent):
    payout = unsent[2]
    before = len(queries.list_payout_changes(payout.pk))
    decide(propose())
    steps = [(each.from_state, each.to_state, each.reason) for each in queries.list_payout_changes(payout.pk)[before:]]
    assert steps == [(payout.state, "paid", "paid_after_all")]


def test_recording_one_says_nothing_of_its_neighbour():
    account = make_account(adapter="manual")
    _budget, owed = owe(2)
    give_payees(owed, "manual")
    approve(account, owed)
    first, second = Payout.objects.order_by("id")
    read_statement(account.id, *([each.out_no, "10.00", "paid"] for each in (first, second)))
    found = {each.payout_id: each.id for each in queries.list_findings()}
    said = {"reference": "ICBC-1", "note": "Paid at the counter", "actor": MAKER, "now": LATER}
    numbers = [services.propose_recording(finding_id=found[each.pk], **said) for each in (first, second)]
    assert len(set(numbers)) == 2
    assert {each.finding_id: each.id for each in queries.list_recordings().values()} == {
        found[first.pk]: numbers[0],
        found[second.pk]: numbers[1],
    }
    decide(numbers[1])
    assert states() == ["ready", "paid"] and [reward_state(each)[0] for each in owed] == ["issuing", "issued"]
    assert [each.id for each in queries.list_findings()] == [found[first.pk]]
    assert [each.id for each in queries.list_recordings().values()] == [numbers[0]]


def test_one_person_alone_cannot_also_by_the_database(unsent):
    recording = propose()
    with pytest.raises(IntegrityError), transaction.atomic():
        Recording.objects.filter(pk=recording).update(state="approved", decided_by=MAKER)


@pytest.mark.parametrize(("actor", "state"), [(MAKER, "withdrawn"), (CHECKER, "declined")])
def test_withdrawn_or_declined_it_stays_a_difference_and_can_be_proposed_again(unsent, actor, state):
    recording = propose()
    decide(recording, agree=False, actor=actor)
    assert Recording.objects.get().state == state and states() == [unsent[2].state]
    assert len(queries.list_findings()) == 1 and propose(reference="ICBC-2") != recording


def test_it_needs_words_and_waits_for_one_answer(unsent):
    assert code_of(propose, reference=" ") == code_of(propose, note="") == "recording_words"
    recording = propose()
    assert code_of(propose, note="Something else") == "recording_waits"
    decide(recording, agree=False)
    assert code_of(decide, recording) == "recording_decided"


def test_another_amount_is_told_when_it_is_recorded():
    account = make_account(adapter="manual")
    _budget, [reward] = owe()
    give_payees([reward], "manual")
    approve(account, [reward])
    read_statement(account.id, [Payout.objects.get().out_no, "7.00", "paid"])
    decide(propose())
    [finding] = queries.list_findings()
    assert (finding.kind, finding.ours_minor, finding.theirs_minor) == ("amount_differs", 1000, 700)


def test_what_is_said_to_be_paid_is_not_sent_until_somebody_has_explained_it(wechat):
    account = make_account(wechat)
    _budget, [reward] = owe()
    give_payees([reward])
    approve(account, [reward])
    read_statement(account.id, [Payout.objects.get().out_no, "10.00", "paid"])
    services.work_payouts(NOW)
    assert not wechat.bills and [each.reason for each in queries.list_payouts()] == ["paid_unsent"]
    [finding] = queries.list_findings()
    services.explain_finding(finding_id=finding.id, note="a line of another merchant", actor=CHECKER, now=NOW)
    services.work_payouts(NOW + timedelta(minutes=11))
    assert len(wechat.bills) == 1


def test_a_yes_about_a_number_that_was_sent_is_not_taken_for_one_of_the_next_payout(wechat):
    """Refused and proposed again under the same number: the yes is about what was sent, and the next one is stopped."""
    wechat.before = lambda body: (400, {"code": "PARAM_ERROR", "message": "no"})
    account = make_account(wechat)
    budget, [reward] = owe()
    give_payees([reward])
    approve(account, [reward])
    services.work_payouts(NOW)
    approve(account, [reward], key="2")
    assert states() == ["failed", "ready"]
    read_statement(account.id, [Payout.objects.order_by("id")[0].out_no, "10.00", "paid"])
    assert states() == ["paid", "cancelled"] and reward_state(reward)[0] == "issued" and where(budget) == (0, 0, 1000)
    assert [each.kind for each in queries.list_findings()] == ["yes_after_no"]


def test_paid_twice_is_not_recorded():
    account = make_account(adapter="manual")
    _budget, [reward] = owe()
    give_payees([reward], "manual")
    batch = services.propose_batch(
        account_id=account.id, reward_ids=[reward.id], key="1", note="", actor=MAKER, now=NOW
    )
    services.decide_batch(batch_id=batch.id, agree=False, note="", actor=CHECKER, now=NOW)
    read_statement(account.id, [Payout.objects.get().out_no, "10.00", "paid"])
    recording = propose()
    [finding] = queries.list_findings()
    services.explain_finding(finding_id=finding.id, note="looked into", actor=CHECKER, now=NOW)
    other = approve(make_account(adapter="manual", name="Other"), [reward], key="2")
    services.hand_over(batch_id=other.id, actor=CHECKER, now=NOW)
    assert code_of(decide, recording) == "recording_paid_twice"
    assert states() == ["cancelled", "sending"] and Recording.objects.get().state == "proposed"


def test_given_up_and_paid_all_the_same_it_needs_money_in_the_budget():
    account = make_account(adapter="manual")
    budget, [reward] = owe()
    give_payees([reward], "manual")
    approve(account, [reward])
    payout = Payout.objects.get()
    services.forget_payee(customer_id=reward.customer_id, reason="deleted_identity", actor=MAKER, now=NOW)
    rewards.grant_pairs(grants=[make_grant(budget, 9, ("referee", reward.offer))], now=NOW)
    read_statement(account.id, [payout.out_no, "10.00", "paid"])
    recording = propose()
    assert code_of(decide, recording) == "recording_no_money" and states() == ["cancelled"]
    rewards.cancel_or_claw_back(qualification="order:9", refunded_minor=10, order_total_minor=10, at=NOW, now=NOW)
    decide(recording)
    assert (
        states() == ["paid"] and reward_state(reward) == ("issued", "paid_after_all") and where(budget) == (0, 0, 1000)
    )


def test_other_differences_are_not_recorded_in_this_way():
    account = make_account(adapter="manual")
    read_statement(account.id, ["NOBODY", "10.00", "paid"])
    [finding] = queries.list_findings()
    said = {"reference": "1", "note": "x", "actor": MAKER, "now": NOW}
    assert code_of(services.propose_recording, finding_id=finding.id, **said) == "recording_not_unsent"
    assert code_of(services.propose_recording, finding_id=404, **said) == "finding_not_found"
    assert code_of(decide, 404) == "recording_not_found"


def signed_in(role: str, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(make_user(role))
    return client


def test_the_page_records_by_two_people(unsent):
    operator, admin, viewer = signed_in(OPERATOR), signed_in(ADMINISTRATOR, "zh-hans"), signed_in(VIEWER)
    [finding] = queries.list_findings()
    address = f"/payouts/differences/{finding.id}/record"
    assert "we never sent it" in operator.get("/payouts/statements").content.decode()
    assert viewer.post(address, {"reference": "1", "note": "x"}).status_code == 403
    operator.post(address, {"reference": "ICBC-1", "note": "At the counter"})
    recording = Recording.objects.get()
    decide_at = f"/payouts/recordings/{recording.pk}/decide"
    for client, answer in ((viewer, "agree"), (viewer, "withdraw"), (operator, "agree")):
        client.post(decide_at, {"answer": answer})
        assert Recording.objects.get().state == "proposed"
    page = admin.get("/payouts/statements").content.decode()
    assert "ICBC-1" in page and "At the counter" in page and "Record" not in page
    admin.post(decide_at, {"answer": "agree"})
    assert states() == ["paid"]
