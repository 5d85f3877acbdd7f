"""Somebody stands everywhere they can: in every free text, in files, in the lake. After their erasure no column and no file holds them.

The list of columns is the product's own: a new text or JSON column has to be placed here.
"""

from __future__ import annotations

import csv
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from django.apps import apps
from django.db import models

from liebian.access.models import AuditEntry
from liebian.config.jobs import work_erasures
from liebian.core import crypto
from liebian.core.cursors import drain
from liebian.customers import queries as customer_queries
from liebian.customers import services as customers
from liebian.events.models import ImportJob, Quarantined, RefusedRequest
from liebian.payouts.models import Account as PayoutAccount
from liebian.payouts.models import Batch, Finding, Payout, PayoutChange, Recording, Statement
from liebian.pipeline.models import ReplayCheck, SetAside, UnitState
from liebian.referrals.tests.shop import T0, Shop
from liebian.rewards import services as rewards
from liebian.rewards.models import (
    Alarm,
    Budget,
    CheckoutAnswer,
    Offer,
    Parcel,
    PointsProposal,
    PointsUse,
    Redemption,
    Review,
    ReviewItem,
    Reward,
    RewardChange,
)
from liebian.rewards.types import PointsAdjustment

pytestmark = pytest.mark.django_db(databases="__all__")
PHONE, NAME, EMAIL = "13812346021", "林晚秋", "wanqiu@example.com"
ADDRESS, USER, OPENID = "龙井路 88 号", "user-lin-7781", "oX8f2kQ9lin"
SECRETS = (PHONE, "138 1234 6021", NAME, EMAIL, ADDRESS, USER, OPENID)
TOLD = f"{NAME} ({USER}) 来电 138 1234 6021, {EMAIL}, {OPENID}: 寄到{ADDRESS}，重复下单"
KEPT = "重复下单"
LATER = T0 + timedelta(days=1)

FREE_TEXTS = {
    "customers.Erasure": {"reason"},
    "events.ImportJob": {"filename", "error_message"},
    "payouts.Batch": {"note"},
    "payouts.Finding": {"note", "details"},
    "payouts.PayoutChange": {"note"},
    "payouts.Recording": {"note", "reference"},
    "payouts.Statement": {"name"},
    "pipeline.ReplayCheck": {"error", "parts"},
    "pipeline.SetAside": {"error"},
    "pipeline.UnitState": {"last_error"},
    "rewards.Alarm": {"note"},
    "rewards.Budget": {"closures"},
    "rewards.CheckoutAnswer": {"answer"},
    "rewards.Parcel": {"carrier", "tracking"},
    "rewards.PointsLot": {"trace"},
    "rewards.PointsProposal": {"details"},
    "rewards.PointsUse": {"note", "subject"},
    "rewards.Redemption": {"lines", "gift"},
    "rewards.Review": {"note", "decision_note"},
    "rewards.RewardChange": {"note"},
}
OWN_DATA = {
    "customers.Customer", "customers.Identifier", "customers.IdentityChange", "customers.Tombstone", "events.Event", "events.Quarantined",
    "events.RefusedRequest", "payouts.Payee", "payouts.Payout", "access.AuditEntry",
}  # fmt: skip
"""Where what a person said lies: taken from there by the erasure itself. The trail cannot be changed; names do not get into it."""
FREE_OF_PEOPLE = {
    "accounts, roles and settings of colleagues": {
        "access.AuditHead", "access.Organisation", "access.SignInWindow", "access.User", "auth.Group", "auth.Permission",
        "contenttypes.ContentType", "core.Cursor", "sessions.Session",
    },
    "terms that staff set for everybody": {
        "events.Schema", "events.Source", "events.SourceDay", "payouts.Account", "payouts.Pace", "referrals.Programme",
        "referrals.ProgrammeChange", "rewards.CouponPool", "rewards.Offer", "rewards.PointsTermsRow", "rewards.PointsValue",
        "rewards.ReviewPolicy", "rewards.ShopKey", "segments.Segment", "tiers.TierModel",
    },
    "codes, numbers and keyed hashes that the product makes, by customer number": {
        "customers.CustomerEvent", "customers.TierMembership", "events.EventKey", "events.ImportedItem", "orders.NumberCollision", "orders.RefusedOrderEvent",
        "referrals.Outcome", "referrals.Participation", "referrals.Qualification", "referrals.Referral", "referrals.ReferralDecision",
        "referrals.SignUpWindow", "referrals.Touch", "rewards.BudgetForecast", "rewards.CheckRun", "rewards.Coupon", "rewards.CouponCode",
        "rewards.CouponFill", "rewards.PointsCohort", "rewards.PointsMerge", "rewards.PointsWallet", "rewards.Privilege",
        "rewards.ReviewItem", "rewards.Reward", "rewards.StockLine", "segments.Fact", "segments.Past", "segments.Progress",
        "segments.State", "tiers.TierRun",
    },
    "books that nobody can change; what goes in names nobody": {
        "ledger.Account", "ledger.Entry", "ledger.FullProof", "ledger.Hold", "ledger.KeptSum", "ledger.Proof", "ledger.Segment",
    },
    "what was bought, in the shop's own words": {"orders.Order", "orders.OrderChange", "orders.OrderLine", "orders.Product"},
}  # fmt: skip


