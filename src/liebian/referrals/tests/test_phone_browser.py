"""The inviter's page in Debian's Chromium, under the policy that production sends: copying, and the phone's share sheet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from liebian.core import clock
from liebian.referrals import queries
from liebian.referrals.tests.shop import T0, Shop

CHROMIUM = Path("/usr/bin/chromium")
ARGS = ["--no-sandbox", "--disable-dev-shm-usage", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's Chromium"),
    pytest.mark.django_db(databases="__all__", transaction=True),
]
SHEET = """
    window.wrong = [];
    document.addEventListener('securitypolicyviolation', e => window.wrong.push(e.violatedDirective));
    navigator.share = data => { sessionStorage.setItem('sent', data.text);
        return ANSWER; };
"""
CLOSED = "Promise.reject(new DOMException('closed', 'AbortError'))"


@pytest.fixture
def address(monkeypatch: pytest.MonkeyPatch, live_server: Any) -> str:
    monkeypatch.setattr(clock, "now", lambda: T0)
    shop = Shop(monkeypatch)
    anna = shop.customer("anna", name="林晚秋")
    code = shop.code(shop.programme(anna), anna)
    return f"{live_server.url}/p/{queries.token_of(code)}"


def open_page(play: Any, address: str, *, answer: str = "Promise.resolve()", script: bool = True) -> Any:
    browser = play.chromium.launch(executable_path=str(CHROMIUM), args=ARGS, chromium_sandbox=False)
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, locale="en-GB", java_script_enabled=script,
        permissions=["clipboard-read", "clipboard-write"],
    )  # fmt: skip
    page = context.new_page()
    page.add_init_script(SHEET.replace("ANSWER", answer))
    page.goto(address)
    return page


def test_the_link_is_copied(address: str) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        page = open_page(play, address)
        page.click("[data-copy=link]")
        page.wait_for_selector("text=Copied")
        assert page.evaluate("navigator.clipboard.readText()") == page.input_value("#link")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate("window.wrong") == []


def test_the_share_sheet_comes_first_and_the_form_takes_note(address: str) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        page = open_page(play, address)
        page.click("form[data-share] button")
        page.wait_for_url("**?shared=1#share")
        assert "If you join, I get 300 points." in page.evaluate("sessionStorage.getItem('sent')")
        page.click("[data-copy=text]")
        page.wait_for_selector("text=Copied")


def test_a_share_sheet_that_was_closed_is_no_share(address: str) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        page = open_page(play, address, answer=CLOSED)
        page.click("form[data-share] button")
        assert page.evaluate("sessionStorage.getItem('sent')") and "shared" not in page.url


def test_without_script_the_form_and_the_field_are_there(address: str) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        page = open_page(play, address, script=False)
        assert not page.is_visible("[data-copy=link]") and page.is_visible("#link")
        page.click("form[data-share] button")
        page.wait_for_selector("#text")
