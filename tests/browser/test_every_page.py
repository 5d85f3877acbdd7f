"""Every page that staff open in the demo shop, and what customers see of it: both languages, wide and phone, light and dark."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Installation, Visitor

WIDE, PHONE = (1440, 900), (390, 844)
# axe reads the structure, which is the same in both languages: two of the four looks are enough for it
LOOKS = [("zh-CN", WIDE, False), ("zh-CN", PHONE, True), ("en-GB", WIDE, True), ("en-GB", PHONE, False)]
PAGES = [
    "/home", "/customers", "/customers?q=nobody-has-this-name", "/tiers", "/tiers/1", "/tiers/2", "/tiers/3",
    "/tiers/1/people?cell=important_value", "/segments", "/segments/new", "/segments/1", "/segments/1/members", "/referrals",
    "/referrals/1", "/referrals/1/people?step=invited", "/referrals/1/people?step=refused", "/referrals/1/why", "/referrals/new",
    "/ledger", "/ledger/proofs", "/ledger/entries/1", "/ledger/accounts/budget:1", "/ledger/budgets/1/fund", "/imports", "/imports/new",
    "/sources", "/sources/1/install", "/sources/1/install?for=wechat", "/pipeline", "/settings", "/settings/roles", "/settings/users/new", "/settings/audit", "/profile", "/ui/",
    "/sources/1", "/sources/live?paused=1", "/schemas", "/schemas/new", "/schemas/new?type=track&name=Order+Completed", "/quarantine",
    "/rewards", "/rewards/points", "/rewards/points/terms", "/rewards/coupons", "/rewards/gifts", "/rewards/gifts/new", "/rewards/shipments", "/rewards/reviews", "/rewards/reconciliation", "/rewards/liability",
    "/ledger/budgets", "/ledger/budgets/1", "/payouts", "/payouts/waiting", "/payouts/accounts", "/payouts/accounts/new", "/payouts/statements",
    "/payouts/taxes", "/payouts/rewards/new", "/quarantine/messages", "/quarantine/messages?state=repaired", "/lake", "/lake/events", "/lake/identities",
]  # fmt: skip
IN_THE_DARK = ["/home", "/referrals/1", "/ui/"]


def _name(value: object) -> str:
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)


@pytest.mark.parametrize(("locale", "size", "axe"), LOOKS, ids=_name)
def test_staff_can_read_every_page(
    shop: Installation, visit: Callable[..., Visitor], locale: str, size: tuple[int, int], axe: bool
) -> None:
    staff = visit(locale=locale, width=size[0], height=size[1])
    staff.sign_in(shop)
    for path in PAGES:
        staff.go(path)
        staff.check(axe=axe)
    for path in _deeper(staff.page):
        staff.go(path)
        staff.check(axe=axe)


def _deeper(page: Any) -> list[str]:
    """A customer who brings most, a friend of theirs, and the newest event: reached as people reach them."""
    start = "/".join(page.url.split("/")[:3])
    page.goto(start + "/referrals/1")
    person = page.locator("table a[href^='/customers/']").first.get_attribute("href")
    page.goto(start + person)
    friend = page.locator("#referrals .lb-list a[href^='/customers/']").first.get_attribute("href")
    page.goto(start + "/sources/live?paused=1")
    event = page.locator("table a[href^='/sources/live/']").first.get_attribute("href")
    return [person, friend, f"{person}/points", f"{person}/reveal/name", f"{person}/erase", event]


def test_three_pages_in_the_dark(shop: Installation, visit: Callable[..., Visitor]) -> None:
    staff = visit(locale="zh-CN", width=1440, height=900, dark=True)
    staff.sign_in(shop)
    for path in IN_THE_DARK:
        staff.go(path)
        expect(staff.page.locator("html")).to_have_attribute("data-bs-theme", "dark")
        staff.check()


@pytest.mark.parametrize("locale", ["zh-CN", "en-GB"])
def test_a_friend_is_told_what_is_wrong(visit: Callable[..., Visitor], locale: str) -> None:
    """A wrong code and a wrong address have pages of their own; so has the way in."""
    friend = visit(locale=locale, width=390, height=844)
    for path in ("/login", "/r/ZZZZZZ9", "/p/not-a-token"):
        friend.go(path)
        expect(friend.page.locator("h1").first).to_be_visible()
        friend.wrong[:] = [text for text in friend.wrong if "404" not in text]  # Chromium notes the page's own status
        friend.check()
