"""The gallery in Debian's Chromium: what people see, under the policy that production sends."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.utils import translation

from liebian.core.errors import NotFound
from liebian.ui.gallery import gallery_context
from liebian.ui.tests.pages import NOBODY, SIGNED_IN, render_page

CHROMIUM = Path("/usr/bin/chromium")
ARGS = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]
pytestmark = [pytest.mark.browser, pytest.mark.skipif(not CHROMIUM.exists(), reason="needs Debian's Chromium")]
TYPES = {".css": "text/css", ".js": "text/javascript", ".json": "application/json", ".svg": "image/svg+xml"}


def _policy() -> str:
    rules = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in rules.items())


class Pages(BaseHTTPRequestHandler):
    pages: ClassVar[dict[str, str]] = {}

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        file = finders.find(path.removeprefix("/static/")) if path.startswith("/static/") else None
        body = Path(str(file)).read_bytes() if file else self.pages.get(path, "").encode()
        self.send_response(200 if body and path != "/gone" else 404)
        self.send_header("Content-Type", TYPES.get(Path(path).suffix, "text/html; charset=utf-8"))
        self.send_header("Content-Security-Policy", _policy())
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Silent: pytest shows what matters."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    for language in ("en", "zh-hans"):
        with translation.override(language):
            context = gallery_context()
        Pages.pages[f"/{language}/gallery"] = render_page(
            "ui/gallery.html", user=SIGNED_IN, language=language, **context
        )
    ask = '<button id="ask" hx-get="/gone" hx-target="#part">Ask</button><div id="part">kept</div>'
    Pages.pages["/en/ask"] = render_page("ui/base.html").replace(
        '<div class="page-body ">', f'<div class="page-body">{ask}'
    )
    Pages.pages["/gone"] = render_page("ui/error.html", error=NotFound("gone", "It was removed yesterday."))
    Pages.pages["/en/plain"] = render_page("ui/plain.html", user=NOBODY)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=str(CHROMIUM), args=ARGS, chromium_sandbox=False)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def open_page(browser: Any, address: str, path: str, width: int = 1440, scheme: str = "light") -> Any:
    context = browser.new_context(
        viewport={"width": width, "height": 844}, color_scheme=scheme, reduced_motion="reduce"
    )
    context.add_init_script(
        "window.broken=[];document.addEventListener('securitypolicyviolation',e=>window.broken.push(e.violatedDirective+' '+e.sample))"
    )
    page = context.new_page()
    page.on("pageerror", lambda error: page.evaluate("e => window.broken.push(e)", str(error)))
    page.goto(address + path)
    page.wait_for_function("() => document.documentElement.dataset.ready === '1'")
    return page


AXE = Path(settings.ROOT) / "node_modules/axe-core/axe.min.js"


@pytest.mark.parametrize(
    ("language", "width", "scheme"),
    [("en", 1440, "dark"), ("zh-hans", 1440, "light"), ("en", 390, "light"), ("zh-hans", 390, "dark")],
)
def test_the_gallery_is_sound_wide_and_narrow_light_and_dark(browser, address, language, width, scheme):
    page = open_page(browser, address, f"/{language}/gallery", width, scheme)
    assert page.evaluate("() => window.broken") == []
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert page.locator(".lb-chart svg").count() == 8
    page.evaluate(AXE.read_text(encoding="utf-8"))
    serious = "async () => (await axe.run()).violations.filter(v => ['serious', 'critical'].includes(v.impact)).map(v => v.id)"
    assert page.evaluate(serious) == []
    page.context.close()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_on_a_phone_rows_become_cards_figures_stand_in_pairs_and_dates_stay_whole(browser, address, language):
    page = open_page(browser, address, f"/{language}/gallery", 390)
    table = page.locator("table.lb-cards")
    assert not table.locator("thead").is_visible()
    assert table.evaluate("table => table.parentElement.scrollWidth <= table.parentElement.clientWidth")
    labels = "td => getComputedStyle(td, '::before').content"
    assert table.locator("td").nth(1).evaluate(labels) == {"en": '"People"', "zh-hans": '"人数"'}[language]
    tops = [each.bounding_box() for each in page.locator(".lb-3 > .lb-stat").all()]
    assert tops[0]["y"] == tops[1]["y"] < tops[2]["y"] and tops[2]["width"] > 2 * tops[0]["width"]
    lines = (
        "time => { const range = new Range(); range.selectNodeContents(time); return range.getClientRects().length }"
    )
    assert page.locator(".lb-dated time").evaluate(lines) <= 2
    page.context.close()


def test_a_chart_turns_into_its_table_and_back(browser, address):
    page = open_page(browser, address, "/en/gallery")
    button = page.locator("[data-lb=table][data-chart=gallery-k]")
    button.click()
    assert page.locator("#gallery-k-table").is_visible() and button.get_attribute("aria-expanded") == "true"
    assert not page.locator("[data-option=gallery-k]").is_visible()
    button.click()
    assert page.locator("[data-option=gallery-k]").is_visible()
    page.context.close()


@pytest.mark.parametrize(("kind", "begins"), [("csv", b"\xef\xbb\xbfDay,"), ("png", b"\x89PNG")])
def test_a_chart_is_downloaded(browser, address, kind, begins):
    page = open_page(browser, address, "/en/gallery")
    card = page.locator(".lb-chart-card", has=page.locator("[data-option=gallery-k]"))
    card.locator("details.lb-menu summary").click()
    with page.expect_download() as download:
        card.locator(f"[data-lb={kind}]").click()
    assert download.value.suggested_filename == f"gallery-k.{kind}"
    assert Path(download.value.path()).read_bytes().startswith(begins)
    assert page.evaluate("() => window.broken") == []
    page.context.close()


def test_a_failed_part_keeps_the_page_and_tells_why(browser, address):
    page = open_page(browser, address, "/en/ask")
    page.locator("#ask").click()
    page.locator("#lb-failed").wait_for(state="visible")
    assert "It was removed yesterday." in page.locator("#lb-failed").inner_text()
    assert page.locator("#part").inner_text() == "kept"
    assert page.evaluate("() => window.broken") == []
    page.context.close()


def test_the_menu_opens_on_a_phone(browser, address):
    page = open_page(browser, address, "/en/gallery", width=390)
    assert not page.locator("#nav").is_visible()
    page.locator(".navbar-toggler").click()
    page.locator("#nav.show").wait_for(state="attached")
    assert page.evaluate("() => window.broken") == []
    page.context.close()


def test_the_theme_is_switched_and_kept(browser, address):
    page = open_page(browser, address, "/en/gallery")
    page.locator("[data-lb=theme]").first.click()
    assert page.evaluate("() => document.documentElement.dataset.bsTheme") == "dark"
    page.goto(f"{address}/en/plain")
    assert page.evaluate("() => document.documentElement.dataset.bsTheme") == "dark"
    page.context.close()


def test_a_menu_closes_by_escape_and_by_a_click_elsewhere(browser, address):
    page = open_page(browser, address, "/en/gallery")
    menu = page.locator(".lb-top details.lb-menu")
    menu.locator("summary").click()
    page.keyboard.press("Escape")
    assert menu.get_attribute("open") is None
    menu.locator("summary").click()
    page.locator("h1").click()
    assert menu.get_attribute("open") is None
    page.context.close()
