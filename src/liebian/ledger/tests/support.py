"""For tests that commit ledger rows: Django empties tables between such tests, which the append-only triggers refuse."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

import pytest
from django.db import connection, connections

_migration = import_module("liebian.ledger.migrations.0002_append_only")


@pytest.fixture(autouse=True)
def erasable_ledger(request: pytest.FixtureRequest) -> Iterator[None]:
    """Triggers stand during every test; only the clean-up after a committing test runs without them."""
    marker = request.node.get_closest_marker("django_db")
    if marker is None:
        yield
        return
    committing = marker.kwargs.get("transaction", False)
    request.getfixturevalue("transactional_db" if committing else "db")
    _run(_migration.install)
    yield
    if committing:
        _run(_migration.remove)


def run_threads(act: Any, items: list[Any], *, workers: int = 16) -> list[Any]:
    """`act(item)` for all items from many threads at once, each with a database connection of its own."""

    def one(item: Any) -> Any:
        try:
            return act(item)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(one, items))


class _Editor:
    connection = connection


def _run(act: Any) -> None:
    act(None, _Editor)
