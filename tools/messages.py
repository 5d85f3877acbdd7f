"""Texts in two languages. `compile` makes the .mo files with Babel; without an argument new texts are collected (gettext)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[1]
CONTEXTS = sorted(path.parent for path in (ROOT / "src" / "liebian").glob("*/locale"))


def compile_all() -> None:
    for catalog_path in sorted((ROOT / "src" / "liebian").glob("*/locale/*/LC_MESSAGES/django.po")):
        with catalog_path.open("rb") as source:
            catalog = read_po(source, locale=catalog_path.parts[-3].split("_")[0], abort_invalid=True)
        with catalog_path.with_suffix(".mo").open("wb") as target:
            write_mo(target, catalog)


def collect() -> None:
    for context in CONTEXTS:
        command = [
            sys.executable,
            str(ROOT / "manage.py"),
            "makemessages",
            "-l",
            "zh_Hans",
            "--no-location",
            "--no-obsolete",
            "-v",
            "0",
        ]
        subprocess.run(command, cwd=context, check=True)


if __name__ == "__main__":
    compile_all() if sys.argv[1:] == ["compile"] else collect()
