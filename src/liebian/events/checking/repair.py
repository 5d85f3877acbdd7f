"""Repairs of a message: the steps that a person chose, applied to a copy. Does not judge whether the result fits.

A field stands below `properties` (or `traits`); behind `$.` it is one of the message itself: `$.userId`, `$.timestamp`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from liebian.core.errors import Invalid
from liebian.core.texts import mark as _
from liebian.events.checking import values
from liebian.events.checking.compiled import holder_of
from liebian.events.checking.types import FIELD_TYPES, OWN_FIELDS, STEP_OPS, Step
from liebian.events.rules.drafts import PUBLIC_TYPES, bad_type

MAX_STEPS = 10
MAX_PAIRS = 100
OWN = "$."
_NEEDS_FIELD = frozenset({"rename", "copy", "cast", "read_time", "drop", "set", "map", "map_only"})
_NEEDS_TO = frozenset({"rename_event", "rename", "copy", "cast", "read_time", "set"})
_TO_FIELD = frozenset({"rename", "copy"})
_MAPS = frozenset({"map", "map_only"})
_EXAMPLE = datetime(2026, 1, 31, 8, 30, tzinfo=UTC)


def check_steps(steps: Sequence[Step]) -> None:
    """Raises Invalid for steps that cannot mean anything."""
    if len(steps) > MAX_STEPS:
        raise Invalid("too_many_steps", _("A repair has at most %(limit)s steps."), limit=MAX_STEPS)
    for step in steps:
        _check_step(step)


def _check_step(step: Step) -> None:
    if step.op not in STEP_OPS:
        raise Invalid("bad_step", _("'%(op)s' is not a step of a repair."), op=step.op[:40])
    if step.op in _NEEDS_FIELD and not is_path(step.field):
        raise Invalid("step_field_missing", _("Say which field the step changes."))
    if step.op in _NEEDS_TO and step.to == "" and step.op != "set":
        raise Invalid("step_value_missing", _("Say what the step makes of it."))
    if step.op in _TO_FIELD and not is_path(str(step.to)):
        raise Invalid("step_value_missing", _("Say what the step makes of it."))
    if step.op == "cast" and step.to not in FIELD_TYPES:
        raise Invalid("bad_field_type", _("'%(type)s' is not a type of a field."), type=str(step.to)[:40])
    if step.op == "read_time":
        _time_format(str(step.to))
    if step.op in _MAPS:
        _check_pairs(step.to)
    if step.op in _TO_FIELD or step.op in _MAPS or step.op == "set":
        _check_target(str(step.to) if step.op in _TO_FIELD else step.field)
    if step.op == "set" and step.field == "$.type" and step.to not in PUBLIC_TYPES:
        raise bad_type(step.to)


def _check_pairs(pairs: Any) -> None:
    if not pairs or not isinstance(pairs, tuple):
        raise Invalid("bad_mapping_of_values", _("Write each pair as old -> new, and a semicolon between two of them."))
    if len(pairs) > MAX_PAIRS:
        raise Invalid("too_many_pairs", _("A step replaces at most %(limit)s values."), limit=MAX_PAIRS)
    twice = sorted({old for old, _new in pairs if [other for other, _other in pairs].count(old) > 1})
    if twice:
        raise Invalid(
            "value_mapped_twice", _("'%(value)s' stands for two values. Keep one of them."), value=twice[0][:100]
        )


def _check_target(path: str) -> None:
    if path.startswith(OWN) and path.split(".")[1] not in OWN_FIELDS:
        raise Invalid(
            "bad_own_field", _("A message has no field '%(field)s' of its own. It has %(known)s."), field=path[:100],
            known=[f"{OWN}{name}" for name in OWN_FIELDS],
        )  # fmt: skip


def is_path(text: str) -> bool:
    """Names separated by dots."""
    return 0 < len(text) <= 200 and all(
        part and part == part.strip() and part.isprintable() for part in text.split(".")
    )


def apply_steps(kind: str, message: dict[str, Any], steps: Iterable[Step], *, zone: str = "UTC") -> dict[str, Any]:
    """A changed copy. A step whose field is not there, or that does not work on what is there, changes nothing.

    A new type holds for the steps below it. `zone` is that of times which say none. Raises Invalid "value_not_mapped" where map_only
    meets a value that it does not know.

    >>> told = {"type": "track", "uid": 7, "properties": {"at": "31/01/2026 16:30"}}
    >>> steps = [Step("rename", "$.uid", "$.userId"), Step("copy", "at", "$.timestamp"), Step("read_time", "$.timestamp", "%d/%m/%Y %H:%M")]
    >>> apply_steps("track", told, steps, zone="Asia/Shanghai")
    {'type': 'track', 'properties': {'at': '31/01/2026 16:30'}, 'userId': 7, 'timestamp': '2026-01-31T08:30:00.000Z'}
    """
    better: dict[str, Any] = _copied(message)
    for step in steps:
        said = better.get("type", kind)
        _apply(better, said if isinstance(said, str) else "", step, zone)
    return better


def _apply(message: dict[str, Any], kind: str, step: Step, zone: str) -> None:
    if step.op == "rename_event":
        message["event" if kind == "track" else "name"] = step.to
        return
    if step.op == "set":
        _put(message, kind, step.field, _copied(step.to))
        return
    if step.op == "copy":
        if (value := _read(*_place(message, kind, step.field))) is not None:
            _put(message, kind, str(step.to), _copied(value))
        return
    above, name = _find(*_place(message, kind, step.field))
    if above is None or name not in above:
        return
    if step.op == "drop":
        del above[name]
    elif step.op == "rename":
        _put(message, kind, str(step.to), above.pop(name))
    elif (better := _converted(above[name], step, zone)) is not None:
        above[name] = better


def _converted(value: Any, step: Step, zone: str) -> Any:
    if step.op in _MAPS:
        return _mapped(value, step)
    return read_time(value, str(step.to), zone) if step.op == "read_time" else values.cast_as_told(value, step.to)


def _mapped(value: Any, step: Step) -> Any:
    """The new value; of a value that is in no pair, the value itself or Invalid.

    >>> _mapped(2, Step("map", "state", (("2", "paid"),))), _mapped("3", Step("map", "state", (("2", "paid"),)))
    ('paid', '3')
    """
    found = dict(step.to).get(text_of(value), value)
    if step.op == "map_only" and found is value:
        raise Invalid("value_not_mapped", _("A value is not among those that the repair replaces."), field=step.field)
    return _copied(found)


def text_of(value: Any) -> str | None:
    """By which a mapping knows a value: of numbers and truth as JSON writes them. Objects, lists and nothing have none."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, str | int | float) else None


