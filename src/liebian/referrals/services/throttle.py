"""Slows down trying: who signs up again and again learns who is a customer."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from liebian.core.crypto import index_of
from liebian.core.errors import Invalid
from liebian.core.texts import mark as _
from liebian.referrals.models import SignUpWindow
from liebian.referrals.rules.throttle import PER_ADDRESS, PER_VISITOR, WINDOW, Attempts, household_of


def claim_sign_up_attempt(*, visitor: str, address: str, now: datetime) -> None:
    """Count an attempt of this visitor from this address; call it before anything about the contact is looked at.

    Writes SignUpWindow and forgets windows that have passed. Attempts that run in parallel are counted one after another.
    Raises Invalid "too_many_attempts" with `minutes`, and counts nothing, when either has had as many as an hour allows.
    """
    limits = {
        index_of("sign-up.visitor", visitor): PER_VISITOR,
        index_of("sign-up.address", household_of(address)): PER_ADDRESS,
    }
    with transaction.atomic():
        windows = _lock(limits, now)
        full = [window for window in windows.values() if window.is_full]
        if full:
            raise _too_many(max(window.minutes_to_wait(now) for window in full))
        for key, window in windows.items():
            counted = window.another()
            SignUpWindow.objects.filter(key=key).update(started_at=counted.started_at, attempts=counted.count)
        _forget(limits, now)


def _lock(limits: dict[bytes, int], now: datetime) -> dict[bytes, Attempts]:
    """Both windows, locked in the order of their keys, so that two attempts never wait for each other."""
    found: dict[bytes, SignUpWindow] = {}
    while len(found) < len(limits):  # a window that was being forgotten is opened anew
        fresh = [SignUpWindow(key=key, started_at=now) for key in sorted(limits)]
        SignUpWindow.objects.bulk_create(fresh, ignore_conflicts=True)
        rows = SignUpWindow.objects.select_for_update().filter(key__in=list(limits)).order_by("key")
        found = {bytes(row.key): row for row in rows}
    return {key: Attempts(row.started_at, row.attempts, limits[key]).at(now) for key, row in found.items()}


def _forget(kept: dict[bytes, int], now: datetime) -> None:
    """What somebody else is just using is left for the next time."""
    passed = SignUpWindow.objects.filter(started_at__lte=now - WINDOW).exclude(key__in=list(kept))
    keys = [bytes(key) for key in passed.select_for_update(skip_locked=True).values_list("key", flat=True)[:1000]]
    SignUpWindow.objects.filter(key__in=keys).delete()


def _too_many(minutes: int) -> Invalid:
    if minutes == 1:
        return Invalid("too_many_attempts", _("Too many attempts. Try again in a minute."), minutes=minutes)
    return Invalid("too_many_attempts", _("Too many attempts. Try again in %(minutes)s minutes."), minutes=minutes)
