"""Reads of `pipeline`: how every unit stands, what was set aside, the last check by replay."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Value

from liebian.core import cursors
from liebian.events import queries as events
from liebian.pipeline.models import ReplayCheck, SetAside, UnitState
from liebian.pipeline.rules import rate_of
from liebian.pipeline.types import (
    FAILING,
    PAUSED,
    RUNNING,
    STOPPED,
    WAITING,
    AsideView,
    ReplayPart,
    ReplayView,
    Unit,
    UnitView,
)
from liebian.pipeline.words import unit_name
from liebian.segments import queries as segments


def list_units(units: Sequence[Unit], *, now: datetime) -> list[UnitView]:
    """Every unit in the order of the pipeline."""
    states = {row.name: row for row in UnitState.objects.all()}
    positions = cursors.positions_of([unit.cursor for unit in units])
    end = events.get_log_end()
    return [_view(unit, states.get(unit.name), positions[unit.cursor], end, now) for unit in units]


def get_log_end() -> tuple[int, datetime | None]:
    """The newest event's number, and when the log was last written to."""
    end = events.get_log_end()
    return end, events.get_newest_received_at()


def _view(unit: Unit, state: UnitState | None, position: int, end: int, now: datetime) -> UnitView:
    state = state or UnitState(name=unit.name)
    behind = max(0, end - position)
    fails = state.failures > 0 or state.is_stopped
    waiting_since = events.get_received_after(position) if behind else None
    return UnitView(
        name=unit.name, state=_state(state, behind), position=position, behind=behind,
        behind_seconds=max(0.0, (now - waiting_since).total_seconds()) if waiting_since else 0.0,
        rate=rate_of(state.samples, now.timestamp()), error=state.last_error if fails else "",
        past_error="" if fails else state.last_error, failed_at=state.failed_at, retry_at=state.retry_at,
    )  # fmt: skip


def _state(state: UnitState, behind: int) -> str:
    if state.is_paused:
        return PAUSED
    if state.is_stopped:
        return STOPPED
    if state.failures:
        return FAILING
    return RUNNING if behind else WAITING


def name_unit(name: str) -> str:
    """A unit's name in the reader's language."""
    return unit_name(name)


def count_waiting(units: Sequence[Unit]) -> int:
    """How many units have stopped, and how many events were set aside: in one statement, as every page's menu says it."""
    stopped = UnitState.objects.filter(name__in=[unit.name for unit in units], is_stopped=True)
    aside = SetAside.objects.filter(taken_at__isnull=True)
    one = Value(1)
    return stopped.annotate(one=one).values("one").union(aside.annotate(one=one).values("one"), all=True).count()


def list_set_aside(*, before: int | None = None, limit: int = 50) -> list[AsideView]:
    """Events that wait to be taken again, newest first; `before` is the id of the last one of the page before."""
    rows = SetAside.objects.filter(taken_at__isnull=True)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return [AsideView(row.pk, row.unit, row.event_id, row.error, row.at) for row in rows.order_by("-id")[:limit]]


def count_set_aside() -> int:
    return SetAside.objects.filter(taken_at__isnull=True).count()


def find_stage_replay() -> tuple[int, int] | None:
    """(shares done, shares in all) while the segments stage is read again."""
    return segments.find_replay()


def find_replay_check() -> ReplayView | None:
    """The check that was asked for last."""
    row = ReplayCheck.objects.order_by("-id").first()
    if row is None:
        return None
    parts = tuple(ReplayPart(**part) for part in row.parts)
    return ReplayView(row.pk, row.state, row.asked_at, row.finished_at, parts, row.error)
