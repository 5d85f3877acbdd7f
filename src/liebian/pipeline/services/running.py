"""Running a unit: what succeeds is counted, what fails is tried again later, and one bad event does not stop everybody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
import structlog
from django.db import InterfaceError, OperationalError, connection, transaction

from liebian.core import cursors
from liebian.core.columns import select_in
from liebian.pipeline.models import SetAside, UnitState
from liebian.pipeline.rules import (
    ASIDE_WINDOW,
    LOOK_FOR_EVENT_AFTER,
    MAX_ASIDE,
    STOP_AFTER,
    add_sample,
    is_resting,
    pause_after,
    place_of,
    shown_error,
)
from liebian.pipeline.types import Unit

log = structlog.get_logger("pipeline")
_SURROUNDINGS = (OperationalError, InterfaceError, OSError)  # busy, away, full: they come back, and so do we
_SAMPLE_EVERY = 2.0
_STATE = ("name", "is_paused", "is_stopped", "failures", "last_error", "failed_at", "retry_at", "samples")


def walk(units: Sequence[Unit], *, now: datetime) -> int:
    """Every unit that may run takes one step. Returns how much was consumed in all.

    Writes what the units write, and their states. Raises nothing that a unit raised; only a database that is away is told
    to the caller.
    """
    states = _read_states(units)
    done = 0
    for unit in units:
        state = states.get(unit.name)
        if state is None:
            UnitState.objects.get_or_create(name=unit.name)
            state = UnitState(name=unit.name)
        done += run_unit(unit, state, now=now)
    return done


def _read_states(units: Sequence[Unit]) -> dict[str, UnitState]:
    rows = select_in(UnitState, _STATE, "name", [unit.name for unit in units])
    told = (dict(zip(_STATE, row, strict=True)) for row in rows)
    return {row["name"]: UnitState(**{**row, "samples": msgspec.json.decode(row["samples"])}) for row in told}


def run_unit(unit: Unit, state: UnitState, *, now: datetime) -> int:
    """One step of one unit, as its state allows. Returns how much it consumed."""
    if state.is_paused or state.is_stopped or is_resting(state.failed_at, state.retry_at, now):
        return 0
    try:
        done = unit.run(unit.limit)
    except _SURROUNDINGS as error:
        _note_failure(unit, state, error, now, counts=False)
        return 0
    except Exception as error:
        log.error("unit_failed", unit=unit.name, error=shown_error(error), where=place_of(error))
        return _after_failure(unit, state, error, now)
    if state.failures:
        _note_recovery(unit)
    if done:
        _sample(unit, state, now)
    return done


def _note_recovery(unit: Unit) -> None:
    """What failed last is kept, for whoever asks afterwards; that it is over is told by the failures."""
    UnitState.objects.filter(name=unit.name).update(failures=0, retry_at=None)


def _sample(unit: Unit, state: UnitState, now: datetime) -> None:
    seconds = now.timestamp()
    if state.samples and 0 <= seconds - state.samples[-1][0] < _SAMPLE_EVERY:
        return
    samples = add_sample(state.samples, seconds, cursors.position_of(unit.cursor))
    UnitState.objects.filter(name=unit.name).update(samples=samples)


def _note_failure(unit: Unit, state: UnitState, error: BaseException, now: datetime, *, counts: bool) -> None:
    failures = state.failures + 1
    values = {
        "failures": failures,
        "last_error": shown_error(error),
        "failed_at": now,
        "retry_at": now + timedelta(seconds=pause_after(failures)),
        "is_stopped": counts and unit.next_event is None and not unit.tries_on and failures >= STOP_AFTER,
    }
    try:
        UnitState.objects.update_or_create(name=unit.name, defaults=values)
    except _SURROUNDINGS as second:
        connection.close()
        log.warning("unit_waits", unit=unit.name, error=shown_error(second))
        raise second from error


def _after_failure(unit: Unit, state: UnitState, error: Exception, now: datetime) -> int:
    if unit.next_event is None or state.failures + 1 < LOOK_FOR_EVENT_AFTER:
        _note_failure(unit, state, error, now, counts=True)
        return 0
    consumed, cause = _approach(unit)
    if cause is None:  # it passed in smaller steps
        _note_recovery(unit)
        return consumed
    recent = SetAside.objects.filter(unit=unit.name, at__gt=now - timedelta(seconds=ASIDE_WINDOW)).count()
    if recent >= MAX_ASIDE:
        _note_failure(unit, state, cause, now, counts=True)
        UnitState.objects.filter(name=unit.name).update(is_stopped=True)
        return consumed
    return consumed + _set_aside(unit, cause, now)


def _approach(unit: Unit) -> tuple[int, Exception | None]:
    """Step towards the event that fails, halving the stretch in which it lies. Returns how much was consumed and the error of
    the single event, None when it passed after all."""
    stretch, consumed = unit.limit, 0
    while True:
        step = max(1, stretch // 2)
        try:
            consumed += unit.run(step)
        except _SURROUNDINGS:
            raise
        except Exception as error:
            if stretch == 1:
                return consumed, error
            stretch = step
            continue
        if stretch == 1:
            return consumed, None
        stretch -= step


def _set_aside(unit: Unit, error: Exception, now: datetime) -> int:
    """Go past the next event of the unit and keep why. Writes SetAside and the cursor in one transaction; idempotent by event."""
    with cursors.reading(unit.cursor) as reading, transaction.atomic():
        event_id = unit.next_event() if unit.next_event else None
        if event_id is None:
            return 0
        SetAside.objects.get_or_create(
            unit=unit.name, event_id=event_id, defaults={"error": shown_error(error), "at": now}
        )
        reading.position = max(reading.start, event_id)
    UnitState.objects.filter(name=unit.name).update(
        failures=0, last_error=shown_error(error), failed_at=now, retry_at=None
    )
    log.warning("event_set_aside", unit=unit.name, event_id=event_id)
    return 1