def read_time(value: Any, told: str, zone: str) -> str | None:
    """A time of a stated form as the log reads it; None where it is not of that form.

    >>> read_time("Sat, 31 Jan 2026 08:30:00 GMT", "%a, %d %b %Y %H:%M:%S GMT @ UTC", "Asia/Shanghai")
    '2026-01-31T08:30:00.000Z'
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    form, own_zone = _time_format(told)
    try:
        moment = datetime.strptime(str(value).strip(), form)  # noqa: DTZ007 the zone is the next line's
        moment = moment if moment.tzinfo else moment.replace(tzinfo=own_zone or ZoneInfo(zone))
        return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=64)
def _time_format(told: str) -> tuple[str, ZoneInfo | None]:
    """(strptime format, zone that is named behind ` @ `). Raises Invalid unless it reads a whole day of a known zone."""
    form, _at, zone = told.partition(" @ ")
    try:
        named = ZoneInfo(zone.strip()) if zone.strip() else None
    except (KeyError, ValueError, OSError):
        raise Invalid(
            "bad_time_zone", _("'%(time_zone)s' is not a time zone. Use a name like Asia/Shanghai."),
            time_zone=zone.strip()[:40],
        ) from None  # fmt: skip
    try:
        read = datetime.strptime(_EXAMPLE.strftime(form), form)  # noqa: DTZ007 of an example, for its day
    except (ValueError, re.error):
        read = datetime.min  # noqa: DTZ901
    if read.date() != date(2026, 1, 31) or "%Z" in form:
        raise Invalid(
            "bad_date_format", _("'%(form)s' is no date format. Write it like %Y-%m-%d %H:%M."), form=form[:100]
        )
    return form, named


def _place(message: dict[str, Any], kind: str, path: str) -> tuple[Any, str]:
    """(what the path begins in, the path from there)."""
    if path.startswith(OWN):
        return message, path.removeprefix(OWN)
    return _held(message, kind), path


def _held(message: dict[str, Any], kind: str) -> Any:
    """Where fields without a sign stand; None when there is nothing. What identify says in its context is part of it."""
    holder = holder_of(kind)
    context = message.get("context")
    if kind == "identify" and isinstance(context, dict) and isinstance(context.get("traits"), dict):
        own = message.get(holder)
        message[holder] = {**context.pop("traits"), **(own if isinstance(own, dict) else {})}
    return message.get(holder)


def _find(held: Any, path: str) -> tuple[dict[str, Any] | None, str]:
    """The object that holds the path's last name; None when a level is missing."""
    *above, name = path.split(".")
    level = held
    for step in above:
        level = level.get(step) if isinstance(level, dict) else None
    return (level if isinstance(level, dict) else None), name


def _read(held: Any, path: str) -> Any:
    """The value there, also by its number in a list; None when there is none."""
    level = held
    for step in path.split("."):
        if isinstance(level, dict):
            level = level.get(step)
        elif isinstance(level, list) and step.isascii() and step.isdigit() and int(step[:4]) < len(level):
            level = level[int(step[:4])]
        else:
            return None
    return level


def _put(message: dict[str, Any], kind: str, path: str, value: Any) -> None:
    held, path = _place(message, kind, path)
    if not isinstance(held, dict):
        held = message[holder_of(kind)] = {}
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
