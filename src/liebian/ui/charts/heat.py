"""The RFM grid as cells for `<c-heat>`: every cell is a door, so it is HTML and not a drawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LEVELS = 6


@dataclass(frozen=True, slots=True)
class Cell:
    """`weight` decides the shade (revenue per head); `tag` is the named group the cell belongs to."""

    value: str
    note: str
    href: str
    weight: float
    tag: str = ""


@dataclass(frozen=True, slots=True)
class HeatGrid:
    columns: Sequence[dict[str, str]]
    rows: Sequence[dict[str, Any]]


def heat_level(weight: float, top: float) -> int:
    """0 (palest) … 5; square root steps, because spending per head is skewed and linear steps would leave one dark cell."""
    if top <= 0 or weight <= 0:
        return 0
    return min(LEVELS - 1, int((weight / top) ** 0.5 * LEVELS))


def heat_grid(
    columns: Sequence[tuple[str, str]],
    rows: Sequence[tuple[str, str]],
    cells: Mapping[tuple[str, str], Cell],
) -> HeatGrid:
    """`columns` and `rows` are (name, explanation); `cells` maps (row name, column name). A missing cell stays empty.

    A gap is drawn where the tag changes, so that named groups read as areas.
    """
    top = max((cell.weight for cell in cells.values()), default=0.0)
    names = [name for name, _ in columns]
    drawn = []
    for index, (row, text) in enumerate(rows):
        below = rows[index + 1][0] if index + 1 < len(rows) else ""
        drawn.append(
            {"name": row, "text": text, "cells": [_cell(cells, row, below, names, i, top) for i in range(len(names))]}
        )
    return HeatGrid([{"name": name, "text": text} for name, text in columns], drawn)


def _cell(
    cells: Mapping[tuple[str, str], Cell], row: str, below: str, names: Sequence[str], index: int, top: float
) -> dict[str, Any]:
    name = names[index]
    cell = cells.get((row, name))
    if cell is None:
        return {"name": f"{name}{row}", "href": "", "value": "0", "note": "", "tag": "", "heat": 0}
    right = cells.get((row, names[index + 1])) if index + 1 < len(names) else cell
    under = cells.get((below, name)) if below else cell
    return {
        "name": f"{name}{row}",
        "href": cell.href,
        "value": cell.value,
        "note": cell.note,
        "tag": cell.tag,
        "heat": heat_level(cell.weight, top),
        "edge_right": right is not None and right.tag != cell.tag,
        "edge_below": under is not None and under.tag != cell.tag,
    }
