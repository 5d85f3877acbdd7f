"""The rules that are live now, parsed once, with everything that one evaluation of all of them needs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from liebian_analytics.rules.columns import AttributeColumn, Column, EventColumn, OrderColumn, TierColumn
from liebian_analytics.rules.parse import parse_rule
from liebian_analytics.rules.plan import Plan
from liebian_analytics.rules.tree import columns_needed

from liebian.core.columns import select_after
from liebian.segments.models import Segment
from liebian.tiers import queries as tiers

if TYPE_CHECKING:
    from liebian_analytics.rules.base import Rule


@dataclass(frozen=True, slots=True)
class RuleSet:
    """`signature` changes whenever everybody must be evaluated again for another reason than a new day."""

    segment_ids: tuple[int, ...]
    rules: tuple[Rule, ...]
    plan: Plan
    columns: tuple[Column, ...]
    currency: str
    signature: str

    @property
    def facts(self) -> list[Column]:
        return [c for c in self.columns if isinstance(c, OrderColumn | EventColumn)]

    @property
    def events(self) -> set[str]:
        return {c.name for c in self.columns if isinstance(c, EventColumn)}

    @property
    def attributes(self) -> list[str]:
        return [c.name for c in self.columns if isinstance(c, AttributeColumn)]

    @property
    def tiers(self) -> list[str]:
        return [c.model for c in self.columns if isinstance(c, TierColumn)]


def load_rules() -> RuleSet:
    """The rules of the segments in use, by id of the segment."""
    found = select_after(Segment, ("id", "version", "rule"), "id", 0, where="archived_at IS NULL")
    asked = _tiers_asked(tuple(text for _, _, text in found))
    runs = [(m.name, tiers.find_last_run(m.id)) for m in tiers.list_models() if m.name in asked] if asked else []
    told = tuple((name, run and (run.version, run.as_of, run.computed_at)) for name, run in runs)
    return _rule_set(tuple(found), tiers.get_currency(), told)


@lru_cache(maxsize=8)
def _rule_set(found: tuple[tuple[int, int, str], ...], currency: str, told: tuple[Any, ...]) -> RuleSet:
    rules = _parse_all(tuple(text for _, _, text in found))
    signature = hashlib.blake2s(repr((list(found), currency, list(told))).encode()).hexdigest()
    return RuleSet(tuple(key for key, _, _ in found), rules, Plan(rules), _columns(rules), currency, signature)


@lru_cache(maxsize=8)
def _tiers_asked(texts: tuple[str, ...]) -> frozenset[str]:
    return frozenset(c.model for c in _columns(_parse_all(texts)) if isinstance(c, TierColumn))


@lru_cache(maxsize=8)
def _parse_all(texts: tuple[str, ...]) -> tuple[Rule, ...]:
    return tuple(parse_rule(text.encode()) for text in texts)


@lru_cache(maxsize=8)
def _columns(rules: tuple[Rule, ...]) -> tuple[Column, ...]:
    return columns_needed(*rules)
