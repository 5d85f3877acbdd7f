"""What was checked before a reward was promised, in words: every question, what was seen, and what limits left."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from liebian.rewards import queries
from liebian.ui.formats import day, moment, money, number

SCOPES = {
    "person": _("Limit of the inviter"), "friend": _("Limit of the friend"), "programme": _("Limit of the programme"),
    "store": _("Limit of the store"), "identifier": _("Limit of the payer or device"),
}  # fmt: skip
PERIODS = {
    "ever": _("in all"), "day": _("on %(day)s"), "week": _("in the week from %(day)s"),
    "month": _("in the month from %(day)s"), "year": _("in the year from %(day)s"),
}  # fmt: skip
_PEOPLE = ("person", "friend")


def show_check(check: Mapping[str, Any]) -> dict[str, Any]:
    code = str(check.get("check", ""))
    return {
        "code": code,
        "text": gettext(queries.get_check(code)) if code else "",
        "passed": bool(check.get("passed")),
        "seen": _say_seen(code, check.get("seen") or {}),
    }


def show_limit(limit: Mapping[str, Any], currency: str) -> dict[str, Any]:
    is_money = limit["measure"] == "minor"
    left, amount = [money(each, currency) if is_money else number(each) for each in (limit["left"], limit["amount"])]
    scope, _separator, subject = str(limit["subject"]).partition(":")
    start = day(date.fromisoformat(limit["start"])) if limit["start"] else ""
    period = "" if not start and limit["period"] != "ever" else str(PERIODS.get(limit["period"], "")) % {"day": start}
    return {
        "text": SCOPES.get(scope, scope),
        "customer_id": int(subject) if scope in _PEOPLE and subject.isdigit() else None,
        "store": subject if scope == "store" else "",
        "period": period,
        "left": left,
        "amount": amount,
    }


def _say_seen(code: str, seen: Mapping[str, Any]) -> list[str]:
    """The values that were looked at, where they say more than the answer does."""
    if code == "already_customer" and seen.get("bound_at"):
        return [gettext("signed up %(at)s") % {"at": _moment(seen["bound_at"])}]
    if code == "outside_window" and {"at", "from", "before"} <= set(seen):
        last = datetime.fromisoformat(seen["before"]) - timedelta(microseconds=1)
        period = {"first": day(datetime.fromisoformat(seen["from"])), "last": day(last)}
        ordered = gettext("ordered %(at)s") % {"at": _moment(seen["at"])}
        return [ordered, gettext("period %(first)s to %(last)s") % period]
    if code == "condition_failed" and seen.get("currency"):
        return [str(seen["currency"])]
    if code == "below_min_order" and {"paid", "minimum"} <= set(seen):
        paid, minimum = [money(seen[name], seen.get("currency", "")) for name in ("paid", "minimum")]
        return [gettext("%(paid)s paid, at least %(minimum)s") % {"paid": paid, "minimum": minimum}]
    return []


def _moment(text: str) -> str:
    return moment(datetime.fromisoformat(text))
