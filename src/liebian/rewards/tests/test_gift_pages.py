"""The pages on which staff make gifts and privileges, count stocks, keep addresses and send shipments."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from liebian.access.models import AuditEntry
from liebian.ledger.models import Entry
from liebian.rewards import queries, services
from liebian.rewards.models import Offer
from liebian.rewards.tests.factories import NOW
from liebian.rewards.tests.gift_shop import ADDRESS, act, address, make_gift, parcel_of, promise, restock, send
from liebian.rewards.tests.test_reward_pages import key_of, read, sign_in
from liebian.rewards.types import OfferDraft, PostalAddress, RewardView

pytestmark = pytest.mark.django_db(databases="__all__")
SAID = {"recipient": "林晚秋", "phone": "13812346021", "region": "浙江 杭州", "line": "文三路 100 号"}


@pytest.fixture
def waiting() -> list[RewardView]:
    gift = make_gift()
    restock(gift, 3)
    return promise(gift, 3)


def upload(staff: Client, text: str, follow: bool = True) -> str:
    file = SimpleUploadedFile("back.csv", text.encode("utf-8-sig"))
    return staff.post("/rewards/shipments/tracking", {"file": file}, follow=follow).content.decode()


def test_a_gift_is_made_counted_in_once_and_counted_out():
    staff = sign_in("operator")
    made = staff.post(
        "/rewards/gifts/new", {"what": "gift", "name": "Tea", "currency": "cny", "cost": "45.50"}, follow=True
    )
    (offer,) = queries.list_offers()
    assert (offer.kind, offer.cost_minor) == ("gift", 4550)
    said = {"n_units": "12", "note": "June", "key": key_of(made.content.decode())}
    for _ in range(2):
        page = staff.post(f"/rewards/gifts/{offer.id}/restock", said, follow=True).content.decode()
    assert "12 pieces came in" in page and queries.get_gift_stock(offer.id).n_left == 12
    assert AuditEntry.objects.filter(action="gift.restocked").first().reason == "June"
    assert "June" not in json.dumps(list(Entry.objects.values_list("memo", flat=True)), ensure_ascii=False)
    short = staff.post(f"/rewards/gifts/{offer.id}/restock", {"n_units": "-13", "key": "k"})
    assert short.status_code == 409 and "Fewer pieces are left" in short.content.decode()
    assert "Tea" in read(staff, "/rewards/gifts")


def test_privileges_and_virtual_gifts_are_made_from_the_same_page():
    staff = sign_in("operator")
    said = {"what": "access", "name": "Gold month", "currency": "CNY", "cost": "30", "subject": "gold", "days": "30"}
    assert staff.post("/rewards/gifts/new", said).status_code == 302
    staff.post(
        "/rewards/gifts/new", {"what": "code", "name": "Cinema", "currency": "CNY", "cost": "9", "needs_approval": "on"}
    )
    assert dict(Offer.objects.values_list("name", "approval")) == {"Gold month": "rule", "Cinema": "person"}
    page = read(staff, "/rewards/gifts")
    assert "Access: gold" in page and "Cinema" in page and "¥30.00" in page
    assert "Cinema" in read(staff, "/rewards/coupons")
    for wrong, words in (
        ({"subject": ""}, "Name the level"),
        ({"days": ""}, "how many days"),
        ({"cost": "0"}, "more than zero"),
    ):
        refused = staff.post("/rewards/gifts/new", {**said, **wrong})
        assert refused.status_code == 422 and words in refused.content.decode()


def test_a_level_that_would_lift_nobody_is_asked_about_and_told_on_the_list():
    staff = sign_in("operator")
    said = {"what": "level", "name": "Gold month", "currency": "CNY", "cost": "30", "subject": "gold", "days": "30"}
    form = read(staff, "/rewards/gifts/new")
    assert '<option value="Champions">' in form and "keeps_name" not in form
    asked = staff.post("/rewards/gifts/new", said)
    page = asked.content.decode()
    assert asked.status_code == 422 and "would lift nobody" in page and "keeps_name" in page
    assert queries.list_offers() == []
    assert staff.post("/rewards/gifts/new", {**said, "keeps_name": "on"}).status_code == 302
    assert "lifts nobody" in read(staff, "/rewards/gifts")
    for name in ("champions", "A 类", "loyal"):
        assert staff.post("/rewards/gifts/new", {**said, "subject": name}).status_code == 302, name
    page = read(staff, "/rewards/gifts")
    assert page.count("lifts nobody") == 1 and "Lifecycle: Loyal" in page
    chinese = staff.post("/rewards/gifts/new", {**said, "subject": "银卡"}, HTTP_ACCEPT_LANGUAGE="zh-hans")
    assert "此等级不会提升任何人" in chinese.content.decode()


def test_an_address_is_kept_covered_and_corrected_until_it_leaves(waiting):
    staff, parcel = sign_in("operator"), parcel_of(waiting[0])
    place = f"/rewards/shipments/{parcel.id}"
    wrong = staff.post(f"{place}/address", {**SAID, "phone": "call me"})
    assert wrong.status_code == 422 and "phone number" in wrong.content.decode() and "文三路" in wrong.content.decode()
    staff.post(f"{place}/address", SAID)
    page = read(staff, place)
    assert "林*秋 138****6021" in page and "文三路" not in page and "13812346021" not in page
    staff.post(f"{place}/send", {"carrier": "SF", "tracking": "SF1"})
    assert queries.get_parcel(parcel.id).tracking == "SF1"
    late = staff.post(f"{place}/address", SAID, follow=True)
    assert "has left" in late.content.decode()
    reward_page = read(staff, f"/rewards/{waiting[0].id}")
    assert "In transit" in reward_page and "SF1" in reward_page


def test_many_are_moved_at_once_and_what_was_left_alone_is_told(waiting):
    staff = sign_in("operator")
    first, second, _third = waiting
    address(first), address(second)
    ids = [parcel_of(each).id for each in waiting]
    asked = read(staff, "/rewards/shipments/act?act=pack" + "".join(f"&id={each}" for each in ids))
    assert "3 shipments are concerned" in asked
    page = staff.post("/rewards/shipments/act", {"act": "pack", "id": ids}, follow=True).content.decode()
    assert "Done for 2 shipments" in page and f"Shipment #{ids[2]} was left alone: has no address" in page
    assert "Address missing 1" in page and "Packed 2" in page
    assert f"#{ids[2]}" in (only := read(staff, "/rewards/shipments?state=no_address")) and f"#{ids[0]}" not in only
    nothing = staff.get("/rewards/shipments/act?act=pack", follow=True).content.decode()
    assert "Choose shipments" in nothing


def test_the_warehouse_gets_a_file_and_its_answer_is_taken_row_by_row(waiting):
    staff = sign_in("operator")
    first, second, _third = waiting
    address(first)
    address(second, PostalAddress("=cmd()", "1234567", "上海", "x"))
    download = staff.get("/rewards/shipments/export")
    rows = list(csv.DictReader(io.StringIO(download.content.decode("utf-8-sig"))))
    assert [row["recipient"] for row in rows] == [ADDRESS.recipient, "'=cmd()"]
    assert (rows[0]["phone"], rows[0]["address"]) == (ADDRESS.phone, ADDRESS.line)
    assert download["Cache-Control"] == "no-store"
    assert AuditEntry.objects.filter(action="parcels.downloaded").exists()
    ids = [parcel_of(each).id for each in waiting]
    text = f"发货单号,快递公司,运单号\n{ids[0]},顺丰,SF1\n{ids[1]},顺丰,\n{ids[2]},顺丰,SF3\nx,顺丰,SF4\n{ids[1]},,\n"
    page = upload(staff, text)
    assert "1 shipment was sent" in page and "has no address" in page and "no shipment has this number" in page
    assert "needs a carrier" in page and 'href="/rewards/shipments?state=shipped"' in page
    assert [parcel_of(each).state for each in waiting] == ["shipped", "to_pack", "to_pack"]
    assert "needs the columns" in upload(staff, "a,b\n1,2\n")


def test_a_customer_who_wants_to_be_forgotten_is(waiting):
    staff, parcel = sign_in("operator"), parcel_of(waiting[0])
    address(waiting[0])
    unsure = staff.post(f"/rewards/shipments/{parcel.id}/erase", follow=True).content.decode()
    assert "Tick the box first" in unsure and queries.get_parcel(parcel.id).has_address
    staff.post(f"/rewards/shipments/{parcel.id}/erase", {"sure": "1"})
    after = queries.get_parcel(parcel.id)
    assert (after.state, after.has_address) == ("cancelled", False)


def test_the_code_of_a_virtual_gift_is_whole_only_for_who_hands_it_over():
    card = services.create_offer(draft=OfferDraft("code", "Cinema", "CNY", 100), now=NOW)
    pool = services.create_pool(offer_id=card.id, name="June", kind="rewards", low_at=0, now=NOW)
    services.import_codes(pool_id=pool.id, rows=[(2, "secret-1234")], idempotency_key="1", now=NOW)
    [reward] = promise(card)
    assert "secret-1234" in read(sign_in("operator"), f"/rewards/{reward.id}")
    seen = read(sign_in("viewer"), f"/rewards/{reward.id}")
    assert "…1234" in seen and "secret" not in seen


def test_a_viewer_looks_and_changes_nothing(waiting):
    viewer, parcel = sign_in("viewer"), parcel_of(waiting[0])
    pages = [read(viewer, f"/rewards/{each}") for each in ("gifts", "shipments", f"shipments/{parcel.id}")]
    assert not any(words in page for page in pages for words in ("Keep the address", "Erase", "New gift", "warehouse"))
    assert viewer.get("/rewards/shipments/export").status_code == 403


@pytest.mark.parametrize("nonsense", ["state=%00", "state=x", "gift=-1", "before=x"])
def test_a_nonsense_address_is_no_error(waiting, nonsense):
    read(sign_in("viewer"), f"/rewards/shipments?{nonsense}")


def test_the_pages_speak_chinese(waiting):
    staff, gift = sign_in("operator", "zh-hans"), queries.list_offers()[0]
    send(waiting[0])
    act("deliver", waiting[0])
    for place in ("gifts", "gifts/new", f"gifts/{gift.id}", "shipments", f"shipments/{parcel_of(waiting[0]).id}"):
        page = read(staff, f"/rewards/{place}")
        assert "礼品" in page or "发货" in page
        assert not re.search(r">\s*(Gifts?|Shipments?|Delivered|Left|Packed|Recipient|Count)\s*<", page)
