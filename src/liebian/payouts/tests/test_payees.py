"""Where money goes is said by staff, by a file, or by a shop for its customer; who cannot be paid hides nobody who can."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from liebian.access.models import AuditEntry
from liebian.core import clock
from liebian.customers.queries import people
from liebian.payouts import queries, services
from liebian.payouts.models import Payee
from liebian.payouts.queries import waiting
from liebian.payouts.tests.desk import make_account, make_people, owe, payee_of
from liebian.rewards import services as rewards
from liebian.rewards.tests.factories import NOW
from liebian.rewards.tests.test_reward_pages import sign_in

pytestmark = pytest.mark.django_db(databases="__all__")
OPENID = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"


@pytest.fixture(autouse=True)
def _known(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOW)
    monkeypatch.setattr(people, "find_customer_id", lambda *, kind, value: {"u1": 1001}.get(value))
    make_people([1001, 1002])


@pytest.fixture
def key() -> str:
    return rewards.create_shop_key(name="web", actor_id=None, now=NOW)[1]


def say(key: str, **body: Any) -> Any:
    return Client().post(
        "/v1/payouts/payee",
        json.dumps(body),
        content_type="application/json",
        headers={"authorization": f"Bearer {key}"},
    )


def test_a_shop_says_where_its_customers_money_goes_and_twice_is_once(key):
    body = {"user_id": "u1", "way": "wechat", "openid": OPENID}
    answers = [say(key, **body) for _ in range(2)]
    assert [(each.status_code, each.json()) for each in answers] == [(200, {"goes_to": "…eS6o", "way": "wechat"})] * 2
    entry = AuditEntry.objects.get(action="payee.set")
    assert entry.details == {"adapter": "wechat", "shop": "web"} and OPENID not in json.dumps(entry.details)
    assert queries.get_payee_hints(1001) == {"wechat": "…eS6o"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [({"user_id": "u1", "way": "wechat", "openid": "x"}, 422, "payee_openid"),
     ({"user_id": "u1", "way": "bank_file", "name": "林晚秋", "number": "12"}, 422, "payee_number"),
     ({"user_id": "nobody", "way": "wechat", "openid": OPENID}, 404, "customer_unknown"),
     ({"user_id": "u1", "way": "cheque"}, 422, "bad_body")],
)  # fmt: skip
def test_what_nobody_can_be_paid_by_is_refused(key, body, status, code):
    answer = say(key, **body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert say("sk_wrong", **body).status_code == 401
    assert not Payee.objects.exists()


def upload(text: str, adapter: str = "bank_file") -> Any:
    file = SimpleUploadedFile("payees.csv", text.encode())
    return sign_in("operator").post("/payouts/payees/file", {"adapter": adapter, "file": file})


def test_a_file_sets_many_and_tells_the_rows_that_it_could_not_take():
    page = upload("客户,收款人,卡号,开户行\nC-001001,林晚秋,6222020200112233,工商银行\nu1,林晚秋,6222020200112233,工商银行\n"
                  "C-009999,王芳,6222020200112233,\nC-001002,王芳,12,\n,,,\n").content.decode()  # fmt: skip
    assert "2 rows were taken" in page and "8 to 30 digits" in page and "C-009999" in page
    assert queries.get_payee_hints(1001) == {"bank_file": "林** …2233"} and queries.get_payee_hints(1002) == {}
    assert AuditEntry.objects.filter(action="payee.set").count() == 1, "the same again changes nothing"


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "customer\nC-001001\n", "openid\nx\n"])
def test_a_file_without_the_columns_is_refused_in_words(text):
    answer = upload(text)
    assert answer.status_code == 422 and "needs the column customer" in answer.content.decode()


def test_too_many_rows_are_refused_before_anything_is_written(monkeypatch):
    monkeypatch.setattr("liebian.payouts.services.payee_table.MOST_ROWS", 1)
    answer = upload("customer,name,number\nC-001001,林,6222020200112233\nC-001002,王,6222020200112233\n")
    assert answer.status_code == 422 and not Payee.objects.exists()


def test_viewers_say_nothing():
    assert sign_in("viewer").get("/payouts/payees/file").status_code == 403


def test_those_who_can_be_paid_are_not_hidden_by_those_who_cannot(monkeypatch):
    monkeypatch.setattr(waiting, "SHOWN", 2)
    _budget, owed = owe(4)
    account = make_account(adapter="bank_file")
    last = owed[3].customer_id
    services.set_payee(customer_id=last, adapter="bank_file", details=payee_of(last), actor=1, now=NOW)
    found = queries.list_waiting(account_id=account.id, now=NOW)
    assert {each.customer_id: each.problem for each in found} == {last: "", owed[0].customer_id: "payee_missing"}
    assert queries.count_waiting() == 4
