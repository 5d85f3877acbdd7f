"""Vertical bars, side by side or stacked to shares of the whole. Bars start at zero."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from liebian.ui.charts.types import COUNT, PERCENT, Chart, Series, Unit, check_lengths, label_step, token


def _bar(series: Series, hrefs: Sequence[str] | None, stack: bool) -> dict[str, Any]:
    data = [
        {"value": value, "href": hrefs[index]} if hrefs else {"value": value}
        for index, value in enumerate(series.values)
    ]
    drawn: dict[str, Any] = {
        "name": series.name,
        "type": "bar",
        "data": data,
        "itemStyle": {"color": token(series.colour)},
    }
    if stack:
        drawn["stack"] = "all"
        drawn["itemStyle"]["borderRadius"] = 0
    return drawn


def _frame(labels: Sequence[str], unit: Unit, named: Sequence[Series]) -> dict[str, Any]:
    option: dict[str, Any] = {
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}, "valueFormatter": unit.full},
        "xAxis": {"type": "category", "data": list(labels), "axisLabel": {"interval": label_step(len(labels), 12)}},
        "yAxis": unit.value_axis(),
    }
    if len(named) > 1:
        option["legend"] = {"data": [series.name for series in named]}
    else:
        option["grid"] = {"top": 12}
    return option


def bars(
    title: str,
    subtitle: str,
    labels: Sequence[str],
    series: Sequence[Series],
    *,
    label_name: str,
    unit: Unit = COUNT,
    stacked: bool = False,
    hrefs: Sequence[str] | None = None,
    mark: tuple[int, str] | None = None,
    height: int = 260,
) -> Chart:
    """`hrefs` makes each bar a door. `mark` draws a dashed line at a label, such as the budget in a histogram."""
    check_lengths(labels, *(row.values for row in series), *([hrefs] if hrefs else []))
    option = _frame(labels, unit, series)
    option["series"] = [_bar(row, hrefs, stacked) for row in series]
    if mark:
        line = {"xAxis": mark[0], "label": {"formatter": mark[1], "position": "end"}}
        option["series"][0]["markLine"] = {"silent": True, "data": [line]}
        option["grid"] = {"top": 28}
    rows = [[label, *(unit.text(row.values[i]) for row in series)] for i, label in enumerate(labels)]
    return Chart(title, subtitle, option, [label_name, *(row.name for row in series)], rows, height)


def shares(
    title: str,
    subtitle: str,
    labels: Sequence[str],
    series: Sequence[Series],
    *,
    label_name: str,
    unit: Unit = COUNT,
    height: int = 260,
) -> Chart:
    """Each label's bar is its whole; the table keeps the figures themselves beside the shares."""
    check_lengths(labels, *(row.values for row in series))
    totals = [sum(row.values[i] or 0 for row in series) for i in range(len(labels))]
    parts = [
        Series(row.name, [(v or 0) / totals[i] if totals[i] else None for i, v in enumerate(row.values)], row.colour)
        for row in series
    ]
    option = _frame(labels, PERCENT, series)
    option["yAxis"] |= {"max": 1, "interval": 0.25}
    option["series"] = [_bar(row, None, True) for row in parts]
    rows = [
        [
            label,
            *(
                f"{unit.text(row.values[i])} ({PERCENT.text(part.values[i])})"
                for row, part in zip(series, parts, strict=True)
            ),
        ]
        for i, label in enumerate(labels)
    ]
    return Chart(title, subtitle, option, [label_name, *(row.name for row in series)], rows, height)
