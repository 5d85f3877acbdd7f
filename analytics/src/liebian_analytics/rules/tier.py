"""tier: the cell, grade or stage that a tier model gave the customer."""

from __future__ import annotations

import re
from collections.abc import Iterator

from liebian_analytics.rules.base import Rule
from liebian_analytics.rules.columns import Column, TierColumn
from liebian_analytics.rules.frames import Frame, Mask, column_of
from liebian_analytics.rules.operators import compare_attribute
from liebian_analytics.rules.words import Words

MODEL = re.compile(r"[a-z][a-z0-9_]{0,62}")


class Tier(Rule, frozen=True, kw_only=True, tag="tier"):
    """Customers whom ``model`` places in one of ``cells``; whoever it does not place is not matched."""

    model: str
    cells: tuple[str, ...]

    def problem(self) -> tuple[str, str] | None:
        if not MODEL.fullmatch(self.model):
            return "model", "must be a code of small letters, digits and underscores"
        if not self.cells or not all(self.cells):
            return "cells", "needs at least one cell"
        return None

    def columns(self) -> Iterator[Column]:
        yield TierColumn(self.model)

    def matches(self, frame: Frame) -> Mask:
        return compare_attribute(column_of(frame, TierColumn(self.model).key), "in", self.cells)

    def say(self, words: Words) -> str:
        return words.tier(self.model, self.cells)
