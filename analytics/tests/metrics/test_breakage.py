"""The chain ladder gives Mack's published figures; breakage stays within what is open; a burn forecast covers what comes."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from liebian_analytics.errors import BadArgument
from liebian_analytics.metrics.breakage import Cohort, expected_breakage
from liebian_analytics.metrics.burn_rate import HORIZON_DAYS, forecast_burn
from liebian_analytics.metrics.development import chain_ladder

TAYLOR_ASHE = [
    [357848, 1124788, 1735330, 2218270, 2745596, 3319994, 3466336, 3606286, 3833515, 3901463],
    [352118, 1236139, 2170033, 3353322, 3799067, 4120063, 4647867, 4914039, 5339085],
    [290507, 1292306, 2218525, 3235179, 3985995, 4132918, 4628910, 4909315],
    [310608, 1418858, 2195047, 3757447, 4029929, 4381982, 4588268],
    [443160, 1136350, 2128333, 2897821, 3402672, 3873311],
    [396132, 1333217, 2180715, 2985752, 3691712],
    [440832, 1288463, 2419861, 3483130],
    [359480, 1421128, 2864498],
    [376686, 1363294],
    [344014],
]


def test_reserves_and_errors_of_taylor_and_ashe_are_those_of_mack() -> None:
    """Mack (1993), ASTIN Bulletin 23(2), tables 1 and 2: reserves in thousands and errors in percent; to the unit as the R package
    ChainLadder (MackChainLadder(GenIns)) prints them."""
    found = chain_ladder(TAYLOR_ASHE)
    reserves = [0, 94634, 469511, 709638, 984889, 1419459, 2177641, 3920301, 4278972, 4625811]
    errors = [0, 75535, 121699, 133549, 261406, 411010, 558317, 875328, 971258, 1363155]
    assert found.to_come == pytest.approx(reserves, abs=1)
    assert found.errors == pytest.approx(errors, abs=1)
    assert (found.to_come.sum(), found.total_error) == pytest.approx((18_680_856, 2_447_095), abs=1)
    percent = [round(100 * e / r) for e, r in zip(found.errors[1:], found.to_come[1:], strict=True)]
    assert percent == [80, 26, 19, 27, 29, 26, 22, 23, 29]
    assert found.factors == pytest.approx(
        [3.4906, 1.7473, 1.4574, 1.1739, 1.1038, 1.0863, 1.0539, 1.0766, 1.0177], abs=5e-5
    )


@pytest.mark.parametrize("wrong", [[[1, 2], [1]], [[1, 2], [1], []], [[1, 2], [1, -2], [1]], [[0, 1], [0], [3]]])
def test_triangles_that_say_nothing_are_refused(wrong: list[list[float]]) -> None:
    with pytest.raises(BadArgument):
        chain_ladder(wrong)


def test_young_cohorts_are_expected_to_be_redeemed_as_old_ones_were() -> None:
    shares = [0.2, 0.2, 0.15, 0.05]
    cohorts = [
        Cohort(1000, [1000 * s for s in shares[:age]], open=1000 * (1 - sum(shares[:age]))) for age in (4, 3, 2, 1)
    ]
    found = expected_breakage(cohorts)
    assert [each.rate for each in found.cohorts] == pytest.approx([0.4] * 4)
    assert (found.total.rate, found.n_ages) == (pytest.approx(0.4), 4)


def test_nothing_redeemed_and_few_cohorts_get_no_figure() -> None:
    few = expected_breakage([Cohort(100, [10], open=90)] * 2)
    assert (few.verdict, few.total.units, few.cohorts[0].interval.low) == ("too_few", None, None)
    cohorts = [
        Cohort(100, [10, 5], open=85),
        Cohort(100, [9], open=91),
        Cohort(100, [0], open=100),
        Cohort(100, [], open=100),
    ]
    found = expected_breakage(cohorts)
    assert [each.units is None for each in found.cohorts] == [False, False, True, True]
    assert found.total.rate == pytest.approx(sum(each.units or 0 for each in found.cohorts) / 200)


def test_what_was_taken_back_does_not_count_as_breakage() -> None:
    cohorts = [
        Cohort(1000, [250, 50], expired=200, taken_back=500),
        Cohort(500, [250], open=250),
        Cohort(500, [250], open=250),
    ]
    assert expected_breakage(cohorts).cohorts[0].rate == pytest.approx(0.4)
    with pytest.raises(BadArgument):
        Cohort(100, [60], expired=50)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_breakage_lies_between_what_lapsed_and_what_is_left_of_it(data: st.DataObject) -> None:
    cohorts = []
    for age in range(data.draw(st.integers(1, 6)), 0, -1):
        redeemed = data.draw(st.lists(st.integers(0, 100), min_size=age, max_size=age))
        expired, taken, rest = (data.draw(st.integers(0, 100)) for _ in range(3))
        cohorts.append(Cohort(sum(redeemed) + expired + taken + rest, redeemed, expired, taken, rest))
    found = expected_breakage(cohorts)
    for cohort, each in zip(cohorts, found.cohorts, strict=True):
        if each.units is not None:
            low, high = each.interval.low, each.interval.high
            assert low is not None and high is not None
            assert cohort.expired - 1e-6 <= low <= high <= cohort.expired + cohort.open + 1e-6
            assert cohort.expired - 1e-6 <= each.units <= cohort.expired + cohort.open + 1e-6


def test_the_interval_of_a_burn_forecast_covers_the_day_on_which_it_is_gone() -> None:
    """Overdispersed daily counts (negative binomial, variance 4 times the mean) with weekdays, 8 weeks seen; nominal 90 %,
    more for near ends, because days are whole."""
    rng, weekdays = np.random.default_rng(20260601), np.array([20, 20, 22, 24, 40, 60, 50])
    for left_weeks in (0.7, 2.5, 9):
        left, hits = left_weeks * weekdays.sum(), 0
        means = np.tile(weekdays, 60)
        for days in rng.negative_binomial(means / 3, 0.25, size=(400, means.size)):
            found = forecast_burn(days[:56], left)
            gone = int(np.argmax(np.cumsum(days[56:]) >= left)) + 1
            hits += found.interval.contains(gone)
        assert 0.87 <= hits / 400 <= 0.985, left_weeks


def test_weekdays_decide_the_day() -> None:
    weekend = [0, 0, 0, 0, 0, 50, 50]
    assert forecast_burn(weekend * 5, left=40).days == 6
    assert forecast_burn(weekend[5:] + weekend[:5] + (weekend[5:] + weekend[:5]) * 4, left=40).days == 1


def test_it_refuses_to_guess_from_too_little_and_says_when_nothing_goes_out() -> None:
    assert [forecast_burn([5] * n, left=10).verdict for n in (0, 27, 28)] == ["too_few", "too_few", "ok"]
    assert forecast_burn([0] * 28, left=10).verdict == "idle"
    assert forecast_burn([5] * 28, left=0).days == 0
    assert forecast_burn([-5] * 28, left=10).verdict == "idle"
    far = forecast_burn([1] * 28, left=10 * HORIZON_DAYS)
    assert (far.verdict, far.days, far.interval.high) == ("far", None, None)
    with pytest.raises(BadArgument):
        forecast_burn([float("nan")] * 28, left=1)


def test_a_restless_past_sets_no_latest_day() -> None:
    found = forecast_burn([0] * 7 + [700] + [0] * 20, left=5000)
    assert found.verdict == "ok" and found.interval.low is not None and found.interval.high is None
    assert found.day(date(2026, 6, 1), found.interval.high) is None


def test_an_age_from_which_nothing_can_grow_gets_no_figure() -> None:
    cohorts = [Cohort(100, [0, 5, 5], open=90), Cohort(100, [0, 5], open=95), Cohort(100, [5], open=95)]
    assert expected_breakage(cohorts).verdict == "too_few"
