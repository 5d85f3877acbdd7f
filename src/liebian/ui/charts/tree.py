"""Who invited whom, as a tree from left to right: filled has paid, ringed is on the way, grey does not count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from liebian.ui.charts.types import Chart, token


@dataclass(frozen=True, slots=True)
class TreeNode:
    """`state`: ok (counts), wait (may still count), no (does not). `name` is already masked."""

    name: str
    state: str = "ok"
    note: str = ""
    href: str = ""
    children: Sequence[TreeNode] = ()


_FILL = {"ok": "treated", "wait": "surface", "no": "surface"}
_LINE = {"ok": "treated", "wait": "treated", "no": "holdout"}


def _draw(node: TreeNode) -> dict[str, Any]:
    drawn: dict[str, Any] = {
        "name": node.name,
        "itemStyle": {"color": token(_FILL[node.state]), "borderColor": token(_LINE[node.state])},
        "children": [_draw(child) for child in node.children],
    }
    if node.href:
        drawn["href"] = node.href
    return drawn


def _walk(node: TreeNode, inviter: str, depth: int) -> Iterator[list[str]]:
    yield [node.name, inviter, str(depth), node.note]
    for child in node.children:
        yield from _walk(child, node.name, depth + 1)


def _leaves(node: TreeNode) -> int:
    return sum(_leaves(child) for child in node.children) or 1


def _width_of(name: str) -> int:
    """About as many pixels as a label takes."""
    return sum(12 if ord(sign) > 0x2E80 else 7 for sign in name)


def tree(
    title: str, subtitle: str, root: TreeNode, *, columns: tuple[str, str, str, str], height: int | None = None
) -> Chart:
    """`columns` names person, inviter, generation and note in the table."""
    series = {
        "type": "tree",
        "data": [_draw(root)],
        "left": max(70, _width_of(root.name) + 30),
        "right": 130,
        "top": 6,
        "bottom": 6,
        "orient": "LR",
        "expandAndCollapse": False,
        "initialTreeDepth": -1,
        "label": {
            "position": "left",
            "distance": 6,
            "verticalAlign": "middle",
            "align": "right",
            "backgroundColor": token("surface"),
            "padding": [2, 4],
        },
        "leaves": {"label": {"position": "right", "align": "left"}},
    }
    option = {"tooltip": {"trigger": "item"}, "series": [series]}
    return Chart(title, subtitle, option, columns, list(_walk(root, "", 0)), height or max(160, 32 * _leaves(root)))
