"""How unevenly something is spread: the best customers first, their share of the whole on the way up (ABC)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from liebian.ui.charts.types import PERCENT, Chart, token


def cumulative(
    title: str,
    subtitle: str,
    points: Sequence[tuple[float, float]],
    *,
    columns: tuple[str, str],
    even_name: str,
    marks: Sequence[tuple[float, str]] = (),
    height: int = 280,
) -> Chart:
    """`points` are (share of customers, share of revenue), rising. `marks` are dashed cuts such as (0.2, "A | B").

    The dashed diagonal is what an even spread would look like; `columns` names the two shares.
    """
    axis: dict[str, Any] = {
        "type": "value",
        "min": 0,
        "max": 1,
        "interval": 0.25,
        "axisLabel": {"formatter": PERCENT.axis},
    }
    curve: dict[str, Any] = {
        "name": columns[1],
        "type": "line",
        "data": [[0, 0], *([x, y] for x, y in points)],
        "lineStyle": {"color": token("treated"), "width": 2.5},
        "itemStyle": {"color": token("treated")},
        "areaStyle": {"color": token("treated-soft"), "opacity": 0.4},
    }
    if marks:
        cuts = [{"xAxis": at, "label": {"formatter": words, "position": "end"}} for at, words in marks]
        curve["markLine"] = {"silent": True, "data": cuts}
    even = {
        "name": even_name,
        "type": "line",
        "data": [[0, 0], [1, 1]],
        "lineStyle": {"color": token("holdout"), "type": "dashed", "width": 1.5},
        "itemStyle": {"color": token("holdout")},
        "silent": True,
        "tooltip": {"show": False},
    }
    option = {
        "tooltip": {"trigger": "axis", "valueFormatter": PERCENT.full},
        "legend": {"data": [columns[1], even_name]},
        "grid": {"left": 4, "right": 24, "top": 48 if marks else 28, "bottom": 24, "containLabel": True},
        "xAxis": {**axis, "name": columns[0], "nameLocation": "middle", "nameGap": 28},
        "yAxis": axis,
        "series": [curve, even],
    }
    rows = [[PERCENT.text(x), PERCENT.text(y)] for x, y in points]
    return Chart(title, subtitle, option, columns, rows, height)
