"""What is allowed to whom and when. Rooms above ask here; what a level means is theirs to say."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.conf import settings
from django.db.models import F
from django.utils.module_loading import import_string

from liebian.core.days import day_of, day_start
from liebian.rewards.models import Privilege
from liebian.rewards.types import LevelBook, PrivilegeKind, PrivilegeView


def list_privileges(customer_ids: Iterable[int], *, on: date | None = None) -> list[PrivilegeView]:
    """Of these customers, all that was not taken back, or what holds on a business day; by customer and first day."""
    rows = Privilege.objects.filter(customer_id__in=list(customer_ids), ends_on__gt=F("starts_on"))
    if on is not None:
        rows = rows.filter(starts_on__lte=on, ends_on__gt=on)
    return [view_privilege(row) for row in rows.order_by("customer_id", "starts_on", "id")]


def list_privileges_at(customer_ids: Iterable[int], *, at: datetime) -> list[PrivilegeView]:
    """What holds at an instant."""
    return list_privileges(customer_ids, on=day_of(at, settings.TIME_ZONE))


def list_holders(
    kind: PrivilegeKind, subject: str = "", *, on: date, after: int = 0, limit: int = 1000
) -> list[PrivilegeView]:
    """Who holds a privilege on a business day, by customer from the one after `after` on. Nobody twice: days never overlap."""
    rows = Privilege.objects.filter(kind=kind, subject=subject, starts_on__lte=on, ends_on__gt=on)
    return [view_privilege(row) for row in rows.filter(customer_id__gt=after).order_by("customer_id")[:limit]]


def list_levels(*, on: date) -> list[PrivilegeView]:
    """Everybody's levels on a business day, by customer. Past days stay as they were: only days that have not begun are taken back."""
    rows = Privilege.objects.filter(kind="level", starts_on__lte=on, ends_on__gt=on)
    return [view_privilege(row) for row in rows.order_by("customer_id", "id")]


def find_privilege_of(reward_id: int) -> PrivilegeView | None:
    row = Privilege.objects.filter(reward_id=reward_id).first()
    return view_privilege(row) if row else None


def view_privilege(row: Privilege) -> PrivilegeView:
    zone = settings.TIME_ZONE
    return PrivilegeView(
        reward_id=row.reward_id,
        customer_id=row.customer_id,
        kind=row.kind,  # type: ignore[arg-type]
        subject=row.subject,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        starts_at=day_start(row.starts_on, zone),
        ends_at=day_start(row.ends_on, zone),
        days=row.days,
        taken=row.taken,
    )


def get_level_book() -> LevelBook:
    """What levels mean to whoever reads them, as the configuration names it."""
    book: LevelBook = import_string(settings.LEVEL_BOOK)
    return book