def test_every_text_of_the_product_is_placed():
    there = {model._meta.label for model in apps.get_models() if _texts(model)}
    lists = [set(FREE_TEXTS), OWN_DATA, *FREE_OF_PEOPLE.values()]
    placed = [label for labels in lists for label in labels]
    assert sorted(placed) == sorted(there), "a model with texts is missing, gone or stands twice"


def test_no_column_and_no_file_holds_an_erased_customer(monkeypatch, settings, tmp_path):
    settings.HOME, settings.LAKE_URL, settings.UPLOADS = tmp_path, str(tmp_path / "lake"), tmp_path / "uploads"
    settings.ERASED_FILES_HOURS = 0
    shop = Shop(monkeypatch)
    person = _somebody(shop)
    drain(customers.publish)
    _write_about(person, tmp_path)
    bare = {label for label, fields in FREE_TEXTS.items() for field in fields if KEPT not in _said(label, field)}
    assert bare - {"customers.Erasure"} == set(), "a free text in which nobody stands proves nothing"
    assert _holders() and _files(tmp_path)
    customers.erase_customer(customer_id=person, reason=TOLD, actor_id=1, now=LATER)
    for _ in range(4):
        work_erasures(LATER)
        shop.run()
        drain(customers.publish)
    customers.drop_erased_files(now=LATER)
    assert _holders() == {}
    assert _files(tmp_path) == []
    for label, fields in FREE_TEXTS.items():
        assert all(KEPT in _said(label, field) for field in fields), f"{label}: what else was said is gone"
    assert customer_queries.find_erasure(person).done_at == LATER and not customer_queries.list_erasure_words()


def test_a_namesake_keeps_what_was_written_about_them(monkeypatch, settings, tmp_path):
    settings.LAKE_URL, settings.UPLOADS = str(tmp_path / "lake"), tmp_path / "uploads"
    shop = Shop(monkeypatch)
    person, other = shop.customer("u1", name=NAME, phone=PHONE), shop.customer("u2", name=NAME)
    for number, who in enumerate((person, other)):
        PointsUse.objects.create(
            key=f"k{number}",
            kind="adjust",
            customer_id=who,
            asset="POINTS/0",
            asked=1,
            amount=1,
            state="done",
            note=TOLD,
            at=T0,
        )
    customers.erase_customer(customer_id=person, reason="asked", actor_id=1, now=LATER)
    for _ in range(4):
        work_erasures(LATER)
        shop.run()
        drain(customers.publish)
    notes = dict(PointsUse.objects.values_list("customer_id", "note"))
    assert NAME not in notes[person] and notes[other] == TOLD


def _somebody(shop: Shop) -> int:
    told = {"name": NAME, "phone": PHONE, "email": EMAIL, "address": ADDRESS, "openid": OPENID}
    shop.say({"type": "identify", "userId": USER, "traits": told}, at=T0)
    shop.order(USER, "o-1", 50, at=T0, payer_id=USER)
    shop.run()
    return shop.id_of(USER)


