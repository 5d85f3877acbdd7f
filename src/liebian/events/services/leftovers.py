"""What imports left behind, when somebody of whom it speaks is erased: files of rejected rows, names of files, errors.

Does not own the log (`rewriting`) or uploads that wait: they go into the log or away, within a day.
"""

from __future__ import annotations

import csv
from pathlib import Path

from django.conf import settings

from liebian.core.redacted_rows import redact_rows
from liebian.core.redaction import Words
from liebian.events.models import ImportJob


def redact_imports(*, words: Words) -> int:
    """Leave rows out of files of rejected rows that name the person, and what is nobody else's out of names of files and errors.

    Writes ImportJob and the files, each in one step. Idempotent. Returns how many rows and files changed.
    """
    count = redact_rows(ImportJob.objects.all(), ("filename", "error_message"), words.certain)
    folder = Path(settings.UPLOADS) / "rejected"
    return count + sum(_without_rows(path, words) for path in sorted(folder.glob("*-rejected.csv")))


def _without_rows(path: Path, words: Words) -> int:
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        if not any(words.names(" ".join(row)) for row in csv.reader(file)):
            return 0
    part = path.with_suffix(".kept")
    with (
        path.open(newline="", encoding="utf-8-sig", errors="replace") as file,
        part.open("w", newline="", encoding="utf-8") as kept,
    ):
        part.chmod(0o600)
        csv.writer(kept).writerows(row for row in csv.reader(file) if not words.names(" ".join(row)))
    part.replace(path)
    return 1
