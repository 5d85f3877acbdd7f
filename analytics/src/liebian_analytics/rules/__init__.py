"""Segment rules: a tree of conditions that reads aloud, and gives the same answer for one customer and for all.

Unknown values never match a condition (only ``not_set`` asks for them), so ``none_of`` keeps customers about whom nothing
is known. Windows are whole business days before ``as_of``. Orders count while they stand, on the day they were paid.
"""

from liebian_analytics.errors import RuleError
from liebian_analytics.rules.all_of import AllOf
from liebian_analytics.rules.any_of import AnyOf
from liebian_analytics.rules.attribute import Attribute
from liebian_analytics.rules.base import MAX_DEPTH, MAX_NODES, MAX_WINDOW_DAYS, Rule
from liebian_analytics.rules.columns import AttributeColumn, Column, EventColumn, OrderColumn, TierColumn
from liebian_analytics.rules.events import Events
from liebian_analytics.rules.frames import Coded, Frame, Mask, frame_from_arrow
from liebian_analytics.rules.none_of import NoneOf
from liebian_analytics.rules.orders import Orders
from liebian_analytics.rules.packed import Additions, Packed, day_number, merge_facts, pack, unpack
from liebian_analytics.rules.packed_columns import packed_columns
from liebian_analytics.rules.parse import KINDS, parse_rule, to_json
from liebian_analytics.rules.plan import Plan
from liebian_analytics.rules.tier import Tier
from liebian_analytics.rules.tree import columns_needed, describe, evaluate, walk
from liebian_analytics.rules.windowed import windowed_columns

__all__ = [
    "KINDS",
    "MAX_DEPTH",
    "MAX_NODES",
    "MAX_WINDOW_DAYS",
    "Additions",
    "AllOf",
    "AnyOf",
    "Attribute",
    "AttributeColumn",
    "Coded",
    "Column",
    "EventColumn",
    "Events",
    "Frame",
    "Mask",
    "NoneOf",
    "OrderColumn",
    "Orders",
    "Packed",
    "Plan",
    "Rule",
    "RuleError",
    "Tier",
    "TierColumn",
    "columns_needed",
    "day_number",
    "describe",
    "evaluate",
    "frame_from_arrow",
    "merge_facts",
    "pack",
    "packed_columns",
    "parse_rule",
    "to_json",
    "unpack",
    "walk",
    "windowed_columns",
]
