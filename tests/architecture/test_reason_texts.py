"""Every reason with which something is refused, kept or taken back has its words for staff and for the customer.

Reasons are codes: whoever writes a new one and forgets its words would show the bare code, for nothing stops at it. What the
words say in Chinese is the catalogues' affair (rewards/tests/test_pages.py).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import get_args

from liebian.payouts.views.words import reason_words
from liebian.referrals.words import reason_text
from liebian.rewards import queries as rewards
from liebian.rewards.rules import ADJUST_REASONS, REASONS_OF
from liebian.rewards.rules.limits import Allowance
from liebian.rewards.types import LimitRule
from liebian.rewards.types.limits import Period, Scope
from liebian.rewards.views import gift_words

SOURCE = Path(__file__).resolve().parents[2] / "src" / "liebian"
ROOMS = ("rewards", "referrals", "payouts")
PLACES = {"Check": 0, "Step": 2, "PointsOutcome": 2}
"""Calls that take a reason, and where."""
NAMES = {"OVER_BUDGET", "CLOSED", "EMPTY"}
"""Reasons that are named once for several uses."""


def texts(node: ast.AST | None) -> Iterator[str]:
    """What an expression may be, where that stands in it."""
    if isinstance(node, ast.IfExp):
        yield from texts(node.body)
        yield from texts(node.orelse)
    elif isinstance(node, ast.BoolOp):
        for each in node.values:
            yield from texts(each)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value


def in_node(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.keyword) and node.arg == "reason":
        yield from texts(node.value)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in PLACES:
        place = PLACES[node.func.id]
        yield from texts(node.args[place] if len(node.args) > place else None)
    elif isinstance(node, ast.Assign) and {each.id for each in node.targets if isinstance(each, ast.Name)} & NAMES:
        yield from texts(node.value)
    elif isinstance(node, ast.FunctionDef) and ("reason" in node.name or "refus" in node.name):
        for inner in ast.walk(node):
            if isinstance(inner, ast.Return):
                yield from texts(inner.value)


def used(room: str) -> set[str]:
    paths = [path for part in ("rules", "services") for path in (SOURCE / room / part).rglob("*.py")]
    return {code for path in paths for node in ast.walk(ast.parse(path.read_text())) for code in in_node(node)}


def of_limits() -> set[str]:
    rules = (LimitRule("x", *each, "count", 1, "UTC") for each in product(get_args(Scope), get_args(Period)))
    return {Allowance(rule, 1, "CNY", "7", "").reason for rule in rules}


def silent(codes: set[str]) -> list[str]:
    return sorted(code for code in codes if code in (reason_text(code), reason_text(code, customer=True)))


def test_reasons_are_found():
    assert {"campaign_budget", "budget_closed", "order_refunded", "coupon_threshold", "points_nothing"} <= used(
        "rewards"
    )
    assert {"already_customer", "below_min_order"} <= used("referrals") and "payment_failed" in used("payouts")


def test_every_reason_of_rewards_and_referrals_has_words_for_staff_and_for_the_customer():
    by_hand = {code for codes in REASONS_OF.values() for code in codes} | set(ADJUST_REASONS)
    told_to_staff_only = set(gift_words.WHY_NOT)
    assert silent((used("rewards") - told_to_staff_only) | used("referrals") | of_limits() | by_hand) == []


def checks() -> set[str]:
    """What referrals ask, and what rewards may still say no for afterwards."""
    calls = (
        node
        for path in (SOURCE / "referrals").rglob("*.py")
        if "tests" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
    )
    asked = {
        code
        for call in calls
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Check"
        for code in texts(call.args[0])
    }
    return asked | of_limits() | {"campaign_budget", "budget_closed", "stock_empty", "deleted_identity"}


def test_every_check_has_words():
    assert {"self_referral", "outside_window"} <= checks()
    assert sorted(code for code in checks() if rewards.get_check(code) == code) == []


def test_every_reason_of_payouts_has_words_for_staff():
    assert sorted(code for code in used("payouts") if reason_words(code) == code) == []


def test_a_reason_without_words_is_found():
    tree = ast.parse("refuse(reason='made_up' if late else 'stock_empty')")
    assert silent({code for node in ast.walk(tree) for code in in_node(node)}) == ["made_up"]
