"""What people do with messages in quarantine: look at a repair before it is made, make it, send again, dismiss."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction

from liebian.access import services as audit
from liebian.core.errors import Invalid
from liebian.core.moments import moment_of
from liebian.core.texts import mark as _
from liebian.events.checking.repair import apply_steps, check_steps
from liebian.events.checking.types import ALLOW, Step
from liebian.events.checks import Checks, load_checks
from liebian.events.inbox.quarantine import open_message, selected
from liebian.events.inbox.types import DISMISSED, REPAIRED, WAITING, RepairReport, Selection, Trial
from liebian.events.models import Quarantined, Source
from liebian.events.rules import Draft, Violated, check_public, parse_message
from liebian.events.services.log import log_alias
from liebian.events.services.repairs import Repaired, insert_repaired

MAX_AT_ONCE = 10_000
TRIALS = 3
_PART = 500
_TOLD = frozenset({"rename", "rename_event", "copy", "cast", "read_time"})
_COUNTED = frozenset({"map", "map_only"})
_Row = tuple[int, bytes, str, str, int, bytes]


class _Tried(NamedTuple):
    id: int
    key: bytes
    source: str
    before: dict[str, Any]
    after: dict[str, Any]
    draft: Draft | None
    corrections: list[dict[str, Any]]
    findings: list[dict[str, Any]]


def preview_repair(wanted: Selection, steps: Sequence[Step]) -> RepairReport:
    """What the repair would do, over everything that it would look at, with some messages before and after. Writes nothing.

    Raises Invalid for steps that cannot mean anything.
    """
    check_steps(steps)
    tried = list(_try(wanted, steps))
    failing = [one for one in tried if one.findings]
    shown = [*failing[: TRIALS - 1], *[one for one in tried if not one.findings]][:TRIALS]
    trials = tuple(
        Trial(
            one.id, one.before, one.after, tuple(one.corrections),
            tuple(one.findings),
        )
        for one in shown
    )  # fmt: skip
    return _report(wanted, tried, steps, left_after=0, trials=trials)


def repair_quarantined(
    wanted: Selection, steps: Sequence[Step], *, actor_id: int | None, now: datetime
) -> RepairReport:
    """Apply the steps and put into the log what passes then; the rest stays as it was.

    Writes the log, Quarantined.state and one audit entry. A message leaves `waiting` once, in the transaction that writes
    it, so a repeat and a second clerk change nothing more; one that its sender has mended and sent again meanwhile is in the
    log already and only leaves. Looks at up to MAX_AT_ONCE messages, oldest first.
    Raises Invalid for steps that cannot mean anything.
    """
    check_steps(steps)
    tried = list(_try(wanted, steps))
    with transaction.atomic(), transaction.atomic(using=log_alias()):
        won = _leave_waiting([one.id for one in tried if one.draft is not None], REPAIRED, now)
        repaired = [
            Repaired(one.key, one.source, one.draft, _keeps_id(one))
            for one in tried
            if one.draft is not None and one.id in won
        ]
        insert_repaired(repaired, received_at=now)
        if repaired:
            details = {"messages": len(repaired), "steps": [_told(step) for step in steps]}
            audit.record_audit(
                actor_id=actor_id, action="quarantine.repaired", subject=_subject(wanted), details=details, now=now
            )
    return _report(wanted, tried, steps, left_after=len(tried) - len(won), passed=len(won))


def replay_quarantined(wanted: Selection, *, actor_id: int | None, now: datetime) -> RepairReport:
    """Check again, unchanged, against today's schemas and put into the log what passes. As repair_quarantined."""
    return repair_quarantined(wanted, (), actor_id=actor_id, now=now)


def dismiss_quarantined(wanted: Selection, *, reason: str, actor_id: int | None, now: datetime) -> int:
    """Decide that these messages are not wanted; they stay readable. Returns how many left the queue.

    Writes Quarantined.state and one audit entry with the reason. Idempotent. Raises Invalid "reason_missing".
    """
    if not reason.strip():
        raise Invalid("reason_missing", _("Say in a few words why they are not wanted."), field="reason")
    with transaction.atomic(), transaction.atomic(using=log_alias()):
        count = selected(wanted).update(state=DISMISSED, changed_at=now)
        if count:
            audit.record_audit(
                actor_id=actor_id, action="quarantine.dismissed", subject=_subject(wanted), reason=reason,
                details={"messages": count}, now=now,
            )  # fmt: skip
    return count


