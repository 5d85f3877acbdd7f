"""Budgets: what the states of rewards say is reserved, owed, paid, written off, against the accounts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, Sum

from liebian.core.money import exponent
from liebian.core.texts import mark as _
from liebian.ledger import queries as ledger
from liebian.ledger.types import BookView
from liebian.rewards.models import Budget, Reward, RewardChange
from liebian.rewards.services.checks.base import Figure, compare
from liebian.rewards.types import PAYABLE, RESERVED, Compared

_KINDS = ("reserved", "payable", "paid_out", "clawback_receivable", "written_off")
_PAID = frozenset({"issued", "redeemed", "clawed_back", "written_off"})


class BudgetCheck:
    code = "budgets"
    title = _("Budgets: states of rewards against accounts")
    figures = {
        "reserved": _("reserved"),
        "payable": _("being delivered"),
        "paid_out": _("paid out"),
        "clawback_receivable": _("to be recovered"),
        "written_off": _("written off"),
        "all_accounts": _("all accounts together"),
    }
    page = ""
    writes = False

    def compare(self, now: datetime) -> Compared:
        units = {row.pk: f"{row.currency}/{exponent(row.currency)}" for row in Budget.objects.all()}
        books = {each.code: each for each in ledger.count_books(codes=[f"budget:{key}" for key in units])}
        held: dict[Figure, int] = {}
        counted: dict[Figure, int] = {}
        sums = _count()
        for key, unit in units.items():
            book = books.get(f"budget:{key}")
            for kind in _KINDS:
                held[f"budget:{key}", kind, unit] = book.balance_of(kind) if book else 0
                counted[f"budget:{key}", kind, unit] = sums[key, kind]
            held[f"budget:{key}", "all_accounts", unit] = _total(book)
            counted[f"budget:{key}", "all_accounts", unit] = 0
        return compare(held, counted)


def _total(book: BookView | None) -> int:
    return sum(each.balance for each in book.kinds) if book else 0


def _count() -> dict[tuple[int, str], int]:
    sums: dict[tuple[int, str], int] = defaultdict(int)
    rows = Reward.objects.order_by().values_list("budget_id", "state")
    for key, state, net, owed in rows.annotate(net=Sum(F("cost_minor") - F("clawed_minor")), owed=Sum("owed_minor")):
        kind = "reserved" if state in RESERVED else "payable" if state in PAYABLE else "paid_out"
        if state in RESERVED | PAYABLE | _PAID:
            sums[key, kind] += net
        sums[key, "clawback_receivable"] += owed
    lost = RewardChange.objects.filter(from_state="redeemed", to_state__in=("redeemed", "written_off"), amount__gt=0)
    for key, minor in lost.order_by().values_list("reward__budget_id").annotate(total=Sum("minor")):
        sums[key, "written_off"] += minor
    for key, minor in _sum_steps("awaiting_recipient", "written_off"):
        sums[key, "written_off"] += minor
        sums[key, "paid_out"] -= minor
    for key, minor in _sum_steps("written_off", "issuing"):
        sums[key, "paid_out"] += minor
    return sums


def _sum_steps(before: str, after: str) -> Iterable[tuple[int, int]]:
    """Lost on the way, and sent again after that: what the latter lost is still written off."""
    steps = RewardChange.objects.filter(from_state=before, to_state=after).order_by()
    return steps.values_list("reward__budget_id").annotate(total=Sum("minor"))
