"""Every page that staff open in the demo shop."""

from __future__ import annotations

from typing import Any

from tests.browser.conftest import Installation, Visitor

WIDE, PHONE = (1440, 900), (390, 844)
PAGES = [
    "/home", "/customers", "/customers?q=nobody-has-this-name", "/tiers", "/tiers/1", "/tiers/2", "/tiers/3",
    "/tiers/1/people?cell=important_value", "/segments", "/segments/new", "/segments/1", "/segments/1/members", "/referrals",
    "/referrals/1", "/referrals/1/people?step=invited", "/referrals/1/people?step=refused", "/referrals/1/why", "/referrals/new",
    "/ledger", "/ledger/proofs", "/ledger/entries/1", "/ledger/accounts/budget:1", "/ledger/budgets/1/fund", "/imports", "/imports/new",
    "/sources", "/sources/1/install", "/sources/1/install?for=wechat", "/pipeline", "/settings", "/settings/roles", "/settings/users/new", "/settings/audit", "/profile", "/ui/",
    "/sources/1", "/sources/live?paused=1", "/schemas", "/schemas/arriving", "/schemas/new", "/schemas/new?type=track&name=Order+Completed", "/quarantine",
    "/rewards", "/rewards/1", "/rewards/points", "/rewards/points/terms", "/rewards/coupons", "/rewards/gifts", "/rewards/gifts/new", "/rewards/shipments", "/rewards/reviews", "/rewards/reconciliation", "/rewards/liability",
    "/ledger/budgets", "/ledger/budgets/1", "/payouts", "/payouts/waiting", "/payouts/payees/file", "/payouts/accounts", "/payouts/accounts/new", "/payouts/statements",
    "/payouts/taxes", "/payouts/rewards/new", "/quarantine/messages", "/quarantine/messages?state=repaired", "/quarantine?sort=newest&q=order", "/sources?sort=refused&state=on", "/schemas?sort=changed&type=track", "/pipeline?before=1", "/orders/refused", "/orders/refused?state=taken", "/orders/collisions",
    "/lake", "/lake/events", "/lake/identities",
]  # fmt: skip


def read_every_page(staff: Visitor, shop: Installation, *, axe: bool) -> None:
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
