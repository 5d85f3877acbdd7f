"""Many callers at once, for tests of what holds under concurrency."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connections


def run_threads(act: Callable[[Any], Any], items: Sequence[Any], *, workers: int = 16) -> list[Any]:
    """`act(item)` for all items from many threads, each with database connections of its own."""

    def one(item: Any) -> Any:
        try:
            return act(item)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(one, items))
