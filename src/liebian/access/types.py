"""What may cross the border of access: frozen values, the shape of somebody who acts, and the masks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from liebian.access.masking import mask_email, mask_field, mask_generic, mask_name, mask_phone

__all__ = [
    "Actor",
    "AuditRecord",
    "ChainReport",
    "OrganisationInfo",
    "UserInfo",
    "mask_email",
    "mask_field",
    "mask_generic",
    "mask_name",
    "mask_phone",
]


class Actor(Protocol):
    """Somebody signed in: `request.user` behind `guard.requires`."""

    @property
    def id(self) -> int: ...

    def may(self, permission: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class OrganisationInfo:
    name: str
    currency: str | None
    time_zone: str


@dataclass(frozen=True, slots=True)
class UserInfo:
    id: int
    username: str
    display_name: str
    role: str
    language: str
    is_active: bool
    created_at: datetime
    last_login: datetime | None


@dataclass(frozen=True, slots=True)
class AuditRecord:
    id: int
    at: datetime
    actor_id: int | None
    action: str
    subject: str
    reason: str
    details: dict[str, Any]
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class ChainReport:
    """Result of reading the audit trail from its start. `broken_at` is the first entry that does not fit."""

    checked: int
    broken_at: int | None = None

    @property
    def is_whole(self) -> bool:
        return self.broken_at is None
