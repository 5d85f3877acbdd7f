"""The pages on which staff make coupons, fill pools, find one code and give shops their keys."""

from __future__ import annotations

import io
import re

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from liebian.access.models import AuditEntry
from liebian.rewards import queries, services
from liebian.rewards.models import Offer
from liebian.rewards.tests.coupon_shop import back, issue, make_offer, redeem, reserve
from liebian.rewards.tests.factories import NOW
from liebian.rewards.tests.test_reward_pages import key_of, read, sign_in

pytestmark = pytest.mark.django_db(databases="__all__")
TERMS = {"name": "Ten percent", "currency": "cny", "on_return": "keep", "valid_days": "30", "honours_reservation": "on"}


def make_pool(kind: str = "open"):
    offer = make_offer(codes="pool")
    return services.create_pool(offer_id=offer.id, name="Flyers", kind=kind, low_at=5, now=NOW)  # type: ignore[arg-type]


def test_terms_are_written_from_the_page_in_whole_currency_units():
    said = {**TERMS, "effect": "percent", "percent": "12.5", "amount": "30", "threshold": "99", "group": "member",
            "categories": "green tea，ware", "pooled": "on", "needs_approval": "on", "ends_at": "2026-07-01T00:00"}  # fmt: skip
    assert sign_in("operator").post("/rewards/coupons/new", said).status_code == 302
    (offer,) = queries.list_offers()
    assert (offer.cost_minor, offer.threshold_minor, offer.valid_days, offer.approval) == (3000, 9900, 30, "person")
    terms = offer.terms
    assert (terms.percent_bp, terms.cap_minor, terms.group, terms.codes) == (1250, 3000, "member", "pool")
    assert terms.categories == ("green tea", "ware")
    assert terms.ends_at is not None and terms.ends_at.isoformat() == "2026-06-30T16:00:00+00:00"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"effect": "percent", "amount": "30"}, "between 0.01 and 100"), ({"effect": "gift", "cost": "5"}, "comes free"),
     ({"effect": "fixed", "amount": "0.001"}, "does not fit the currency")],
)  # fmt: skip
def test_terms_that_make_no_sense_are_told(wrong, words):
    response = sign_in("operator").post("/rewards/coupons/new", {**TERMS, **wrong})
    assert response.status_code == 422 and words in response.content.decode()
    assert not Offer.objects.exists()


def test_a_pool_is_made_filled_and_its_unused_codes_are_downloaded_with_a_trace():
    staff, offer = sign_in("operator"), make_offer(codes="pool")
    made = staff.post(
        "/rewards/coupons/pools", {"offer": offer.id, "name": "Flyers", "kind": "open", "low_at": "5"}, follow=True
    )
    (pool,) = queries.list_pools()
    assert "Low" in made.content.decode()
    page = read(staff, f"/rewards/coupons/pools/{pool.id}")
    said = {"n_codes": "1200", "start": "s-", "length": "9", "key": key_of(page)}
    for _ in range(2):
        filled = staff.post(f"/rewards/coupons/pools/{pool.id}/generate", said, follow=True)
        assert "1,200 codes came into the pool" in filled.content.decode()
    assert queries.get_pool(pool.id).n_left == 1200
    download = staff.get(f"/rewards/coupons/pools/{pool.id}/unused")
    lines = b"".join(download.streaming_content).decode().split()  # type: ignore[attr-defined]
    assert lines[0] == "code" and len(lines) == 1201 and all(line.startswith("S-") for line in lines[1:])
    assert AuditEntry.objects.filter(action="coupon_codes.downloaded").exists()
    short = staff.post(f"/rewards/coupons/pools/{pool.id}/generate", {**said, "length": "3", "key": "k"})
    assert short.status_code == 422 and "nobody can guess" in short.content.decode()


@pytest.mark.parametrize(("body", "n_taken"), [("code,note\nAAAA-1,x\nAAAA-2,y\n", 2), ("AAAA-1\nAAAA-2\nAAAA-3\n", 3)])
def test_codes_come_from_a_file_with_or_without_a_header(body, n_taken):
    staff, pool = sign_in("operator"), make_pool()
    file = SimpleUploadedFile("codes.csv", body.encode("utf-8-sig"))
    done = staff.post(f"/rewards/coupons/pools/{pool.id}/import", {"file": file, "key": "k"}, follow=True)
    assert f"{n_taken} codes came" in done.content.decode()
    assert queries.get_pool(pool.id).n_left == n_taken


