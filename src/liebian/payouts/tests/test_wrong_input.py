"""Nonsense in every form of rewards and payouts is answered in words, changes nothing and never breaks a page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from django.test import Client

from liebian.access.permissions import ADMINISTRATOR
from liebian.access.tests.factories import make_user
from liebian.payouts.models import Account, Batch, Payout
from liebian.payouts.tests.desk import give_payees, make_account, make_cash, owe, states
from liebian.payouts.tests.test_pages import ACCOUNT
from liebian.rewards.models import Offer
from liebian.rewards.tests.gift_shop import make_gift, parcel_of, promise, restock

pytestmark = pytest.mark.django_db(databases="__all__")
NONSENSE = ["", "0", "0.001", "1e999999", "NaN", "９" * 30, "x" * 5000, "\x00", "2026-13-45"]
CASH = {"kind": "cash", "name": "Cash", "currency": "CNY", "amount": "8.88", "tax": "none"}
GIFT = {"what": "level", "name": "Gold", "currency": "CNY", "cost": "5", "subject": "A", "days": "30"}
COUPON = {
    "name": "Ten off", "currency": "CNY", "effect": "fixed", "amount": "10", "valid_days": "30", "on_return": "keep", "percent": "5",
    "cost": "10", "threshold": "100", "starts_at": "", "ends_at": "", "priority": "0", "per_customer": "0", "grace_days": "0",
}  # fmt: skip
PAYEE = {"adapter": "bank_file", "name": "林晚秋", "number": "6222020200112233", "bank": "工商银行", "openid": ""}
ADDRESS = {
    "recipient": "林晚秋",
    "phone": "13812346021",
    "region": "浙江 杭州",
    "line": "文三路 100 号",
    "postcode": "310012",
}


@pytest.fixture
def staff() -> Client:
    client = Client(headers={"accept-language": "en"}, raise_request_exception=True)
    client.force_login(make_user(ADMINISTRATOR))
    return client


def tell_nonsense(staff: Client, address: str, said: dict[str, Any], names: Iterable[str] = ()) -> None:
    for name in names or said:
        for wrong in NONSENSE:
            answer = staff.post(address, {**said, name: wrong})
            assert answer.status_code in (302, 409, 422), (name, wrong[:20], answer.status_code)
            assert (
                answer.status_code == 302 or b'role="alert"' in answer.content or b"invalid-feedback" in answer.content
            )


def test_terms_of_rewards(staff):
    tell_nonsense(staff, "/payouts/rewards/new", CASH)
    tell_nonsense(staff, "/rewards/gifts/new", GIFT, ["what", "cost", "subject", "days"])
    tell_nonsense(staff, "/rewards/coupons/new", COUPON, ["effect", "amount", "percent", "ends_at"])
    assert Offer.objects.exists() and not Offer.objects.filter(cost_minor__lte=0).exists()


def test_accounts_and_payees(staff):
    tell_nonsense(staff, "/payouts/accounts/new", ACCOUNT, ["currency", "smallest", "day", "quiet_from"])
    assert not Account.objects.filter(min_minor__lte=0).exists()
    _budget, [reward] = owe(1, make_cash())
    tell_nonsense(staff, f"/payouts/payees/{reward.customer_id}", PAYEE)


def test_batches_and_results(staff):
    account = make_account(adapter="manual")
    _budget, [reward] = owe()
    give_payees([reward], "manual")
    for wrong in NONSENSE[:-3]:
        asked = {"account": wrong, "id": wrong, "note": wrong, "key": wrong}
        assert staff.post("/payouts/waiting", asked).status_code in (409, 422), wrong[:20]
    assert not Batch.objects.exists()
    staff.post("/payouts/waiting", {"account": account.id, "id": reward.id, "note": "", "key": "1"})
    payout = Payout.objects.get()
    for wrong in NONSENSE:
        for act in ("result", "give-up", "call-back"):
            answer = staff.post(f"/payouts/{payout.pk}/{act}", {"answer": wrong, "reference": wrong, "note": wrong})
            assert answer.status_code == 302
    assert states() == ["proposed"]


def test_gifts_and_shipments(staff):
    gift = make_gift()
    restock(gift, 1)
    [reward] = promise(gift)
    parcel = parcel_of(reward)
    tell_nonsense(staff, f"/rewards/gifts/{gift.id}/restock", {"n_units": "2", "note": "", "key": "k"})
    tell_nonsense(staff, f"/rewards/shipments/{parcel.id}/address", ADDRESS)
    tell_nonsense(staff, f"/rewards/shipments/{parcel.id}/send", {"carrier": "SF", "tracking": "1"})
