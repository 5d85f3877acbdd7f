"""A process that dies at a chosen point, for tests of what holds when it starts again.

The points are every commit, from just before it and from just after it, every write outside a transaction, and whatever a test
declares with `Life.point`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.db.transaction import Atomic

_WRITES = ("INSERT", "UPDATE", "DELETE")
_leave = Atomic.__exit__


class Died(BaseException):
    """Nothing catches it but who waits for it, as nothing catches kill -9."""


class Life:
    """Counts the points that are passed, and dies at the one chosen."""

    def __init__(self, last: int | None = None) -> None:
        self.passed, self.last = 0, last

    def point(self) -> None:
        self.passed += 1
        if self.last is not None and self.passed == self.last:
            raise Died


@contextmanager
def watched(life: Life) -> Iterator[None]:
    """Points of the default database while it lasts. Inside the transaction of a test, its own ones are the savepoints below it."""
    depth = len(connection.savepoint_ids)

    def leave(block: Any, kind: Any, error: Any, trace: Any) -> None:
        is_commit = kind is None and len(connection.savepoint_ids) == depth + 1
        if is_commit:
            try:
                life.point()
            except Died as died:
                _leave(block, Died, died, None)
                raise
        _leave(block, kind, error, trace)
        if is_commit:
            life.point()

    def execute(run: Any, sql: str, *rest: Any) -> Any:
        found = run(sql, *rest)
        if len(connection.savepoint_ids) == depth and sql.lstrip().startswith(_WRITES):
            life.point()
        return found

    Atomic.__exit__ = leave  # type: ignore[method-assign]
    try:
        with connection.execute_wrapper(execute):
            yield
    finally:
        Atomic.__exit__ = _leave  # type: ignore[method-assign]


def die_everywhere(live: Callable[[Life], Any]) -> int:
    """Live undisturbed; then, from the same beginning each time, die at each point in turn and live again from the start.

    Every one of these has to end as the undisturbed one. Answers how many points there were.
    """
    undisturbed = Life()
    expected = _from_the_same_beginning(lambda: _live(live, undisturbed))
    for last in range(1, undisturbed.passed + 1):
        found = _from_the_same_beginning(lambda last=last: _die_and_live_again(live, last))  # type: ignore[misc]
        assert found == expected, f"died at point {last} of {undisturbed.passed}"
    return undisturbed.passed


def _die_and_live_again(live: Callable[[Life], Any], last: int) -> Any:
    try:
        _live(live, Life(last))
    except Died:
        return _live(live, Life())
    raise AssertionError(f"point {last} was not reached again")


def _live(live: Callable[[Life], Any], life: Life) -> Any:
    with watched(life):
        return live(life)


def _from_the_same_beginning(act: Callable[[], Any]) -> Any:
    with transaction.atomic():
        try:
            return act()
        finally:
            transaction.set_rollback(True)
