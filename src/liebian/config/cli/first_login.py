"""The first administrator's password: kept in a file for its owner until somebody has logged in with it."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from liebian.access import services as access
from liebian.access.queries import find_user
from liebian.core import clock

FIRST_ADMIN = "admin"


def first_password() -> str | None:
    """Make the first administrator where nobody is there yet. None once they have logged in."""
    note = _note()
    fresh = access.ensure_first_admin(now=clock.now())
    if fresh:
        note.touch(mode=0o600)
        note.write_text(fresh)
    admin = find_user(FIRST_ADMIN)
    if admin is None or admin.last_login is not None:
        note.unlink(missing_ok=True)
    return note.read_text() if note.exists() else None


def forget_first_password(username: str) -> None:
    """Whoever has a new password is not told the first one any more."""
    if username == FIRST_ADMIN:
        _note().unlink(missing_ok=True)


def _note() -> Path:
    return settings.HOME / "first-login.txt"
