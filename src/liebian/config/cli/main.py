"""Entry point. Sets Django up, maps the product's errors to words and exit codes (0 done, 1 refused, 2 used wrongly)."""

from __future__ import annotations

import os
import sys
from importlib import import_module

from liebian.core.errors import LiebianError

COMMANDS = ("data", "erasing", "lake", "people", "segments", "service")


def run() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "liebian.config.settings")
    import django

    django.setup()
    for name in COMMANDS:  # registers them; they need Django to be ready
        import_module(f"liebian.config.cli.{name}")
    from liebian.config.cli.root import app
    from liebian.config.terminal import fail

    try:
        app()
    except LiebianError as error:
        fail(error, as_json="--json" in sys.argv)
    except KeyboardInterrupt:
        sys.exit(130)
