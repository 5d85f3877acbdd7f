"""The pages of payouts: from an account to a paid reward by two persons, statements, tax, and who may do what."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from liebian.access.permissions import ADMINISTRATOR, OPERATOR, VIEWER
from liebian.access.tests.factories import make_user
from liebian.payouts import queries, services
from liebian.payouts.models import Account, Batch, Finding, Payout
from liebian.payouts.tests.desk import (
    CHECKER,
    MAKER,
    approve,
    give_payees,
    make_account,
    make_cash,
    owe,
    reward_state,
    states,
)
from liebian.rewards.models import Offer
from liebian.rewards.tests.factories import NOW

pytestmark = pytest.mark.django_db(databases="__all__")
EN = {"HTTP_ACCEPT_LANGUAGE": "en"}


def signed_in(role: str) -> Client:
    client = Client(**EN)
    client.force_login(make_user(role))
    return client


@pytest.fixture
def admin() -> Client:
    return signed_in(ADMINISTRATOR)


@pytest.fixture
def operator() -> Client:
    return signed_in(OPERATOR)


ACCOUNT = {
    "name": "Bank", "adapter": "bank_file", "currency": "CNY", "is_enabled": "on", "smallest": "1", "largest": "200", "day": "2000",
    "most_a_day": "10", "quiet_from": "", "quiet_until": "",
}  # fmt: skip


def test_from_an_account_to_a_paid_reward_by_two_persons(admin, operator):
    assert admin.post("/payouts/accounts/new", ACCOUNT).status_code == 302
    account = Account.objects.get()
    _budget, [reward] = owe()
    page = admin.get("/payouts/waiting").content.decode()
    assert "nobody said where the money goes" in page
    said = {"adapter": "bank_file", "name": "=林晚秋", "number": "6222 0202 0011 2233", "bank": "工商银行"}
    assert admin.post(f"/payouts/payees/{reward.customer_id}", said).status_code == 302
    assert "…2233" in admin.get(f"/payouts/payees/{reward.customer_id}").content.decode()
    proposed = {"account": account.pk, "id": reward.id, "note": "", "key": "k1"}
    assert (
        admin.post("/payouts/waiting", proposed).status_code
        == admin.post("/payouts/waiting", proposed).status_code
        == 302
    )
    batch = Batch.objects.get()
    admin.post(f"/payouts/batches/{batch.pk}/decide", {"answer": "agree"})
    assert states() == ["proposed"]
    operator.post(f"/payouts/batches/{batch.pk}/decide", {"answer": "agree"})
    assert states() == ["ready"]
    told = operator.post(f"/payouts/batches/{batch.pk}/file")
    text = told.content.decode("utf-8-sig")
    assert "'=林晚秋" in text and "6222020200112233" in text and "10.00" in text and states() == ["sending"]
    assert operator.post(f"/payouts/batches/{batch.pk}/file").content == told.content
    payout = Payout.objects.get()
    operator.post(f"/payouts/{payout.pk}/result", {"answer": "paid", "reference": ""})
    assert states() == ["sending"]
    operator.post(f"/payouts/{payout.pk}/result", {"answer": "paid", "reference": "ICBC-1"})
    assert states() == ["paid"] and reward_state(reward)[0] == "issued"
    page = operator.get(f"/payouts/{payout.pk}").content.decode()
    assert "ICBC-1" in page and "After tax" in page
    for address in (f"/payouts/{payout.pk}", f"/payouts/batches/{batch.pk}"):
        facts = operator.get(address).content.decode().partition("<aside>")[2]
        assert facts and "To be paid" not in facts


def test_enter_in_a_note_or_a_number_lets_no_money_go_and_records_nothing(operator):
    """A browser presses the first button of a form for Enter in a line of text, unless it is switched off."""
    account = make_account(adapter="manual")
    _budget, owed = owe()
    give_payees(owed, "manual")
    proposed = services.propose_batch(
        account_id=account.id, reward_ids=[owed[0].id], key="1", note="", actor=CHECKER + MAKER + 1000, now=NOW
    )
    page = operator.get(f"/payouts/batches/{proposed.id}").content.decode()
    assert '<textarea class="form-control" id="note"' in page and 'value="agree"' in page
    operator.post(f"/payouts/batches/{proposed.id}/decide", {"answer": "agree"})
    operator.post(f"/payouts/batches/{proposed.id}/file")
    form = operator.get(f"/payouts/{Payout.objects.get().pk}").content.decode().partition("/result")[2]
    assert "disabled" in re.findall(r"<button[^>]*>", form)[0] and 'value="paid"' in form


def test_whoever_proposed_a_batch_cannot_let_it_go(operator):
    account = make_account(adapter="manual")
    _budget, owed = owe()
    give_payees(owed, "manual")
    operator.post("/payouts/waiting", {"account": account.id, "id": owed[0].id, "note": "", "key": "1"})
    page = operator.post(f"/payouts/batches/{Batch.objects.get().pk}/decide", {"answer": "agree"}, follow=True)
    assert "Somebody else has to agree" in page.content.decode() and states() == ["proposed"]
    operator.post(f"/payouts/batches/{Batch.objects.get().pk}/decide", {"answer": "withdraw"})
    assert (
        states() == ["cancelled"]
        and len(queries.list_waiting(account_id=None, now=Batch.objects.get().proposed_at)) == 1
    )


def upload(client: Client, account: int, text: str, **more: str):
    file = SimpleUploadedFile("s.csv", text.encode(), content_type="text/csv")
    return client.post("/payouts/statements/new", {"account": account, "file": file, **more})


def test_a_statement_settles_and_finds_what_differs(operator):
    account = make_account(adapter="bank_file")
    _budget, owed = owe(4)
    give_payees(owed, "bank_file")
    batch = approve(account, owed)
    operator.post(f"/payouts/batches/{batch.id}/file")
    paid, wrong, failed, _open = Payout.objects.order_by("id")
    lines = [
        "商户单号,金额,状态", f"`{paid.out_no},10.00,成功", f"{wrong.out_no},100.00,成功", f"{failed.out_no},10.00,失败",
        "NOBODY1,5.00,成功", f"{paid.out_no},ten,成功", ",1.00,成功",
    ]  # fmt: skip
    page = upload(operator, account.id, "\n".join(lines)).content.decode()
    assert "the amount cannot be read" in page and "does not say which payout" in page
    assert states() == ["paid", "paid", "failed", "sending"]
    assert sorted(Finding.objects.values_list("kind", flat=True)) == ["amount_differs", "unknown_in_statement"]
    upload(operator, account.id, "\n".join(lines))
    assert Finding.objects.count() == 2
    finding = Finding.objects.get(kind="unknown_in_statement")
    operator.post(f"/payouts/differences/{finding.pk}", {"note": "fee"})
    assert [each.kind for each in queries.list_findings()] == ["amount_differs"]


def test_what_the_statement_does_not_name_is_found(operator):
    account = make_account(adapter="manual")
    _budget, owed = owe(1)
    give_payees(owed, "manual")
    approve(account, owed)
    payout = Payout.objects.get()
    operator.post(f"/payouts/{payout.pk}/result", {"answer": "paid", "reference": "1"})
    day = Payout.objects.get().paid_at.date().isoformat()
    upload(operator, account.id, "our number,amount\nX,1.00", first="2020-01-01", last=day[:4] + "-12-31")
    assert {each.kind for each in queries.list_findings()} == {"missing_in_statement", "unknown_in_statement"}


def test_a_file_without_our_numbers_is_refused_in_words(operator):
    account = make_account(adapter="manual")
    page = upload(operator, account.id, "a,b\n1,2")
    assert page.status_code == 422 and "商户单号" in page.content.decode()


def test_the_tax_of_a_month_is_shown_and_taken_out(operator):
    account = make_account(adapter="manual")
    _budget, owed = owe(1, make_cash(8000, "incidental_on_top"))
    give_payees(owed, "manual")
    approve(account, owed)
    operator.post(f"/payouts/{Payout.objects.get().pk}/result", {"answer": "paid", "reference": "1"})
    month = Payout.objects.get().paid_at.isoformat()[:7]
    assert "20.00" in operator.get("/payouts/taxes", {"month": month}).content.decode()
    lines = operator.get("/payouts/taxes.csv", {"month": month}).content.decode("utf-8-sig").splitlines()
    assert lines[1].split(",")[2:7] == ["incidental_on_top", "CNY", "100.00", "20.00", "80.00"]
    assert operator.get("/payouts/taxes", {"month": "nonsense"}).status_code == 200


def test_a_failed_payout_is_given_up_or_sent_again(operator):
    account = make_account(adapter="manual")
    _budget, owed = owe(1)
    give_payees(owed, "manual")
    approve(account, owed)
    operator.post(f"/payouts/{Payout.objects.get().pk}/result", {"answer": "failed", "note": "no such account"})
    assert states() == ["failed"] and reward_state(owed[0])[0] == "issuing"
    operator.post(f"/payouts/{Payout.objects.get().pk}/give-up", {"note": "left"})
    assert states() == ["returned"] and reward_state(owed[0]) == ("returned", "payout_given_up")


def test_money_is_made_into_a_reward(operator):
    said = {"kind": "red_packet", "name": "Red packet", "currency": "cny", "amount": "8.88", "tax": "incidental_on_top"}
    assert operator.post("/payouts/rewards/new", said | {"amount": "500"}).status_code == 422
    assert operator.post("/payouts/rewards/new", said | {"needs_approval": "on"}).status_code == 302
    offer = Offer.objects.get()
    assert (offer.face_minor, offer.cost_minor, offer.kind, offer.approval) == (888, 1110, "red_packet", "person")


def test_secrets_never_come_back(admin, wechat):
    account = make_account(wechat)
    page = admin.get(f"/payouts/accounts/{account.id}").content.decode()
    assert "PRIVATE KEY" not in page and "0123456789abcdef" not in page and "Leave it empty" in page


def test_a_viewer_sees_and_cannot_act(operator):
    account = make_account(adapter="manual")
    _budget, owed = owe(1)
    give_payees(owed, "manual")
    batch = approve(account, owed)
    viewer = signed_in(VIEWER)
    for address in (
        "/payouts",
        "/payouts/waiting",
        f"/payouts/batches/{batch.id}",
        "/payouts/statements",
        "/payouts/taxes",
        "/payouts/accounts",
    ):
        assert viewer.get(address).status_code == 200
    assert viewer.post("/payouts/waiting", {"account": account.id, "id": owed[0].id, "key": "2"}).status_code == 200
    assert states() == ["ready"]


def test_a_notice_without_a_signature_is_refused(client, wechat):
    account = make_account(wechat)
    answer = client.post(f"/v1/payouts/notices/{account.id}", b"{}", content_type="application/json")
    assert answer.status_code == 401
    assert client.get(f"/v1/payouts/notices/{account.id}").status_code == 401


def test_keys_that_are_none_are_refused(admin, wechat):
    said = {
        **ACCOUNT,
        "adapter": "wechat",
        "secret_private_key": "x",
        "secret_apiv3_key": "y",
        "secret_public_key": "z",
    }
    names = ("mchid", "appid", "cert_serial_no", "public_key_id", "scene_id", "activity", "about")
    said |= {f"set_{name}": "1" for name in names}
    page = admin.post("/payouts/accounts/new", said)
    assert page.status_code == 422 and "nothing can be signed" in page.content.decode() and not Account.objects.exists()


def test_beyond_the_account_a_payout_by_hand_is_not_told_as_paid(operator):
    account = make_account(adapter="manual", most_a_day=1)
    _budget, owed = owe(2)
    for each in owed:
        services.set_payee(customer_id=each.customer_id, adapter="manual", details={"name": "林晚秋"}, actor=1, now=NOW)
    approve(account, owed)
    for payout in Payout.objects.order_by("id"):
        page = operator.post(f"/payouts/{payout.pk}/result", {"answer": "paid", "reference": "1"}, follow=True)
    assert "a limit of the account is reached" in page.content.decode() and states() == ["paid", "ready"]


@pytest.mark.parametrize("how", ["proposed", "declined"])
def test_nobody_alone_tells_a_payout_as_paid(operator, how):
    account = make_account(adapter="manual")
    _budget, [reward] = owe()
    give_payees([reward], "manual")
    batch = services.propose_batch(
        account_id=account.id, reward_ids=[reward.id], key="1", note="", actor=MAKER, now=NOW
    )
    if how == "declined":
        services.decide_batch(batch_id=batch.id, agree=False, note="", actor=CHECKER, now=NOW)
    said = {"answer": "paid", "reference": "1"}
    page = operator.post(f"/payouts/{Payout.objects.get().pk}/result", said, follow=True)
    assert "not agreed to" in page.content.decode()
    assert reward_state(reward)[0] == "issuing" and not queries.list_findings()


def test_a_wechat_account_says_at_each_field_what_it_needs(admin):
    said = {**ACCOUNT, "adapter": "wechat", "set_mchid": "1900000001"}
    page = admin.post("/payouts/accounts/new", said)
    assert page.status_code == 422 and page.content.decode().count("WeChat Pay needs this") == 9
    assert admin.post("/payouts/accounts/new", {**said, "is_enabled": ""}).status_code == 302


def test_an_account_of_a_bank_asks_nothing_of_wechat_and_keeps_what_is_saved(admin):
    account = make_account(adapter="bank_file")
    page = admin.get(f"/payouts/accounts/{account.id}").content.decode()
    assert "Only for WeChat Pay" not in page and "Calls to the provider" not in page
    assert admin.post(f"/payouts/accounts/{account.id}", {**ACCOUNT, "largest": "300"}).status_code == 302
    saved = Account.objects.get()
    assert (saved.adapter, saved.max_minor) == ("bank_file", 30_000)
    assert "Only for WeChat Pay" in admin.get("/payouts/accounts/new").content.decode()
