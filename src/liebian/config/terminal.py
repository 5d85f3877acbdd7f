"""What commands print: one JSON object with --json, otherwise calm words and progress on the terminal."""

from __future__ import annotations

import json
import os
import sys
from typing import Any, NoReturn

from django.utils import translation
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from liebian.core.errors import LiebianError
from liebian.ui.formats import error_text

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


def print_json(value: dict[str, Any]) -> None:
    print(json.dumps(value, ensure_ascii=False, default=str))


def fail(error: LiebianError, *, as_json: bool) -> NoReturn:
    if as_json:
        print_json({"error": {"code": error.code, "message": error.message, "details": error.details}})
    else:
        with translation.override(_language()):
            errors.print(f"[red]{escape(error_text(error))}[/red] [dim]({error.code})[/dim]")
    sys.exit(1)


def _language() -> str:
    """That of the terminal, as POSIX says it; the first variable that is set decides."""
    spoken = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "zh-hans" if spoken.lower().startswith("zh") else "en"


def progress(*, quiet: bool = False) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn(),
        console=errors, disable=quiet or not errors.is_terminal, transient=True,
    )  # fmt: skip
