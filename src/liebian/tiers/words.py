"""Names of cells, and the sentences that say why somebody is in one, in the active language. No markup."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from liebian.core.money import format_minor
from liebian.tiers.rules import whole_band
from liebian.tiers.types import Lift
from liebian.ui import formats

if TYPE_CHECKING:
    from liebian_analytics.metrics.rfm import RfmCuts

KIND_LABELS = {
    "rfm": gettext_noop("Value (RFM)"),
    "abc": gettext_noop("Share of revenue (ABC)"),
    "lifecycle": gettext_noop("Lifecycle"),
}
_LABELS = {
    ("rfm", "important_value"): gettext_noop("Champions"),
    ("rfm", "important_develop"): gettext_noop("Big spenders"),
    ("rfm", "important_keep"): gettext_noop("Slipping"),
    ("rfm", "important_winback"): gettext_noop("Lapsed"),
    ("rfm", "general_value"): gettext_noop("Regulars"),
    ("rfm", "general_develop"): gettext_noop("Newcomers"),
    ("rfm", "general_keep"): gettext_noop("Fading"),
    ("rfm", "general_winback"): gettext_noop("Asleep"),
    ("abc", "A"): gettext_noop("A: carries the revenue"),
    ("abc", "B"): gettext_noop("B: the middle"),
    ("abc", "C"): gettext_noop("C: the long tail"),
    ("lifecycle", "potential"): gettext_noop("Potential"),
    ("lifecycle", "new"): gettext_noop("New"),
    ("lifecycle", "active"): gettext_noop("Active"),
    ("lifecycle", "loyal"): gettext_noop("Loyal"),
    ("lifecycle", "at_risk"): gettext_noop("At risk"),
    ("lifecycle", "lost"): gettext_noop("Lost"),
}
LADDER = {
    "important_value": 1, "important_develop": 3, "important_keep": 5, "important_winback": 6,
    "general_value": 2, "general_develop": 4, "general_keep": 5, "general_winback": 7,
    "A": 1, "B": 3, "C": 7,
    "potential": 3, "new": 4, "active": 2, "loyal": 1, "at_risk": 5, "lost": 7,
}  # fmt: skip
"""Cell to its place on the tier ladder of colours."""


def kind_label(kind: str) -> str:
    return _(KIND_LABELS[kind])


def cell_label(kind: str, cell: str) -> str:
    """What people call a cell; somebody without a place is "not placed"."""
    return _(_LABELS[kind, cell]) if (kind, cell) in _LABELS else _("Not placed")


def group_name(kind: str, cell: str) -> str:
    """Its name without what explains it."""
    return before_colon(cell_label(kind, cell))


def before_colon(label: str) -> str:
    return label.replace("：", ":").partition(":")[0]


def short_label(kind: str, cell: str) -> str:
    """The name beside a band of the flow: a grade's letter, any other cell's own name."""
    return cell if kind == "abc" and cell else cell_label(kind, cell)


def stage_rule(cell: str, parameters: Mapping[str, Any]) -> str:
    """The stated rule of a lifecycle stage."""
    texts = {
        "potential": _("Known, and no order stands"),
        "new": _("First order at most %(new_days)s days ago"),
        "active": _("Last order at most %(active_days)s days ago"),
        "loyal": _("At least %(loyal_orders)s orders, the last at most %(active_days)s days ago"),
        "at_risk": _("Last order more than %(active_days)s, at most %(lost_after_days)s days ago"),
        "lost": _("Last order more than %(lost_after_days)s days ago"),
    }
    return texts[cell] % parameters


def sentences(
    kind: str, parameters: Mapping[str, Any], row: Mapping[str, Any], *, cuts: RfmCuts | None, currency: str
) -> tuple[str, ...]:
    """Why this row is in its cell: verdict, number, limit."""
    if kind == "rfm" and cuts is not None:
        return _rfm(cuts, parameters.get("cuts") is None and cuts.bins == 5, row, currency)
    return (_abc(row, currency) if kind == "abc" else _lifecycle(parameters, row),)


def lift_sentence(kind: str, lift: Lift) -> str:
    said = {"day": formats.day(lift.until - timedelta(days=1)), "tier": cell_label(kind, lift.own)}
    return _("Given as a reward until %(day)s; by the orders: %(tier)s") % said


def _rfm(cuts: RfmCuts, fifths: bool, row: Mapping[str, Any], currency: str) -> tuple[str, ...]:
    days, orders, paid = int(row["recency_days"]), int(row["frequency"]), int(row["monetary_value"])
    return (
        _("%(fact)s: %(verdict)s (%(limits)s)")
        % {
            "fact": ngettext("bought %(n)s day ago", "bought %(n)s days ago", days) % {"n": days},
            "verdict": _recency_verdict(int(row["r"]), cuts.bins, fifths),
            "limits": _("%(limits)s days") % {"limits": limits(*whole_band(cuts.recency, days), least=1)},
        },
        _("%(fact)s: frequency score %(score)s of %(bins)s (%(limits)s orders)")
        % {
            "fact": ngettext("%(n)s order", "%(n)s orders", orders) % {"n": orders},
            "score": row["f"],
            "bins": cuts.bins,
            "limits": limits(*whole_band(cuts.frequency, orders), least=1),
        },
        _("%(fact)s spent: money score %(score)s of %(bins)s (%(limits)s)")
        % {
            "fact": format_minor(paid, currency),
            "score": row["m"],
            "bins": cuts.bins,
            "limits": money_limits(*whole_band(cuts.monetary, paid), currency),
        },
    )


def _recency_verdict(score: int, bins: int, fifths: bool) -> str:
    if fifths and score == bins:
        return _("among the most recent fifth")
    if fifths and score == 1:
        return _("among the fifth that bought longest ago")
    return _("recency score %(score)s of %(bins)s") % {"score": score, "bins": bins}


def _abc(row: Mapping[str, Any], currency: str) -> str:
    paid = format_minor(int(row["revenue_minor"]), currency)
    if row["share_before"] is None:
        return _("%(paid)s after refunds, so outside the ranking") % {"paid": paid}
    return _("%(paid)s, rank %(rank)s; everybody above brings %(share)s of revenue") % {
        "paid": paid,
        "rank": f"{int(row['rank']):,}",
        "share": f"{float(row['share_before']) * 100:.1f}%",
    }


def _lifecycle(parameters: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    rule = stage_rule(str(row["cell"]), parameters)
    if row["days_since_last_order"] is None:
        return rule
    return _("%(rule)s: here %(orders)s in all, the first %(first)s and the last %(last)s days ago") % {
        "rule": rule,
        "orders": ngettext("%(n)s order", "%(n)s orders", int(row["n_orders"])) % {"n": int(row["n_orders"])},
        "first": int(row["days_since_first_order"]),
        "last": int(row["days_since_last_order"]),
    }


def limits(low: int | None, high: int | None, *, least: int | None = None) -> str:
    """Whole numbers from low to high as people write them: ≤ 30, 31–60, ≥ 240; nothing lies below `least`."""
    if low is None and high == least and high is not None:
        low = least
    if low is None:
        return f"≤ {high:,}" if high is not None else _("any")
    if high is None:
        return f"≥ {low:,}"
    return f"{low:,}" if low == high else f"{low:,}–{high:,}"


def money_limits(low: int | None, high: int | None, currency: str) -> str:
    ends = [None if end is None else format_minor(end, currency) for end in (low, high)]
    if ends[0] is None:
        return f"≤ {ends[1]}" if ends[1] is not None else _("any")
    return f"≥ {ends[0]}" if ends[1] is None else f"{ends[0]}–{ends[1]}"
