"""Who is in a rule as of a day, how many, and who is near its edge."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from liebian.core.errors import Invalid
from liebian.core.texts import mark as _
from liebian.segments.queries.definitions import get_segment, list_segments
from liebian.segments.queries.frames import get_frame
from liebian.segments.reasons import explain
from liebian.segments.types import NodeCount, RuleCount, SegmentView

if TYPE_CHECKING:
    from liebian_analytics.rules.base import Rule
    from liebian_analytics.rules.frames import Frame, Mask

Ids = np.ndarray[Any, np.dtype[np.int64]]
RuleSource = Mapping[str, Any] | str | bytes


def parse(rule: RuleSource | Rule) -> Rule:
    """A rule tree from JSON. Raises Invalid with the place of the mistake."""
    from liebian_analytics.errors import RuleError
    from liebian_analytics.rules.base import Rule
    from liebian_analytics.rules.parse import parse_rule

    if isinstance(rule, Rule):
        return rule
    try:
        return parse_rule(rule)
    except RuleError as error:
        reason = explain(error.reason)
        if not error.path:
            raise Invalid("bad_rule", _("The rule cannot be used: %(reason)s."), path="", reason=reason) from error
        raise Invalid(
            "bad_rule", _("The rule cannot be used at %(path)s: %(reason)s."), path=error.path, reason=reason
        ) from error


def list_members(segment: int | RuleSource | Rule, as_of: date | datetime) -> Ids:
    """Ids of the customers in a segment (by id) or in a rule as of an exclusive day, ascending.

    Raises NotFound for an unknown segment and Invalid for a rule that cannot be used.
    """
    rule = parse(get_segment(segment).rule if isinstance(segment, int) else segment)
    frame = _frame_of(rule, as_of=as_of)
    found: Ids = frame["customer_id"][_matching(rule, frame)]
    return found


def count_rule(rule: RuleSource | Rule, as_of: date | datetime) -> RuleCount:
    """How many match a rule as of an exclusive day, out of everybody known."""
    parsed = parse(rule)
    frame = _frame_of(parsed, as_of=as_of)
    return RuleCount(int(_matching(parsed, frame).sum()), len(frame["customer_id"]))


def count_segments(as_of: date | datetime) -> dict[int, int]:
    """Live size of every segment in use, in one pass over what they need together."""
    segments = list_segments()
    rules = [parse(segment.rule) for segment in segments]
    frame = _frame_of(*rules, as_of=as_of)
    return {s.id: int(_matching(rule, frame).sum()) for s, rule in zip(segments, rules, strict=True)}


def count_nodes(rule: RuleSource | Rule, as_of: date | datetime) -> dict[tuple[int, ...], NodeCount]:
    """Per node of the tree how many match it alone, and how many are left in its group after it."""
    parsed = parse(rule)
    frame = _frame_of(parsed, as_of=as_of)
    counts: dict[tuple[int, ...], NodeCount] = {}
    _count_children(parsed, (), frame, counts, None)
    return counts


def _count_children(
    rule: Rule, path: tuple[int, ...], frame: Frame, counts: dict[tuple[int, ...], NodeCount], so_far: Mask | None
) -> None:
    from liebian_analytics.rules.any_of import AnyOf
    from liebian_analytics.rules.none_of import NoneOf

    everybody = np.ones(len(frame["customer_id"]), dtype=bool)
    left = np.zeros_like(everybody) if isinstance(rule, AnyOf) else everybody if so_far is None else so_far
    for number, child in enumerate(rule.children()):
        mask = _matching(child, frame)
        # A group that is left out takes away from those who remained before it.
        before = left
        left = left | mask if isinstance(rule, AnyOf) else left & ~mask if isinstance(rule, NoneOf) else left & mask
        here = (*path, number)
        counts[here] = NodeCount(here, int(mask.sum()), int(left.sum()))
        _count_children(child, here, frame, counts, before if isinstance(child, NoneOf) else None)


def segments_of(customer_id: int, as_of: date | datetime) -> list[SegmentView]:
    """The segments in use that a customer is in."""
    segments = list_segments()
    rules = [parse(segment.rule) for segment in segments]
    frame = _frame_of(*rules, as_of=as_of)
    ids = frame["customer_id"]
    at = int(np.searchsorted(ids, customer_id))
    if at == len(ids) or ids[at] != customer_id:
        return []
    alone = {name: values[at : at + 1] for name, values in frame.items()}
    return [s for s, rule in zip(segments, rules, strict=True) if bool(_matching(rule, alone)[0])]


def _frame_of(*rules: Rule, as_of: date | datetime) -> Frame:
    from liebian_analytics.rules.tree import columns_needed

    return get_frame(columns_needed(*rules), as_of)


def _matching(rule: Rule, frame: Frame) -> Mask:
    from liebian_analytics.rules.tree import evaluate

    return evaluate(rule, frame)
