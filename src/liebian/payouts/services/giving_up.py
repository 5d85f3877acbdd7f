"""Owns: payouts that failed and are not tried again, by one person or by two. Does not own who has to agree, nor the money (`rewards`)."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction

from liebian.core.days import day_of
from liebian.core.errors import Conflict, NotFound
from liebian.core.texts import mark as _
from liebian.payouts.models import Payout
from liebian.payouts.services.steps import move_payout
from liebian.payouts.types import GIVE_UP_WAITS
from liebian.rewards import queries as rewards_seen
from liebian.rewards import services as rewards
from liebian.rewards.types import ReviewView

REASON = "payout_given_up"


def give_up(*, payout_id: int, note: str, actor: int, now: datetime) -> bool:
    """A failed payout is not tried again: the money returns to its budget; where the policy asks for it, only once a second person has
    agreed. Whether it has been given up.

    Writes Payout, PayoutChange, rewards (as `propose_review`). Idempotent. Raises NotFound, Conflict "payout_not_failed", "give_up_waits",
    "give_up_nothing".
    """
    with transaction.atomic():
        row = Payout.objects.select_for_update().filter(pk=payout_id).first()
        if row is None:
            raise NotFound("payout_not_found", _("There is no payout #%(number)s."), number=payout_id)
        earlier = _list_proposals(row.reward_id)
        if (row.state, row.reason) == ("failed", GIVE_UP_WAITS) and not _follow(row, now):
            if (earlier[-1].proposed_by, earlier[-1].note) == (actor, note):
                return False
            raise Conflict("give_up_waits", _("Giving it up waits for a second person already."))
        if row.state == "returned":
            return True
        _check_failed(row)
        review = rewards.propose_review(
            act="give_up", reward_ids=[row.reward_id], reason=REASON, note=note, key=f"give-up:{row.pk}:{len(earlier)}",
            actor=actor, day=day_of(now, settings.TIME_ZONE), now=now,
        )  # fmt: skip
        if review.state == "waiting":
            move_payout(row, "failed", now=now, reason=GIVE_UP_WAITS, note=note, actor=actor)
            return False
        if not _is_done(review):
            raise Conflict(
                "give_up_nothing", _("The reward of this payout has ended already. There is nothing to give up.")
            )
        move_payout(row, "returned", now=now, reason=REASON, note=note, actor=actor)
    return True


def follow_given_up(*, now: datetime) -> int:
    """What a second person answered to giving up payouts reaches them; how many it reached. Writes Payout, PayoutChange. Idempotent."""
    waiting = Payout.objects.filter(state="failed", reason=GIVE_UP_WAITS).order_by("id")
    n_reached = 0
    for payout_id in list(waiting.values_list("id", flat=True)):
        with transaction.atomic():
            row = Payout.objects.select_for_update().filter(pk=payout_id, state="failed", reason=GIVE_UP_WAITS).first()
            n_reached += row is not None and _follow(row, now)
    return n_reached


def _follow(row: Payout, now: datetime) -> bool:
    """Whether there is an answer by now."""
    review = _list_proposals(row.reward_id)[-1]
    if review.state == "waiting":
        return False
    if _is_done(rewards_seen.get_review(review.id)):
        move_payout(row, "returned", now=now, reason=REASON, note=review.note, actor=review.proposed_by)
    else:
        note, actor = review.decision_note, review.decided_by
        move_payout(row, "failed", now=now, reason="give_up_declined", note=note, actor=actor)
    return True


def _list_proposals(reward_id: int) -> list[ReviewView]:
    """What people proposed about giving up payouts of this reward, oldest first."""
    return [each for each in rewards_seen.list_reviews_of(reward_id) if each.act == "give_up"]


def _is_done(review: ReviewView) -> bool:
    """One or two persons did it, and the reward had not moved on."""
    return review.state in ("done", "agreed") and [item.outcome for item in review.items] == ["done"]


def _check_failed(row: Payout) -> None:
    newer = Payout.objects.filter(reward_id=row.reward_id, pk__gt=row.pk).exclude(state="cancelled")
    if row.state != "failed" or newer.exists():
        raise Conflict("payout_not_failed", _("Only a payout that failed, and was not sent again, can be given up."))