def _write_about(person: int, home: Path) -> None:
    """What staff, providers and checkouts wrote, as the services of each room leave it behind."""
    _rewards(person)
    _payouts(person)
    UnitState.objects.update_or_create(name="orders", defaults={"last_error": TOLD_CERTAIN})
    SetAside.objects.create(unit="orders", event_id=1, error=TOLD_CERTAIN, at=T0)
    ReplayCheck.objects.create(asked_at=T0, error=TOLD_CERTAIN, parts=[{"said": TOLD_CERTAIN}])
    ImportJob.objects.create(
        state="done", filename=f"{TOLD_CERTAIN}.csv", path="", created_at=T0, error_message=TOLD_CERTAIN
    )
    message = crypto.seal({"userId": USER, "traits": {"phone": PHONE}}, context="event.quarantined")
    Quarantined.objects.create(
        key=b"q" * 16, source="s", type="identify", name="", received_ms=0, code="x", message=message
    )
    excerpt = crypto.seal(json.dumps({"userId": USER, "traits": {"name": NAME}}), context="event.refused")
    RefusedRequest.objects.create(received_ms=0, status=400, code="x", excerpt=excerpt)
    folder = home / "uploads" / "rejected"
    folder.mkdir(parents=True)
    with (folder / "import-1-rejected.csv").open("w", newline="") as file:
        rows = [
            ["name", "phone", "reason"],
            [NAME, PHONE, "no_order_id"],
            [NAME, "", "bad_time"],
            ["陈一", "13900001111", "no_order_id"],
        ]
        csv.writer(file).writerows(rows)


TOLD_CERTAIN = f"{PHONE}, {EMAIL}, {USER}: {KEPT}"  # where nobody can tell whom it is about, names stay


def _points(person: int) -> None:
    rewards.adjust_points(
        adjustments=[
            PointsAdjustment(
                key="given",
                customer_id=person,
                amount=9,
                at=T0,
                note=TOLD,
                actor=1,
                asset="POINTS/0",
                reason="goodwill",
            )
        ],
        now=T0,
    )
    PointsUse.objects.create(
        key="k",
        kind="burn",
        customer_id=person,
        asset="POINTS/0",
        asked=1,
        amount=1,
        state="done",
        note=TOLD,
        subject=TOLD,
        at=T0,
    )


def _rewards(person: int) -> None:
    _points(person)
    budget = Budget.objects.create(
        name="B",
        currency="CNY",
        closures=[{"from": T0.isoformat(), "until": T0.isoformat(), "why": TOLD_CERTAIN}],
        created_at=T0,
    )
    offer = Offer.objects.create(fingerprint="f", kind="gift", name="G", currency="CNY", cost_minor=1, created_at=T0)
    reward = Reward.objects.create(
        qualification="q", rule="r", role="referrer", programme_id=1, budget=budget, offer=offer, customer_id=person, state="issued",
        amount=1, cost_minor=1, hold_until=date(2026, 6, 1), created_at=T0, changed_at=T0,
    )  # fmt: skip
    RewardChange.objects.create(reward=reward, to_state="issued", note=TOLD, at=T0)
    sealed = crypto.seal({"name": NAME, "phone": PHONE}, context="parcel.address")
    Parcel.objects.create(
        reward=reward, offer=offer, customer_id=person, state="delivered", address=sealed, carrier=f"{NAME}: {KEPT}", tracking=f"{PHONE} {KEPT}",
        created_at=T0,
    )  # fmt: skip
    review = Review.objects.create(
        idempotency_key="one",
        act="hold",
        reason="x",
        note=TOLD,
        decision_note=TOLD,
        state="waiting",
        n_rewards=1,
        proposed_by=1,
        proposed_at=T0,
    )
    ReviewItem.objects.create(review=review, reward=reward)
    asked = Review.objects.create(
        idempotency_key="two",
        act="adjust",
        reason="x",
        note=TOLD,
        state="waiting",
        n_rewards=0,
        proposed_by=1,
        proposed_at=T0,
    )
    PointsProposal.objects.create(review=asked, customer_id=person, asset="POINTS/0", amount=5, details={"why": TOLD})
    Alarm.objects.create(
        code="c", subject="s", what="w", expected=1, found=2, opened_at=T0, seen_at=T0, note=TOLD_CERTAIN
    )
    CheckoutAnswer.objects.create(shop="s", key="k", body_hash="h", status=200, answer={"told": [TOLD_CERTAIN]}, at=T0)
    Redemption.objects.create(
        reservation="r", code="c", is_sole=False, offer=offer, customer_id=person, shop="s", state="redeemed", currency="CNY",
        discount_minor=1, lines=[{"engraving": TOLD}], gift=f"{NAME} {KEPT}", reserved_at=T0, lapses_at=T0,
    )  # fmt: skip


