"""Calls to a provider, held to what it allows a minute: over all rounds and workers, because they are counted in the database."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from liebian.payouts.models import Account, Pace
from liebian.payouts.rules import take_calls


def claim_calls(account: Account, *, now: datetime, n: int = 1) -> bool:
    """Whether `n` calls may be made now; then they are counted, in a transaction of their own before the call.

    Writes Pace. Calls count for the moment at which their round began.
    """
    with transaction.atomic():
        Pace.objects.get_or_create(account=account)
        row = Pace.objects.select_for_update().get(account=account)
        calls = take_calls(row.calls, int(now.timestamp()), account.calls_a_minute, n)
        if calls is None:
            return False
        row.calls = calls
        row.save(update_fields=["calls"])
    return True
