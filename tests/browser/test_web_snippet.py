"""The snippet for web pages, on a page of another origin, in a real browser, against a real server."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.browser.conftest import CHROMIUM
from tests.live.server import ROOT, LiveServer, live_server

SNIPPET = ROOT / "src/liebian/events/web/liebian.js"
POLICY = "default-src 'none'; img-src data:; script-src 'self' 'nonce-page' {server}; connect-src {server}; base-uri 'none'; form-action 'self'"
UUID7 = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
BODY = """<h1>茶</h1><form><input name="secret" value="13800138000"></form>
<button data-liebian-event="Product Added" data-liebian-product-id="T01" data-liebian-price="168"><b>Buy</b></button>
<button id="plain">Nothing</button>"""
MEMORY = "() => JSON.stringify([Object.keys(localStorage), document.cookie])"
numbers = count(1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    if not CHROMIUM.exists():
        if "browser" in os.environ.get("LIEBIAN_REQUIRE", ""):
            pytest.fail("Chromium is required and /usr/bin/chromium does not exist")
        pytest.skip("needs Debian's Chromium")
    with live_server(tmp_path_factory.mktemp("home")) as found:
        yield found


class Pages(BaseHTTPRequestHandler):
    """A shop's site: every address shows the same page, which carries the tag that the test wants."""

    head = ""
    policy = ""

    def do_GET(self) -> None:
        text = f"<!doctype html><html lang=zh><head><meta charset=utf-8><title>拾叶茶礼</title><link rel=icon href='data:,'>{self.head}</head><body>{BODY}</body></html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Security-Policy", self.policy)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def site(head: str, policy: str) -> Iterator[str]:
    kind = type("Site", (Pages,), {"head": head, "policy": policy})
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{found.server_port}"
        found.shutdown()


@dataclass
class Shopper:
    """One browser window on the shop's site. `wrong` notes everything that must not happen."""

    page: Any
    context: Any
    url: str
    server: LiveServer
    source: str
    bodies: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def do(self, script: str) -> Any:
        return self.page.evaluate(f"() => {{ {script} }}")

    def log(self, n_events: int) -> list[dict[str, Any]]:
        """The source's events once there are so many. One more than expected is found by whoever counts."""
        waiting = threading.Event()
        for _ in range(60):
            rows = self.server.read_log(self.source)
            if len(rows) >= n_events:
                assert len(rows) == n_events, [(row["type"], row["name"]) for row in rows]
                return rows
            self.page.wait_for_timeout(100)
            waiting.wait(0.05)
        raise AssertionError(
            f"{len(rows)} of {n_events} events arrived: {[(row['type'], row['name']) for row in rows]}"
        )

    def sent_ids(self) -> list[str]:
        """Every messageId that left the browser, in its order, as often as it left."""
        return [message["messageId"] for body in self.bodies for message in json.loads(body)["batch"]]

    def idle(self, milliseconds: int = 700) -> None:
        """Time for whatever must not happen to happen."""
        self.page.wait_for_timeout(milliseconds)


Open = Callable[..., Shopper]


@pytest.fixture
def open_shop(server: LiveServer, browser: Any) -> Iterator[Open]:
    """A window on the site with the one-line tag: attributes are the tag's, `init` runs before every page."""
    closing: list[Callable[[], Any]] = []

    def open_window(path: str = "/", *, tag: str = "", init: str = "", early: str = "", **options: Any) -> Shopper:
        source = f"web-{next(numbers)}"
        key = server.add_source(source)
        script = f'<script async src="{server.url}/liebian.js" {tag}></script>'.replace("KEY", key)
        head = f"<script nonce=page>{early.replace('KEY', key)}</script>{script}" if early else script
        running = site(head, POLICY.format(server=server.url))
        context = browser.new_context(service_workers="block", locale="zh-CN", **options)
        page = context.new_page()
        shopper = Shopper(page, context, running.__enter__(), server, source)
        closing.extend([partial(running.__exit__, None, None, None), context.close])
        page.add_init_script(
            "document.addEventListener('securitypolicyviolation', e => console.error('CSP ' + e.blockedURI))"
        )
        if init:
            page.add_init_script(init)
        page.on("pageerror", lambda error: shopper.wrong.append(str(error)))
        page.on("console", lambda m: shopper.wrong.append(m.text) if m.type == "error" else None)

        def watch(request: Any) -> None:
            if urlsplit(request.url).netloc not in {urlsplit(server.url).netloc, urlsplit(shopper.url).netloc, ""}:
                shopper.wrong.append(f"a third party: {request.url}")
            if request.method == "POST":
                shopper.bodies.append(request.post_data)

        context.on("request", watch)
        page.goto(shopper.url + path)
        page.wait_for_function("() => window.liebian && !Array.isArray(window.liebian)")
        return shopper

    yield open_window
    for close in reversed(closing):
        close()


