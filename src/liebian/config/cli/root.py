"""The command that all others hang on."""

from __future__ import annotations

import cyclopts

from liebian import __version__

app = cyclopts.App(
    name="liebian",
    help="Growth through the customers you already have. Everything that the pages do to start, fill and watch an installation.",
    version=__version__,
    help_format="plaintext",
)
