"""The whole thread once in English on a wide screen, the order history brought in by the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.browser.conftest import Installation, Visitor
from tests.browser.thread import Thread, Words

EN = Words(
    not_taken="2 rows were not taken",
    revealed="60 seconds",
    holds="Everything holds",
    on_its_way="on its way",
    cancelled="Cancelled",
)


def test_from_an_order_file_to_a_cancelled_reward(
    shop: Installation, visit: Callable[..., Visitor], tmp_path: Path
) -> None:
    staff = visit(locale="en-GB", width=1440, height=900)
    inviter = visit(locale="en-GB", width=390, height=844)
    friend = visit(locale="en-GB", width=390, height=844)
    staff.sign_in(shop)
    staff.check()
    assert staff.page.locator("html").get_attribute("lang") == "en"
    thread = Thread(shop, staff, EN, mark="en", phone="13900010002")
    thread.import_by_command_line(thread.order_file(tmp_path))
    thread.find_a_valuable_customer()
    thread.reveal_the_phone_number()
    thread.build_a_segment("Those who come often")
    thread.publish_a_programme("Autumn tea")
    address = thread.take_an_inviters_address()
    thread.sign_up(friend, thread.invite(inviter, address))
    thread.open_a_source()
    thread.first_order()
    thread.see_the_reward_on_its_way(inviter, address)
    thread.refund()
    thread.see_the_refund_cancel_it(inviter, address)
