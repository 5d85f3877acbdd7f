"""Lines and bars of a result, as a plain ECharts option and as a matplotlib plot. Owns no figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from typing import Any


@dataclass(frozen=True, slots=True)
class Series:
    """One line or row of bars."""

    name: str
    values: Sequence[float | None]


def chart_option(kind: str, x_name: str, x: Sequence[Any], y_name: str, series: Sequence[Series]) -> dict[str, Any]:
    """ECharts option: plain lists and words, ready for JSON.

    >>> chart_option("line", "week", [1, 2], "purchases", [Series("actual", [3, 4])])["series"][0]["data"]
    [3, 4]
    """
    return {
        "tooltip": {"trigger": "axis"},
        "legend": {"data": [one.name for one in series]},
        "xAxis": {"type": "category", "name": x_name, "data": [str(value) for value in x]},
        "yAxis": {"type": "value", "name": y_name},
        "series": [
            {"name": one.name, "type": kind, "data": list(one.values), "showSymbol": False}
            if kind == "line"
            else {"name": one.name, "type": kind, "data": list(one.values)}
            for one in series
        ],
    }


def plot_series(
    kind: str, x_name: str, x: Sequence[Any], y_name: str, series: Sequence[Series], axes: Any = None
) -> Any:
    """The same as a matplotlib plot; returns the axes.

    Raises
    ------
    ImportError
        If matplotlib is not installed; ``pip install liebian-analytics[plot]`` brings it.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("plotting needs matplotlib: pip install 'liebian-analytics[plot]'") from error
    if axes is None:
        axes = Figure(figsize=(8, 4.5)).add_subplot()
    places = range(len(x))
    for number, one in enumerate(series):
        values = [nan if value is None else value for value in one.values]
        if kind == "line":
            axes.plot(x, values, label=one.name)
        else:
            width = 0.8 / len(series)
            axes.bar([place + number * width for place in places], values, width, label=one.name)
    if kind != "line":
        axes.set_xticks([place + 0.4 - 0.4 / len(series) for place in places], [str(value) for value in x])
    axes.set_xlabel(x_name)
    axes.set_ylabel(y_name)
    axes.legend()
    return axes
