"""orders: what the customer bought, in a window of whole business days or ever."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from liebian_analytics.rules.base import Rule, number_problem, window_problem
from liebian_analytics.rules.columns import Column, OrderColumn
from liebian_analytics.rules.frames import Frame, Mask, column_of
from liebian_analytics.rules.operators import compare_numbers
from liebian_analytics.rules.words import Words

AVERAGE = "average_order_minor"


class Orders(Rule, frozen=True, kw_only=True, tag="orders"):
    """Customers whose orders in the window and channel stand in relation ``op`` to ``value``.

    Counted are orders that still stand, on the day they were paid, net of refunds. Without such an order ``n_orders``
    and ``revenue_minor`` are 0, and the average and both distances are unknown, which matches nothing. Amounts are
    minor units; distances are days before ``as_of``, the last day that counts being 1.
    """

    metric: Literal[
        "n_orders", "revenue_minor", "days_since_last_order", "days_since_first_order", "average_order_minor"
    ]
    op: Literal["eq", "ne", "lt", "le", "gt", "ge", "between"]
    value: int | tuple[int, int]
    window_days: int | None = None
    channel: str | None = None

    def problem(self) -> tuple[str, str] | None:
        if self.channel == "":
            return "channel", "must name a channel, or be null for any"
        return window_problem(self.window_days) or number_problem(self.op, self.value, least=0)

    def columns(self) -> Iterator[Column]:
        measures = ("n_orders", "revenue_minor") if self.metric == AVERAGE else (self.metric,)
        for measure in measures:
            yield OrderColumn(measure, self.window_days, self.channel)

    def matches(self, frame: Frame) -> Mask:
        columns = [column_of(frame, column.key) for column in self.columns()]
        if self.metric != AVERAGE:
            return compare_numbers(columns[0], self.op, self.value)
        # Average op value is revenue op value times orders: exact in integers.
        n_orders, revenue = columns
        if isinstance(self.value, tuple):
            low, high = self.value
            inside = (revenue >= low * n_orders) & (revenue <= high * n_orders)
        else:
            inside = compare_numbers(revenue - self.value * n_orders, self.op, 0)
        return np.asarray(inside & (n_orders > 0), dtype=bool)

    def say(self, words: Words) -> str:
        return words.orders(self.metric, self.op, self.value, self.window_days, self.channel)
