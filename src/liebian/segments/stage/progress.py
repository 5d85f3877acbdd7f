"""How far each shard is: read and written in every step, therefore without the cost of instances put together by queries."""

from __future__ import annotations

from typing import Any

from liebian.core.columns import select_after, select_in, update_tuples
from liebian.segments.models import Progress

_REST = ("shards", "event_id", "order_change_id", "merge_id", "day", "at", "sweep_after", "rules")


def read_all() -> list[Progress]:
    return [_row(values) for values in select_after(Progress, ("shard", *_REST), "shard", -1)]


def read_locked(shard: int) -> Progress | None:
    """The row, which nobody else changes until the caller's transaction ends; None when the shard is gone."""
    found = list(select_in(Progress, ("shard", *_REST), "shard", [shard], lock=True))
    return _row(found[0]) if found else None


def store(row: Progress) -> None:
    update_tuples(Progress, _REST, [(*(getattr(row, name) for name in _REST), row.shard)], key="shard")


def _row(values: tuple[Any, ...]) -> Progress:
    return Progress(**dict(zip(("shard", *_REST), values, strict=True)))
