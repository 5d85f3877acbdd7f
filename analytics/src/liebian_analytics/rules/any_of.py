"""any_of: at least one condition holds."""

from __future__ import annotations

import numpy as np

from liebian_analytics.rules.base import Rule, clauses
from liebian_analytics.rules.frames import Frame, Mask, n_customers
from liebian_analytics.rules.words import Words


class AnyOf(Rule, frozen=True, kw_only=True, tag="any_of"):
    """Customers whom at least one rule matches."""

    rules: tuple[Rule, ...] = ()

    def problem(self) -> tuple[str, str] | None:
        return None if self.rules else ("rules", "needs at least one condition")

    def children(self) -> tuple[Rule, ...]:
        return self.rules

    def is_joined(self) -> bool:
        return len(self.rules) > 1

    def matches(self, frame: Frame) -> Mask:
        found = np.zeros(n_customers(frame), dtype=bool)
        for rule in self.rules:
            found |= rule.matches(frame)
        return found

    def say(self, words: Words) -> str:
        return words.join_any(clauses(self.rules, words))
