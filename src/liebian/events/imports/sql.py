"""Small pieces of the queries of an import: literals, structs, exact decimals, the usual ways to write a date."""

from __future__ import annotations

from datetime import UTC, datetime

DATE_FORMATS = (
    "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d", "%Y年%m月%d日 %H:%M:%S", "%Y年%m月%d日 %H:%M", "%Y年%m月%d日",
    "%Y%m%d", "%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M", "%m/%d/%Y", "%d/%m/%Y",
    "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y", "%d-%m-%Y %H:%M", "%m-%d-%Y %H:%M", "%d-%m-%Y", "%m-%d-%Y",
)  # fmt: skip


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def struct(fields: dict[str, str]) -> str:
    return "{" + ", ".join(f"'{name}': {expression}" for name, expression in fields.items()) + "}"


def decimal(expression: str) -> str:
    """Exact decimal text without trailing zeros: money never passes through a float."""
    return f"rtrim(rtrim(CAST({expression} AS VARCHAR), '0'), '.')"


def iso(at_ms: int | None) -> str | None:
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()
