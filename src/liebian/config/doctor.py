"""What `liebian doctor` looks at: settings, databases, migrations, stages that are behind, the lake, front-end files."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connections, transaction

from liebian.config import env
from liebian.config.business_day import LAST_DAY, MOST_DAYS_AHEAD, TOLERANCE, days_ahead, difference_of_clocks
from liebian.config.schema import count_open_migrations
from liebian.core import clock, cursors, days
from liebian.customers import queries as customers
from liebian.events import queries as events
from liebian.lake import queries as lake
from liebian.ledger import queries as ledger
from liebian.pipeline import queries as pipeline
from liebian.pipeline.services import every_unit
from liebian.pipeline.types import FAILING, PAUSED, STOPPED

BEHIND_LIMIT = 10_000
FREE_LIMIT = 500 * 1024 * 1024
DEAD_LIMIT = 100_000  # rows of a table that are dead and nobody clears away
_NO_UPKEEP = """
SELECT name FROM pg_settings WHERE name IN ('autovacuum', 'track_counts') AND setting = 'off'
UNION ALL SELECT 'autovacuum of ' || relname FROM pg_class WHERE relkind = 'r' AND 'autovacuum_enabled=false' = ANY(reloptions)
ORDER BY 1
"""
_NEGLECTED = (
    "SELECT relname FROM pg_stat_user_tables WHERE n_dead_tup > %s + n_live_tup / 5 ORDER BY n_dead_tup DESC LIMIT 5"
)
LOCK_SECONDS = 3  # how long it waits for whoever holds a database


@dataclass(frozen=True)
class Finding:
    name: str
    ok: bool
    words: str

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def ask_directly() -> None:
    """For a process that does nothing else: connections of its own instead of a pool's, which waits for its server."""
    for connection in connections.all():
        connection.settings_dict["OPTIONS"] = {
            k: v for k, v in connection.settings_dict["OPTIONS"].items() if k != "pool"
        }


def examine(now: datetime) -> list[Finding]:
    """Everything, also when a part of it fails."""
    parts: list[Callable[[], Iterator[Finding]]] = [
        _settings, _disk, _databases, _upkeep, _stages, lambda: _clock(now), _ledger, _lake, _assets,
    ]  # fmt: skip
    findings: list[Finding] = []
    for part in parts:
        try:
            findings.extend(part())
        except Exception as error:
            findings.append(
                Finding(getattr(part, "__name__", "part").strip("_"), False, f"could not be examined: {error}")
            )
    return findings


def _settings() -> Iterator[Finding]:
    for setting in env.ALL:
        shown = "set, hidden" if setting is env.DATABASE_URL and setting.value else setting.value or "(empty)"
        yield Finding(setting.name, True, shown)


def _disk() -> Iterator[Finding]:
    free = shutil.disk_usage(settings.HOME).free
    yield Finding("disk", free > FREE_LIMIT, f"{free / 1e9:.1f} GB free at {settings.HOME}")


def _databases() -> Iterator[Finding]:
    for alias in settings.DATABASES:
        connection = connections[alias]
        try:
            _wait_little(connection)
            open_steps = count_open_migrations(connection)
        except DatabaseError as error:
            yield Finding(f"database {alias}", False, f"cannot be reached: {error}")
            continue
        words = (
            f"{connection.vendor}, up to date"
            if not open_steps
            else f"{open_steps} migrations wait: run `liebian migrate`"
        )
        wrong = _write_problem(alias)
        yield Finding(f"database {alias}", not open_steps and wrong is None, f"{words}; {wrong}" if wrong else words)


