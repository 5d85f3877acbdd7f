"""Repairs of a message: the steps that a person chose, applied to a copy. Does not judge whether the result fits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from liebian.core.errors import Invalid
from liebian.core.texts import mark as _
from liebian.events.checking import values
from liebian.events.checking.compiled import holder_of
from liebian.events.checking.types import FIELD_TYPES, STEP_OPS, Step

MAX_STEPS = 10
_NEEDS_FIELD = frozenset({"rename", "cast", "drop", "set"})
_NEEDS_TO = frozenset({"rename_event", "rename", "cast", "set"})


def check_steps(steps: Sequence[Step]) -> None:
    """Raises Invalid for steps that cannot mean anything."""
    if len(steps) > MAX_STEPS:
        raise Invalid("too_many_steps", _("A repair has at most %(limit)s steps."), limit=MAX_STEPS)
    for step in steps:
        if step.op not in STEP_OPS:
            raise Invalid("bad_step", _("'%(op)s' is not a step of a repair."), op=step.op[:40])
        if step.op in _NEEDS_FIELD and not is_path(step.field):
            raise Invalid("step_field_missing", _("Say which field the step changes."))
        if step.op in _NEEDS_TO and step.to == "" and step.op != "set":
            raise Invalid("step_value_missing", _("Say what the step makes of it."))
        if step.op == "rename" and not is_path(str(step.to)):
            raise Invalid("step_value_missing", _("Say what the step makes of it."))
        if step.op == "cast" and step.to not in FIELD_TYPES:
            raise Invalid("bad_field_type", _("'%(type)s' is not a type of a field."), type=str(step.to)[:40])


def is_path(text: str) -> bool:
    """Names separated by dots."""
    return 0 < len(text) <= 200 and all(
        part and part == part.strip() and part.isprintable() for part in text.split(".")
    )


def apply_steps(kind: str, message: dict[str, Any], steps: Iterable[Step]) -> dict[str, Any]:
    """A changed copy. A step whose field is not there, or whose cast does not work, changes nothing."""
    better: dict[str, Any] = _copied(message)
    holder = holder_of(kind)
    held = better.get(holder)
    if (
        kind == "identify"
        and isinstance(better.get("context"), dict)
        and isinstance(better["context"].get("traits"), dict)
    ):
        held = {**better["context"].pop("traits"), **(held or {})}
    if not isinstance(held, dict):
        held = {}
    for step in steps:
        if step.op == "rename_event":
            better["event" if kind == "track" else "name"] = step.to
        else:
            _apply(held, step)
    if held or holder in better:
        better[holder] = held
    return better


def _apply(held: dict[str, Any], step: Step) -> None:
    if step.op == "set":
        _put(held, step.field, step.to)
        return
    above, name = _find(held, step.field)
    if above is None or name not in above:
        return
    if step.op == "drop":
        del above[name]
    elif step.op == "rename":
        _put(held, str(step.to), above.pop(name))
    elif (cast := values.cast_as_told(above[name], step.to)) is not None:
        above[name] = cast


def _find(held: dict[str, Any], path: str) -> tuple[dict[str, Any] | None, str]:
    """The object that holds the path's last name; None when a level is missing."""
    *above, name = path.split(".")
    level: Any = held
    for step in above:
        level = level.get(step) if isinstance(level, dict) else None
    return (level if isinstance(level, dict) else None), name


def _put(held: dict[str, Any], path: str, value: Any) -> None:
    *above, name = path.split(".")
    level = held
    for step in above:
        if not isinstance(level.get(step), dict):
            level[step] = {}
        level = level[step]
    level[name] = value


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(inner) for key, inner in value.items()}
    return [_copied(inner) for inner in value] if isinstance(value, list) else value
