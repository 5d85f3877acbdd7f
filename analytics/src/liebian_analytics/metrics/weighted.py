"""Weighted indicators: several numbers about each item made comparable and added up with weights people choose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from liebian_analytics.errors import BadArgument, SchemaMismatch

if TYPE_CHECKING:
    import ibis.expr.types as ir

NORMALISATIONS: tuple[str, ...] = ("minmax", "zscore", "rank")


def weighted(indicators: ir.Table, *, key: str, weights: Mapping[str, float], normalise: str = "minmax") -> ir.Table:
    """One score per item out of several indicators.

    Parameters
    ----------
    indicators
        One row per item: ``key`` (unique, not null) and numeric indicators. NaN counts as null.
    key
        Column of the item.
    weights
        Indicator to weight. A negative weight means that less is better. Only the proportions matter.
    normalise
        ``"minmax"``: (x - min)/(max - min), 0-1; one outlier presses all others together.
        ``"rank"``: share of the other items below, ties count half, 0-1; outliers do no harm.
        ``"zscore"``: (x - mean)/population standard deviation; unbounded.

    Returns
    -------
    Lazy table, one row per item: ``key``, per indicator ``<name>_normal`` float64 (already turned round where less is
    better), ``score`` float64 (``minmax`` and ``rank``: 0-100; ``zscore``: weighted mean of the z) and ``rank`` int64
    (1 = best; equal scores share it). An item that lacks an indicator has a null score and rank.

    Raises
    ------
    BadArgument
        If there is no weight but 0, or the normalisation is unknown.
    SchemaMismatch
        If an indicator is missing or is not a number.

    Notes
    -----
    score = sum(|w| n) / sum(|w|), times 100 unless z-scores; n = 1 - n (z: -z) for negative weights. If all items are
    equal in an indicator it says nothing: 0.5 for everybody (z: 0).

    References
    ----------
    OECD and JRC (2008), Handbook on Constructing Composite Indicators, steps 5 and 6.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from liebian_analytics.engines import connect
    >>> with connect() as engine:
    ...     items = engine.from_arrow(pa.table({"id": [1, 2, 3], "orders": [1, 3, 2], "silence": [10, 0, 0]}))
    ...     scored = weighted(items, key="id", weights={"orders": 3, "silence": -1}).order_by("id")
    ...     engine.run(scored)["score"].to_pylist()
    [0.0, 100.0, 62.5]
    """
    import ibis

    used = {name: float(weight) for name, weight in weights.items() if weight}
    _check(indicators, used, normalise)
    values = indicators.select(key, **{f"{name}_normal": _clean(indicators[name]) for name in used})
    values = values.mutate(
        **{f"{name}_normal": _normal(values[f"{name}_normal"], normalise, weight < 0) for name, weight in used.items()}
    )
    total = sum(abs(weight) for weight in used.values())
    added = sum((values[f"{name}_normal"] * abs(weight) for name, weight in used.items()), ibis.literal(0.0))
    scored = values.mutate(score=added / total * (1 if normalise == "zscore" else 100))
    place = ibis.rank().over(ibis.window(order_by=scored.score.desc(nulls_first=False))) + 1
    return scored.mutate(rank=ibis.ifelse(scored.score.notnull(), place, ibis.null("int64")))


def _check(indicators: ir.Table, used: Mapping[str, float], normalise: str) -> None:
    if not used:
        raise BadArgument("weighted indicators need at least one weight that is not 0")
    if normalise not in NORMALISATIONS:
        raise BadArgument(f"normalise must be one of {', '.join(NORMALISATIONS)}; got {normalise!r}")
    for name in used:
        if name not in indicators.columns:
            raise SchemaMismatch(f"there is no indicator {name!r}; there are: {', '.join(indicators.columns)}")
        if not indicators[name].type().is_numeric():
            raise SchemaMismatch(f"the indicator {name!r} holds {indicators[name].type()}, not numbers")


def _clean(value: ir.Value) -> ir.Value:
    number = value.cast("float64")
    return number.nullif(float("nan")) if value.type().is_floating() else number


def _normal(value: ir.Value, how: str, less_is_better: bool) -> ir.Value:
    import ibis

    everybody = ibis.window()
    if how == "zscore":
        spread = value.std(how="pop").over(everybody)
        score = ibis.ifelse(spread > 0, (value - value.mean().over(everybody)) / spread.nullif(0), 0 * value)
        return -score if less_is_better else score
    if how == "minmax":
        low, high = value.min().over(everybody), value.max().over(everybody)
        score = ibis.ifelse(high > low, (value - low) / (high - low).nullif(0), 0 * value + 0.5)
    else:
        n = value.count().over(everybody)
        below = ibis.rank().over(ibis.window(order_by=value.asc(nulls_first=False)))
        equal = value.count().over(ibis.window(group_by=value))
        share = (below + (equal - 1) / 2) / (n - 1).nullif(0)
        score = ibis.ifelse(value.notnull(), ibis.coalesce(share, 0.5), ibis.null("float64"))
    return 1 - score if less_is_better else score
