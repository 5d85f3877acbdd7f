"""liebian lake status|compact|verify|export: the open history, for whoever looks after it."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import cyclopts
from django.conf import settings

from liebian.config.cli.root import app
from liebian.config.terminal import console, print_json
from liebian.core import cursors
from liebian.core.errors import Invalid
from liebian.core.texts import mark as _
from liebian.customers import queries as customers
from liebian.events import queries as events
from liebian.events import services as event_log
from liebian.lake import queries, services
from liebian.lake.types import SCHEMAS, Counted, Problem
from liebian.orders import queries as orders

lake = cyclopts.App(name="lake", help="The open history: Delta tables that other tools can read.")
app.command(lake)
READERS = {"events": "customers", "day_facts": "customers", "order_facts": "orders", "order_lines": "orders.lines",
           "customers": "customers", "identities": "customers"}  # fmt: skip


def _log_ends() -> dict[str, int]:
    """How far the log that each table is made from goes."""
    seen = cursors.position_of("customers")
    changes, merges = orders.get_changes_end(), customers.get_merges_end()
    return {"events": seen, "day_facts": seen, "customers": seen, "identities": merges,
            "order_facts": changes, "order_lines": orders.get_lines_end()}  # fmt: skip


@lake.command
def status(*, json: bool = False) -> None:
    """What the lake holds, in which shape its files are, and how far it is behind the log."""
    ends = _log_ends()
    states = [
        {**asdict(state), "lag": max(0, ends[state.name] - queries.get_position(state.name, READERS[state.name]))}
        for state in queries.list_states()
    ]
    if json:
        print_json({"url": settings.LAKE_URL, **{state["name"]: state for state in states}})
        return
    console.print(f"Lake at {settings.LAKE_URL}")
    for state in states:
        at = state["published_at"]
        console.print(
            f"{state['name']}: {state['rows']:,} rows, {state['files']} files ({state['buckets']} buckets, {state['runs']} "
            f"runs, {state['fresh']} fresh), {state['size'] / 1e6:,.1f} MB, version {state['version']}, "
            f"published {at.isoformat(timespec='seconds') if at else 'never'}, {state['lag']:,} behind"
        )


@lake.command
def compact(table: str | None = None, /, *, json: bool = False) -> None:
    """Rewrite a table (or all) into one sorted file per bucket, and delete files that no version of the last week needs.

    Ids that name somebody and were published before the lake hid them are hidden.

    Parameters
    ----------
    table
        One table; leave it out for all.
    """
    hidden = event_log.hide_published_ids() if "events" in _tables(table) else 0
    done = [services.compact_table(table=name) for name in _tables(table)]
    gone = {name: services.drop_old_files(table=name) for name in _tables(table)}
    if json:
        print_json(
            {state.name: {"files": state.files, "rows": state.rows, "deleted": gone[state.name]} for state in done}
        )
        return
    if hidden:
        console.print(f"events: ids that name somebody hidden in {hidden} files")
    for state in done:
        console.print(f"{state.name}: {state.rows:,} rows in {state.files} files, {gone[state.name]} old files deleted")


@lake.command
def verify(table: str | None = None, /, *, json: bool = False) -> None:
    """Read every file: no row twice, each file in order, as many rows as the log had, nothing personal in clear.

    Exits with 1 when something is wrong.
    """
    problems = [problem for name in _tables(table) for problem in _problems_of(name)]
    if json:
        print_json({"problems": [asdict(problem) for problem in problems]})
    else:
        for problem in problems:
            console.print(f"[red]{problem.table}: {problem.code}: {problem.words}[/red]")
        console.print("The lake is as it should be." if not problems else f"{len(problems)} findings.")
    if problems:
        sys.exit(1)


def _problems_of(table: str) -> list[Problem]:
    position = queries.get_position(table, READERS[table])
    least = events.get_retired_upto() if table in ("events", "day_facts") else 0
    ends = {READERS[table]: _log_ends()[table]}
    return queries.check_table(table, ends=ends, least=least, counted=_counted(table, position))


def _counted(table: str, position: int) -> Counted | None:
    """What the log of the table has; of events, the stretch that is still in the database."""
    if table == "events":
        border = events.get_retired_upto()
        return Counted("event_id", border, events.count_events(after=border, upto=position))
    if table == "order_facts":
        return Counted("position", 0, orders.count_changes(upto=position))
    if table == "order_lines":
        return Counted("position", 0, orders.count_line_changes(upto=position))
    return Counted("position", 0, customers.count_merges(upto=position)) if table == "identities" else None


def _tables(table: str | None) -> list[str]:
    if table is None:
        return list(SCHEMAS)
    if table not in SCHEMAS:
        raise Invalid(
            "no_such_table",
            _("The lake has no table '%(table)s'. Choose one of: %(known)s."),
            table=table,
            known=", ".join(SCHEMAS),
        )
    return [table]


@lake.command
def export(
    table: str,
    /,
    *,
    out: Path,
    format: Literal["csv", "parquet", "jsonl"] = "parquet",
    as_of: str | None = None,
    json: bool = False,
) -> None:
    """Write a table to one file, as the pages see it: everybody under the id they stand by.

    Parameters
    ----------
    table
        events, order_facts, order_lines, day_facts, customers or identities.
    out
        The file to write; it must not exist yet.
    format
        csv and jsonl leave out sealed columns.
    as_of
        A version number, or a time such as 2026-06-01T08:00:00+08:00 (UTC without an offset).
    """
    from liebian.config.lake_export import write_table

    _tables(table)
    version, at = _moment(as_of)
    if out.exists():
        raise Invalid("file_exists", _("%(file)s exists already. Choose another name."), file=str(out))
    if not out.parent.is_dir():
        raise Invalid("no_such_folder", _("There is no folder %(folder)s. Make it first."), folder=str(out.parent))
    versions = {} if version is None else {table: version}
    with queries.open_history(table, versions=versions, at=at) as history:
        rows = write_table(history, table, out, format)
    if json:
        print_json({"rows": rows, "file": str(out)})
    else:
        console.print(f"{rows:,} rows in {out}")


def _moment(text: str | None) -> tuple[int | None, datetime | None]:
    if text is None:
        return None, None
    if text.isdigit():
        return int(text), None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(
            "bad_moment", _("'%(text)s' is neither a version nor a time such as 2026-06-01T08:00."), text=text
        ) from None
    return None, at if at.tzinfo else at.replace(tzinfo=UTC)
