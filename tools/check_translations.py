"""Every text of a page or message has one Chinese translation: none missing, empty or fuzzy, no placeholder lost.

Django lays the catalogues of all contexts over each other, so the same text must mean the same everywhere; where it does
not, a context word (msgctxt) tells the two apart.

Texts are collected with gettext into a scratch copy where it is installed; without it the catalogues alone are checked.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "liebian"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}")


def read(path: Path, locale: str = "zh") -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=locale, abort_invalid=True)


def problems_of(message: Message) -> str | None:
    texts = [message.string] if isinstance(message.string, str) else list(message.string)
    if not all(text and text.strip() for text in texts[:1]):
        return "has no translation"
    if message.fuzzy:
        return "is fuzzy"
    wanted = set(PLACEHOLDER.findall(message.id if isinstance(message.id, str) else message.id[-1]))
    if any(set(PLACEHOLDER.findall(text)) - wanted for text in texts if text):
        return "names a placeholder that the text does not have"
    return None


def catalogue_problems() -> list[str]:
    found = []
    for path in sorted(SOURCE.glob("*/locale/zh_Hans/LC_MESSAGES/django.po")):
        for message in read(path):
            if message.id and (problem := problems_of(message)):
                found.append(f"{path.relative_to(ROOT)}: {message.id!r} {problem}")
    return found


def first_id(message: Message) -> tuple[str | None, str]:
    return message.context, message.id if isinstance(message.id, str) else message.id[0]


def known_ids() -> dict[tuple[str | None, str], dict[str, str]]:
    """Text to its translations, each with the catalogue that says so."""
    known: dict[tuple[str | None, str], dict[str, str]] = {}
    for path in sorted(SOURCE.glob("*/locale/zh_Hans/LC_MESSAGES/django.po")):
        for message in read(path):
            if message.id:
                translation = message.string if isinstance(message.string, str) else message.string[0]
                known.setdefault(first_id(message), {})[translation] = path.parts[-5]
    return known


def disagreements() -> list[str]:
    return [
        f"{text!r} has two translations: {', '.join(f'{one} ({where})' for one, where in said.items())}"
        for (_context, text), said in known_ids().items() if len(said) > 1
    ]  # fmt: skip


def missing_problems() -> list[str]:
    if shutil.which("xgettext") is None:
        return []
    known, found = known_ids(), []
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "liebian"
        shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("static", "*.mo", "tests", "migrations", "locale"))
        (copy / "locale").mkdir()
        command = [
            sys.executable,
            "-m",
            "django",
            "makemessages",
            "-l",
            "en",
            "--no-location",
            "-v",
            "0",
            "-e",
            "html,py,txt,svg",
        ]
        done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False)
        target = copy / "locale" / "en" / "LC_MESSAGES" / "django.po"
        if not target.exists():
            return [f"texts could not be collected: {done.stderr[-500:]}"]
        for message in read(target, "en"):
            if message.id and first_id(message) not in known:
                found.append(f"not translated: {first_id(message)[1]!r}")
    return found


if __name__ == "__main__":
    problems = catalogue_problems() + disagreements() + missing_problems()
    print("\n".join(problems))
    sys.exit(1 if problems else 0)
