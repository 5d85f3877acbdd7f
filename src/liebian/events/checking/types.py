"""What a check says about a message. Neither ever holds a value that somebody sent: values may be personal."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ALLOW, QUARANTINE = "allow", "quarantine"

STRING, NUMBER, INTEGER, BOOLEAN = "string", "number", "integer", "boolean"
TIME, OBJECT, LIST = "time", "object", "list"
FIELD_TYPES = (STRING, NUMBER, INTEGER, BOOLEAN, TIME, OBJECT, LIST)
SCHEMA_TYPES = ("track", "page", "screen", "identify", "group")

CORRECTION_CODES = ("cast", "trimmed", "blank_removed")
VIOLATION_CODES = (
    "unknown_event", "field_missing", "field_wrong_type", "field_not_listed", "field_too_small", "field_too_large",
    "field_too_short", "field_too_long", "field_unexpected",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Correction:
    """A safe change that was made: `cast` (args from, to), `trimmed`, `blank_removed`."""

    code: str
    field: str
    args: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {"code": self.code, "field": self.field, "args": dict(self.args)}


@dataclass(frozen=True, slots=True)
class Violation:
    """Why a message does not fit its schema: a code of VIOLATION_CODES, the field's path, what was expected."""

    code: str
    field: str
    args: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {"code": self.code, "field": self.field, "args": dict(self.args)}


@dataclass(frozen=True, slots=True)
class FieldRule:
    """One field of a schema. `path` is below `properties` (or `traits`); dots separate levels."""

    path: str
    type: str
    required: bool = False
    one_of: tuple[Any, ...] = ()
    min: float | int | None = None
    max: float | int | None = None

    @classmethod
    def from_json(cls, path: str, said: Mapping[str, Any]) -> FieldRule:
        return cls(
            path, said["type"], bool(said.get("required")), tuple(said.get("one_of") or ()), said.get("min"), said.get("max")
        )  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        said: dict[str, Any] = {"type": self.type, "required": self.required}
        if self.one_of:
            said["one_of"] = list(self.one_of)
        if self.min is not None:
            said["min"] = self.min
        if self.max is not None:
            said["max"] = self.max
        return said


@dataclass(frozen=True, slots=True)
class LearnedField:
    """A field as it was found in what arrived: a rule to start from, and how often it was there."""

    rule: FieldRule
    seen: int
    of: int
    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One act of a repair: rename_event (to), rename, copy (field, to), cast (field, to: a type), read_time (field, to: a form),
    drop (field), set (field, to), map and map_only (field, to: pairs of an old value's text and the new value; of other values map
    leaves all as they are, map_only none). A field behind `$.` is one of the message itself: OWN_FIELDS may be written."""

    op: str
    field: str = ""
    to: Any = ""


STEP_OPS = ("rename_event", "rename", "copy", "cast", "read_time", "drop", "set", "map", "map_only")
OWN_FIELDS = (
    "type", "event", "name", "category", "userId", "anonymousId", "previousId", "groupId", "messageId", "timestamp",
    "originalTimestamp", "sentAt", "properties", "traits", "context",
)  # fmt: skip
