"""A measure over time: observed solid, provisional dashed, the interval as a band. And the word-sized version of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from liebian.ui import formats
from liebian.ui.charts.types import COUNT, Chart, Unit, Value, check_lengths, label_step, token


@dataclass(frozen=True, slots=True)
class Band:
    """The interval around the line; None where there is none."""

    name: str
    low: Sequence[Value]
    high: Sequence[Value]


def _stroke(name: str, values: Sequence[Value], colour: str, dashed: bool = False) -> dict[str, Any]:
    line: dict[str, Any] = {"color": token(colour), "width": 2.5}
    if dashed:
        line["type"] = [4, 4]
    return {
        "name": name,
        "type": "line",
        "data": list(values),
        "lineStyle": line,
        "itemStyle": {"color": token(colour)},
    }


def _area(band: Band, colour: str) -> list[dict[str, Any]]:
    """Two stacked lines: an invisible floor and the width above it."""
    widths = [None if lo is None or hi is None else hi - lo for lo, hi in zip(band.low, band.high, strict=True)]
    hidden: dict[str, Any] = {
        "type": "line",
        "stack": "band",
        "stackStrategy": "all",
        "symbol": "none",
        "silent": True,
        "lineStyle": {"opacity": 0},
        "tooltip": {"show": False},
    }
    soft = token(f"{colour}-soft")
    return [
        {**hidden, "name": f"{band.name} –", "data": list(band.low)},
        {
            **hidden,
            "name": band.name,
            "data": widths,
            "areaStyle": {"color": soft, "opacity": 0.6},
            "itemStyle": {"color": soft},
        },
    ]


def _split(values: Sequence[Value], provisional_from: int | None) -> tuple[list[Value], list[Value]]:
    """Observed and provisional halves; they share the point where they meet, so that the line has no gap."""
    if provisional_from is None:
        return list(values), []
    meet = max(provisional_from - 1, 0)
    observed = [v if i < provisional_from else None for i, v in enumerate(values)]
    provisional = [v if i >= meet else None for i, v in enumerate(values)]
    return observed, provisional


def _end_label(labels: Sequence[str], values: Sequence[Value], unit: Unit, colour: str) -> dict[str, Any]:
    last = max((i for i, v in enumerate(values) if v is not None), default=None)
    if last is None:
        return {}
    value = unit.text(values[last]).removesuffix(".00")  # cents are noise beside a line
    words = {"show": True, "position": "top", "distance": 8, "formatter": value, "fontWeight": 650}
    words |= {"fontSize": 13, "color": token("ink"), "align": "right", "offset": [8, 0]}
    point = {"coord": [labels[last], values[last]], "label": words}
    return {"markPoint": {"symbol": "circle", "symbolSize": 9, "itemStyle": {"color": token(colour)}, "data": [point]}}


def line_with_band(
    title: str,
    subtitle: str,
    labels: Sequence[str],
    name: str,
    values: Sequence[Value],
    *,
    label_name: str,
    unit: Unit = COUNT,
    band: Band | None = None,
    provisional_from: int | None = None,
    provisional_name: str = "",
    reference: tuple[str, int | float] | None = None,
    colour: str = "treated",
    height: int = 260,
) -> Chart:
    """`provisional_from` is the first index that may still change; `reference` a named dashed level, such as the budget."""
    check_lengths(labels, values, *((band.low, band.high) if band else ()))
    observed, provisional = _split(values, provisional_from)
    series = _area(band, colour) if band else []
    series.append(_stroke(name, observed, colour))
    legend: list[Any] = [name]
    if provisional:
        series.append(_stroke(provisional_name, provisional, colour, dashed=True))
        legend.append(provisional_name)
    if band:
        legend.append({"name": band.name, "icon": "roundRect"})
    series[-1] |= _end_label(labels, values, unit, colour)
    if reference:
        line = {"yAxis": reference[1], "label": {"formatter": reference[0], "position": "insideStartTop"}}
        series[-1]["markLine"] = {"silent": True, "data": [line]}
    option: dict[str, Any] = {
        "tooltip": {"trigger": "axis", "valueFormatter": unit.full},
        "xAxis": {
            "type": "category",
            "data": list(labels),
            "boundaryGap": False,
            "axisLabel": {"interval": label_step(len(labels))},
        },
        "yAxis": unit.value_axis(),
        "series": series,
    }
    if len(legend) > 1:
        option["legend"] = {"data": legend}
    return Chart(title, subtitle, option, *_table(labels, label_name, name, values, unit, band), height)


def _table(
    labels: Sequence[str], label_name: str, name: str, values: Sequence[Value], unit: Unit, band: Band | None
) -> tuple[list[str], list[list[str]]]:
    columns = [label_name, name, *([band.name] if band else [])]
    rows = []
    for i, label in enumerate(labels):
        row = [label, unit.text(values[i])]
        if band:
            known = band.low[i] is not None and band.high[i] is not None
            row.append(formats.span(unit.text(band.low[i]), unit.text(band.high[i])) if known else formats.NOTHING)
        rows.append(row)
    return columns, rows


def spark(
    title: str,
    labels: Sequence[str],
    values: Sequence[Value],
    *,
    label_name: str,
    unit: Unit = COUNT,
    colour: str = "treated",
    height: int = 40,
) -> Chart:
    """A line beside a number: no axes, only the course and its end."""
    check_lengths(labels, values)
    line = _stroke(title, values, colour)
    line["lineStyle"]["width"] = 1.5
    option = {
        "grid": {"left": 2, "right": 6, "top": 6, "bottom": 4, "containLabel": False},
        "tooltip": {"trigger": "axis", "valueFormatter": unit.full},
        "xAxis": {"type": "category", "data": list(labels), "show": False, "boundaryGap": False},
        "yAxis": {"type": "value", "show": False, "scale": True},
        "series": [line],
    }
    rows = [[label, unit.text(value)] for label, value in zip(labels, values, strict=True)]
    return Chart(title, "", option, [label_name, title], rows, height)
