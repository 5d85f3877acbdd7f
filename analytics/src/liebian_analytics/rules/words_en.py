"""Rules read aloud in English."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from liebian_analytics.rules.words import Value, Words


class English(Words):
    """ "Customers who …"."""

    names = {
        "birth_year": "year of birth",
        "tier:rfm": "RFM",
        "tier:abc": "ABC",
        "tier:lifecycle": "the lifecycle",
        "cell:important_value": "champions",
        "cell:important_develop": "big spenders",
        "cell:important_keep": "slipping",
        "cell:important_winback": "lapsed",
        "cell:general_value": "regulars",
        "cell:general_develop": "newcomers",
        "cell:general_keep": "fading",
        "cell:general_winback": "asleep",
        "cell:A": "grade A",
        "cell:B": "grade B",
        "cell:C": "grade C",
        "cell:at_risk": "at risk",
    }

    def sentence(self, clause: str, *, everybody: bool) -> str:
        return "All customers." if everybody else f"Customers who {clause}."

    def bracket(self, clause: str) -> str:
        return f"({clause})"

    def join_all(self, clauses: Sequence[str]) -> str:
        return " and ".join(clauses) or "are any customer"

    def join_any(self, clauses: Sequence[str]) -> str:
        return " or ".join(clauses)

    def deny(self, clause: str) -> str:
        return f"are not among those who ({clause})"

    def attribute(self, name: str, op: str, value: Any) -> str:
        label = self.label(name, name.replace("_", " "))
        if op in {"is_set", "not_set"}:
            return f"have {'a known' if op == 'is_set' else 'no known'} {label}"
        shown = [_show(item) for item in value] if isinstance(value, tuple) else [_show(value)]
        if op in {"eq", "in"}:
            return f"have {label} {' or '.join(shown)}"
        if op == "ne":
            return f"have a known {label} other than {shown[0]}"
        if op == "contains":
            return f"have a {label} that contains {shown[0]}"
        return f"have {label} {_relation(op, shown)}"

    def tier(self, model: str, cells: Sequence[str]) -> str:
        return f"are {' or '.join(self.cell(model, code) for code in cells)} in {self.label(f'tier:{model}', model)}"

    def orders(self, metric: str, op: str, value: Value, window_days: int | None, channel: str | None) -> str:
        scope = "" if channel is None else f" in “{self.label(f'channel:{channel}', channel)}”"
        scope += _window(window_days)
        shown = self.amount(metric, value)
        if metric == "n_orders":
            if op == "eq" and value == 0:
                return f"placed no order{scope}"
            return f"placed {_relation(op, shown)} {'order' if value == 1 else 'orders'}{scope}"
        if metric == "revenue_minor":
            return f"spent {_relation(op, shown)}{scope}"
        if metric == "average_order_minor":
            return f"paid {_relation(op, shown)} per order on average{scope}"
        which = "last" if metric == "days_since_last_order" else "first"
        return f"placed their {which} order{scope} {_relation(op, shown)} {'day' if value == 1 else 'days'} ago"

    def events(self, name: str, op: str, value: Value, window_days: int | None) -> str:
        did = f"“{self.label(f'event:{name}', name)}”"
        if op == "eq" and value == 0:
            return f"did not do {did}{_window(window_days)}"
        times = "time" if value == 1 else "times"
        return f"did {did} {_relation(op, self.amount('n', value))} {times}{_window(window_days)}"


def _window(days: int | None) -> str:
    if days is None:
        return ""
    return " in the last day" if days == 1 else f" in the last {days} days"


def _relation(op: str, shown: Sequence[str]) -> str:
    if op == "between":
        return f"between {shown[0]} and {shown[1]}"
    word = {"eq": "exactly", "ne": "not", "lt": "less than", "le": "at most", "gt": "more than", "ge": "at least"}[op]
    return f"{word} {shown[0]}"


def _show(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"“{value}”" if isinstance(value, str) else str(value)
