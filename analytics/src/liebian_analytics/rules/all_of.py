"""all_of: every condition holds. Without conditions: everybody."""

from __future__ import annotations

import numpy as np

from liebian_analytics.rules.base import Rule, clauses
from liebian_analytics.rules.frames import Frame, Mask, n_customers
from liebian_analytics.rules.words import Words


class AllOf(Rule, frozen=True, kw_only=True, tag="all_of"):
    """Customers whom every rule matches; all customers if there is no rule."""

    rules: tuple[Rule, ...] = ()

    def children(self) -> tuple[Rule, ...]:
        return self.rules

    def is_joined(self) -> bool:
        return len(self.rules) > 1

    def matches(self, frame: Frame) -> Mask:
        found = np.ones(n_customers(frame), dtype=bool)
        for rule in self.rules:
            found &= rule.matches(frame)
        return found

    def say(self, words: Words) -> str:
        return words.join_all(clauses(self.rules, words))
