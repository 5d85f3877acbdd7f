"""The whole thread once in Chinese, everybody on a phone, the order history brought in on the page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.browser.conftest import Installation, Visitor
from tests.browser.thread import Thread, Words

ZH = Words(not_taken="2 行没有收下", revealed="60 秒", holds="全部成立", on_its_way="在途", cancelled="已取消")


def test_from_an_order_file_to_a_cancelled_reward(
    shop: Installation, visit: Callable[..., Visitor], tmp_path: Path
) -> None:
    def window() -> Visitor:
        return visit(locale="zh-CN", width=390, height=844)

    staff, inviter = window(), window()
    staff.go("/home")
    staff.check()
    staff.sign_in(shop)
    staff.check()
    assert staff.page.locator("html").get_attribute("lang") == "zh-hans"
    thread = Thread(shop, staff, ZH, mark="zh", phone="13900010001")
    thread.import_on_the_page(thread.order_file(tmp_path))
    thread.find_a_valuable_customer()
    thread.reveal_the_phone_number()
    thread.build_a_segment("常来的客人")
    thread.publish_a_programme("秋日请茶")
    address = thread.take_an_inviters_address()
    thread.sign_up(window(), thread.invite(inviter, address))
    thread.open_a_source()
    thread.first_order()
    thread.see_the_reward_on_its_way(inviter, address)
    thread.refund()
    thread.see_the_refund_cancel_it(inviter, address)