def test_rows_that_are_not_taken_are_shown_with_their_reason():
    staff, pool = sign_in("operator"), make_pool()
    file = SimpleUploadedFile("codes.csv", "券码\nAAAA-1\naaaa-1\n坏\n".encode("gb18030"))
    page = staff.post(f"/rewards/coupons/pools/{pool.id}/import", {"file": file, "key": "k"}).content.decode()
    assert "1 code was taken" in page and "twice in the file" in page and "no code: 4 to 40" in page and "坏" in page


def test_a_workbook_is_read_and_a_picture_is_refused():
    staff, pool = sign_in("operator"), make_pool()
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate((["note", "code"], ["x", "AAAA-1"])):
            sheet.write_row(number, 0, row)
    staff.post(
        f"/rewards/coupons/pools/{pool.id}/import",
        {"file": SimpleUploadedFile("c.xlsx", stream.getvalue()), "key": "k"},
    )
    assert queries.get_pool(pool.id).n_left == 1
    picture = SimpleUploadedFile("c.csv", b"\x89PNG\r\n\x1a\n")
    refused = staff.post(f"/rewards/coupons/pools/{pool.id}/import", {"file": picture, "key": "l"})
    assert refused.status_code == 422 and "a picture" in refused.content.decode()


def test_a_retail_pool_has_one_code_and_gets_more_uses():
    staff, pool = sign_in("operator"), make_pool("retail")
    said = {"code": "summer", "n_uses": "100", "key": "k"}
    staff.post(f"/rewards/coupons/pools/{pool.id}/retail", said)
    assert queries.get_pool(pool.id).n_left == 100
    page = read(staff, f"/rewards/coupons/pools/{pool.id}")
    assert "Add uses" in page and "100 more uses of the code." in page and "Download unused" not in page


def test_one_code_tells_whose_it_is_and_where_it_was():
    staff = sign_in("operator")
    (coupon,) = issue(make_offer())
    reserve(coupon.code)
    redeem()
    back()
    page = read(staff, f"/rewards/coupons/code?code={coupon.code.lower()}")
    for words in ("A-1", "Order came back", "¥20.00", f"/rewards/{coupon.reward_id}", "C-001001"):
        assert words in page
    assert "No coupon has this code" in read(staff, "/rewards/coupons/code?code=NOPE99")
    read(staff, "/rewards/coupons/code")
    read(staff, "/rewards/coupons/code?code=%00")


def test_a_key_is_shown_once_and_only_administrators_make_one():
    assert sign_in("operator").post("/rewards/coupons/shops", {"name": "web"}).status_code == 403
    boss = sign_in("administrator")
    page = boss.post("/rewards/coupons/shops", {"name": "web"}).content.decode()
    found = re.search(r"sk_[\w-]+", page)
    assert found and queries.find_shop(found[0])
    assert found[0] not in read(boss, "/rewards/coupons")
    again = boss.post("/rewards/coupons/shops", {"name": "web"})
    assert again.status_code == 409 and "already a key" in again.content.decode()
    (shop,) = queries.list_shop_keys()
    boss.post(f"/rewards/coupons/shops/{shop.id}", {"on": "0"})
    assert queries.find_shop(found[0]) is None


def test_a_viewer_looks_and_changes_nothing():
    viewer, pool = sign_in("viewer"), make_pool()
    page = read(viewer, "/rewards/coupons") + read(viewer, f"/rewards/coupons/pools/{pool.id}")
    assert "Make codes" not in page and "New pool" not in page and "Make a key" not in page
    for address in ("new", f"pools/{pool.id}/unused"):
        assert viewer.get(f"/rewards/coupons/{address}").status_code == 403


def test_the_pages_speak_chinese():
    staff: Client = sign_in("administrator", "zh-hans")
    pool = make_pool()
    for address in ("", "/new", "/code?code=NOPE99", f"/pools/{pool.id}"):
        page = read(staff, f"/rewards/coupons{address}")
        assert "优惠券" in page or "券码" in page
        assert not re.search(r">\s*(Pool|Coupons|Find|Make codes|Left)\s*<", page)
