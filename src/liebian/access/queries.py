"""Reads of access: the organisation, users, the audit trail."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings

from liebian.access import rules
from liebian.access.models import AuditEntry, AuditHead, Organisation, User
from liebian.access.types import AuditRecord, ChainReport, OrganisationInfo, UserInfo
from liebian.core.columns import select_in
from liebian.core.errors import NotFound
from liebian.core.texts import mark as _

_CHUNK = 2000


def get_organisation() -> OrganisationInfo:
    """The organisation; before the first set-up its name is empty."""
    rows = select_in(Organisation, ("name", "currency"), "id", [1])
    name, currency = next(rows, ("", None))
    return OrganisationInfo(name=name, currency=currency, time_zone=settings.TIME_ZONE)


def get_user(user_id: int) -> UserInfo:
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise NotFound("no_such_user", _("There is no such user. The list is under Settings."), user_id=user_id)
    return user_info(user)


def find_user(username: str) -> UserInfo | None:
    user = User.objects.filter(username=User.normalize_username(username)).first()
    return None if user is None else user_info(user)


def list_users() -> list[UserInfo]:
    """Everybody, those who may sign in first, then by name."""
    return [user_info(user) for user in User.objects.order_by("-is_active", "display_name", "id")]


def find_user_names(user_ids: Iterable[int]) -> dict[int, str]:
    """Display names by id, for pages that show who did something."""
    return dict(User.objects.filter(pk__in=set(user_ids)).values_list("pk", "display_name"))


def list_audit(
    *, before: int | None = None, limit: int = 50, actor_id: int | None = None, action: str = "", subject: str = ""
) -> list[AuditRecord]:
    """Newest first. Page on with `before` = the last id seen."""
    rows = AuditEntry.objects.order_by("-id")
    if before is not None:
        rows = rows.filter(id__lt=before)
    if actor_id is not None:
        rows = rows.filter(actor_id=actor_id)
    if action:
        rows = rows.filter(action=action)
    if subject:
        rows = rows.filter(subject=subject)
    return [audit_record(row) for row in rows[:limit]]


def list_audit_actions() -> list[str]:
    """The kinds of acts that have been recorded so far."""
    return list(AuditEntry.objects.order_by("action").values_list("action", flat=True).distinct())


def verify_audit_chain() -> ChainReport:
    """Read the whole trail and compare every hash: one pass. Finds entries that were changed, put in, taken out or cut off.

    The head is read first, so entries that are written meanwhile do not disturb.
    """
    head = AuditHead.objects.filter(pk=1).first() or AuditHead(last_hash=rules.FIRST_HASH)
    previous, checked = rules.FIRST_HASH, 0
    for row in AuditEntry.objects.order_by("id").iterator(chunk_size=_CHUNK):
        record = audit_record(row)
        fits = (record.id, record.previous_hash) == (checked + 1, previous)
        if not fits or record.hash != rules.chain_hash(record, audit_key()):
            return ChainReport(checked=checked, broken_at=checked + 1)
        previous, checked = record.hash, checked + 1
        if checked == head.last_id and previous != head.last_hash:
            return ChainReport(checked=checked - 1, broken_at=checked)
    return ChainReport(checked=checked, broken_at=checked + 1 if checked < head.last_id else None)


def audit_key() -> bytes:
    return b"audit\x1f" + bytes(settings.INDEX_KEY)


def user_info(user: User) -> UserInfo:
    return UserInfo(
        id=user.pk,
        username=user.username,
        display_name=user.display_name,
        role=user.role,
        language=user.language,
        is_active=user.is_active,
        created_at=user.created_at,
        last_login=user.last_login,
    )


def audit_record(row: AuditEntry) -> AuditRecord:
    return AuditRecord(
        id=row.id,
        at=row.at,
        actor_id=row.actor_id,
        action=row.action,
        subject=row.subject,
        reason=row.reason,
        details=row.details,
        previous_hash=row.previous_hash,
        hash=row.hash,
    )