def _payouts(person: int) -> None:
    account = PayoutAccount.objects.create(
        name="M", adapter="bank", currency="CNY", min_minor=1, max_minor=9, most_a_day=1, day_minor=9, created_at=T0
    )
    batch = Batch.objects.create(
        account=account, idempotency_key="b", state="approved", n_payouts=1, gross_minor=1, tax_minor=0, net_minor=1, note=TOLD,
        proposed_by=1, proposed_at=T0, decided_by=2,
    )  # fmt: skip
    payout = Payout.objects.create(
        batch=batch, account=account, reward_id=1, customer_id=person, currency="CNY", gross_minor=1, tax_minor=0, net_minor=1,
        tax_rule="none", state="paid", out_no="1", fingerprint=b"f" * 16, payee_hint=NAME, changed_at=T0,
    )  # fmt: skip
    PayoutChange.objects.create(payout=payout, to_state="paid", note=TOLD, at=T0)
    finding = Finding.objects.create(
        account=account, payout=payout, kind="unknown", out_no="1", details={"recipient": TOLD}, found_at=T0, note=TOLD
    )
    Recording.objects.create(
        finding=finding, state="rejected", reference=f"{NAME} {KEPT}", note=TOLD, proposed_by=1, proposed_at=T0
    )
    Statement.objects.create(
        account=account,
        fingerprint="f",
        name=f"{PHONE} {KEPT}",
        n_rows=1,
        n_agreeing=1,
        n_settled=0,
        n_findings=0,
        read_at=T0,
    )


def _texts(model: type[models.Model]) -> list[str]:
    kinds = (models.CharField, models.TextField, models.JSONField, models.BinaryField)
    return [field.name for field in model._meta.concrete_fields if isinstance(field, kinds)]


def _said(label: str, field: str) -> str:
    rows = apps.get_model(label).objects.values_list(field, flat=True)
    return " ".join(json.dumps(value, ensure_ascii=False, default=repr) for value in rows)


def _holders() -> dict[str, list[str]]:
    """Every column of every model that holds something of the person, in clear or sealed."""
    found: dict[str, list[str]] = {}
    for model in apps.get_models():
        for field in _texts(model):
            text = " ".join(_readable(value) for value in model._default_manager.values_list(field, flat=True))
            if held := [secret for secret in SECRETS if secret in text]:
                found[f"{model._meta.label}.{field}"] = held
    return found


_SEALS = (
    "event.personal", "event.quarantined", "event.refused", "identifier.value", "parcel.address", "payouts.payee", "erasure.words",
    *(f"customer.{field}" for field in ("name", "phone", "email", "address")),
)  # fmt: skip


def _readable(value: Any) -> str:
    if isinstance(value, bytes | memoryview):
        blob = bytes(value)
        for context in _SEALS:
            try:
                return json.dumps(crypto.unseal(blob, context=context), ensure_ascii=False)
            except Exception:
                continue
        return blob.decode(errors="replace")
    return json.dumps(value, ensure_ascii=False, default=str)


def _files(home: Path) -> list[str]:
    """Every file below the folder of the installation that holds something of the person; files of the lake column by column."""
    found = []
    for path in sorted(home.rglob("*")):
        if path.is_file():
            text = path.read_bytes().decode(errors="replace")
            if path.suffix == ".parquet":
                rows = pq.ParquetFile(path).read().to_pylist()
                text += " ".join(_readable(value) for row in rows for value in row.values())
            if any(secret in text for secret in SECRETS):
                found.append(str(path.relative_to(home)))
    return found


def test_reasons_in_the_trail_name_nobody(monkeypatch):
    """The trail cannot be changed, so what names a customer does not get into it with the acts of staff."""
    shop = Shop(monkeypatch)
    person = _somebody(shop)
    _rewards(person)
    customers.erase_customer(customer_id=person, reason=TOLD, actor_id=1, now=LATER)
    said = " ".join(AuditEntry.objects.values_list("reason", flat=True))
    assert KEPT in said and [secret for secret in SECRETS if secret in said] == []
