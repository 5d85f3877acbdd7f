"""A real installation on loopback with a small demo shop, and Debian's Chromium to open it as a person would."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tests.live import template

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = Path("/usr/bin/chromium")
ARGS = [
    "--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-default-apps", "--disable-domain-reliability", "--no-first-run", "--no-pings",
    "--disable-features=OptimizationHints,MediaRouter,Translate,AutofillServerCommunication",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost", "--font-render-hinting=none",
]  # fmt: skip
COMMAND = [sys.executable, "-c", "from liebian.config.cli.main import run; run()"]
DEMO_CUSTOMERS, DEMO_DAYS = "700", "200"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@dataclass
class Installation:
    url: str
    environment: dict[str, str]
    username: str = "admin"
    password: str = ""

    def run(self, *arguments: str) -> dict[str, Any]:
        """A command of the command line, answered as JSON."""
        done = subprocess.run(
            [*COMMAND, *arguments, "--json"],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout.strip().splitlines()[-1])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, processes: list[subprocess.Popen[bytes]]) -> None:
    waiting = threading.Event()
    for _ in range(400):
        assert all(process.poll() is None for process in processes), "web or worker stopped while starting"
        try:
            with urllib.request.urlopen(url + "/healthz", timeout=1):
                return
        except OSError:
            waiting.wait(0.1)
    raise AssertionError("the web server did not answer within 40 s")


def _copy_demo_shop(installation: Installation, base: Path) -> None:
    """Whoever of this run needs it first makes it; the others wait and copy. Each changes a demo shop of its own."""
    made = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "demo-shop"
    with made.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            draft = made.with_suffix(f".{os.getpid()}")
            template.fill_folder(draft)
            environment = {**installation.environment, "LIEBIAN_HOME": str(draft)}
            replace(installation, environment=environment).run(
                "demo", "--customers", DEMO_CUSTOMERS, "--days", DEMO_DAYS
            )
            draft.rename(made)
    shutil.copytree(made, installation.environment["LIEBIAN_HOME"], dirs_exist_ok=True)


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    if not CHROMIUM.exists():
        if "browser" in os.environ.get("LIEBIAN_REQUIRE", ""):
            pytest.fail("Chromium is required and /usr/bin/chromium does not exist")
        pytest.skip("needs Debian's Chromium")
    port = _free_port()
    environment = {
        **os.environ, "LIEBIAN_HOME": str(tmp_path_factory.mktemp("home")), "PORT": str(port), "HOST": "127.0.0.1",
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT / 'analytics' / 'src'}", "DJANGO_SETTINGS_MODULE": "liebian.config.settings",
    }  # fmt: skip
    environment.pop("DATABASE_URL", None)
    found = Installation(f"http://127.0.0.1:{port}", environment)
    _copy_demo_shop(found, tmp_path_factory.getbasetemp())
    found.password = found.run("user", "reset", "admin")["password"]
    processes = [subprocess.Popen([*COMMAND, name], env=environment, cwd=ROOT) for name in ("serve", "worker")]
    try:
        _wait_for(found.url, processes)
        yield found
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            process.wait(timeout=20)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One Chromium for all tests: Playwright runs once in a process."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        found = play.chromium.launch(executable_path=str(CHROMIUM), args=ARGS, chromium_sandbox=False)
        yield found
        found.close()


@pytest.fixture(scope="session")
def chromium(shop: Installation, browser: Any) -> Any:
    return browser


@dataclass
class Visitor:
    """A browser window that notes everything that must not happen."""

    page: Any
    url: str
    wrong: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        self.page.goto(path if path.startswith("http") else self.url + path)

    def sign_in(self, shop: Installation) -> None:
        self.go("/login")
        self.page.fill("[name=username]", shop.username)
        self.page.fill("[name=password]", shop.password)
        self.page.click("main button[type=submit]")
        self.page.wait_for_url("**/home")

    def until(self, path: str, selector: str) -> Any:
        """Opens a page again and again until what the worker does in the background shows on it."""
        from playwright.sync_api import expect

        for _ in range(40):
            self.go(path)
            found = self.page.locator(selector).first
            try:
                expect(found).to_be_visible(timeout=500)
            except AssertionError:
                continue
            return found
        raise AssertionError(f"{selector} did not appear on {path}: {self.page.locator('main').inner_text()[:2000]}")

    def settle(self) -> None:
        """Everything the page loads by itself has arrived, and its charts are drawn."""
        if self.page.locator("[hx-trigger=load]").count():
            self.page.wait_for_load_state("networkidle")
        self.page.wait_for_function(
            "() => document.body && (!document.body.dataset.chartTheme || document.documentElement.dataset.ready)"
        )

    def check(self, *, axe: bool = True) -> None:
        """Nothing left the machine, nothing broke the policy, nothing scrolls sideways, axe finds nothing serious."""
        self.settle()
        assert self.wrong == [], self.page.url
        width = self.page.evaluate("() => [document.documentElement.scrollWidth, innerWidth]")
        assert width[0] <= width[1], f"{self.page.url} scrolls sideways: {width}"
        if axe:
            self.page.evaluate((ROOT / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8"))
            found = self.page.evaluate(
                "async () => (await axe.run({resultTypes: ['violations']})).violations.filter(v => ['serious','critical'].includes(v.impact))"
                ".map(v => v.id + ' ' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160)).join(' | '))"
            )
            assert found == [], f"{self.page.url}: {found}"


@pytest.fixture
def visit(shop: Installation, chromium: Any) -> Iterator[Callable[..., Visitor]]:
    contexts = []

    def open_window(*, locale: str, width: int, height: int, dark: bool = False) -> Visitor:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, locale=locale, timezone_id="Asia/Shanghai",
            service_workers="block", reduced_motion="reduce", color_scheme="dark" if dark else "light",
        )  # fmt: skip
        contexts.append(context)
        page = context.new_page()
        visitor = Visitor(page, shop.url)
        page.add_init_script(
            "document.addEventListener('securitypolicyviolation', e => console.error('CSP ' + e.violatedDirective + ' ' + e.sample))"
        )
        page.on(
            "console",
            lambda m: (
                visitor.wrong.append(m.text)
                if m.type == "error" and "422" not in m.text and "409" not in m.text
                else None
            ),
        )
        page.on("pageerror", lambda error: visitor.wrong.append(str(error)))

        def guard(route: Any) -> None:
            if route.request.url.startswith(("http://127.0.0.1", "http://localhost", "data:", "blob:")):
                route.continue_()
            else:
                visitor.wrong.append(f"left the machine: {route.request.url}")
                route.abort()

        context.route("**/*", guard)
        return visitor

    yield open_window
    for context in contexts:
        context.close()
