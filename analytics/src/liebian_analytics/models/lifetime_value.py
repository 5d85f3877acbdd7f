"""Customer lifetime value: expected future purchases, discounted, times expected spend.

Owns discounting. Purchases come from a purchase model, spend from ``GammaGamma``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from liebian_analytics.arrow import as_arrow
from liebian_analytics.errors import BadArgument
from liebian_analytics.models.base import PurchaseModel
from liebian_analytics.models.bg_bb import BgBb
from liebian_analytics.models.gamma_gamma import GammaGamma
from liebian_analytics.models.histories import Floats, Histories
from liebian_analytics.models.predictions import check_confidence, in_chunks
from liebian_analytics.models.special import legendre
from liebian_analytics.results import Interval

if TYPE_CHECKING:
    import pyarrow as pa

STEP = 1e-5
NODES = 40


@dataclass(frozen=True, slots=True)
class ValueTotal:
    """Value of all customers together: ``expected``, and the interval of that expectation."""

    expected: float
    of_expectation: Interval


def clv(
    model: PurchaseModel,
    spend: GammaGamma,
    summary: Any,
    *,
    horizon: float | None,
    discount_rate: float,
    period: float = 1.0,
    timing: str = "continuous",
    margin: float = 1.0,
    confidence: float = 0.95,
) -> pa.Table:
    """Per customer: what the purchases after T are worth today.

    Parameters
    ----------
    model
        A fitted ``BgNbd``, ``MbgNbd`` or ``ParetoNbd``.
    spend
        A fitted ``GammaGamma``.
    summary
        One row per customer: ``frequency``, ``recency``, ``T``, ``monetary_value``, covariates of the model;
        ``customer_id`` is kept.
    horizon
        Time units ahead; ``None`` = for ever (needs a discount rate above 0).
    discount_rate
        Per ``period``, such as 0.01 for 1 %.
    period
        Length of a discounting period in time units: 4.345 for a month where the unit is a week.
    timing
        ``"continuous"``: each purchase is discounted to its moment. ``"period_end"``: to the end of its period (as
        spreadsheets and lifetimes do); needs a finite horizon of whole periods.
    margin
        Share of spend that is profit, above 0.
    confidence
        Of the interval, 0-1.

    Returns
    -------
    Arrow table, a row per row of ``summary``: ``customer_id`` (if given), ``expected_purchases`` float64 (discounted),
    ``expected_spend`` float64 (per purchase), ``clv`` float64 (money unit of ``monetary_value``), ``clv_low`` and
    ``clv_high`` float64 (interval of the expectation by the delta method on its logarithm, parameters of both models;
    null without covariances).

    Raises
    ------
    BadArgument
        If horizon, rate, period, timing or margin have no meaning.

    Notes
    -----
    Continuous: ``e^(-dH) E(H) + d int_0^H e^(-dt) E(t) dt`` with E the expected purchases up to t and
    d = log(1 + discount_rate) / period, by Gauss-Legendre quadrature in log(1 + t/c). Spend is taken to be independent
    of buying, as Gamma-Gamma assumes.

    References
    ----------
    Fader, Hardie and Lee (2005), "RFM and CLV", Journal of Marketing Research 42(4).

    Examples
    --------
    >>> from liebian_analytics.models import BgNbd
    >>> buying = BgNbd.from_params(r=0.243, alpha=4.414, a=0.793, b=2.426)
    >>> spend = GammaGamma.from_params(p=6.25, q=3.74, v=15.44)
    >>> one = {"frequency": [2], "recency": [30.43], "T": [38.86], "monetary_value": [22.35]}
    >>> found = clv(buying, spend, one, horizon=52, discount_rate=0.1, period=52)
    >>> round(found["clv"][0].as_py(), 2)
    36.79
    """
    import pyarrow as pa

    check_confidence(confidence)
    _check(model, horizon, discount_rate, period, timing, margin)
    table = as_arrow(summary)
    h = model._read(table)
    x, money, _ = spend._columns(table)
    theta = np.log([spend.p_, spend.q_ - 1, spend.v_])
    each = spend.expected_at(theta, x, money)
    times, weights = _schedule(horizon, math.log1p(discount_rate) / period, period, timing, float(np.mean(h.T)) or 1.0)
    purchases, variance = np.empty_like(h.T), np.full_like(h.T, np.nan)

    def work(rows: slice) -> None:
        part = h.take(rows)
        purchases[rows] = _discounted(model, part, model._theta, times, weights)
        if model.covariance_ is not None and spend.covariance_ is not None:
            slopes = np.stack(
                [
                    _discounted(model, part, model._theta + step, times, weights) / purchases[rows] - 1
                    for step in STEP * np.eye(len(model._theta))
                ]
            )
            variance[rows] = np.einsum("ki,kl,li->i", slopes / STEP, model.covariance_, slopes / STEP)

    with np.errstate(divide="ignore", invalid="ignore"):
        in_chunks(work, len(h.T))
    if spend.covariance_ is not None:
        slopes = np.stack([spend.expected_at(theta + step, x, money) / each - 1 for step in STEP * np.eye(3)]) / STEP
        variance += np.einsum("ki,kl,li->i", slopes, spend.covariance_, slopes)
    value = margin * each * purchases
    half = NormalDist().inv_cdf((1 + confidence) / 2) * np.sqrt(np.maximum(variance, 0.0))
    columns: dict[str, Any] = {"customer_id": table["customer_id"]} if "customer_id" in table.column_names else {}
    columns |= {"expected_purchases": purchases, "expected_spend": each, "clv": value}
    for name, sign in (("clv_low", -1), ("clv_high", 1)):
        columns[name] = pa.array(value * np.exp(sign * half), from_pandas=True)
    return pa.table(columns)


def clv_total(
    model: PurchaseModel,
    spend: GammaGamma,
    summary: Any,
    *,
    horizon: float | None,
    discount_rate: float,
    period: float = 1.0,
    timing: str = "continuous",
    margin: float = 1.0,
    confidence: float = 0.95,
) -> ValueTotal:
    """What the future purchases of all customers together are worth today, on average.

    Parameters
    ----------
    model, spend, summary, horizon, discount_rate, period, timing, margin, confidence
        As for ``clv``.

    Returns
    -------
    ValueTotal
        The sum of ``clv`` and the interval of that expectation (delta method, parameters of both models). The chance of
        what these customers really do comes on top; ``predict_total`` gives it for purchases.

    Examples
    --------
    >>> from liebian_analytics.models import BgNbd
    >>> buying = BgNbd.from_params(r=0.243, alpha=4.414, a=0.793, b=2.426)
    >>> spend = GammaGamma.from_params(p=6.25, q=3.74, v=15.44)
    >>> two = {"frequency": [2, 0], "recency": [30.43, 0], "T": [38.86, 38.86], "monetary_value": [22.35, 0]}
    >>> round(clv_total(buying, spend, two, horizon=52, discount_rate=0.1, period=52).expected, 2)
    45.28
    """
    check_confidence(confidence)
    _check(model, horizon, discount_rate, period, timing, margin)
    table = as_arrow(summary)
    h = model._read(table)
    x, money, _ = spend._columns(table)
    own = np.log([spend.p_, spend.q_ - 1, spend.v_])
    times, weights = _schedule(horizon, math.log1p(discount_rate) / period, period, timing, float(np.mean(h.T)) or 1.0)
    each, purchases = spend.expected_at(own, x, money), _discounted(model, h, model._theta, times, weights)
    expected = float(h.weight @ (each * purchases)) * margin
    if model.covariance_ is None or spend.covariance_ is None or expected <= 0:
        return ValueTotal(expected, Interval(None, None, confidence))
    by_buying = [
        float(h.weight @ (each * _discounted(model, h, model._theta + step, times, weights))) * margin / expected - 1
        for step in STEP * np.eye(len(model._theta))
    ]
    by_spend = [
        float(h.weight @ (spend.expected_at(own + step, x, money) * purchases)) * margin / expected - 1
        for step in STEP * np.eye(3)
    ]
    buying, spending = np.array(by_buying) / STEP, np.array(by_spend) / STEP
    variance = float(buying @ model.covariance_ @ buying + spending @ spend.covariance_ @ spending)
    half = NormalDist().inv_cdf((1 + confidence) / 2) * math.sqrt(max(variance, 0.0))
    interval = Interval(expected * math.exp(-half), expected * math.exp(half), confidence)
    return ValueTotal(expected, interval)


def _discounted(model: PurchaseModel, h: Histories, theta: Floats, times: Floats, weights: Floats) -> Floats:
    """Sum of weights times expected purchases up to the times."""
    params = model._natural(h, theta)
    total = np.zeros_like(h.T)
    if model.nobody_churns_:
        return (params[0] + h.frequency) / (params[1] + h.T) * float(weights @ times)
    for t, weight in zip(times, weights, strict=True):
        total += weight * model._expected_if_alive(h, t, params)
    return total * model._alive(h, params)


def _schedule(horizon: float | None, force: float, period: float, timing: str, scale: float) -> tuple[Floats, Floats]:
    """Times and weights such that the discounted purchases are sum of weight * E(time)."""
    if timing == "period_end":
        assert horizon is not None
        numbers = np.arange(1, round(horizon / period) + 1)
        factors = np.exp(-force * period * numbers)
        return np.asarray(numbers * period, float), factors - np.append(factors[1:], 0.0)
    if force == 0:
        assert horizon is not None
        return np.array([horizon]), np.array([1.0])
    end = 32 / force if horizon is None else horizon
    nodes, weights = legendre(NODES)
    stretch = math.log1p(end / scale)
    times = scale * np.expm1(nodes * stretch)
    inner = weights * stretch * (times + scale) * force * np.exp(-force * times)
    return np.append(times, end), np.append(inner, math.exp(-force * end))


def _check(model: PurchaseModel, horizon: float | None, rate: float, period: float, timing: str, margin: float) -> None:
    if isinstance(model, BgBb):
        raise BadArgument("clv needs a model in continuous time; BG/BB counts opportunities")
    if not math.isfinite(rate) or rate < 0:
        raise BadArgument(f"discount_rate must be finite and not negative, got {rate}")
    if not math.isfinite(period) or period <= 0:
        raise BadArgument(f"period must be above 0, got {period}")
    if not math.isfinite(margin) or margin <= 0:
        raise BadArgument(f"margin must be above 0, got {margin}")
    if timing not in {"continuous", "period_end"}:
        raise BadArgument(f"timing must be 'continuous' or 'period_end', got {timing!r}")
    if horizon is None and (rate == 0 or timing == "period_end"):
        raise BadArgument("a horizon without end needs a discount rate above 0 and continuous timing")
    if horizon is not None and (not math.isfinite(horizon) or horizon <= 0):
        raise BadArgument(f"the horizon must be finite and above 0, or None for ever; got {horizon}")
    if timing == "period_end" and horizon is not None and abs(horizon / period - round(horizon / period)) > 1e-9:
        raise BadArgument(f"with period_end the horizon must be whole periods of {period}, got {horizon}")
