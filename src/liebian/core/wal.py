"""SQLite's write-ahead logs: copied into the database files beside the writers instead of by them.

A commit that finds the log long copies it before it returns, every changed page each time. Done twice a second from a thread
of its own, a page that many commits changed is copied once, and no event waits for it. Without this thread the limit in the
settings holds: the logs grow longer, and a commit copies them as before.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import structlog
from django.db import Error, connections

log = structlog.get_logger("wal")
_EVERY_SECONDS = 0.5
_LONG = 8000  # pages


def keep_short(stop: threading.Event) -> Callable[[], None]:
    """Copy from a thread until `stop` is set.

    Returns what the writer calls between two transactions: a log begins anew only when nothing of it is left to copy, so a
    long one is finished then, at the cost of the few pages since the last copy. Does nothing where no database is SQLite.
    """
    names = [name for name in connections if connections[name].vendor == "sqlite"]
    is_long = dict.fromkeys(names, False)

    def keep() -> None:
        while not stop.wait(_EVERY_SECONDS):
            for name in names:
                is_long[name] = copy(name) > _LONG
        connections.close_all()

    def finish() -> None:
        for name in names:
            if is_long[name]:
                is_long[name] = False
                copy(name)

    if names:
        threading.Thread(target=keep, name="wal", daemon=True).start()
    return finish


def copy(name: str) -> int:
    """Copy what is committed, as far as no reader needs the old pages; returns the length of the log in pages."""
    try:
        with connections[name].cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
            return int(cursor.fetchone()[1])
    except Error as error:  # full, locked, away: the next time tries again
        log.warning("wal_not_copied", database=name, error=str(error))
        connections[name].close()
        return 0
