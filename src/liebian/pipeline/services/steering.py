"""What people do to the pipeline: pause, resume, take an event again that was set aside, ask for a check by replay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from liebian.access import services as access
from liebian.core.errors import Conflict, LiebianError, NotFound
from liebian.core.texts import mark as _
from liebian.customers import services as customers
from liebian.orders import services as orders
from liebian.pipeline.models import ReplayCheck, SetAside, UnitState
from liebian.pipeline.rules import shown_error
from liebian.pipeline.services.units import SEGMENTS, every_unit
from liebian.segments import services as segments


def _known(name: str) -> str:
    if name not in {unit.name for unit in every_unit()}:
        raise _unknown(name)
    return name


def _unknown(name: str) -> NotFound:
    return NotFound("unit_not_found", _("There is no stage called %(name)s."), name=name)


def pause_unit(*, name: str, actor_id: int, now: datetime) -> None:
    """The unit takes nothing until it is resumed; the log keeps what comes. Audited; idempotent. Raises NotFound."""
    with transaction.atomic():
        UnitState.objects.update_or_create(name=_known(name), defaults={"is_paused": True})
        access.record_audit(actor_id=actor_id, action="pipeline.paused", subject=f"unit:{name}", now=now)


def resume_unit(*, name: str, actor_id: int, now: datetime) -> None:
    """The unit goes on where it stood, also after it stopped by itself. Audited; idempotent. Raises NotFound."""
    fresh: dict[str, Any] = {"is_paused": False, "is_stopped": False, "failures": 0, "retry_at": None}
    with transaction.atomic():
        UnitState.objects.update_or_create(name=_known(name), defaults=fresh)
        access.record_audit(actor_id=actor_id, action="pipeline.resumed", subject=f"unit:{name}", now=now)


def take_aside_again(*, aside_id: int, actor_id: int, now: datetime) -> None:
    """Give an event that was set aside to its stage once more, and to the orders that have passed it.

    Writes what the stages write, SetAside and an audit entry in one transaction; idempotent by event. Raises NotFound
    "set_aside_not_found", Conflict "still_failing" (the reason is kept).
    """
    row = SetAside.objects.filter(pk=aside_id, taken_at__isnull=True).first()
    if row is None:
        raise NotFound("set_aside_not_found", _("This event is not set aside any more."))
    try:
        with transaction.atomic():
            if row.unit == "identity":
                customers.take_aside([row.event_id])
            orders.take_aside([row.event_id])
            SetAside.objects.filter(pk=row.pk).update(taken_at=now)
            access.record_audit(
                actor_id=actor_id, action="pipeline.event_taken", subject=f"event:{row.event_id}", now=now
            )
    except Exception as error:
        SetAside.objects.filter(pk=row.pk).update(error=shown_error(error))
        raise Conflict("still_failing", _("The event still cannot be taken. Its reason is updated.")) from error


def ask_replay_check(*, actor_id: int, now: datetime) -> int:
    """Let the worker check whether everything follows from the log. Audited. While one waits or runs, that one is meant."""
    with transaction.atomic():
        moving = ReplayCheck.objects.filter(state__in=["waiting", "running"]).order_by("-id").first()
        if moving is not None:
            return int(moving.pk)
        row = ReplayCheck.objects.create(asked_at=now)
        access.record_audit(actor_id=actor_id, action="pipeline.replay_asked", subject=f"replay:{row.pk}", now=now)
    return int(row.pk)


def replay_stage(*, name: str, actor_id: int, now: datetime) -> None:
    """Let a stage make what it has written again from the log, without a stop. Segments alone can: others point at what the
    stages before wrote, and rewards were decided from it.

    Writes the request, which the worker finds, and an audit entry; while a replay is under way, that one is meant. Raises NotFound,
    Conflict "not_replayed".
    """
    if name not in {unit.name.partition(".")[0] for unit in every_unit()}:
        raise _unknown(name)
    if name != SEGMENTS:
        raise Conflict(
            "not_replayed",
            _(
                "This stage cannot be read again alone: rewards were decided from what it wrote. A check by replay compares it."
            ),
        )
    with transaction.atomic():
        segments.ask_replay()
        access.record_audit(actor_id=actor_id, action="pipeline.stage_replayed", subject=f"unit:{SEGMENTS}", now=now)


def run_replay_check(check: Callable[[], list[dict[str, Any]]], *, clock: Callable[[], datetime]) -> int:
    """Run the check that waits, or one that a worker left behind. Writes ReplayCheck. Returns how many ran."""
    row = ReplayCheck.objects.filter(state__in=["waiting", "running"]).order_by("id").first()
    if row is None:
        return 0
    ReplayCheck.objects.filter(pk=row.pk).update(state="running")
    values: dict[str, Any]
    try:
        parts = check()
        values = {"state": "equal" if all(part["equal"] for part in parts) else "different", "parts": parts}
    except LiebianError as error:
        values = {"state": "failed", "error": error.message[:500]}
    except Exception as error:
        values = {"state": "failed", "error": shown_error(error)}
    ReplayCheck.objects.filter(pk=row.pk).update(finished_at=clock(), **values)
    return 1
