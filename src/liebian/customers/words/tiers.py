"""Names and colours of tiers, and the sentence that says why somebody stands where they stand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _

from liebian.customers.types import TierPlace
from liebian.ui import formats

_MODELS: dict[str, Any] = {
    "rfm": _("Value (RFM)"),
    "abc": _("Share of revenue (ABC)"),
    "lifecycle": _("Lifecycle"),
}
# (model, cell) → name, place on the colour ladder from engaged (1) to asleep (7)
_CELLS: dict[tuple[str, str], tuple[Any, int]] = {
    ("rfm", "important_value"): (_("Champions"), 1),
    ("rfm", "general_value"): (_("Regulars"), 2),
    ("rfm", "important_develop"): (_("Big spenders"), 3),
    ("rfm", "general_develop"): (_("Newcomers"), 4),
    ("rfm", "important_keep"): (_("Slipping"), 5),
    ("rfm", "important_winback"): (_("Lapsed"), 6),
    ("rfm", "general_keep"): (_("Fading"), 5),
    ("rfm", "general_winback"): (_("Asleep"), 7),
    ("abc", "A"): (_("A: carries the revenue"), 1),
    ("abc", "B"): (_("B: the middle"), 3),
    ("abc", "C"): (_("C: the long tail"), 7),
    ("lifecycle", "potential"): (_("Potential"), 3),
    ("lifecycle", "new"): (_("New"), 4),
    ("lifecycle", "active"): (_("Active"), 2),
    ("lifecycle", "loyal"): (_("Loyal"), 1),
    ("lifecycle", "at_risk"): (_("At risk"), 5),
    ("lifecycle", "lost"): (_("Lost"), 7),
}
_ORDER = ("rfm", "lifecycle", "abc")
LAST_COLOUR = 7


@dataclass(frozen=True, slots=True)
class Tier:
    """A place as it is drawn: a small square and its name."""

    model: str
    cell: str
    model_name: str
    name: str
    colour: int


@dataclass(frozen=True, slots=True)
class Measure:
    """One number behind a tier; `score` is its step (R5)."""

    label: str
    value: str
    score: str = ""


@dataclass(frozen=True, slots=True)
class Explanation:
    tier: Tier
    finding: str
    because: str
    measures: tuple[Measure, ...]
    place: TierPlace


def name_tier(model: str, cell: str) -> Tier:
    """Unknown models and cells keep the name they came with."""
    label, colour = _CELLS.get((model, cell), (cell.replace("_", " "), LAST_COLOUR))
    return Tier(model, cell, str(_MODELS.get(model, model)), str(label), colour)


def in_order(places: tuple[TierPlace, ...]) -> list[TierPlace]:
    """The models that lead first."""
    return sorted(
        places, key=lambda place: (_ORDER.index(place.model) if place.model in _ORDER else len(_ORDER), place.model)
    )


def explain(place: TierPlace, currency: str) -> Explanation:
    tier = name_tier(place.model, place.cell)
    reasons = {"rfm": _explain_rfm, "abc": _explain_abc, "lifecycle": _explain_lifecycle}
    because, measures = reasons.get(place.model, _explain_other)(place.evidence, currency)
    if given := place.evidence.get("given"):
        because = _listed([_given(place.model, given), because if given.get("own") else ""])
    finding = gettext("%(model)s: %(tier)s") % {"model": tier.model_name, "tier": tier.name}
    if because:
        finding = gettext("Why “%(tier)s”: %(because)s") % {"tier": tier.name, "because": because}
    return Explanation(tier, finding, because, measures, place)


def _given(model: str, given: dict[str, Any]) -> str:
    """A reward lifts them, until a day that is no longer counted."""
    last = formats.day(date.fromisoformat(str(given["until"])) - timedelta(days=1))
    if not given.get("own"):
        return gettext("given as a reward until %(day)s") % {"day": last}
    own = name_tier(model, str(given["own"])).name
    return gettext("given as a reward until %(day)s instead of “%(tier)s”") % {"day": last, "tier": own}


def _explain_rfm(evidence: dict[str, Any], currency: str) -> tuple[str, tuple[Measure, ...]]:
    days, orders = _whole(evidence.get("recency_days")), _whole(evidence.get("frequency"))
    spent = _whole(evidence.get("monetary_minor"))
    money = formats.money(spent, str(evidence.get("currency") or currency), cents=False) if spent is not None else ""
    measures = (
        Measure(gettext("Last order"), _days_ago(days), _score("R", evidence.get("r"))),
        Measure(gettext("Orders"), formats.number(orders), _score("F", evidence.get("f"))),
        Measure(gettext("Paid, net of refunds"), money or formats.NOTHING, _score("M", evidence.get("m"))),
    )
    parts = [
        gettext("last order %(days)s") % {"days": _days_ago(days)} if days is not None else "",
        _orders(orders) if orders is not None else "",
        gettext("%(money)s paid") % {"money": money} if money else "",
    ]
    return _listed(parts), measures


def _explain_abc(evidence: dict[str, Any], currency: str) -> tuple[str, tuple[Measure, ...]]:
    share, spent = evidence.get("share_before"), _whole(evidence.get("revenue_minor"))
    money = formats.money(spent, str(evidence.get("currency") or currency), cents=False) if spent is not None else ""
    before = formats.percent(share) if isinstance(share, int | float) else ""
    measures = (
        Measure(gettext("Paid, net of refunds"), money or formats.NOTHING),
        Measure(gettext("Revenue of everybody who spends more"), before or formats.NOTHING),
    )
    parts = [
        gettext("%(money)s paid") % {"money": money} if money else "",
        _spend_more(share),
    ]
    return _listed(parts), measures


def _spend_more(share: Any) -> str:
    if not isinstance(share, int | float):
        return ""
    if share <= 0:
        return gettext("nobody has spent more")
    return gettext("those who spend more bring %(share)s of the revenue") % {"share": formats.percent(share)}


def _explain_lifecycle(evidence: dict[str, Any], currency: str) -> tuple[str, tuple[Measure, ...]]:
    last, first = _whole(evidence.get("days_since_last_order")), _whole(evidence.get("days_since_first_order"))
    orders = _whole(evidence.get("frequency"))
    measures = (
        Measure(gettext("First order"), _days_ago(first)),
        Measure(gettext("Last order"), _days_ago(last)),
        Measure(gettext("Orders"), formats.number(orders)),
    )
    parts = [
        gettext("last order %(days)s") % {"days": _days_ago(last)} if last is not None else gettext("no order yet"),
        _orders(orders) if orders else "",
    ]
    return _listed(parts), measures


def _explain_other(evidence: dict[str, Any], currency: str) -> tuple[str, tuple[Measure, ...]]:
    plain = [
        (key, value) for key, value in evidence.items() if isinstance(value, str | int | float) and key != "currency"
    ]
    return "", tuple(Measure(key.replace("_", " "), str(value)) for key, value in plain[:6])


def _whole(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) else None


def _days_ago(days: int | None) -> str:
    if days is None:
        return formats.NOTHING
    if days <= 0:
        return gettext("today")
    return ngettext("%(count)s day ago", "%(count)s days ago", days) % {"count": formats.number(days)}


def _orders(count: int) -> str:
    return ngettext("%(count)s order", "%(count)s orders", count) % {"count": formats.number(count)}


def _score(letter: str, score: Any) -> str:
    return f"{letter}{score}" if isinstance(score, int) else ""


def _listed(parts: list[str]) -> str:
    return pgettext("between parts of a reason", ", ").join(part for part in parts if part)
