"""Who is just in and who is just out: people near the edge of a rule, to check that it means what it says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from liebian.segments.queries.frames import get_frame
from liebian.segments.queries.members import RuleSource, parse
from liebian.segments.types import Edge, Edges

if TYPE_CHECKING:
    from liebian_analytics.rules.base import Rule
    from liebian_analytics.rules.frames import Frame, Mask


def sample_edges(rule: RuleSource | Rule, as_of: date | datetime, *, n: int = 3) -> Edges:
    """Up to `n` people who barely match and `n` who miss by one condition, closest first.

    Nearness is asked of the conditions with a number at the top of the rule; without one there is no edge to show.
    """
    from liebian_analytics.rules.tree import columns_needed, evaluate

    parsed = parse(rule)
    frame = get_frame(columns_needed(parsed), as_of)
    ids = frame["customer_id"]
    if not len(ids):
        return Edges((), ())
    matched = evaluate(parsed, frame)
    leaves = list(_numeric_leaves(parsed))
    inside = _closest(leaves, frame, matched, n, inside=True)
    outside = _closest(leaves, frame, ~matched, n, inside=False, parsed=parsed)
    return Edges(inside, outside)


def _numeric_leaves(parsed: Rule) -> Iterator[tuple[tuple[int, ...], Rule]]:
    from liebian_analytics.rules.all_of import AllOf
    from liebian_analytics.rules.events import Events
    from liebian_analytics.rules.orders import Orders

    top = enumerate(parsed.rules) if isinstance(parsed, AllOf) else [(None, parsed)]
    for number, child in top:
        if isinstance(child, Orders | Events) and isinstance(child.value, int) and child.op in {"ge", "gt", "le", "lt"}:
            yield (() if number is None else (number,)), child


def _closest(
    leaves: list[tuple[tuple[int, ...], Rule]],
    frame: Frame,
    among: Mask,
    n: int,
    *,
    inside: bool,
    parsed: Rule | None = None,
) -> tuple[Edge, ...]:
    from liebian_analytics.rules.tree import evaluate

    best: dict[int, tuple[float, Edge]] = {}
    for path, leaf in leaves:
        mask = among if inside else among & _all_others(parsed, path, frame) & ~evaluate(leaf, frame)
        values = _values(leaf, frame)
        at = np.flatnonzero(mask & ~np.ma.getmaskarray(values))
        distance = np.abs(np.ma.getdata(values)[at] - leaf.value) / max(1, abs(leaf.value))  # type: ignore[attr-defined]
        for index in np.argsort(distance, kind="stable")[:n].tolist():
            place, far = int(at[index]), float(distance[index])
            if place not in best or far < best[place][0]:
                condition: dict[str, Any] = msgspec.to_builtins(leaf)
                edge = Edge(int(frame["customer_id"][place]), path, condition, int(np.ma.getdata(values)[place]))
                best[place] = (far, edge)
    ranked = sorted(best.items(), key=lambda item: (item[1][0], item[0]))
    return tuple(edge for _place, (_far, edge) in ranked[:n])


def _all_others(parsed: Rule | None, path: tuple[int, ...], frame: Frame) -> Mask:
    """Who satisfies every condition at the top but the one at `path`."""
    from liebian_analytics.rules.tree import evaluate

    found = np.ones(len(frame["customer_id"]), dtype=bool)
    if parsed is not None and path:
        for number, child in enumerate(parsed.children()):
            if number != path[0]:
                found &= evaluate(child, frame)
    return found


def _values(leaf: Any, frame: Frame) -> Any:
    columns = [frame[column.key] for column in leaf.columns()]
    if len(columns) == 1:
        return columns[0]
    n_orders, revenue = columns
    return np.ma.MaskedArray(revenue // np.maximum(n_orders, 1), mask=n_orders == 0)
