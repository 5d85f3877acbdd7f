"""Writes users: creation, role, access, password, profile. Every change of rights is in the audit trail."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q

from liebian.access.models import User
from liebian.access.permissions import ADMINISTRATOR, ROLES
from liebian.access.queries import get_user, user_info
from liebian.access.services.audit import record_audit
from liebian.access.types import UserInfo
from liebian.core.errors import Conflict, Invalid, NotFound
from liebian.core.ids import ALPHABET
from liebian.core.texts import Term
from liebian.core.texts import mark as _

FIRST_ADMIN = "admin"
LANGUAGES = ("", "zh-hans", "en")
_WEAKNESSES: dict[str, str] = {  # by the codes of Django's validators
    "password_too_short": _("it has fewer than %(min_length)s characters"),
    "password_too_common": _("many people use it"),
    "password_too_similar": _("it resembles the name"),
    "password_entirely_numeric": _("it has only digits"),
}


def create_user(
    *,
    username: str,
    display_name: str,
    role: str,
    password: str,
    actor_id: int | None,
    now: datetime,
    language: str = "",
) -> UserInfo:
    """Add a colleague. Writes the user and an audit entry.

    Raises Conflict "username_taken"; Invalid "username_missing", "name_missing", "bad_role", "weak_password" (each with
    `field` in its details).
    """
    user = User(
        username=_clean_username(username),
        display_name=_clean_name(display_name),
        role=_known_role(role),
        language=_known_language(language),
        created_at=now,
    )
    _set_checked_password(user, password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            details = {"role": role}
            record_audit(actor_id=actor_id, action="user.created", subject=f"user:{user.pk}", details=details, now=now)
    except IntegrityError:
        raise Conflict(
            "username_taken",
            _("Somebody already signs in as “%(username)s”. Choose another name."),
            username=user.username,
            field="username",
        ) from None
    return user_info(user)


def change_role(*, user_id: int, role: str, actor_id: int | None, now: datetime) -> UserInfo:
    """Give another role; it holds from the next click on. Idempotent by value, audited when it differs.

    Raises NotFound "no_such_user", Invalid "bad_role", Conflict "last_administrator".
    """
    _known_role(role)
    with transaction.atomic():
        user, administrators = _locked_user(user_id)
        if user.role != role:
            if role != ADMINISTRATOR:
                _keep_an_administrator(user, administrators)
            details = {"from": user.role, "to": role}
            User.objects.filter(pk=user_id).update(role=role)
            record_audit(
                actor_id=actor_id, action="user.role_changed", subject=f"user:{user_id}", details=details, now=now
            )
    return get_user(user_id)


def set_active(*, user_id: int, is_active: bool, actor_id: int | None, now: datetime) -> UserInfo:
    """Open or close an account; closing ends its sessions at the next click. Idempotent by value, audited.

    Raises NotFound "no_such_user", Conflict "last_administrator".
    """
    with transaction.atomic():
        user, administrators = _locked_user(user_id)
        if user.is_active != is_active:
            if not is_active:
                _keep_an_administrator(user, administrators)
            User.objects.filter(pk=user_id).update(is_active=is_active)
            action = "user.opened" if is_active else "user.closed"
            record_audit(actor_id=actor_id, action=action, subject=f"user:{user_id}", now=now)
    return get_user(user_id)


def reset_password(*, user_id: int, actor_id: int | None, now: datetime) -> str:
    """Give a new random password, returned this once and stored only as a hash. Ends the user's sessions. Audited."""
    password = random_password()
    user = _existing(user_id)
    user.set_password(password)
    _store_password(user, "user.password_reset", actor_id, now)
    return password


def change_own_password(*, user_id: int, current: str, new: str, now: datetime) -> UserInfo:
    """Change one's own password. Ends the other sessions. Audited.

    Raises Invalid "wrong_password" (field "current") or "weak_password" (field "password").
    """
    user = _existing(user_id)
    if not user.check_password(current):
        raise Invalid("wrong_password", _("This is not your current password. Nothing was changed."), field="current")
    _set_checked_password(user, new)
    _store_password(user, "user.password_changed", user_id, now)
    return user_info(user)


