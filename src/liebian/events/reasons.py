"""Words of checks for people: what was corrected, what does not fit, why a request was refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from liebian.core.texts import fill
from liebian.events.checking.types import (
    BOOLEAN,
    INTEGER,
    LIST,
    NUMBER,
    OBJECT,
    STRING,
    TIME,
)
from liebian.events.inbox.types import ACCEPTED, CORRECTED, DISMISSED, QUARANTINED, REFUSED, REPAIRED, WAITING

Words = str | Promise

TYPES: dict[str, Words] = {
    STRING: _("text"),
    NUMBER: _("number"),
    INTEGER: _("whole number"),
    BOOLEAN: _("yes or no"),
    TIME: _("time"),
    OBJECT: _("object"),
    LIST: _("list"),
    "null": _("nothing"),
}
SCHEMA_TYPES: dict[str, Words] = {
    "track": _("Event (track)"),
    "page": _("Page view (page)"),
    "screen": _("Screen view (screen)"),
    "identify": _("Traits of a person (identify)"),
    "group": _("Traits of a group (group)"),
}
ARRIVALS: dict[str, tuple[Words, str, str]] = {  # label, tone, icon
    ACCEPTED: (_("Accepted"), "good", "circle-check"),
    CORRECTED: (_("Corrected"), "act", "wand"),
    QUARANTINED: (_("In quarantine"), "warn", "alert-triangle"),
    REFUSED: (_("Refused"), "bad", "circle-x"),
}
STATES: dict[str, tuple[Words, str, str]] = {
    WAITING: (_("Waiting for repair"), "warn", "alert-triangle"),
    REPAIRED: (_("In the log"), "good", "circle-check"),
    DISMISSED: (_("Dismissed"), "2", "circle-minus"),
}
FINDINGS: dict[str, Words] = {
    "cast": _("%(field)s was %(from)s and was made %(to)s"),
    "trimmed": _("blanks around %(field)s were cut"),
    "blank_removed": _("%(field)s was empty and was left out"),
    "future_time": _("the time lay in the future and became the time of arrival"),
    "clock_skew": _("the clock of the sender was off and was corrected"),
    "id_as_text": _("%(field)s was a number and was made text"),
    "id_cut": _("%(field)s was too long and was cut"),
    "name_cut": _("the name of the event was too long and was cut"),
    "unknown_event": _("No schema is registered for this event"),
    "field_missing": _("%(field)s is missing"),
    "field_wrong_type": _("%(field)s is %(found)s and must be %(expected)s"),
    "field_not_listed": _("%(field)s is none of the allowed values: %(one_of)s"),
    "field_too_small": _("%(field)s is smaller than %(min)s"),
    "field_too_large": _("%(field)s is larger than %(max)s"),
    "field_too_short": _("%(field)s is shorter than %(min)s"),
    "field_too_long": _("%(field)s is longer than %(max)s"),
    "field_unexpected": _("%(field)s is not in the schema, which allows no other fields"),
}
GROUPS: dict[str, Words] = {  # of a whole group of messages: the field differs
    "unknown_event": _("No schema is registered for this event"),
    "field_missing": _("A required field is missing"),
    "field_wrong_type": _("A field has the wrong type"),
    "field_not_listed": _("A value is not among those allowed"),
    "field_too_small": _("A number is too small"),
    "field_too_large": _("A number is too large"),
    "field_too_short": _("A text or list is too short"),
    "field_too_long": _("A text or list is too long"),
    "field_unexpected": _("A field that the schema does not name"),
}
REFUSALS: dict[str, Words] = {
    "batch_refused": _("Some messages of the batch cannot be kept, so none was"),
    "write_key_missing": _("The request carries no write key"),
    "write_key_unknown": _("No active source has this write key"),
    "origin_not_allowed": _("The page that sent it is not an allowed origin of this source"),
    "rate_limited": _("The source sends more events a second than it may"),
    "overloaded": _("The server was too busy and asked to send again later"),
    "log_away": _("The event log could not be reached; nothing was written"),
    "log_busy": _("The event log was busy; nothing was written"),
    "bad_method": _("Only POST is understood"),
    "bad_content_type": _("The body is not declared as JSON"),
    "bad_encoding": _("The compression of the body cannot be read"),
    "bad_gzip": _("The compression of the body cannot be read"),
    "bad_json": _("The body is not JSON"),
    "body_unreadable": _("The body broke off"),
    "body_too_large": _("The body is larger than allowed"),
    "event_too_large": _("An event is larger than allowed"),
    "bad_shape": _("The message does not have the shape of its type"),
    "bad_batch": _("The batch is not a list of messages"),
    "batch_missing": _("The batch is not a list of messages"),
    "bad_type": _("The type of the message is not known"),
    "bad_event": _("The name of the event is not a text"),
    "event_missing": _("The event has no name"),
    "bad_id": _("An id is no text or too long"),
    "id_missing": _("Neither userId nor anonymousId is given"),
    "bad_timestamp": _("A time cannot be read or lies before 1990"),
    "bad_text": _("A text contains a character that cannot be kept"),
    "bad_number": _("A number does not fit in 64 bits"),
    "value_not_mapped": _("A value is not among those that the repair replaces"),
    "too_deep": _("The message is nested too deep"),
}


def finding_text(finding: Mapping[str, Any]) -> str:
    """One correction or violation in the reader's language."""
    code, args = finding.get("code", ""), dict(finding.get("args") or {})
    words = FINDINGS.get(code)
    if words is None:
        return reason_text(code, str(finding.get("field") or ""))
    shown = {key: str(TYPES.get(value, value)) if isinstance(value, str) else value for key, value in args.items()}
    return fill(str(words), {**shown, "field": finding.get("field") or ""}, separator=gettext(", "))


def findings_text(findings: Iterable[Mapping[str, Any]], limit: int = 3) -> str:
    """Several in one line, the rest as a number."""
    every = list(findings)
    shown = [finding_text(finding) for finding in every[:limit]]
    if len(every) > limit:
        shown.append(gettext("and %(count)s more findings") % {"count": len(every) - limit})
    return gettext("; ").join(shown)


def reason_text(code: str, field: str) -> str:
    """Why messages do not fit, with the field that is meant."""
    return f"{field}{gettext(': ')}{group_text(code)}" if field else group_text(code)


def group_text(code: str) -> str:
    return str(GROUPS.get(code) or REFUSALS.get(code) or code)


def refusal_text(code: str, details: Mapping[str, Any]) -> str:
    """Why a request was refused; of a batch, the reason of its first bad message too."""
    words = str(REFUSALS.get(code, code))
    first = next(iter(details.get("messages") or []), None)
    if isinstance(first, dict) and first.get("code"):
        return f"{words}{gettext(': ')}{REFUSALS.get(first['code'], first['code'])}"
    return words
