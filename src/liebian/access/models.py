"""Users, the organisation, the audit trail and sign-in throttles. Does not own write keys (events) or customers.

A user name is how a colleague signs in (an e-mail address or a plain name). It is an account name, not customer data,
so it is stored readable and shown only to those who manage access.
"""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from liebian.access import permissions
from liebian.access.labels import role_label


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(username=User.normalize_username(username or ""))


class User(AbstractBaseUser):
    """A colleague who signs in. The role decides everything; there are no rights per person; an unknown role has none."""

    username = models.CharField(max_length=254, unique=True)
    display_name = models.CharField(max_length=100)
    role = models.CharField(max_length=20)
    language = models.CharField(max_length=10, blank=True, default="")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager] = UserManager()

    class Meta:
        db_table = "access_user"

    @classmethod
    def normalize_username(cls, username: str) -> str:
        return super().normalize_username(username).strip().casefold()

    def may(self, permission: str) -> bool:
        return self.is_active and permissions.role_may(self.role, permission)

    @property
    def role_label(self) -> str:
        return role_label(self.role)

    def get_full_name(self) -> str:
        return self.display_name

    def get_short_name(self) -> str:
        return self.display_name


class Organisation(models.Model):
    """The one organisation of this installation. Its currency is set once, by the first money that comes in."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    name = models.CharField(max_length=100)
    currency = models.CharField(max_length=3, null=True, default=None)

    class Meta:
        db_table = "access_organisation"
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="access_organisation_is_one")]


class AuditEntry(models.Model):
    """One act that must stay known. Triggers refuse change and removal; the hashes show it if somebody gets round them."""

    id = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=200)
    reason = models.CharField(max_length=500, blank=True)
    details = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64, unique=True)
    hash = models.CharField(max_length=64)

    class Meta:
        db_table = "access_audit_entry"
        indexes = [
            models.Index(fields=["actor_id", "-id"], name="access_audit_actor"),
            models.Index(fields=["subject", "-id"], name="access_audit_subject"),
        ]


class AuditHead(models.Model):
    """The end of the audit chain. Its lock puts writers in a row; its hash shows if the newest entries were cut off."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    last_id = models.BigIntegerField(default=0)
    last_hash = models.CharField(max_length=64)

    class Meta:
        db_table = "access_audit_head"


class SignInWindow(models.Model):
    """Attempts of one account from one address since `started_at`. The key is a keyed hash, so it names nobody."""

    key = models.BinaryField(max_length=16, primary_key=True)
    started_at = models.DateTimeField(db_index=True)
    attempts = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "access_sign_in_window"
