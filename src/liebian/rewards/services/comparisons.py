"""Owns: the comparison that somebody asked for, check by check in the worker. Does not own: what checks do and what becomes of what they find
(`reconciling`)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from liebian.access.services import record_audit
from liebian.rewards.models import CheckRun, Comparison
from liebian.rewards.services.reconciling import list_checks, reconcile
from liebian.rewards.types import Check

HOLD = timedelta(minutes=10)
"""After which the check of a worker that died is tried again by another one; a check that takes longer is made twice, which harms nothing."""


def ask_comparison(*, actor: int, now: datetime) -> int:
    """Let the worker make every check; answers the number of the comparison. While one is open, that one is meant.

    Writes Comparison, audit.
    """
    with transaction.atomic():
        values = {"asked_at": now, "asked_by": actor, "n_checks": len(list_checks())}
        row, is_new = Comparison.objects.get_or_create(is_open=True, defaults=values)
        if is_new:
            record_audit(
                actor_id=actor, action="rewards.comparison_asked", subject=f"comparison:{row.pk}", details={}, now=now
            )
    return int(row.pk)


def run_comparison(*, clock: Callable[[], datetime]) -> int:
    """Make the next check of the open comparison, so that other work comes between; how many were made.

    Writes Comparison, what `reconcile` does. Checks that were made since it was asked for are not made again: a worker that dies leaves
    only the one at hand. Safe beside itself.
    """
    now = clock()
    row = Comparison.objects.filter(is_open=True).first()
    if row is None or not _claim(row, now):
        return 0
    try:
        due = _list_due(row)
        if due:
            reconcile(checks=due[:1], now=now)
        _tell(row, due[1:], clock())
    finally:
        Comparison.objects.filter(pk=row.pk, held_until=now + HOLD).update(held_until=None)
    return 1


def _claim(row: Comparison, now: datetime) -> bool:
    free = Comparison.objects.filter(pk=row.pk, is_open=True).filter(Q(held_until=None) | Q(held_until__lte=now))
    started = row.started_at or now
    return bool(free.update(held_until=now + HOLD, started_at=started))


def _list_due(row: Comparison) -> list[Check]:
    made = set(CheckRun.objects.filter(at__gte=row.asked_at).values_list("code", flat=True))
    return [check for check in list_checks() if check.code not in made]


def _tell(row: Comparison, left: list[Check], now: datetime) -> None:
    checks = list_checks()
    runs = list(CheckRun.objects.filter(at__gte=row.asked_at, code__in=[check.code for check in checks]))
    said: dict[str, Any] = {
        "n_checks": len(checks),
        "n_done": len(checks) - len(left),
        "n_differences": sum(run.n_differences for run in runs),
        "n_failed": sum(bool(run.error) for run in runs),
    }
    if not left:
        said |= {"is_open": False, "finished_at": now}
    Comparison.objects.filter(pk=row.pk, is_open=True).update(**said)
