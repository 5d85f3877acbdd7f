"""none_of: no condition holds. A condition that cannot be answered does not hold, so its customers remain."""

from __future__ import annotations

import numpy as np

from liebian_analytics.rules.base import Rule, clauses
from liebian_analytics.rules.frames import Frame, Mask, n_customers
from liebian_analytics.rules.words import Words


class NoneOf(Rule, frozen=True, kw_only=True, tag="none_of"):
    """Customers whom no rule matches, those with unknown values included."""

    rules: tuple[Rule, ...] = ()

    def problem(self) -> tuple[str, str] | None:
        return None if self.rules else ("rules", "needs at least one condition")

    def children(self) -> tuple[Rule, ...]:
        return self.rules

    def matches(self, frame: Frame) -> Mask:
        found = np.ones(n_customers(frame), dtype=bool)
        for rule in self.rules:
            found &= ~rule.matches(frame)
        return found

    def say(self, words: Words) -> str:
        return words.deny(words.join_any(clauses(self.rules, words)))
