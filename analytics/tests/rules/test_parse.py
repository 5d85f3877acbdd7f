from __future__ import annotations

from typing import Any

import pytest
from liebian_analytics.rules import MAX_NODES, RuleError, parse_rule, to_json

SEEN = {"kind": "events", "name": "Seen"}
ORDERED = {"kind": "orders", "metric": "n_orders", "op": "ge", "value": 2}


def attribute(op: str, value: Any = None, name: str = "city") -> dict[str, Any]:
    return {"kind": "attribute", "name": name, "op": op} | ({} if value is None else {"value": value})


def nested(depth: int) -> dict[str, Any]:
    return SEEN if depth == 1 else {"kind": "none_of", "rules": [nested(depth - 1)]}


@pytest.mark.parametrize(
    ("source", "path", "reason"),
    [
        ("{", "", "not JSON"),
        ([], "", "got a list"),
        ({"kind": "perhaps"}, "kind", "expected one of all_of"),
        ({"kind": "all_of", "rules": {}}, "rules", "expected a list"),
        ({"kind": "all_of", "rules": [], "name": 1}, "name", "no such field"),
        ({"kind": "any_of", "rules": []}, "rules", "at least one"),
        ({"kind": "none_of"}, "rules", "at least one"),
        ({"kind": "all_of", "rules": [SEEN, 3]}, "rules[1]", "got a number"),
        ({"kind": "all_of", "rules": [SEEN, ORDERED | {"value": "two"}]}, "rules[1].value", "got `str`"),
        (
            {"kind": "any_of", "rules": [{"kind": "none_of", "rules": [SEEN | {"nme": 1}]}]},
            "rules[0].rules[0].nme",
            "no such",
        ),
        ({"kind": "orders", "metric": "n_orders", "op": "ge"}, "value", "is missing"),
        (ORDERED | {"metric": "profit"}, "metric", "Invalid enum value"),
        (ORDERED | {"op": "between"}, "value", "two numbers"),
        (ORDERED | {"value": [1, 2]}, "value", "one number"),
        (ORDERED | {"op": "between", "value": [3, 2]}, "value", "must not exceed"),
        (ORDERED | {"value": -1}, "value", "at least 0"),
        (ORDERED | {"value": 1.5}, "value", "got `float`"),
        (ORDERED | {"window_days": 0}, "window_days", "between 1 and 3660"),
        (ORDERED | {"channel": ""}, "channel", "null for any"),
        (SEEN | {"name": " "}, "name", "name an event"),
        ({"kind": "tier", "model": "rfm", "cells": []}, "cells", "at least one"),
        ({"kind": "tier", "model": "RFM!", "cells": ["a"]}, "model", "small letters"),
        (attribute("eq", "x", name="tier:rfm"), "name", "letters"),
        (attribute("eq"), "value", "needs one value"),
        (attribute("is_set", 1), "value", "takes no value"),
        (attribute("in", []), "value", "at least one"),
        (attribute("in", "x"), "value", "needs a list"),
        (attribute("between", [1, "b"]), "value", "two numbers or two texts"),
        (attribute("between", ["b", "a"]), "value", "after"),
        (attribute("contains", 3), "value", "needs a text"),
        (attribute("lt", True), "value", "needs a number"),
        (attribute("eq", {"a": 1}), "value", "Expected"),
        (attribute("in", ["a", [1]]), "value[1]", "Expected"),
    ],
)
def test_a_mistake_is_named_with_its_place(source: Any, path: str, reason: str) -> None:
    with pytest.raises(RuleError, match=reason) as caught:
        parse_rule(source)
    assert caught.value.path == path


def test_six_levels_are_enough() -> None:
    parse_rule(nested(6))
    with pytest.raises(RuleError, match="6 levels") as caught:
        parse_rule(nested(7))
    assert caught.value.path == ".".join(["rules[0]"] * 6)


def test_too_many_conditions_are_refused() -> None:
    with pytest.raises(RuleError, match="at most"):
        parse_rule({"kind": "all_of", "rules": [SEEN] * MAX_NODES})


def test_a_very_deep_document_is_an_error_and_not_a_crash() -> None:
    with pytest.raises(RuleError):
        parse_rule('{"kind":"all_of","rules":[' * 5000 + "]}" * 5000)


def test_rules_survive_the_round_trip() -> None:
    rule = parse_rule(
        {
            "kind": "all_of",
            "rules": [
                ORDERED | {"op": "between", "value": [1, 3], "window_days": 30, "channel": "store"},
                {"kind": "any_of", "rules": [SEEN, attribute("in", ["上海", 3]), attribute("not_set")]},
                {"kind": "none_of", "rules": [{"kind": "tier", "model": "abc", "cells": ["A", "B"]}]},
            ],
        }
    )
    assert parse_rule(to_json(rule)) == rule
    assert hash(parse_rule(to_json(rule))) == hash(rule)
