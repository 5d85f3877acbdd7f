from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from liebian_analytics.datasets.story import day, fact, noon
from liebian_analytics.engines import Engine
from liebian_analytics.errors import BadArgument
from liebian_analytics.periods import before, end_day, window_start


def test_an_instant_is_read_in_the_zone_it_carries() -> None:
    shanghai = datetime(2026, 3, 1, 1, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert end_day(shanghai) == date(2026, 3, 2)
    assert end_day(shanghai.astimezone(ZoneInfo("UTC"))) == date(2026, 3, 1)


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(BadArgument, match="time zone"):
        end_day(datetime(2026, 3, 1))


def test_as_of_is_exclusive_for_days_and_instants(engine: Engine) -> None:
    facts = engine.from_rows("order_facts", [fact(1, n, n, 100) for n in (1, 2, 3)])
    assert engine.run(before(facts, day(3))).num_rows == 2
    assert engine.run(before(facts, noon(3))).num_rows == 2


def test_a_window_longer_than_history_reaches_the_first_day() -> None:
    assert window_start(date(2026, 1, 1), 10**6) == date.min
    with pytest.raises(BadArgument):
        window_start(date(2026, 1, 1), 0)
