"""The one thread that runs through the product, step by step, as a person and a shop walk it. Words are the caller's."""

from __future__ import annotations

import base64
import json
import re
import urllib.request
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from tests.browser.conftest import Installation, Visitor


@dataclass
class Words:
    """What differs between the two languages and must be read on the page."""

    not_taken: str
    revealed: str
    holds: str
    on_its_way: str
    cancelled: str


@dataclass
class Thread:
    """`mark` keeps the names, numbers and orders of two threads apart. `staff` is signed in by the first step."""

    shop: Installation
    staff: Visitor
    words: Words
    mark: str
    phone: str
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def page(self) -> Any:
        return self.staff.page

    # ── data in ──────────────────────────────────────────────────────────────
    def order_file(self, folder: Path) -> Path:
        rows = ["order_id,customer_id,ordered_at,product,quantity,price"]
        rows += [
            f"{self.mark}-{n},{self.mark}-c{n % 7},2026-03-{n:02d} 10:00,Green tea,2,{20 + n}.50" for n in range(1, 21)
        ]
        rows += [
            f"{self.mark}-21,,2026-03-21 10:00,Green tea,1,20.00",
            f"{self.mark}-22,{self.mark}-c1,2026-03-22,Tea,1,0",
        ]
        file = folder / f"orders-{self.mark}.csv"
        file.write_text("\n".join(rows) + "\n", encoding="utf-8")
        return file

    def import_on_the_page(self, file: Path) -> None:
        self.staff.go("/imports")
        self.staff.check()
        self.page.locator('a[href="/imports/new"]').first.click()
        self.page.set_input_files("[name=file]", file)
        self.staff.check()
        self.page.locator("main form button.btn-primary").click()
        expect(self.page.locator("[name=column_order_id]")).to_have_value("order_id")
        self.page.select_option("[name=column_product_name]", "product")
        self.staff.check()
        self.page.locator("main form button.btn-primary").click()
        expect(self.page.locator("main form button.btn-primary")).to_contain_text("20")
        self.staff.check()
        self.page.locator("main form button.btn-primary").click()
        expect(self.page.locator("#rejected")).to_contain_text(self.words.not_taken, timeout=30_000)
        self.staff.check()

    def import_by_command_line(self, file: Path) -> None:
        report = self.shop.run("import", "orders", str(file))
        assert (report["rows"], report["accepted"], report["created"]) == (22, 20, 20), report

    # ── who is valuable ──────────────────────────────────────────────────────
    def find_a_valuable_customer(self) -> None:
        self.staff.go("/tiers")
        self.staff.check()
        self.page.locator(".card-footer a.btn").first.click()
        self.page.wait_for_url(re.compile(r"/tiers/\d+"))
        self.staff.check()
        self.page.locator(".lb-heat a[href]", has=self.page.locator("em")).first.click()
        self.page.wait_for_url("**/people?**")
        self.staff.check()
        self.page.locator("tbody a.lb-door").first.click()
        self.page.wait_for_url(re.compile(r"/customers/\d+$"))
        self.staff.check()

    def reveal_the_phone_number(self) -> None:
        masked = self.page.locator(".lb-meta .lb-mask", has=self.page.locator("a.lb-reveal")).first
        expect(masked).to_contain_text("****")
        masked.locator("a.lb-reveal").click()
        self.page.locator("#reveal [name=reason]").fill("Called about an order")
        self.page.locator("#reveal button[type=submit]").click()
        expect(self.page.locator("#reveal")).to_contain_text(self.words.revealed)
        expect(self.page.locator("#reveal [data-cover-after]")).to_have_text(re.compile(r"^\+86 ?1[\d ]{10,}$"))
        self.staff.check()

    # ── whom to ask ──────────────────────────────────────────────────────────
    def build_a_segment(self, name: str) -> None:
        self.staff.go("/segments/new")
        size = self.page.locator("#editor aside .lb-hero")
        before = size.inner_text()
        self.page.fill('[name="r-0.window"]', "")
        self.page.fill('[name="r-0.value"]', "3")
        self.page.locator('[name="r-0.value"]').press("Tab")
        expect(size).not_to_have_text(before)
        self.page.fill("#segment-name", name)
        self.staff.check()
        self.page.locator("button[name=do][value=save]").click()
        expect(self.page.locator("h1")).to_contain_text(name)
        self.staff.check()

    def publish_a_programme(self, name: str) -> None:
        today = datetime.now(UTC) + timedelta(hours=8)
        self.page.locator('a[href^="/referrals/new?segment="]').click()
        self._step(name=name, target_customers="20")
        expect(self.page.locator("[name=segment_id]:checked")).to_have_count(1)
        expect(self.page.locator("[name=holdout_percent]")).to_have_value("10")
        self._step()
        self._step(referrer_points="300", referrer_cost="30", friend_face="20", friend_threshold="99")
        self._step(
            budget="5000", starts_on=f"{today:%Y-%m-%d}", last_day=f"{today + timedelta(days=30):%Y-%m-%d}",
            min_order="99", hold_days="7",
        )  # fmt: skip
        self._step(amount_0="5")
        self._step(
            title_zh="好茶请好友", title_en="Tea for a friend", message_zh="你和好友都有礼。", message_en="Both of you get something.",
            rules_zh="每位好友一次。", rules_en="Once for each friend.", organiser="拾叶茶礼", contact="service@example.com",
        )  # fmt: skip
        self.staff.check()
        button = self.page.locator('form[action$="/publish"] button')
        expect(button).to_contain_text("5,000")
        button.click()
        self.page.wait_for_url(re.compile(r"/referrals/\d+$"))
        self.notes["programme"] = self.page.url.rsplit("/", 1)[1]
        expect(self.page.locator("h1")).to_contain_text(name)
        self.staff.check()

    def _step(self, **values: str) -> None:
        for field_name, value in values.items():
            self.page.fill(f"[name={field_name}]", value)
        self.staff.check()
        self.page.locator("main form button.btn-primary").click()

    # ── inviter and friend ───────────────────────────────────────────────────
    def take_an_inviters_address(self) -> str:
        self.staff.go(f"/referrals/{self.notes['programme']}/people?step=invited")
        self.staff.check()
        return str(self.page.locator('tbody a[href^="/p/"]').first.get_attribute("href"))

    def invite(self, inviter: Visitor, address: str) -> str:
        inviter.go(address)
        inviter.check()
        inviter.page.locator('form[action$="/share"] button').click()
        expect(inviter.page.locator("#text")).to_be_visible()
        inviter.check()
        return str(inviter.page.locator("#link").input_value())

    def sign_up(self, friend: Visitor, link: str) -> None:
        friend.go(link)
        friend.check()
        friend.page.locator(".ph-btn").click()
        expect(friend.page.locator("#contact_error")).to_be_visible()
        expect(friend.page.locator("[name=terms]")).not_to_be_checked()
        friend.check()
        friend.page.fill("[name=contact]", self.phone)
        friend.page.check("[name=terms]")
        friend.page.locator(".ph-btn").click()
        friend.page.wait_for_url("**/welcome")
        friend.check()

    # ── the shop ─────────────────────────────────────────────────────────────
    def open_a_source(self) -> None:
        self.staff.go("/sources")
        self.staff.check()
        self.page.fill("main [name=name]", f"shop {self.mark}")
        self.page.locator("main form button.btn-primary").click()
        self.page.wait_for_url(re.compile(r"/sources/\d+$"))
        key = self.page.locator("[data-copy]").first
        self.notes["key"] = str(key.get_attribute("data-copy"))
        self.staff.check()

    def send(self, *messages: dict[str, Any]) -> dict[str, Any]:
        token = base64.b64encode(f"{self.notes['key']}:".encode()).decode()
        request = urllib.request.Request(
            self.shop.url + "/v1/batch", data=json.dumps({"batch": messages}).encode(), method="POST",
            headers={"Content-Type": "application/json", "Authorization": f"Basic {token}"},
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def first_order(self) -> None:
        order = {"order_id": f"{self.mark}-first", "total": "128.00", "currency": "CNY"}
        messages: list[dict[str, Any]] = [
            {"type": "identify", "messageId": f"{self.mark}-i", "userId": self.mark, "traits": {"phone": self.phone}},
            {
                "type": "track",
                "messageId": f"{self.mark}-o",
                "userId": self.mark,
                "event": "Order Completed",
                "properties": order,
            },
        ]
        assert self.send(*messages) == {"success": True, "accepted": 2, "duplicates": 0, "quarantined": 0}
        assert self.send(*messages) == {"success": True, "accepted": 0, "duplicates": 2, "quarantined": 0}

    def refund(self) -> None:
        given_back = {
            "order_id": f"{self.mark}-first",
            "refund_id": f"{self.mark}-r",
            "total": "128.00",
            "currency": "CNY",
        }
        sent = self.send(
            {
                "type": "track",
                "messageId": f"{self.mark}-r",
                "userId": self.mark,
                "event": "Order Refunded",
                "properties": given_back,
            }
        )
        assert sent == {"success": True, "accepted": 1, "duplicates": 0, "quarantined": 0}

    # ── what came of it ──────────────────────────────────────────────────────
    def see_the_reward_on_its_way(self, inviter: Visitor, address: str) -> None:
        programme, order = self.notes["programme"], f"{self.mark}-first"
        self.staff.until(f"/referrals/{programme}/people?step=held", "tbody tr")
        self.staff.check()
        self.staff.go(f"/referrals/{programme}")
        self.staff.check()
        self.page.locator("#why input[name=q]").fill(order)
        self.page.locator("#why input[name=q]").press("Enter")
        expect(self.page.locator("#why-answer")).to_contain_text(self.words.on_its_way)
        self.staff.check()
        self.staff.go(f"/ledger?subject=referral:{programme}:{order}")
        expect(self.page.locator("#entries tbody tr")).to_have_count(1)
        self.staff.check()
        inviter.go(address)
        expect(inviter.page.locator(".ph-tag.wait")).to_have_count(1)
        inviter.check()

    def see_the_refund_cancel_it(self, inviter: Visitor, address: str) -> None:
        programme, order = self.notes["programme"], f"{self.mark}-first"
        self.staff.until(f"/referrals/{programme}/people?step=reversed", "tbody tr")
        self.staff.check()
        self.staff.go(f"/ledger?subject=referral:{programme}:{order}")
        expect(self.page.locator("#entries tbody tr")).not_to_have_count(1)
        self.staff.check()
        self.staff.go("/ledger/proofs")
        self.page.click("form[action='/ledger/proofs/full'] button")
        expect(self.page.locator("#full-proof")).to_contain_text(self.words.holds, timeout=30_000)
        self.staff.check()
        inviter.go(address)
        expect(inviter.page.locator(".ph-tag.no")).to_have_text(self.words.cancelled)
        inviter.check()
