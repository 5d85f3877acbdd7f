"""A bank's results for a whole batch: shown first, recorded once, and what does not fit is an alarm."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from liebian.access.permissions import OPERATOR, VIEWER
from liebian.access.queries import list_audit
from liebian.access.tests.factories import make_user
from liebian.payouts import queries, services
from liebian.payouts.models import Account, Batch, Payout
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
from liebian.rewards.tests.factories import NOW

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def staff() -> Client:
    return signed_in(OPERATOR)


@pytest.fixture
def bank():
    return make_account(adapter="bank_file")


@pytest.fixture
def owed(bank):
    """A budget and four rewards that the bank has in its file."""
    budget, rewards = owe(4)
    give_payees(rewards, "bank_file")
    batch = approve(bank, rewards)
    services.hand_over(batch_id=batch.id, actor=CHECKER, now=NOW)
    return budget, rewards


def signed_in(role: str, language: str = "en") -> Client:
    client = Client(headers={"accept-language": language})
    client.force_login(make_user(role))
    return client


def numbers() -> list[str]:
    return list(Payout.objects.order_by("id").values_list("out_no", flat=True))


def address() -> str:
    """Of the results of the first batch."""
    return f"/payouts/batches/{Batch.objects.order_by('id')[0].pk}/results"


def csrf_of(client: Client) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', client.get(address()).content.decode())
    assert found
    return found[1]


def bring(client: Client, *lines: str, header: str = "商户单号,结果,金额,原因", reference: str = "RUN-1"):
    text = "\n".join((header, *lines)).encode("gb18030")
    said = {"file": SimpleUploadedFile("results.csv", text), "reference": reference}
    return client.post(address(), said)


def all_except(client: Client, *lines: str):
    said = {"exceptions": "\n".join(lines), "reference": "RUN-1"}
    return client.post(address(), said)


def confirm(client: Client, shown):
    found = re.search(r'name="rows" value="([^"]*)"', shown.content.decode())
    assert found, shown.content.decode()
    return client.post(address(), {"rows": unescape(found[1])}, follow=True)


def kinds() -> list[str]:
    return sorted(each.kind for each in queries.list_findings())


def test_nothing_is_written_until_it_is_confirmed_and_then_all_of_it_once(staff, owed):
    budget, rewards = owed
    one, two, three, _silent = numbers()
    shown = bring(staff, f"{one},成功,10.00,", f"{two},成功,,", f"{three},失败,10.00,账号不存在")
    text = shown.content.decode()
    assert "Will be recorded as paid" in text and "账号不存在" in text and "With the bank, not named" in text
    assert states() == ["sending"] * 4
    told = confirm(staff, shown).content.decode()
    assert "Recorded: 2 paid, 1 not arrived." in told and states() == ["paid", "paid", "failed", "sending"]
    assert Payout.objects.get(out_no=one).provider_no == "RUN-1" and where(budget)[2] == 2000
    assert queries.list_payout_changes(Payout.objects.get(out_no=three).pk)[-1].note == "账号不存在"
    assert reward_state(rewards[0])[0] == "issued" and kinds() == []
    again = bring(staff, f"{one},成功,10.00,", f"{three},失败,10.00,").content.decode()
    assert "Known already" in again and 'name="rows"' not in again
    confirm(staff, shown)
    assert where(budget)[2] == 2000 and kinds() == []


def test_all_were_paid_except_a_few(staff, owed):
    _one, two, *_others = numbers()
    shown = all_except(staff, f"{two}  card was closed", "")
    assert states() == ["sending"] * 4
    confirm(staff, shown)
    assert states() == ["paid", "failed", "paid", "paid"]
    assert queries.list_payout_changes(Payout.objects.get(out_no=two).pk)[-1].note == "card was closed"
    [audit] = [each for each in list_audit() if each.action == "payout_batch.results"]
    assert audit.details == {"rows": 4, "paid": 3, "failed": 1, "differences": 0}
    assert all_except(staff).status_code == 422


def test_an_exception_that_is_none_of_the_batch_stops_before_anything_is_shown(staff, owed):
    refused = all_except(staff, "TYPO1")
    assert refused.status_code == 422 and "TYPO1" in refused.content.decode() and states() == ["sending"] * 4


def test_what_does_not_fit_is_told_before_and_an_alarm_afterwards(staff, owed, bank):
    one, two, three, _four = numbers()
    _budget, others = owe(1, start=9)
    give_payees(others, "bank_file")
    approve(bank, others, key="2")
    elsewhere = numbers()[-1]
    services.record_result(
        payout_id=Payout.objects.get(out_no=three).pk, paid=True, reference="x", note="", actor=MAKER, now=NOW
    )
    lines = (f"{one},成功,9.99,", "NOBODY,成功,1.00,", f"{two},失败,,", f"{two},成功,10.00,", f"{three},失败,,", f"{elsewhere},成功,10.00,")  # fmt: skip
    shown = bring(staff, *lines)
    text = shown.content.decode()
    for words in ("another amount", "do not know this number", "more than once", "the opposite", "Of another batch"):
        assert words in text
    assert kinds() == []
    told = confirm(staff, shown)
    assert "4 differences wait for an explanation" in told.content.decode()
    assert kinds() == ["amount_differs", "no_after_yes", "twice_in_statement", "unknown_in_statement"]
    assert states() == ["paid", "paid", "paid", "sending", "ready"]
    confirm(staff, shown)
    assert len(kinds()) == 4


def test_paid_by_the_bank_although_it_was_never_sent_is_an_alarm_and_pays_nothing(staff, bank):
    budget, rewards = owe(1)
    give_payees(rewards, "bank_file")
    approve(bank, rewards)
    Payout.objects.update(state="cancelled")
    shown = bring(staff, f"{numbers()[0]},paid,10.00,", header="our number,result,amount,reason")
    assert "nobody may pay it" in shown.content.decode()
    confirm(staff, shown)
    assert kinds() == ["paid_unsent"] and states() == ["cancelled"] and where(budget)[2] == 0


def test_over_the_limit_of_the_day_a_yes_is_an_alarm_and_not_a_payment(staff):
    bank = make_account(adapter="bank_file", day_minor=1_000, max_minor=1_000)
    _budget, rewards = owe(1)
    give_payees(rewards, "bank_file")
    approve(bank, rewards)
    bank_after = Payout.objects.get().account
    bank_after.day_minor = 1
    bank_after.save()
    confirm(staff, bring(staff, f"{numbers()[0]},paid,10.00,", header="our number,result,amount,reason"))
    assert states() == ["ready"] and kinds() == ["paid_unsent"]


def test_rows_that_say_too_little_are_told_and_the_others_taken(staff, owed):
    one, two, three, four = numbers()
    lines = (f"{one},成功,10.00,ICBC-7", f"{two},,10.00,x", f"{three},maybe,,x", f"{four},成功,10.00,", f"{four},成功,ten,x", ",成功,10.00,x")  # fmt: skip
    shown = bring(staff, *lines, reference="", header="商户单号,结果,金额,银行流水号")
    for words in ("whether it was paid", "neither paid nor not paid", "under which number", "cannot be read", "which payout it is about"):  # fmt: skip
        assert shown.content.decode().count(words) == 1
    confirm(staff, shown)
    assert states() == ["paid", "sending", "sending", "sending"] and kinds() == []
    assert Payout.objects.get(out_no=one).provider_no == "ICBC-7"


def test_a_batch_that_nobody_agreed_to_takes_no_results(staff, bank):
    _budget, rewards = owe(1)
    give_payees(rewards, "bank_file")
    said = {"account_id": bank.id, "key": "1", "note": "", "actor": MAKER, "now": NOW}
    services.propose_batch(reward_ids=[rewards[0].id], **said)
    refused = bring(staff, f"{numbers()[0]},成功,10.00,")
    assert refused.status_code == 409 and states() == ["proposed"]
    assert "There is nothing to tell here" in refused.content.decode()
    assert all_except(staff).status_code == 409


def test_a_provider_tells_its_own_results(staff, wechat):
    account = make_account(wechat)
    _budget, rewards = owe(1)
    give_payees(rewards)
    approve(account, rewards)
    assert bring(staff, f"{numbers()[0]},成功,10.00,").status_code == 409 and states() == ["ready"]


def test_files_that_are_none_and_lines_that_were_touched_are_refused(staff, owed):
    assert bring(staff, "a,b", header="x,y").status_code == 422
    assert staff.post(address(), {"reference": "1"}).status_code == 422
    for rows in ("", "{", '[{"row": 1}]'):
        assert staff.post(address(), {"rows": rows}).status_code == 422
    assert staff.get("/payouts/batches/999999/results").status_code == 404
    assert states() == ["sending"] * 4


def test_whoever_only_looks_tells_no_results(owed):
    viewer = signed_in(VIEWER)
    assert all_except(viewer).status_code == 403
    assert "What the bank says" not in viewer.get(address().removesuffix("/results")).content.decode()


def test_the_page_speaks_chinese(owed):
    reader = signed_in(OPERATOR, "zh-hans")
    text = reader.get(address()).content.decode()
    assert "银行结果" in text and "除以下" in text
    one, *_others = numbers()
    assert "将登记为已付" in bring(reader, f"{one},成功,10.00,").content.decode()


@pytest.mark.parametrize("place", ["results", "/payouts/statements/new", "/payouts/payees/file"])
def test_a_file_passes_the_check_of_forms_that_a_browser_meets(owed, place):
    """The check reads the form before the page does."""
    browser = Client(enforce_csrf_checks=True, headers={"accept-language": "en"})
    browser.force_login(make_user(OPERATOR))
    text = f"customer,name,number,our number,state,amount\nC-1,x,1,{numbers()[0]},paid,10.00".encode()
    said = {"file": SimpleUploadedFile("f.csv", text), "reference": "R", "adapter": "bank_file", "account": Account.objects.get().pk}  # fmt: skip
    where_to = address() if place == "results" else place
    assert browser.post(where_to, {**said, "csrfmiddlewaretoken": csrf_of(browser)}).status_code == 200
