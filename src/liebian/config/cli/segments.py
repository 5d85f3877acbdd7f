"""liebian segments: looking after live memberships."""

from __future__ import annotations

import sys
from dataclasses import asdict

import cyclopts

from liebian.config.cli.root import app
from liebian.config.terminal import console, print_json, progress
from liebian.segments import queries, services

segments = cyclopts.App(name="segments", help="Groups of customers.")
app.command(segments)


@segments.command
def replay(*, json: bool = False) -> None:
    """Count everybody's day facts from the log again and put right what differs. Who is rightly in a segment stays in it."""
    services.ask_replay()
    with progress(quiet=json) as bar:
        task = bar.add_task("Counting", total=None)
        while (at := queries.find_replay()) is not None:
            bar.update(task, completed=at[0], total=at[1])
            services.replay_share()
    if json:
        print_json({"replayed": True})


@segments.command
def check(*, json: bool = False) -> None:
    """Compare live memberships with an evaluation of the lake. Exit code 1 when they differ.

    Publish first (`liebian stages`): what the lake does not have yet is a difference too.
    """
    found, fresh = queries.compare_with_lake(), queries.get_freshness()
    if json:
        print_json({"freshness": asdict(fresh) if fresh else None, "segments": [asdict(drift) for drift in found]})
    else:
        for drift in found:
            console.print(
                f"{'equal' if drift.is_equal else 'DIFFERS'}  {drift.name}: {drift.n_live:,} live, {drift.n_lake:,} in the lake"
            )
            if not drift.is_equal:
                console.print(f"  only live: {list(drift.only_live)}; only in the lake: {list(drift.only_lake)}")
        console.print(f"{len(found)} segments compared")
    if not all(drift.is_equal for drift in found):
        sys.exit(1)
