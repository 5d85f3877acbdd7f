"""Entry point. Sets Django up, maps the product's errors to words and exit codes (0 done, 1 refused, 2 used wrongly)."""

from __future__ import annotations

import os
import sys
from importlib import import_module

from liebian.core.errors import LiebianError, Unavailable
from liebian.core.texts import mark as _

COMMANDS = ("data", "erasing", "lake", "people", "segments", "service")


def run() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "liebian.config.settings")
    import django

    django.setup()
    for name in COMMANDS:  # registers them; they need Django to be ready
        import_module(f"liebian.config.cli.{name}")
    from django.db import DatabaseError

    from liebian.config.cli.root import app
    from liebian.config.schema import is_migrated
    from liebian.config.terminal import fail

    as_json = "--json" in sys.argv
    try:
        app()
    except LiebianError as error:
        fail(error, as_json=as_json)
    except DatabaseError:
        if is_migrated():
            raise
        fail(
            Unavailable("not_migrated", _("The databases are not set up for this version. Run `liebian migrate`.")),
            as_json=as_json,
        )
    except KeyboardInterrupt:
        sys.exit(130)
