"""The way in as staff walk it: a source, a first event, a schema, a repair, a stage paused. Words are the caller's."""

from __future__ import annotations

import base64
import json
import re
import urllib.request
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import expect

from tests.browser.conftest import Installation, Visitor


@dataclass
class WayIn:
    """`mark` keeps the names of two walks apart; `find` is what the door to a customer is called."""

    shop: Installation
    staff: Visitor
    mark: str
    find: str
    key: str = ""

    @property
    def page(self) -> Any:
        return self.staff.page

    @property
    def name(self) -> str:
        return f"Tea Tasted {self.mark}"

    def send(self, *properties: dict[str, Any]) -> dict[str, Any]:
        messages = [
            {"type": "track", "event": self.name, "userId": f"{self.mark}-{n}", "properties": one}
            for n, one in enumerate(properties)
        ]
        token = base64.b64encode(f"{self.key}:".encode()).decode()
        headers = {"Content-Type": "application/json", "Authorization": f"Basic {token}"}
        body = json.dumps({"batch": messages}).encode()
        request = urllib.request.Request(self.shop.url + "/v1/batch", data=body, method="POST", headers=headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def connect_a_source(self) -> None:
        self.staff.go("/sources")
        self.page.fill("main [name=name]", f"till {self.mark}")
        self.page.locator("main form button.btn-primary").click()
        self.page.wait_for_url(re.compile(r"/sources/\d+$"))
        self.key = str(self.page.locator("[data-copy]").first.get_attribute("data-copy"))
        self.staff.check()
        self.page.locator("a[href$='/install']").first.click()
        expect(self.page.locator("pre").first).to_contain_text(self.key)
        self.staff.check(axe=False)

    def see_the_first_event_live(self) -> None:
        """The open page shows it by itself."""
        self.page.locator("a[href^='/sources/live?source=']").first.click()
        expect(self.page.locator("#arrivals")).to_be_visible()
        assert self.send({"cups": 2, "tea": "Longjing"})["accepted"] == 1
        expect(self.page.locator("#arrivals tbody tr").first).to_contain_text(self.name)
        self.page.locator("#arrivals tbody a.lb-door").first.click()
        expect(self.page.locator("pre")).to_contain_text("Longjing")
        self.staff.check()

    def register_what_arrives(self) -> None:
        self.staff.go("/schemas")
        self.page.locator("li", has_text=self.name).locator("a.btn").click()
        row = self.page.locator("tr", has=self.page.locator("input[value=cups]"))
        row.locator("input[type=checkbox]").check()
        self.staff.check()
        self.page.locator("main form button.btn-primary").click()
        self.page.wait_for_url(re.compile(r"/schemas/\d+$"))
        self.staff.check()

    def break_it(self) -> None:
        """The schema applies from the next second on: what is sent until then is let in."""
        for _ in range(40):
            if self.send({"cup_count": 3}, {"cup_count": 1})["quarantined"] == 2:
                return
            self.page.wait_for_timeout(250)
        raise AssertionError("the schema was not applied within 10 s")

    def repair_all_alike(self) -> None:
        self.staff.go("/quarantine")
        self.staff.check()
        self.page.locator("tbody tr", has_text=self.name).locator("a.btn").click()
        self.page.select_option("[name=step-0-op]", "rename")
        self.page.fill("[name=step-0-field]", "cup_count")
        self.page.fill("[name=step-0-to]", "cups")
        self.page.locator("button[value=preview]").click()
        expect(self.page.locator("button[value=repair]")).to_contain_text("2")
        self.staff.check()
        self.page.locator("button[value=repair]").click()
        self.page.wait_for_url("**/quarantine")
        expect(self.page.locator("main")).not_to_contain_text(self.name)

    def find_it_on_the_customers_timeline(self) -> None:
        self.staff.go("/quarantine/messages?state=repaired")
        self.page.locator("tbody a.lb-door", has_text=self.name).first.click()
        expect(self.page.get_by_text(self.find)).to_be_visible()
        search = str(self.page.get_by_text(self.find).get_attribute("href"))
        self.staff.until(search, "tbody a[href^='/customers/']").click()
        expect(self.page.locator("#timeline, main").first).to_contain_text(self.name)
        self.staff.check()

    def pause_and_resume_the_lake(self) -> None:
        """What waits grows while publishing is paused, and is gone some seconds after it goes on."""
        self.staff.go("/pipeline")
        row = self.page.locator("tr", has=self.page.locator("form[action*='/units/lake/']"))
        row.locator("form[action$='/pause'] button").click()
        expect(row.locator("form[action$='/resume']")).to_be_visible()
        self.send({"cups": 1}, {"cups": 2}, {"cups": 3})
        behind = row.locator("td").nth(3)
        expect(behind).to_contain_text(re.compile(r"^\s*[1-9]"))
        self.staff.check()
        row.locator("form[action$='/resume'] button").click()
        expect(behind).to_have_text(re.compile(r"^\s*0\s*$"), timeout=20_000)

    def open_the_lake(self) -> str:
        """The snippet of DuckDB, as it is copied from the page."""
        self.staff.go("/lake")
        self.staff.check()
        return str(self.page.locator("[data-copy*='import duckdb']").get_attribute("data-copy"))
