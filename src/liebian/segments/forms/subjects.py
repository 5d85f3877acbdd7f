"""What a condition may be about, and how its fields look."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from liebian.segments import words
from liebian.tiers import queries as tiers

TEXT_OPS = ("eq", "in", "ne", "contains", "is_set", "not_set")
NUMBER_OPS = ("ge", "le", "gt", "lt", "eq", "ne", "between")
KNOWN_OPS = ("is_set", "not_set")


@dataclass(frozen=True, slots=True)
class Subject:
    """`key` is "kind:name"; `shape` says how values are typed: text, number, day, known, cells, count, days, money."""

    key: str
    label: str
    shape: str
    ops: tuple[tuple[str, str], ...]
    group: str

    @property
    def kind(self) -> str:
        return self.key.partition(":")[0]

    @property
    def name(self) -> str:
        return self.key.partition(":")[2]

    @property
    def has_window(self) -> bool:
        return self.kind in {"orders", "events"}


_SHAPES = {
    "birth_month": "number", "known_day": "day", "referred_by": "known",
    "n_orders": "count", "revenue_minor": "money", "average_order_minor": "money",
    "days_since_last_order": "days", "days_since_first_order": "days",
}  # fmt: skip


def list_subjects() -> list[Subject]:
    """Everything the builder offers, in groups."""
    about = _("About the person")
    subjects = [_subject(f"attribute:{name}", text, about) for name, text in words.ATTRIBUTES.items()]
    subjects += [_subject(f"tier:{name}", text, _("Tiers")) for name, text in words.TIERS.items()]
    subjects += [_subject(f"orders:{name}", text, _("Orders")) for name, text in words.METRICS.items()]
    subjects += [_subject(f"events:{name}", text, _("Did")) for name, text in words.EVENTS.items()]
    return subjects


def find_subject(key: str) -> Subject | None:
    """The subject of that key; told attributes and events outside the list are understood by their name."""
    for subject in list_subjects():
        if subject.key == key:
            return subject
    kind, _colon, name = key.partition(":")
    if kind == "attribute" and name:
        return _subject(key, name, _("About the person"))
    return _subject(key, name, _("Did")) if kind == "events" and name else None


def list_cells() -> dict[str, tuple[tuple[str, str], ...]]:
    """(code, name) of the cells of every tier model."""
    return tiers.list_cells()


def _subject(key: str, text: str, group: str) -> Subject:
    kind, _colon, name = key.partition(":")
    shape = "cells" if kind == "tier" else "count" if kind == "events" else _SHAPES.get(name, "text")
    ops = {"text": TEXT_OPS, "known": KNOWN_OPS, "cells": ("in",)}.get(shape, NUMBER_OPS)
    if kind == "attribute" and shape in {"number", "day"}:
        ops = (*NUMBER_OPS, *KNOWN_OPS)
    return Subject(key, _(text), shape, tuple((op, _(words.OPERATORS[op])) for op in ops), group)