def _try(wanted: Selection, steps: Sequence[Step]) -> Iterator[_Tried]:
    checks = load_checks()
    unknown = dict(Source.objects.values_list("name", "unknown_events"))
    columns = ("pk", "key", "source", "type", "received_ms", "message")
    for row in selected(wanted).order_by("pk").values_list(*columns)[:MAX_AT_ONCE]:
        yield _try_one(row, steps, checks, unknown)


def _try_one(row: _Row, steps: Sequence[Step], checks: Checks, unknown: dict[str, str]) -> _Tried:
    """One message with the steps applied: as a draft for the log, or with what still does not fit."""
    id_, key, source, kind, received_ms, sealed = row
    sent = open_message(sealed)
    before = {"type": kind, **sent}
    seen: list[Any] = [before, []]

    def check(type: str, name: str, message: dict[str, Any]) -> Any:
        found = checks.check(type, name, message, unknown=unknown.get(source, ALLOW))
        seen[:] = found[:2]
        return found

    received_at = moment_of(received_ms)
    draft, findings = None, []
    try:
        if not sent:  # a number, a text: steps would make an event of nothing
            raise Invalid("bad_shape", _("A message must be an object."))
        seen[0] = after = apply_steps(kind, before, steps, zone=settings.TIME_ZONE) if steps else before
        draft = parse_message(check_public(after), source=source, received_at=received_at, check=check)
    except Violated as error:
        findings = error.reasons
    except Invalid as error:
        findings = [{"code": error.code, "field": str(error.details.get("field", "")), "args": {}}]
    return _Tried(id_, bytes(key), source, before, seen[0], draft, [one.as_dict() for one in seen[1]], findings)


def _keeps_id(one: _Tried) -> bool:
    """Whether the message still has the id by which its sender knows it."""
    return bool(one.before.get("messageId")) and one.before["messageId"] == one.after.get("messageId")


def _leave_waiting(ids: Sequence[int], state: str, now: datetime) -> set[int]:
    """The ids that were waiting until now and are no longer, by this transaction."""
    won: set[int] = set()
    for start in range(0, len(ids), _PART):
        rows = Quarantined.objects.select_for_update().filter(pk__in=ids[start : start + _PART], state=WAITING)
        part = set(rows.order_by("pk").values_list("pk", flat=True))
        Quarantined.objects.filter(pk__in=part).update(state=state, changed_at=now)
        won |= part
    return won


def _report(
    wanted: Selection, tried: list[_Tried], steps: Sequence[Step], *, left_after: int, passed: int | None = None,
    trials: tuple[Trial, ...] = (),
) -> RepairReport:  # fmt: skip
    reasons = Counter((found["code"], found["field"]) for one in tried for found in one.findings[:1])
    passing = sum(one.draft is not None for one in tried)
    beyond = max(0, selected(wanted).count() - (left_after if passed is not None else len(tried)))
    return RepairReport(
        looked_at=len(tried), passed=passing if passed is None else passed, left=beyond,
        reasons=tuple((code, name, count) for (code, name), count in reasons.most_common(10)), trials=trials,
        steps=tuple(steps),
    )  # fmt: skip


def _subject(wanted: Selection) -> str:
    if wanted.ids:
        return f"quarantine:{','.join(map(str, wanted.ids[:20]))}"[:100]
    return f"quarantine:{wanted.source}/{wanted.code}/{wanted.name or ''}"[:100]


def _told(step: Step) -> str:
    """A step for the audit trail: what a person typed as a new value may be personal and is left out."""
    told = step.to if step.op in _TOLD else f"({len(step.to)} values)" if step.op in _COUNTED else ""
    return f"{step.op} {step.field} {told}".strip()
