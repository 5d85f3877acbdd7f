"""Tables that leave as CSV, and rows that were chosen in one."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from django.http import HttpResponse, QueryDict


def send_csv(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """With the mark that makes spreadsheets read UTF-8; nothing in it is computed by one."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(header)
    writer.writerows([_harmless(str(cell)) for cell in row] for row in rows)
    response = HttpResponse(b"\xef\xbb\xbf" + buffer.getvalue().encode(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


def read_ids(given: QueryDict, most: int) -> list[int]:
    """The numbers of the chosen rows, one in each `id` or all of them in `ids`; what is no number is left out."""
    texts = [*given.getlist("id"), *given.get("ids", "").split(",")][:most]
    return [int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) < 19]
