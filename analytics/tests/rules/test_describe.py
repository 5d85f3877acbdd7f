from __future__ import annotations

from typing import Any

import pytest
from liebian_analytics.errors import BadArgument
from liebian_analytics.rules import describe, parse_rule

SEEN = {"kind": "events", "name": "Product Viewed", "op": "ge", "value": 3, "window_days": 30}
ORDERS = {"kind": "orders", "metric": "n_orders", "op": "ge", "value": 2, "window_days": 90}


def orders(metric: str, op: str, value: Any, **more: Any) -> dict[str, Any]:
    return {"kind": "orders", "metric": metric, "op": op, "value": value, **more}


def attribute(op: str, value: Any = None) -> dict[str, Any]:
    return {"kind": "attribute", "name": "city", "op": op, "value": value}


@pytest.mark.parametrize(
    ("source", "zh", "en"),
    [
        ({"kind": "all_of", "rules": []}, "全部客户。", "All customers."),
        (
            orders("n_orders", "eq", 0, window_days=90),
            "找出最近 90 天没有下单的客户。",
            "Customers who placed no order in the last 90 days.",
        ),
        (orders("n_orders", "ge", 1), "找出累计下单至少 1 次的客户。", "Customers who placed at least 1 order."),
        (
            orders("revenue_minor", "ge", 123456, window_days=1, channel="store"),
            "找出最近 1 天在「store」消费至少 1,234.56的客户。",
            "Customers who spent at least 1,234.56 in “store” in the last day.",
        ),
        (
            orders("days_since_last_order", "between", [60, 90]),
            "找出最近一次下单距今 60 到 90 天的客户。",
            "Customers who placed their last order between 60 and 90 days ago.",
        ),
        (
            orders("average_order_minor", "lt", 12000),
            "找出平均每单少于 120.00的客户。",
            "Customers who paid less than 120.00 per order on average.",
        ),
        (
            {"kind": "events", "name": "Product Viewed", "op": "eq", "value": 0},
            "找出没有「浏览商品」的客户。",
            "Customers who did not do “Product Viewed”.",
        ),
        (
            attribute("ne", "上海"),
            "找出城市已知且不是「上海」的客户。",
            "Customers who have a known city other than “上海”.",
        ),
        (attribute("not_set"), "找出城市未知的客户。", "Customers who have no known city."),
        (attribute("contains", "州"), "找出城市包含「州」的客户。", "Customers who have a city that contains “州”."),
        (
            {"kind": "tier", "model": "rfm", "cells": ["important_value", "important_keep"]},
            "找出RFM 分级是重要价值或重要保持的客户。",
            "Customers who are champions or slipping in RFM.",
        ),
        (
            {"kind": "all_of", "rules": [ORDERS, {"kind": "any_of", "rules": [SEEN, attribute("eq", "上海")]}]},
            "找出最近 90 天下单至少 2 次，并且（最近 30 天「浏览商品」至少 3 次，或者城市是「上海」）的客户。",
            "Customers who placed at least 2 orders in the last 90 days and (did “Product Viewed” at least 3 times "
            "in the last 30 days or have city “上海”).",
        ),
        (
            {"kind": "all_of", "rules": [ORDERS, {"kind": "none_of", "rules": [SEEN]}]},
            "找出最近 90 天下单至少 2 次，并且不属于（最近 30 天「浏览商品」至少 3 次）的客户。",
            "Customers who placed at least 2 orders in the last 90 days and are not among those who (did “Product "
            "Viewed” at least 3 times in the last 30 days).",
        ),
    ],
)
def test_rules_read_aloud(source: dict[str, Any], zh: str, en: str) -> None:
    rule = parse_rule(source)
    assert describe(rule, "zh-hans") == zh
    assert describe(rule, "en-gb") == en


def test_labels_and_money_come_from_outside() -> None:
    rule = parse_rule(
        {
            "kind": "all_of",
            "rules": [
                {"kind": "tier", "model": "own", "cells": ["x"]},
                orders("revenue_minor", "ge", 100, channel="tmall"),
            ],
        }
    )
    labels = {"tier:own": "核心度", "tier:own:x": "核心", "channel:tmall": "天猫"}
    read = describe(rule, "zh", labels=labels, money=lambda minor: f" ¥{minor // 100} ")
    assert read == "找出核心度是核心，并且累计在「天猫」消费至少  ¥1 的客户。"


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(BadArgument, match="zh and en"):
        describe(parse_rule(SEEN), "fr")
