"""Writes docs/reference/*.md from the code: settings, permissions, commands' jobs, lake tables. `--check` compares."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "reference"
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "analytics" / "src")]
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "liebian.config.settings")

import django  # noqa: E402

django.setup()

from liebian.access import permissions  # noqa: E402
from liebian.config import env, jobs  # noqa: E402
from liebian.lake.types import SCHEMAS  # noqa: E402

HEAD = "<!-- Written by tools/make_reference.py. -->\n\n"


def table(columns: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)]) + "\n"


def settings_page() -> str:
    rows = [[f"`{s.name}`", f"`{s.default}`" if s.default else "(empty)", s.help] for s in env.ALL]
    return "# Settings\n\n" + HEAD + table(["environment variable", "default", "meaning"], rows)


def permissions_page() -> str:
    roles = list(permissions.ROLES)
    rows = []
    for name, permission in permissions.PERMISSIONS.items():
        granted = ["yes" if name in permissions.with_implied(permissions.ROLES[role].grants) else "" for role in roles]
        rows.append([f"`{name}`", permission.en, permission.zh, *granted])
    return "# Rights\n\n" + HEAD + table(["right", "en", "zh", *roles], rows)


def jobs_page() -> str:
    rows = [[job.name, f"{job.every_seconds:g} s", job.help] for job in jobs.ALL]
    return "# Background jobs\n\n" + HEAD + table(["job", "rests", "does"], rows)


LAKE_NOTES = {
    "order_facts": "One row per change of an order's money or number. An order that changes its currency takes back all of the old "
    "one in one row and adds all of the new one in the next; amounts of different currencies never stand in one sum.",
    "order_lines": "One signed row per kind of line that an event added to its order or took from it, at the time of that event. The "
    "sum of `quantity` (and of `amount_minor`) by `order_id`, `product_id` and `currency` is what the order's lines are now; "
    "with `day` below a day, what they were. Refunds and cancellations are money, in `order_facts`, and take no lines away. "
    "`position` is the row's own, each once; it does not continue that of `order_facts`. Rows that versions before this published, only "
    "for orders as they were placed and sharing a position, were replaced by these in one step of the table's history.",
}


def lake_page() -> str:
    parts = [
        "# Lake tables\n\n"
        + HEAD
        + "Delta tables under `LIEBIAN_HOME/lake`. Times are UTC, `day` is a business day, `…_minor` are minor units.\n"
    ]
    for name, schema in SCHEMAS.items():
        parts.append(
            f"\n## {name}\n\n{_note(name)}"
            + table(["column", "type"], [[f"`{field.name}`", str(field.type)] for field in schema])
        )
    return "".join(parts)


def _note(name: str) -> str:
    return f"{LAKE_NOTES[name]}\n\n" if name in LAKE_NOTES else ""


PAGES = {"settings.md": settings_page, "rights.md": permissions_page, "jobs.md": jobs_page, "lake.md": lake_page}


def main() -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    stale = []
    for name, page in PAGES.items():
        path, text = FOLDER / name, page()
        if sys.argv[1:] == ["--check"]:
            if not path.exists() or path.read_text() != text:
                stale.append(name)
        else:
            path.write_text(text)
    if stale:
        print(f"docs/reference is stale ({', '.join(stale)}): run python tools/make_reference.py")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
