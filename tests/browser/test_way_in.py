"""From a new source to the open lake, on a phone in Chinese and on a wide screen in English."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.browser.conftest import Installation, Visitor
from tests.browser.way_in import WayIn


@pytest.mark.parametrize(
    ("locale", "width", "height", "mark", "find"),
    [("zh-CN", 390, 844, "zh", "查找这位客户"), ("en-GB", 1440, 900, "en", "Find the customer")],
    ids=["chinese-phone", "english-wide"],
)
def test_from_a_new_source_to_the_open_lake(
    shop: Installation, visit: Callable[..., Visitor], locale: str, width: int, height: int, mark: str, find: str
) -> None:
    staff = visit(locale=locale, width=width, height=height)
    staff.sign_in(shop)
    walk = WayIn(shop, staff, mark, find)
    walk.connect_a_source()
    walk.see_the_first_event_live()
    walk.register_what_arrives()
    walk.break_it()
    walk.repair_all_alike()
    walk.find_it_on_the_customers_timeline()
    walk.pause_and_resume_the_lake()
    done = subprocess.run([sys.executable, "-c", walk.open_the_lake()], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "amount_minor" in done.stdout, done.stderr
