"""Who moved from where to where between two days, as a Sankey diagram."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from liebian.ui import formats
from liebian.ui.charts.types import Chart, token


@dataclass(frozen=True, slots=True)
class Flow:
    source: str
    target: str
    people: int
    href: str = ""
    strong: bool = False


def _nodes(
    totals: Mapping[str, int], order: Sequence[str], colours: Mapping[str, str], side: str
) -> list[dict[str, Any]]:
    """Both sides have the same names, and names must differ: the left side carries a trailing space."""
    return [
        {
            "name": f"{name} " if side == "left" else name,
            "itemStyle": {"color": token(colours[name])},
            "label": {"position": side, "formatter": f"{name} {formats.number(totals[name])}"},
        }
        for name in order
        if totals.get(name)
    ]


def flows(
    title: str,
    subtitle: str,
    moves: Sequence[Flow],
    *,
    order: Sequence[str],
    colours: Mapping[str, str],
    columns: tuple[str, str, str],
    height: int = 430,
) -> Chart:
    """`order` lists the groups from top to bottom, `colours` their tokens; `columns` names from, to and people."""
    before = {name: sum(m.people for m in moves if m.source == name) for name in order}
    after = {name: sum(m.people for m in moves if m.target == name) for name in order}
    links = []
    for move in moves:
        line = {"color": token(colours[move.source]), "opacity": 0.5 if move.strong else 0.22}
        link: dict[str, Any] = {
            "source": f"{move.source} ",
            "target": move.target,
            "value": move.people,
            "lineStyle": line,
        }
        if move.href:
            link["href"] = move.href
        links.append(link)
    series = {
        "type": "sankey",
        "left": 110,
        "right": 120,
        "top": 6,
        "bottom": 6,
        "layoutIterations": 0,
        "nodeAlign": "justify",
        "data": [*_nodes(before, order, colours, "left"), *_nodes(after, order, colours, "right")],
        "links": links,
    }
    rows = [[m.source, m.target, formats.number(m.people)] for m in moves]
    return Chart(title, subtitle, {"tooltip": {"trigger": "item"}, "series": [series]}, columns, rows, height)
