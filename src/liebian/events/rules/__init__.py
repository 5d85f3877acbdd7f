"""How a tracking message becomes a row of the log: shape, time bounds, personal fields, the key that makes it unique."""

from liebian.events.rules.drafts import (
    MAX_BYTES,
    PUBLIC_TYPES,
    TYPES,
    Draft,
    Violated,
    check_public,
    make_draft,
    parse_message,
)
from liebian.events.rules.field_names import PERSON_NAMES, is_person, kind_of, leads_to_door, tells
from liebian.events.rules.keys import key_of, key_of_misfit, keys_before
from liebian.events.rules.limits import BURST_SECONDS, Bucket
from liebian.events.rules.personal import APART, PERSONAL_PROPERTIES, PERSONAL_TRAITS, is_somebody, join_personal
from liebian.events.rules.times import parse_time
from liebian.events.rules.values import MAX_DEPTH, check_values

__all__ = [
    "APART",
    "BURST_SECONDS",
    "MAX_BYTES",
    "MAX_DEPTH",
    "PERSONAL_PROPERTIES",
    "PERSONAL_TRAITS",
    "PERSON_NAMES",
    "PUBLIC_TYPES",
    "TYPES",
    "Bucket",
    "Draft",
    "Violated",
    "check_public",
    "check_values",
    "is_person",
    "is_somebody",
    "join_personal",
    "key_of",
    "key_of_misfit",
    "keys_before",
    "kind_of",
    "leads_to_door",
    "make_draft",
    "parse_message",
    "parse_time",
    "tells",
]
