"""What conditions are called in the builder and in sentences, in the active language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from django.utils.translation import get_language, gettext_noop
from django.utils.translation import gettext as _

from liebian.core.money import format_minor, has_cents

if TYPE_CHECKING:
    from liebian_analytics.rules.base import Rule

ATTRIBUTES = {
    "city": gettext_noop("city"),
    "province": gettext_noop("province"),
    "channel": gettext_noop("source channel"),
    "gender": gettext_noop("gender"),
    "occupation": gettext_noop("occupation"),
    "birth_month": gettext_noop("month of birth"),
    "known_day": gettext_noop("joining day"),
    "referred_by": gettext_noop("recommender"),
}
METRICS = {
    "n_orders": gettext_noop("number of orders"),
    "revenue_minor": gettext_noop("amount paid"),
    "average_order_minor": gettext_noop("average order"),
    "days_since_last_order": gettext_noop("days since the last order"),
    "days_since_first_order": gettext_noop("days since the first order"),
}
EVENTS = {
    "Product Viewed": gettext_noop("viewed a product"),
    "Order Completed": gettext_noop("completed an order"),
    "Order Refunded": gettext_noop("got a refund"),
    "Order Cancelled": gettext_noop("cancelled an order"),
    "Referral Invited": gettext_noop("was invited to refer"),
    "Referral Page Viewed": gettext_noop("saw the referral page"),
    "Referral Link Shared": gettext_noop("shared a referral link"),
    "Referral Link Opened": gettext_noop("opened a referral link"),
    "Referral Signed Up": gettext_noop("signed up through a link"),
}
TIERS = {
    "rfm": gettext_noop("Value (RFM)"),
    "abc": gettext_noop("Share of revenue (ABC)"),
    "lifecycle": gettext_noop("Lifecycle"),
}
OPERATORS = {
    "eq": gettext_noop("is"),
    "ne": gettext_noop("is not"),
    "in": gettext_noop("is one of"),
    "contains": gettext_noop("contains"),
    "is_set": gettext_noop("is known"),
    "not_set": gettext_noop("is not known"),
    "ge": gettext_noop("at least"),
    "le": gettext_noop("at most"),
    "gt": gettext_noop("more than"),
    "lt": gettext_noop("less than"),
    "between": gettext_noop("between"),
}


def sentence(rule: Rule, *, currency: str, cells: Mapping[str, Sequence[tuple[str, str]]]) -> str:
    """The rule read aloud. `cells` are (code, name) per tier model."""
    from liebian_analytics.rules.tree import describe

    return describe(rule, get_language() or "zh", labels=_labels(cells), money=_money(currency))


def condition(rule: Rule, *, currency: str, cells: Mapping[str, Sequence[tuple[str, str]]]) -> str:
    """One condition as a clause, without "customers who"."""
    from liebian_analytics.rules.tree import LANGUAGES

    words = LANGUAGES[(get_language() or "zh")[:2]](_labels(cells), _money(currency))
    return rule.say(words)


def _labels(cells: Mapping[str, Sequence[tuple[str, str]]]) -> dict[str, str]:
    labels = {name: _(text) for name, text in ATTRIBUTES.items()}
    labels |= {f"event:{name}": _(text) for name, text in EVENTS.items()}
    labels |= {f"tier:{name}": _(text) for name, text in TIERS.items()}
    labels |= {f"tier:{model}:{code}": name for model, named in cells.items() for code, name in named}
    return labels


def _money(currency: str) -> Callable[[int], str]:
    return lambda minor: format_minor(minor, currency, cents=has_cents(minor, currency))
