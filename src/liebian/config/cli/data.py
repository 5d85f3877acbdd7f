"""liebian import, demo, stages: what comes in and what is made of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cyclopts

from liebian.config.cli.first_login import first_password
from liebian.config.cli.root import app
from liebian.config.demo import play
from liebian.config.jobs import publish_lake, run_stages
from liebian.config.schema import bring_up_to_date
from liebian.config.terminal import console, print_json, progress
from liebian.core import clock, cursors
from liebian.core.errors import Conflict, Invalid
from liebian.core.texts import mark as _
from liebian.events import queries as event_log
from liebian.events import services as events
from liebian.tiers import services as tier_services

imports = cyclopts.App(name="import", help="Bring in files.")
app.command(imports)


@imports.command
def orders(
    file: Path, *, preset: str | None = None, map: Path | None = None, dry_run: bool = False, json: bool = False
) -> None:
    """Import a file of orders (CSV, XLSX, Parquet). Importing twice changes nothing; an interrupted import continues.

    Parameters
    ----------
    file
        The file. Its kind is recognised by its content.
    preset
        uci-online-retail, or leave it out: the usual column names are recognised.
    map
        A mapping file (JSON or TOML) that says which column holds what, with time zone and currency.
    dry_run
        Account for every row, write nothing.
    """
    options = _options(preset, map)
    if dry_run:
        _show_preview(file, options, json)
        return
    now = clock.now()
    job_id = events.start_import(
        path=file.resolve(), filename=file.name, options=options, actor="command line", now=now
    )
    with progress(quiet=json) as bar:
        task = bar.add_task("Reading", total=None)

        def tell(phase: str, done: int, total: int) -> None:
            bar.update(task, description=phase.capitalize(), completed=done, total=total or None)

        report = events.run_import(job_id=job_id, now=now, on_progress=tell)
        bar.update(task, description="Finding people and orders", completed=0, total=None)
        cursors.drain(lambda: run_stages(clock.now()))
        bar.update(task, description="Publishing the history")
        cursors.drain(lambda: publish_lake(clock.now()))
        bar.update(task, description="Computing tiers")
        tier_services.refresh_all(now=clock.now())
    if json:
        print_json(report.as_dict())
    else:
        _show_report(report.as_dict())


def _options(preset: str | None, map_file: Path | None) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if preset:
        options["preset"] = preset
    if map_file:
        options["mapping_file"] = map_file.read_text(encoding="utf-8")
    return options


def _show_preview(file: Path, options: dict[str, Any], json: bool) -> None:
    seen = events.preview(file.resolve(), options, now=clock.now())
    if json:
        print_json(
            {
                "columns": seen.columns,
                "mapping": seen.mapping,
                "problems": [p.code for p in seen.problems],
                "accounting": seen.accounting,
            }
        )
        return
    for problem in seen.problems:
        console.print(f"[yellow]{problem.message}[/yellow]")
    console.print(f"Columns read as: {seen.mapping}")
    if seen.accounting:
        console.print(
            f"{seen.accounting.rows:,} rows, {seen.accounting.accepted:,} would be accepted. Nothing was written."
        )


def _show_report(report: dict[str, Any]) -> None:
    console.print(f"{report['rows']:,} rows in {report['seconds']:.1f} s ({report['rows_per_s']:,} rows/s)")
    console.print(
        f"  accepted {report['accepted']:,}: {report['created']:,} new, {report['updated']:,} changed, {report['unchanged']:,} known already"
    )
    for reason, count in sorted(report["rejected"].items(), key=lambda item: -item[1]):
        console.print(f"  rejected {count:,}: {reason}")
    if report["rejected_file"]:
        console.print(f"Rejected rows with their reasons: {report['rejected_file']}")


@app.command
def demo(
    *, customers: int = play.CUSTOMERS, days: int = play.HISTORY_DAYS, seed: int = play.SEED, json: bool = False
) -> None:
    """Migrate, then fill an empty installation with the demo shop: 18 months that end now.

    Parameters
    ----------
    customers
        How many customers come on their own; friends come on top.
    days
        How many days it has been open; its programme runs for the last sixty.
    seed
        The same seed and day give the same shop.
    """
    if days <= play.PROGRAMME_DAYS:
        raise Invalid(
            "demo_too_short", _("The demo shop is open for more than %(days)s days."), days=play.PROGRAMME_DAYS
        )
    bring_up_to_date()
    if event_log.get_log_end():
        raise Conflict(
            "not_empty", _("There is data already. The demo shop only opens in an empty installation (LIEBIAN_HOME).")
        )
    now = clock.now()
    first_password()
    play.play(now=now, quiet=json, customers=customers, seed=seed, history_days=days)
    if json:
        print_json({"events": event_log.get_log_end(), "seconds": (clock.now() - now).total_seconds()})


@app.command
def stages(*, json: bool = False) -> None:
    """Work through everything that waits, once: stages, lake, tiers. What the worker does all the time."""
    done = cursors.drain(lambda: run_stages(clock.now()))
    published = cursors.drain(lambda: publish_lake(clock.now()))
    computed = tier_services.refresh_all(now=clock.now())
    if json:
        print_json({"events": done, "published": published, "tiers": len(computed)})
    else:
        console.print(
            f"{done:,} log positions worked on, {published:,} rows published, {len(computed)} tier models computed"
        )
