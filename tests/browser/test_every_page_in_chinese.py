"""Every page that staff open in the demo shop, in Chinese, wide and on a phone; some in the dark."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Installation, Visitor
from tests.browser.pages import PHONE, WIDE, read_every_page

IN_THE_DARK = ["/home", "/referrals/1", "/ui/"]


# axe reads the structure, which is the same in both languages: one look in each is enough for it
@pytest.mark.parametrize(("size", "axe"), [(WIDE, False), (PHONE, True)], ids=["wide", "phone"])
def test_staff_can_read_every_page(
    shop: Installation, visit: Callable[..., Visitor], size: tuple[int, int], axe: bool
) -> None:
    read_every_page(visit(locale="zh-CN", width=size[0], height=size[1]), shop, axe=axe)


def test_three_pages_in_the_dark(shop: Installation, visit: Callable[..., Visitor]) -> None:
    staff = visit(locale="zh-CN", width=1440, height=900, dark=True)
    staff.sign_in(shop)
    for path in IN_THE_DARK:
        staff.go(path)
        expect(staff.page.locator("html")).to_have_attribute("data-bs-theme", "dark")
        staff.check()
