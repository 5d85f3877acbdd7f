"""Entry point. Sets Django up, maps the product's errors to words and exit codes (0 done, 1 refused, 2 used wrongly)."""

from __future__ import annotations

import os
import sys

import cyclopts

from liebian import __version__

app = cyclopts.App(
    name="liebian",
    help="Growth through the customers you already have. Everything that the pages do to start, fill and watch an installation.",
    version=__version__,
    help_format="plaintext",
)


def run() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "liebian.config.settings")
    import django

    django.setup()
    from liebian.config.cli import data, people, service  # registers its commands
    from liebian.config.cli.output import fail
    from liebian.core.errors import LiebianError

    del data, people, service
    try:
        app()
    except LiebianError as error:
        fail(error, as_json="--json" in sys.argv)
    except KeyboardInterrupt:
        sys.exit(130)