TAG = 'data-key="KEY"'


def test_it_is_small_and_plain_es2017() -> None:
    assert len(SNIPPET.read_bytes()) < 6 * 1024
    parse = (
        "require('internal/deps/acorn/acorn/dist/acorn')"
        ".parse(require('fs').readFileSync(process.argv[1], 'utf8'), {ecmaVersion: 2017})"
    )
    done = subprocess.run(["node", "--expose-internals", "-e", parse, SNIPPET], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_it_is_served_to_other_sites_and_asked_for_again_by_its_etag(server: LiveServer, browser: Any) -> None:
    answer = browser.new_context().request.get(server.url + "/liebian.js")
    assert len(answer.body()) < 6 * 1024
    assert answer.body() == SNIPPET.read_bytes()
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cache-control"] == "max-age=600, public"
    again = browser.new_context().request.get(
        server.url + "/liebian.js", headers={"If-None-Match": answer.headers["etag"]}
    )
    assert again.status == 304


def test_one_line_on_a_page_records_views_clicks_and_who_it_is(open_shop: Open) -> None:
    shop = open_shop("/tea?utm_source=wechat&utm_campaign=spring&token=secret#part", tag=TAG)
    shop.log(1)
    shop.page.click("button b")
    shop.page.click("#plain")
    shop.do(
        "liebian.identify('u1', {name: '林晚秋', city: '杭州'}); liebian.track('Order Completed', {order_id: 'A-1', total: 168})"
    )
    shop.do("liebian.group('club', {level: 2}); liebian.identify({city: '上海'})")
    shop.do("history.pushState({}, '', '/cart?step=2')")
    rows = shop.log(7)
    assert [(row["type"], row["name"]) for row in rows] == [
        ("page", ""), ("track", "Product Added"), ("identify", ""), ("track", "Order Completed"), ("group", ""),
        ("identify", ""), ("page", ""),
    ]  # fmt: skip
    first, click, identify, order, group, more, second = rows
    assert first["body"]["context"]["page"] == {
        "path": "/tea", "referrer": "", "title": "拾叶茶礼", "url": shop.url + "/tea",
    }  # fmt: skip
    assert first["body"]["context"]["campaign"] == {"source": "wechat", "name": "spring"}
    assert first["body"]["context"]["locale"] == "zh-CN"
    assert click["body"]["properties"] == {"product_id": "T01", "price": "168"}
    assert (identify["personal"], identify["body"]["traits"]) == ({"name": "林晚秋"}, {"city": "杭州"})
    assert order["body"]["properties"] == {"order_id": "A-1", "total": 168}
    assert (group["body"]["traits"], more["body"]["traits"]) == ({"level": 2}, {"city": "上海"})
    assert second["body"]["context"]["page"]["path"] == "/cart"
    assert second["body"]["context"]["page"]["referrer"] == shop.url + "/tea"
    assert {row["anonymous_id"] for row in rows} == {shop.do("return localStorage['liebian:id']")}
    assert [row["user_id"] for row in rows] == [None, None, "u1", "u1", "u1", "u1", "u1"]
    ids = shop.sent_ids()
    assert ids == sorted(ids)
    assert all(UUID7.match(id_) for id_ in ids)
    sent = json.dumps([json.loads(body) for body in shop.bodies])
    assert "13800138000" not in sent, "the value of a form field left the page"
    assert "secret" not in sent, "the query of the address left the page"
    assert "cart?" not in sent
    assert shop.wrong == []


def test_ids_last_until_reset_and_alias_joins_them(open_shop: Open) -> None:
    shop = open_shop(tag=TAG)
    shop.do("liebian.identify('u1')")
    shop.log(2)
    shop.page.reload()
    shop.do("liebian.alias('u2'); liebian.track('A'); liebian.reset(); liebian.track('B')")
    rows = shop.log(6)
    alias, a, b = rows[3:]
    assert (rows[2]["user_id"], alias["user_id"], alias["body"]["previous_id"]) == ("u1", "u2", "u1")
    assert (a["user_id"], b["user_id"]) == ("u2", None)
    assert a["anonymous_id"] == rows[0]["anonymous_id"] != b["anonymous_id"]
    assert shop.wrong == []


def test_calls_before_the_file_has_arrived_keep_their_time(open_shop: Open) -> None:
    early = (ROOT / "src/liebian/events/samples/web-early.txt").read_text(encoding="utf-8")
    stub = re.search(r"<script>(.*?)</script>", early, re.S)
    assert stub
    five_seconds_ago = "const now = Date.now; Date.now = () => now() - 5000;"
    shop = open_shop(
        early=five_seconds_ago
        + stub[1].replace("WRITE_KEY", "KEY")
        + "Date.now = now; var told = liebian.map(c => c[2])"
    )
    shop.do("liebian.track('Later')")
    rows = shop.log(4)
    assert [(row["type"], row["name"], row["user_id"]) for row in rows] == [
        ("page", "", None), ("track", "Early", None), ("identify", "", "u-1001"), ("track", "Later", "u-1001"),
    ]  # fmt: skip
    sent = [message["timestamp"] for body in shop.bodies for message in json.loads(body)["batch"]]
    called = shop.do("return told.map(time => new Date(time).toISOString())")
    assert sent[:3] == called, "the time is that of the call, not that at which the file ran"
    assert shop.wrong == []


def sample(name: str) -> str:
    return (ROOT / f"src/liebian/events/samples/{name}.txt").read_text(encoding="utf-8")


def attributes_in(name: str) -> str:
    """What the tag of a sample says beside the address of the file."""
    found = re.search(r"<script async src=\S+ (.*?)></script>", sample(name))
    assert found
    return found[1].replace("WRITE_KEY", "KEY")


def test_the_samples_of_the_tag_and_of_a_button_work_as_they_stand(open_shop: Open) -> None:
    shop = open_shop(tag=attributes_in("web"))
    shop.page.evaluate("html => document.body.insertAdjacentHTML('beforeend', html)", sample("web-click"))
    shop.page.get_by_text("加入购物车").click()
    viewed, added = shop.log(2)
    assert (viewed["type"], added["name"]) == ("page", "Product Added")
    assert added["body"]["properties"] == {"product_id": "T01", "price": "168"}
    assert shop.wrong == []


def test_the_sample_of_consent_works_as_it_stands(open_shop: Open) -> None:
    asked = re.search(r"when the visitor agrees: (liebian\.consent\(true\))", sample("web-consent"))
    assert asked
    shop = open_shop(tag=attributes_in("web-consent"))
    shop.idle()
    assert shop.bodies == []
    shop.do(asked[1])
    assert [row["type"] for row in shop.log(1)] == ["page"]
    assert shop.wrong == []


def test_nothing_is_stored_or_sent_before_consent(open_shop: Open) -> None:
    shop = open_shop(tag=f'{TAG} data-consent="required"')
    shop.do("liebian.track('Before'); liebian.identify('u1')")
    shop.idle()
    assert shop.bodies == []
    assert shop.page.evaluate(MEMORY) == '[[],""]'
    shop.do("liebian.consent(true)")
    rows = shop.log(3)
    assert [row["name"] for row in rows] == ["", "Before", ""]
    assert {row["anonymous_id"] for row in rows} == {shop.do("return localStorage['liebian:id']")}
    shop.page.reload()
    shop.log(4)
    shop.do("liebian.consent(false); liebian.track('After')")
    shop.idle()
    assert shop.page.evaluate(MEMORY) == '[[],""]'
    shop.log(4)
    shop.page.reload()
    shop.idle()
    shop.log(4)
    assert shop.wrong == []


@pytest.mark.parametrize(("tag", "n_events"), [("", 0), ('data-dnt="false"', 1)], ids=["respected", "overridden"])
@pytest.mark.parametrize(
    "signal", ["globalPrivacyControl', {value: true}", "doNotTrack', {value: '1'}"], ids=["gpc", "dnt"]
)
def test_a_browser_that_asks_not_to_be_tracked_is_not(open_shop: Open, signal: str, tag: str, n_events: int) -> None:
    shop = open_shop(tag=f"{TAG} {tag}", init=f"Object.defineProperty(navigator, '{signal})")
    shop.idle()
    shop.log(n_events)
    assert bool(shop.bodies) is bool(n_events)


def test_page_views_and_clicks_can_be_left_to_the_page(open_shop: Open) -> None:
    shop = open_shop(tag=f'{TAG} data-pages="false" data-clicks="false"')
    shop.page.click("button b")
    shop.do("history.pushState({}, '', '/cart'); liebian.page('Cart', {step: 2})")
    (row,) = shop.log(1)
    assert (row["type"], row["name"], row["body"]["properties"]) == ("page", "Cart", {"step": 2})


def test_what_happens_offline_arrives_later_and_once(open_shop: Open) -> None:
    shop = open_shop(tag=TAG)
    shop.log(1)
    shop.context.set_offline(True)
    shop.do("for (let n = 0; n < 150; n++) liebian.track('Offline', {n})")
    shop.idle()
    shop.log(1)
    shop.context.set_offline(False)
    rows = shop.log(151)
    assert [row["body"]["properties"]["n"] for row in rows[1:]] == list(range(150))
    assert shop.do("return Object.keys(localStorage).filter(k => k.startsWith('liebian:q:')).length") == 0
    assert all(len(json.loads(body)["batch"]) <= 100 for body in shop.bodies)
    shop.wrong[:] = [text for text in shop.wrong if "ERR_INTERNET_DISCONNECTED" not in text]
    assert shop.wrong == []


def test_the_queue_outlives_the_page(open_shop: Open) -> None:
    shop = open_shop(tag=TAG)
    shop.log(1)
    shop.context.route("**/v1/batch", lambda route: route.abort())
    shop.do("liebian.track('Kept', {n: 1}); liebian.track('Kept', {n: 2})")
    shop.idle()
    shop.page.reload()
    shop.idle()
    shop.context.unroute("**/v1/batch")
    shop.page.goto(shop.url + "/next")
    rows = shop.log(5)
    assert sorted(row["body"]["properties"]["n"] for row in rows if row["name"] == "Kept") == [1, 2]


def test_what_happened_just_before_leaving_is_not_lost(open_shop: Open) -> None:
    shop = open_shop(tag=TAG)
    shop.log(1)
    shop.do("liebian.track('Last'); location.href = 'about:blank'")
    shop.page.wait_for_url("about:blank")
    rows = shop.log(2)
    assert rows[1]["name"] == "Last"


def test_retry_after_is_honoured_also_by_the_next_page(open_shop: Open) -> None:
    shop = open_shop(tag=TAG)
    shop.log(1)
    busy = {"status": 429, "headers": {"Retry-After": "2", "Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}, "body": "{}"}  # fmt: skip
    shop.context.route("**/v1/batch", lambda route: route.fulfill(**busy), times=1)
    with shop.page.expect_response("**/v1/batch") as refused:
        shop.do("liebian.track('Waits')")
    assert refused.value.status == 429
    n_sent = len(shop.bodies)
    started = time.monotonic()
    shop.page.reload()
    with shop.page.expect_request("**/v1/batch"):
        shop.do("liebian.track('Waits too')")
    assert time.monotonic() - started > 1.5
    assert len(shop.bodies) == n_sent + 1
    rows = shop.log(4)
    assert [row["name"] for row in rows] == ["", "Waits", "", "Waits too"]


def test_one_message_that_is_refused_does_not_hold_up_the_others(open_shop: Open) -> None:
    shop = open_shop(tag=TAG)
    shop.do(
        "liebian.track('Good', {n: 1}); liebian.track(''); liebian.track('Big', {text: 'x'.repeat(40000)}); liebian.track('Good', {n: 2})"
    )
    shop.idle(1500)
    names = [row["name"] for row in shop.server.read_log(shop.source)]
    assert names == ["", "Good", "Good"]


def test_a_stopped_source_loses_nothing(open_shop: Open) -> None:
    shop = open_shop(tag=TAG)
    shop.log(1)
    shop.context.route(
        "**/v1/batch",
        lambda route: route.fulfill(status=401, body="{}", headers={"Access-Control-Allow-Origin": "*"}),
        times=1,
    )
    with shop.page.expect_response("**/v1/batch"):
        shop.do("liebian.track('Kept')")
    shop.page.reload()
    assert [row["name"] for row in shop.log(3)] == ["", "Kept", ""]


def test_where_storage_is_closed_a_cookie_keeps_who_it_is(open_shop: Open) -> None:
    closed = "Object.defineProperty(window, 'localStorage', {get() { throw new Error('closed') }})"
    shop = open_shop(tag=TAG, init=closed)
    shop.do("liebian.identify('林; u=1')")
    shop.log(2)
    shop.page.reload()
    rows = shop.log(3)
    assert len({row["anonymous_id"] for row in rows}) == 1
    assert rows[2]["user_id"] == "林; u=1"
    shop.do("liebian.consent(false)")
    assert shop.do("return document.cookie") == ""
    assert shop.wrong == []


def test_it_never_throws_into_the_page(open_shop: Open) -> None:
    shop = open_shop(tag=TAG)
    shop.log(1)
    said = shop.do(
        "const round = {}; round.round = round;"
        "liebian.track('Round', round); liebian.track('Big', {n: 10n}); liebian.identify(); liebian.group(); liebian.alias();"
        "liebian.load('again', {host: 'http://127.0.0.1:1'}); liebian.page(null); return 'the page goes on'"
    )
    assert said == "the page goes on"
    shop.idle()
    assert shop.wrong == []


def test_two_tabs_send_each_event_once(open_shop: Open) -> None:
    shop = open_shop(tag=TAG)
    shop.log(1)
    other = shop.context.new_page()
    other.goto(shop.url + "/other")
    other.wait_for_function("() => window.liebian && !Array.isArray(window.liebian)")
    for n in range(5):
        shop.do(f"liebian.track('One', {{n: {n}}})")
        other.evaluate(f"() => liebian.track('Two', {{n: {n}}})")
    rows = shop.log(12)
    assert len({row["anonymous_id"] for row in rows}) == 1
    assert shop.wrong == []


def test_the_queue_is_bounded(open_shop: Open) -> None:
    shop = open_shop(tag=f'{TAG} data-pages="false"')
    shop.context.set_offline(True)
    shop.do("for (let n = 0; n < 1010; n++) liebian.track('Many', {n})")
    kept = shop.do("return Object.keys(localStorage).filter(k => k.startsWith('liebian:q:')).length")
    assert kept == 1000


def test_the_file_names_nothing_from_elsewhere() -> None:
    assert re.findall(r"https?://", SNIPPET.read_text(encoding="utf-8")) == []
    assert Path(SNIPPET).parent.name == "web"
