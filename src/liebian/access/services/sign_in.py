"""Checks a user name and password, and slows down guessing."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth import authenticate
from django.db import transaction

from liebian.access import rules
from liebian.access.models import SignInWindow, User
from liebian.access.services.audit import record_audit
from liebian.core.crypto import index_of
from liebian.core.errors import Invalid
from liebian.core.texts import mark as _

_WARN_FROM = 3


def sign_in(*, username: str, password: str, address: str, now: datetime) -> User:
    """The user whose name and password these are, ready for a session.

    Every attempt is counted before the password is looked at, so parallel guesses do not get more than serial ones.
    Writes the attempt, forgets the attempts on success, and an audit entry when an account is locked.
    Raises Invalid "wrong_credentials" (the same for an unknown name, a wrong password and a closed account) or
    Invalid "too_many_attempts".
    """
    account = User.normalize_username(username.replace("\x00", ""))
    key = index_of("sign-in", f"{account}\x1f{address}")
    attempts = _claim_attempt(key, now)
    user = authenticate(username=account, password=password)
    if isinstance(user, User):
        SignInWindow.objects.filter(key=key).delete()
        return user
    if attempts.left == 0:
        _record_lock(account, now)
        raise _locked(attempts, now)
    raise _wrong(attempts.left)


def _claim_attempt(key: bytes, now: datetime) -> rules.Attempts:
    with transaction.atomic():
        SignInWindow.objects.filter(started_at__lte=now - rules.WINDOW).exclude(key=key).delete()
        SignInWindow.objects.get_or_create(key=key, defaults={"started_at": now})
        row = SignInWindow.objects.select_for_update().get(key=key)
        attempts = rules.Attempts(row.started_at, row.attempts).at(now)
        if attempts.left == 0:
            raise _locked(attempts, now)
        attempts = attempts.another()
        SignInWindow.objects.filter(key=key).update(started_at=attempts.started_at, attempts=attempts.count)
    return attempts


def _record_lock(account: str, now: datetime) -> None:
    user = User.objects.filter(username=account).first()
    if user is not None:
        record_audit(actor_id=None, action="user.sign_in_locked", subject=f"user:{user.pk}", now=now)


def _wrong(left: int) -> Invalid:
    if left > _WARN_FROM:
        return Invalid("wrong_credentials", _("The name or the password is not right."), attempts_left=left)
    if left == 1:
        return Invalid(
            "wrong_credentials",
            _("The name or the password is not right. One more wrong attempt closes this door for 15 minutes."),
            attempts_left=left,
        )
    return Invalid(
        "wrong_credentials",
        _(
            "The name or the password is not right. "
            "%(attempts_left)s more wrong attempts close this door for 15 minutes."
        ),
        attempts_left=left,
    )


def _locked(attempts: rules.Attempts, now: datetime) -> Invalid:
    minutes = attempts.minutes_to_wait(now)
    if minutes == 1:
        return Invalid(
            "too_many_attempts",
            _("Too many wrong attempts. Try again in a minute, or ask an administrator for a new password."),
            minutes=minutes,
        )
    return Invalid(
        "too_many_attempts",
        _("Too many wrong attempts. Try again in %(minutes)s minutes, or ask an administrator for a new password."),
        minutes=minutes,
    )
