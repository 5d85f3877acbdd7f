"""What all payout services share: moving payouts from state to state with a trace."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from liebian.payouts.models import Payout, PayoutChange
from liebian.payouts.rules import check_payout_transition

ENDED = frozenset({"paid", "failed", "cancelled", "returned"})


def move_payout(
    row: Payout, to: str, *, now: datetime, reason: str = "", note: str = "", actor: int | None = None, **fields: Any
) -> None:
    """One step of a row that the caller has locked. Writes Payout and PayoutChange; a payee is kept only while it is needed."""
    check_payout_transition(row.state, to)
    if row.state != to or row.reason != reason or note:
        PayoutChange.objects.create(
            payout=row, from_state=row.state, to_state=to, reason=reason, note=note[:500], actor=actor, at=now
        )
    fields |= {"state": to, "reason": reason, "changed_at": now}
    if to in ENDED:
        fields |= {"payee": b"", "not_before": None, "package": ""}
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(update_fields=list(fields))


def cancel_unsent(rows: Sequence[Payout], reason: str, *, now: datetime, actor: int | None = None) -> None:
    """These payouts, locked by the caller and never sent, will not be."""
    for row in rows:
        move_payout(row, "cancelled", now=now, reason=reason, actor=actor)
