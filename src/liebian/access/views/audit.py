"""The audit trail: who did what, when, why; and whether it is whole."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from liebian.access import queries
from liebian.access.forms import AuditFilter
from liebian.access.guard import requires
from liebian.access.labels import action_label, details_text
from liebian.access.types import AuditRecord

_PAGE = 50


@requires("access:manage")
def audit(request: HttpRequest) -> HttpResponse:
    asked = AuditFilter(request.GET).asked()
    found = queries.list_audit(
        before=asked["before"],
        limit=_PAGE + 1,
        actor_id=asked["actor"],
        action=asked["action"] or "",
        subject=asked["subject"] or "",
    )
    entries = found[:_PAGE]
    names = queries.find_user_names(_people(entries))
    context = {
        "rows": [_row(entry, names) for entry in entries],
        "next_before": entries[-1].id if len(found) > _PAGE else None,
        "asked": asked,
        "is_filtered": any(asked[name] for name in ("action", "actor", "subject", "before")),
        "actions": [(action, action_label(action)) for action in queries.list_audit_actions()],
        "people": queries.list_users(),
        "report": queries.verify_audit_chain() if asked["check"] else None,
    }
    return render(request, "access/audit.html", context)


def _people(entries: list[AuditRecord]) -> set[int]:
    about = {_user_id(entry.subject) for entry in entries}
    return {number for number in about | {entry.actor_id for entry in entries} if number is not None}


def _user_id(subject: str) -> int | None:
    kind, _colon, number = subject.partition(":")
    return int(number) if kind == "user" and number.isdecimal() else None


def _row(entry: AuditRecord, names: dict[int, str]) -> dict[str, Any]:
    about = _user_id(entry.subject)
    return {
        "entry": entry,
        "act": action_label(entry.action),
        "actor": names.get(entry.actor_id) if entry.actor_id is not None else None,
        "subject": names.get(about, entry.subject) if about is not None else entry.subject,
        "details": details_text(entry.action, entry.details),
    }
