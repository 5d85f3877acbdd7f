"""A proposal for a schema from what arrived: which fields, of which type, how often. A person decides."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from liebian.events.checking import values
from liebian.events.checking.types import INTEGER, LIST, NUMBER, STRING, TIME, FieldRule, LearnedField

MAX_FIELDS = 100
ENOUGH_TO_REQUIRE = 20
_MAX_DEPTH = 3


def learn(held: Iterable[dict[str, Any]]) -> list[LearnedField]:
    """From properties (or traits) of several events; the most frequent fields first.

    >>> [(f.rule.path, f.rule.type, f.seen) for f in learn([{"total": 3, "at": "2026-01-01"}, {"total": 2}])]
    [('total', 'number', 2), ('at', 'time', 1)]
    """
    types: dict[str, Counter[str]] = defaultdict(Counter)
    count = 0
    for one in held:
        count += 1
        for path, kind in _fields(one):
            types[path][kind] += 1
    found = [_learned(path, kinds, count) for path, kinds in types.items()]
    return sorted(found, key=lambda field: (-field.seen, field.rule.path))[:MAX_FIELDS]


def _learned(path: str, kinds: Counter[str], count: int) -> LearnedField:
    seen = kinds.total()
    required = seen == count and count >= ENOUGH_TO_REQUIRE
    return LearnedField(FieldRule(path, _choose(kinds), required), seen, count, tuple(sorted(kinds)))


def _choose(kinds: Counter[str]) -> str:
    """One type that most values have; times among other text are text."""
    if kinds.keys() <= {STRING, TIME}:
        return TIME if kinds.keys() == {TIME} else STRING
    return max(sorted(kinds), key=lambda kind: kinds[kind])


def _broad(kind: str) -> str:
    """Whole numbers so far promise no whole numbers to come: most are amounts."""
    return NUMBER if kind == INTEGER else kind


def _fields(held: dict[str, Any], above: str = "", depth: int = 1) -> Iterator[tuple[str, str]]:
    for key, value in held.items():
        if value is None or value == "" or not key or "." in key:
            continue
        path = f"{above}.{key}" if above else key
        if isinstance(value, dict) and value and depth < _MAX_DEPTH:
            yield from _fields(value, path, depth + 1)
        elif isinstance(value, str):
            yield path, TIME if values.is_time(value) and len(value) >= len("2026-01-01") else STRING
        else:
            yield path, LIST if isinstance(value, list) else _broad(values.type_of(value))
