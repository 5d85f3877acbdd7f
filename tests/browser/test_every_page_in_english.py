"""Every page that staff open in the demo shop, in English, wide and on a phone; what customers see when something is wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Installation, Visitor
from tests.browser.pages import PHONE, WIDE, read_every_page


# axe reads the structure, which is the same in both languages: one look in each is enough for it
@pytest.mark.parametrize(("size", "axe"), [(WIDE, True), (PHONE, False)], ids=["wide", "phone"])
def test_staff_can_read_every_page(
    shop: Installation, visit: Callable[..., Visitor], size: tuple[int, int], axe: bool
) -> None:
    read_every_page(visit(locale="en-GB", width=size[0], height=size[1]), shop, axe=axe)


@pytest.mark.parametrize("locale", ["zh-CN", "en-GB"])
def test_a_friend_is_told_what_is_wrong(visit: Callable[..., Visitor], locale: str) -> None:
    """A wrong code and a wrong address have pages of their own; so has the way in."""
    friend = visit(locale=locale, width=390, height=844)
    for path in ("/login", "/r/ZZZZZZ9", "/p/not-a-token"):
        friend.go(path)
        expect(friend.page.locator("h1").first).to_be_visible()
        friend.wrong[:] = [text for text in friend.wrong if "404" not in text]  # Chromium notes the page's own status
        friend.check()