def _wait_little(connection: Any) -> None:
    """Whoever asks how things stand wants to know now, not when a lock is given back."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'")
        else:
            cursor.execute(f"PRAGMA busy_timeout = {LOCK_SECONDS * 1000}")


def _write_problem(alias: str) -> str | None:
    """Commits something that changes nothing; why that was not possible, or None."""
    connection = connections[alias]
    try:
        with transaction.atomic(using=alias), connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SELECT pg_current_xact_id()")  # which a standby refuses
            else:
                cursor.execute("PRAGMA user_version")
                cursor.execute(f"PRAGMA user_version = {int(cursor.fetchone()[0])}")
    except DatabaseError as error:
        return f"cannot be written: {error}"
    return None


def _upkeep() -> Iterator[Finding]:
    """Whether PostgreSQL keeps its tables in order by itself. Without that it needs a person once they are neglected."""
    connection = connections["default"]
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(_NO_UPKEEP)
        off = [name for (name,) in cursor.fetchall()]
        cursor.execute(_NEGLECTED, [DEAD_LIMIT])
        neglected = [name for (name,) in cursor.fetchall()]
    if not off:
        yield Finding("upkeep", True, "autovacuum is on")
        return
    words = f"{', '.join(off)} is off: tables grow and plans get slow unless somebody vacuums"
    yield Finding("upkeep", not neglected, f"{words}; needed now: {', '.join(neglected)}" if neglected else words)


def _stages() -> Iterator[Finding]:
    end = events.get_log_end()
    yield Finding("log", True, f"{end:,} events")
    for unit in pipeline.list_units(every_unit(), now=clock.now()):
        words = "up to date" if not unit.behind else f"{unit.behind:,} events behind"
        if unit.state in {PAUSED, STOPPED, FAILING}:
            words += f", {unit.state}" + (f": {unit.error}" if unit.error else "")
        elif unit.behind > BEHIND_LIMIT:
            words += "; is the worker running?"
        yield Finding(f"stage {unit.name}", unit.behind <= BEHIND_LIMIT and unit.state not in {STOPPED, FAILING}, words)
    aside = pipeline.count_set_aside()
    yield Finding("set aside", not aside, "no event" if not aside else f"{aside} events wait on the pipeline page")


def _clock(now: datetime) -> Iterator[Finding]:
    last, day = cursors.position_of(LAST_DAY), days.day_of(now, settings.TIME_ZONE)
    words = "no business day started yet" if not last else f"last business day {date.fromordinal(last).isoformat()}"
    apart, far = difference_of_clocks(), days_ahead(day) > MOST_DAYS_AHEAD
    wrong = []
    if abs(apart) > TOLERANCE:
        wrong.append(
            f"the database's clock differs by {apart.total_seconds() / 3600:+.0f} hours: set the one that is wrong"
        )
    if last and far:
        wrong.append("the clock jumped ahead: set it, or run `liebian accept-clock`")
    elif last and day.toordinal() < last:
        wrong.append(
            "the clock went back, or was ahead when that day started: set it if it is wrong; if it is right, the worker starts "
            "today again within about an hour, `liebian accept-clock` at once"
        )
    yield Finding("clock", not wrong, "; ".join([words, *wrong]))


def _ledger() -> Iterator[Finding]:
    last = ledger.find_last_proof()
    if last is None:
        yield Finding("ledger", True, "not proven yet")
        return
    result = "holds" if last.holds else f"{len(last.findings)} differences, see /rewards/reconciliation"
    words = f"proof of {last.at:%Y-%m-%d %H:%M} UTC over {last.n_entries:,} entries: {result}; digest {last.digest[:12] or '-'}"
    yield Finding("ledger", last.holds, words)


def _lake() -> Iterator[Finding]:
    wrong = lake.probe()
    if env.LAKE_URL.value.partition("/")[0].endswith(":") and not lake.is_remote():
        wrong = f"{env.LAKE_URL.value} is taken for a folder: an address has two slashes, such as s3://bucket/lake"
    yield Finding("lake", wrong is None, wrong or f"can be read and written at {settings.LAKE_URL}")
    behind = cursors.position_of("customers") - lake.get_position("events", "customers")
    yield Finding("lake lag", behind <= BEHIND_LIMIT, "up to date" if behind <= 0 else f"{behind:,} events behind")
    if (left := events.get_retired_upto()) > customers.get_published_upto():
        words = f"this is not the lake that holds the events up to {left:,}, which have left the database: is its folder there?"
        yield Finding("lake whole", False, words)
    for state in lake.list_states():
        words = (
            "not published yet"
            if state.version is None
            else f"{state.rows:,} rows in {state.files} files, version {state.version}"
        )
        yield Finding(f"lake {state.name}", True, words)
    if n_files := lake.count_unhidden_files("events"):
        words = f"{n_files} files of events may show phone numbers and e-mail addresses as ids: run liebian lake compact events"
        yield Finding("lake ids", False, words)


def _assets() -> Iterator[Finding]:
    built = (settings.STATIC_ROOT / "staticfiles.json").exists()
    yield Finding("static files", built, "built" if built else "missing: run `make setup`")
