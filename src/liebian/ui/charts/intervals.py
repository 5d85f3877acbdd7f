"""Estimates under each other on one scale, such as treated against control; each is a band with its point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from liebian.ui import formats
from liebian.ui.charts.types import COUNT, Chart, Unit, token


@dataclass(frozen=True, slots=True)
class Estimate:
    label: str
    low: int | float
    point: int | float
    high: int | float
    colour: str = "treated"


def intervals(
    title: str,
    subtitle: str,
    estimates: Sequence[Estimate],
    *,
    columns: tuple[str, str, str],
    unit: Unit = COUNT,
    reference: tuple[str, int | float] | None = None,
    height: int | None = None,
) -> Chart:
    """`columns` names label, point and interval in the table. `reference` is a dashed line to compare with, such as zero."""
    series: list[dict[str, Any]] = [
        {
            "name": estimate.label,
            "type": "custom",
            "renderItem": "lb:interval",
            "encode": {"x": [1, 2, 3], "y": 0},
            "itemStyle": {"color": token(estimate.colour)},
            "data": [[index, estimate.low, estimate.point, estimate.high]],
        }
        for index, estimate in enumerate(estimates)
    ]
    if reference and series:
        line = {"xAxis": reference[1], "label": {"formatter": reference[0], "position": "end"}}
        series[0]["markLine"] = {"silent": True, "data": [line]}
    option = {
        "tooltip": {"show": False},
        "grid": {"left": 4, "right": 24, "top": 24 if reference else 4, "bottom": 4, "containLabel": True},
        "xAxis": {"type": "value", "axisLabel": {"formatter": unit.axis}, **_ends(estimates, reference)},
        "yAxis": {
            "type": "category",
            "inverse": True,
            "data": [estimate.label for estimate in estimates],
            "axisLine": {"show": False},
            "axisLabel": {"color": token("ink"), "fontSize": 13},
        },
        "series": series,
    }
    rows = [[e.label, unit.text(e.point), formats.span(unit.text(e.low), unit.text(e.high))] for e in estimates]
    return Chart(title, subtitle, option, columns, rows, height or 44 + 38 * len(estimates) + (20 if reference else 0))


def _ends(estimates: Sequence[Estimate], reference: tuple[str, int | float] | None) -> dict[str, Any]:
    """The scale starts at zero unless something lies below it, and reaches whatever it is compared with."""
    shown = [value for e in estimates for value in (e.low, e.high)] + ([reference[1]] if reference else [])
    ends: dict[str, Any] = {"scale": True} if shown and min(shown) < 0 else {"min": 0}
    if reference and reference[1] >= max(shown):
        ends["max"] = reference[1]
    return ends
