"""The outbox: what referrals and their rewards led to goes back to the log as events, after the transaction that decided it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from liebian.core import cursors
from liebian.core.columns import select_after
from liebian.events import services as events
from liebian.referrals.models import Outcome, Programme
from liebian.rewards import queries as rewards
from liebian.rewards.types import RewardChangeView, RewardView

OUTCOMES = "referrals.outcomes"
REWARDS = "referrals.reward_changes"
_LIMIT = 2000


def announce_outcomes() -> int:
    """Tell the log what was decided since. Writes the log and two cursors; idempotent by the cause of each outcome.

    A crash between the two leaves messages that will be sent again and recognised. Returns how many were sent.
    """
    waiting = select_after(Outcome, ["id"], "id", OUTCOMES, limit=1)  # asked in every step, mostly in vain
    told = _announce(OUTCOMES, _own) if waiting else 0
    return told + (_announce(REWARDS, _of_rewards) if rewards.has_reward_changes_behind(REWARDS) else 0)


def _announce(cursor: str, read: Callable[[int], tuple[list[dict[str, Any]], int]]) -> int:
    start = cursors.position_of(cursor)
    messages, upto = read(start)
    if upto <= start:
        return 0
    if messages:
        events.record_outcomes(messages)
    with transaction.atomic(), cursors.reading(cursor) as reading:
        reading.position = max(reading.position, upto)
    return len(messages)


def _own(position: int) -> tuple[list[dict[str, Any]], int]:
    rows = list(Outcome.objects.filter(pk__gt=position).order_by("pk")[:_LIMIT])
    if not rows:
        return [], position
    names = _programme_names({row.programme_id for row in rows if row.programme_id})
    messages = [
        _message(
            row.name,
            row.cause,
            row.customer_id,
            row.at,
            {**row.properties, "programme": names.get(row.programme_id or 0, "")},
        )
        for row in rows
    ]
    return messages, rows[-1].pk


def _of_rewards(position: int) -> tuple[list[dict[str, Any]], int]:
    changes = rewards.list_reward_changes_after(position, _LIMIT)
    if not changes:
        return [], position
    known = {reward.id: reward for reward in rewards.list_rewards(ids=[change.reward_id for change in changes])}
    names = _programme_names({reward.programme_id for reward in known.values() if reward.programme_id})
    told = [change for change in changes if change.event]
    messages = [_reward_message(change, known[change.reward_id], names) for change in told]
    return messages, changes[-1].id


def _programme_names(ids_: set[int]) -> dict[int, str]:
    return dict(Programme.objects.filter(pk__in=ids_).values_list("id", "name"))


def _reward_message(change: RewardChangeView, reward: RewardView, names: dict[int, str]) -> dict[str, Any]:
    cause = (
        "reward",
        reward.qualification,
        reward.rule,
        reward.role,
        change.to_state,
        change.amount,
        change.at.isoformat(),
    )
    properties = {
        "programme_id": reward.programme_id, "programme": names.get(reward.programme_id or 0, ""), "role": reward.role, "kind": reward.offer.kind, "reward": reward.offer.name,
        "face_minor": reward.offer.face_minor,
        "amount": change.amount, "cost_minor": change.minor, "currency": reward.offer.currency, "reason": change.reason,
        "state": change.to_state, "hold_until": reward.hold_until.isoformat(),
    }  # fmt: skip
    return _message(change.event, "\x1f".join(map(str, cause)), reward.customer_id, change.at, properties)


def _message(name: str, cause: str, customer_id: int, at: datetime, properties: dict[str, Any]) -> dict[str, Any]:
    return {"event": name, "cause": (cause,), "customer_id": customer_id, "at": at, "properties": properties}
