"""Limits of a programme: how a draft keeps them, which of them make sense, whom they are about. Plain Python."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from liebian.core.errors import Invalid
from liebian.core.money import MAX_MINOR
from liebian.core.texts import mark as _
from liebian.referrals.types import FRIEND, REFERRER, Finding
from liebian.rewards.types import LimitRule

MOST_LIMITS = 10
SCOPES = ("person", "friend", "programme", "store", "identifier")
SHARED = ("programme", "store", "identifier")
"""Scopes whose limits count the rewards of both sides."""
LONGEST_STORE = 40
PERIODS = ("ever", "year", "month", "week", "day")
MEASURES = ("count", "minor")
ON_EXCESS = ("refuse", "clamp")
_CHOICES = {"scope": SCOPES, "period": PERIODS, "measure": MEASURES, "on_excess": ON_EXCESS}


def clean_limits(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What a draft keeps of its limits. Raises Invalid "limit_terms", "limit_amount", "limit_twice", "limits_too_many".

    >>> clean_limits([{"scope": "person", "period": "ever", "measure": "count", "amount": 10, "on_excess": "clamp"}])
    [{'scope': 'person', 'period': 'ever', 'measure': 'count', 'amount': 10, 'on_excess': 'refuse'}]
    """
    if len(rows) > MOST_LIMITS:
        raise Invalid("limits_too_many", _("A programme has at most %(most)s limits."), most=MOST_LIMITS)
    cleaned: list[dict[str, Any]] = []
    for row in rows:
        if any(row.get(name) not in choices for name, choices in _CHOICES.items()):
            raise Invalid("limit_terms", _("Say whom a limit is about, for how long, and what is counted."))
        amount = row.get("amount")
        if isinstance(amount, bool) or not isinstance(amount, int) or not 0 < amount <= MAX_MINOR:
            raise Invalid("limit_amount", _("A limit is more than zero. Remove it if there is to be none."))
        whole = row["measure"] == "count"
        said = {name: row[name] for name in ("scope", "period", "measure")}
        if any(said.items() <= other.items() for other in cleaned):
            raise Invalid("limit_twice", _("Two limits are about the same. Keep one of them."))
        cleaned.append({**said, "amount": amount, "on_excess": "refuse" if whole else row["on_excess"]})
    return cleaned


def read_limits(rows: Sequence[Mapping[str, Any]], zone: str) -> tuple[LimitRule, ...]:
    """The limits as rewards understand them. What was taken back again counts for none of them."""
    return tuple(
        LimitRule(
            code=f"{row['scope']}.{row['period']}.{row['measure']}", scope=row["scope"], period=row["period"],
            measure=row["measure"], amount=row["amount"], zone=zone, on_excess=row["on_excess"], frees_taken_back=True,
        )
        for row in rows
    )  # fmt: skip


def subjects_of(role: str, customer_id: int, *, store: str = "", identifier: str = "") -> dict[str, str]:
    """Whom the limits on one side's reward are about: those of the inviter leave the friend's reward alone, and the reverse.

    An order that tells no store, or no payer and device, is under no such limit.
    """
    return {
        "person": str(customer_id) if role == REFERRER else "",
        "friend": str(customer_id) if role == FRIEND else "",
        "store": _short(store),
        "identifier": identifier,
    }


def _short(store: str) -> str:
    """A long name keeps its beginning, and is still another one than those that begin so.

    >>> _short("Hangzhou"), len(_short("x" * 41)), _short("x" * 41) == _short("x" * 42)
    ('Hangzhou', 40, False)
    """
    if len(store) <= LONGEST_STORE:
        return store
    return f"{store[:23]}~{blake2b(store.encode(), digest_size=8).hexdigest()}"


def inviter_cap(limits: Sequence[LimitRule]) -> int:
    """At most so many rewards for one inviter in the whole programme; 0 where nothing says so."""
    return next((each.amount for each in limits if each.code == "person.ever.count"), 0)


def check_limits(draft: Mapping[str, Any]) -> Iterator[Finding]:
    """Limits under which somebody could never get anything."""
    costs = {role: int(draft.get(f"{role}_cost_minor") or 0) for role in (REFERRER, FRIEND)}
    dear = {"person": costs[REFERRER], "friend": costs[FRIEND], **dict.fromkeys(SHARED, max(costs.values()))}
    values = {"currency": draft.get("currency", "")}
    for row in draft.get("limits", ()):
        if row["measure"] == "minor" and row["on_excess"] == "refuse" and row["amount"] < dear[row["scope"]]:
            text = _("A limit in money is smaller than one reward, so that nobody would get any.")
            yield Finding("LIMIT_BELOW_REWARD", "block", text, values, "limits")
            return
    if any(
        row["scope"] in SHARED and (row["measure"], row["amount"]) == ("count", 1) for row in draft.get("limits", ())
    ):
        yield Finding(
            "LIMIT_ONE_SIDE",
            "warn",
            _("A limit of one reward for both sides leaves the friend without one."),
            {},
            "limits",
        )
    if not any(row["scope"] == "person" for row in draft.get("limits", ())):
        text = _("Nothing limits how much one inviter may get.")
        yield Finding("LIMIT_NONE", "warn", text, {}, "limits")