def change_profile(*, user_id: int, display_name: str, language: str) -> UserInfo:
    """Change how one is called and which language one reads. Raises Invalid "name_missing", "bad_language"."""
    values = {"display_name": _clean_name(display_name), "language": _known_language(language)}
    if User.objects.filter(pk=user_id).update(**values) == 0:
        raise _no_such_user(user_id)
    return get_user(user_id)


def set_language(*, user_id: int | None, language: str) -> None:
    """Remember the language that somebody switched to; nothing is written for a visitor. Raises Invalid "bad_language"."""
    known = _known_language(language)
    if user_id is not None:
        User.objects.filter(pk=user_id).update(language=known)


def ensure_first_admin(*, now: datetime) -> str | None:
    """Make the first administrator ("admin") when nobody is there yet, and return the password to print once.

    Idempotent: None as soon as there is any user.
    """
    if User.objects.exists():
        return None
    password = random_password()
    try:
        create_user(
            username=FIRST_ADMIN, display_name="Admin", role=ADMINISTRATOR, password=password, actor_id=None, now=now
        )
    except Conflict:
        return None
    return password


def random_password() -> str:
    """Sixteen unmistakable characters in groups of four, to be read out or copied once."""
    letters = "".join(secrets.choice(ALPHABET) for _position in range(16))
    return "-".join(letters[start : start + 4] for start in range(0, 16, 4))


def _set_checked_password(user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(
            "weak_password",
            _("This password is too easy to guess: %(reasons)s. Choose another one."),
            reasons=[_weakness(problem) for problem in error.error_list],
            field="password",
        ) from None
    user.set_password(password)


def _weakness(problem: ValidationError) -> str:
    msgid = _WEAKNESSES.get(problem.code or "")
    return Term(msgid, **(problem.params or {})) if msgid else " ".join(problem.messages)


def _store_password(user: User, action: str, actor_id: int | None, now: datetime) -> None:
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(password=user.password)
        record_audit(actor_id=actor_id, action=action, subject=f"user:{user.pk}", now=now)


def _locked_user(user_id: int) -> tuple[User, set[int]]:
    """The user, and who administers now. All these rows are locked in one order, so that two administrators who remove
    each other at once neither both succeed nor wait for each other."""
    wanted = Q(pk=user_id) | Q(role=ADMINISTRATOR)
    rows = {row.pk: row for row in User.objects.select_for_update().filter(wanted).order_by("pk")}
    if user_id not in rows:
        raise _no_such_user(user_id)
    return rows[user_id], {row.pk for row in rows.values() if row.role == ADMINISTRATOR and row.is_active}


def _keep_an_administrator(leaving: User, administrators: set[int]) -> None:
    if administrators == {leaving.pk}:
        raise Conflict(
            "last_administrator", _("This is the last administrator. Make somebody else one first."), field="role"
        )


def _existing(user_id: int) -> User:
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise _no_such_user(user_id)
    return user


def _no_such_user(user_id: int) -> NotFound:
    return NotFound("no_such_user", _("There is no such user. The list is under Settings."), user_id=user_id)


def _known_role(role: str) -> str:
    if role not in ROLES:
        raise Invalid("bad_role", _("There is no such role. Choose one of the list."), field="role")
    return role


def _known_language(language: str) -> str:
    if language not in LANGUAGES:
        raise Invalid("bad_language", _("This language is not offered. Choose one of the list."), field="language")
    return language


def _clean_username(username: str) -> str:
    name = User.normalize_username(username.replace("\x00", ""))
    if not name or len(name) > 254 or len(name.split()) != 1:
        raise Invalid(
            "username_missing",
            _("A sign-in name is an e-mail address or one word, at most 254 characters."),
            field="username",
        )
    return name


def _clean_name(display_name: str) -> str:
    name = " ".join(display_name.replace("\x00", "").split())
    if not name or len(name) > 100:
        raise Invalid(
            "name_missing", _("Say how this person is called, in at most 100 characters."), field="display_name"
        )
    return name
