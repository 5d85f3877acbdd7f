"""Files come in from a browser, which proves its token in the form: every page that takes one reads it."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from liebian.access.permissions import ADMINISTRATOR
from liebian.access.tests.factories import make_user
from liebian.rewards import services as rewards
from liebian.rewards.tests.factories import NOW
from liebian.rewards.types import OfferDraft

pytestmark = pytest.mark.django_db(databases="__all__")


def make_pool() -> str:
    draft = OfferDraft("coupon", "Tea", "CNY", 500, face_minor=500, valid_days=30)
    offer = rewards.create_offer(draft=draft, now=NOW)
    pool = rewards.create_pool(offer_id=offer.id, name="Printed", kind="open", low_at=0, now=NOW)
    return f"/rewards/coupons/pools/{pool.id}/import"


PAGES = {
    "statement": lambda: "/payouts/statements/new",
    "payees": lambda: "/payouts/payees/file",
    "tracking": lambda: "/rewards/shipments/tracking",
    "codes": make_pool,
}


@pytest.mark.parametrize("page", PAGES)
def test_a_browsers_upload_is_read(page: str) -> None:
    browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
    browser.force_login(make_user(ADMINISTRATOR))
    browser.get("/profile")
    token = browser.cookies["csrftoken"].value
    file = SimpleUploadedFile("rows.csv", b"a,b\n1,2\n")
    answer = browser.post(PAGES[page](), {"csrfmiddlewaretoken": token, "file": file})
    assert answer.status_code in (200, 422)
