from __future__ import annotations

import numpy as np
import pytest
from liebian_analytics.errors import BadArgument
from liebian_analytics.experiments.holdout import Arm, incremental
from scipy import stats


def test_interval_equals_welch_in_scipy() -> None:
    rng = np.random.default_rng(1)
    one, two = rng.poisson(0.6, 900), rng.poisson(0.5, 100)
    found = incremental(one, two)
    expected = stats.ttest_ind(one, two, equal_var=False).confidence_interval(0.95)
    assert (found.interval.low, found.interval.high) == pytest.approx((expected.low, expected.high))


def test_sums_say_the_same_as_outcomes() -> None:
    one, two = np.array([0, 1, 2, 0] * 20), np.array([0, 0, 1] * 20)
    sums = [(len(arm), float(arm.sum()), float((arm**2).sum())) for arm in (one, two)]
    assert incremental(one, two) == incremental(*sums)


def test_interval_covers_the_truth() -> None:
    """3,240 treated at 0.12 and 360 held out at 0.08 new customers each: nominal 95 %."""
    rng = np.random.default_rng(7)
    treated, control = rng.poisson(0.12, (1000, 3240)), rng.poisson(0.08, (1000, 360))
    covered = [incremental(a, b).interval.contains(0.04) for a, b in zip(treated, control, strict=True)]
    assert 0.93 <= np.mean(covered) <= 0.97


def test_without_effect_more_and_less_are_rare() -> None:
    rng = np.random.default_rng(8)
    outcomes = rng.poisson(0.1, (600, 2, 900))
    verdicts = [incremental(a, b).verdict for a, b in outcomes]
    assert sum(verdict != "cannot_tell" for verdict in verdicts) / len(verdicts) <= 0.08


def test_verdicts() -> None:
    assert incremental((1000, 300, 300), (1000, 200, 200)).verdict == "more"
    assert incremental((1000, 200, 200), (1000, 300, 300)).verdict == "less"
    assert incremental((1000, 205, 205), (1000, 200, 200)).verdict == "cannot_tell"
    assert incremental((1000, 300, 300), (29, 2, 2)).verdict == "too_few"
    assert incremental((1000, 0, 0), (1000, 0, 0)).verdict == "too_few"
    assert incremental([], [1.0]).difference is None


def test_a_control_without_a_sale_does_not_pretend_certainty() -> None:
    found = incremental((1000, 30, 30), (100, 0, 0))
    assert found.verdict == "cannot_tell"
    assert found.interval.low is not None and found.interval.low < 0


def test_needed_is_what_it_takes_to_see_the_difference() -> None:
    found = incremental((900, 108, 108), (100, 9, 9))
    assert found.verdict == "cannot_tell" and found.needed is not None
    growth = (found.needed + 1000) / 1000
    larger = [(round(n * growth), s * growth, s * growth) for n, s in ((900, 108), (100, 9))]
    assert incremental(*larger).verdict == "more"
    assert incremental((1000, 300, 300), (1000, 200, 200)).needed == 0
    assert incremental((1000, 200, 200), (1000, 200, 200)).needed is None


def test_cost_has_no_upper_limit_while_the_gain_may_be_nil() -> None:
    unsure = incremental((1000, 105, 105), (1000, 100, 100)).cost_per_incremental(100_000)
    assert unsure.cost == pytest.approx(20_000) and unsure.interval.high is None and unsure.interval.low is not None
    worse = incremental((1000, 200, 200), (1000, 300, 300)).cost_per_incremental(100_000)
    assert (worse.cost, worse.interval.low, worse.interval.high) == (None, None, None)


def test_impossible_sums_are_refused() -> None:
    with pytest.raises(BadArgument):
        Arm(10, 10, 1)
    with pytest.raises(BadArgument):
        incremental([float("nan")], [1.0])
