"""What commands print: one JSON object with --json, otherwise calm words and progress on the terminal."""

from __future__ import annotations

import json
import sys
from typing import Any, NoReturn

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from liebian.core.errors import LiebianError

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


def print_json(value: dict[str, Any]) -> None:
    print(json.dumps(value, ensure_ascii=False, default=str))


def fail(error: LiebianError, *, as_json: bool) -> NoReturn:
    if as_json:
        print_json({"error": {"code": error.code, "message": error.message, "details": error.details}})
    else:
        errors.print(f"[red]{error.message}[/red] [dim]({error.code})[/dim]")
    sys.exit(1)


def progress(*, quiet: bool = False) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn(),
        console=errors, disable=quiet or not errors.is_terminal, transient=True,
    )  # fmt: skip
