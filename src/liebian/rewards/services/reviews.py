"""Acts of people on rewards, alone or agreed by a second person. Who may act is decided at the edge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import F

from liebian.access.services import audit
from liebian.core.errors import Conflict, NotFound
from liebian.core.texts import mark as _
from liebian.rewards.models import Review, ReviewItem, ReviewPolicy, Reward
from liebian.rewards.queries.alone import why_rewards_wait
from liebian.rewards.queries.reviews import get_review
from liebian.rewards.rules import BudgetAccounts, check_policy, check_review, fits
from liebian.rewards.services.budget_acts import BUDGET_ACTS, carry_out_budget_act
from liebian.rewards.services.gifts.again import send_again
from liebian.rewards.services.issuing import return_unissued
from liebian.rewards.services.life import Step, lock_budgets, move_rewards, post_all
from liebian.rewards.services.points_reviews import carry_out_proposal
from liebian.rewards.services.refunds import claw_back_rewards
from liebian.rewards.services.releases import release_rewards
from liebian.rewards.services.review_steps import close_review, let_wait, line_up, rehearse
from liebian.rewards.services.stock import draft_end
from liebian.rewards.types import MOST_REWARDS, PAYABLE, Act, PolicyView, ReviewView

_TO = {"approve": "approved", "hold": "held", "reject": "rejected", "resend": "issuing"}


def set_review_policy(*, policy: PolicyView, actor: int, now: datetime) -> None:
    """Say when a second person has to agree. Writes ReviewPolicy and the audit trail. Idempotent. Raises Invalid."""
    check_policy(policy)
    with transaction.atomic():
        ReviewPolicy.objects.update_or_create(
            pk=1,
            defaults={
                "mode": policy.mode,
                "currency": policy.currency,
                "from_minor": policy.from_minor,
                "from_points": policy.from_points,
                "changed_at": now,
            },
        )
        details = {
            "mode": policy.mode,
            "currency": policy.currency,
            "from_minor": policy.from_minor,
            "from_points": policy.from_points,
        }
        audit.record_audit(actor_id=actor, action="reward_review_policy", subject="rewards", details=details, now=now)


def propose_review(
    *, act: Act, reward_ids: Sequence[int], reason: str, note: str, key: str, actor: int, day: date, now: datetime
) -> ReviewView:
    """Approve, hold, reject, take back or send again rewards; where the policy asks for it, only once a second person has agreed.

    What one person did alone within a day counts with it, and what was done alone for the same customer.

    approve: a reward waits for nothing but its day, and is released when that has come by `day`. hold: it stays until somebody
    approves it. reject: its money returns to the budget. claw_back: as a refund of everything. resend: a gift that was
    lost or came back is packed and paid once more. give_up: what could not be paid returns to its budget. Rewards that have moved on
    meanwhile are left alone and said so in the review's items.
    Writes Review, ReviewItem, what the act itself writes, audit. Idempotent by `key`. Raises Invalid, NotFound "reward_not_found",
    Conflict "idempotency_mismatch", Conflict "resend_short".
    """
    ids = sorted(set(reward_ids))
    check_review(act, reason, note, len(ids), MOST_REWARDS)
    with transaction.atomic():
        line_up()
        _check_known(ids)
        review, is_new = Review.objects.get_or_create(
            idempotency_key=key,
            defaults={
                "act": act,
                "reason": reason,
                "note": note,
                "state": "waiting",
                "n_rewards": len(ids),
                "proposed_by": actor,
                "proposed_at": now,
            },
        )
        if not is_new:
            _check_same(review, act, reason, ids)
            return get_review(review.pk)
        ReviewItem.objects.bulk_create(ReviewItem(review=review, reward_id=reward_id) for reward_id in ids)
        why = why_rewards_wait(act=act, reward_ids=ids, actor=actor, at=now)
        if why:
            # Nobody is asked to agree to what cannot be done.
            rehearse(lambda: _take(Review.objects.get(pk=review.pk), "done", actor, "", day, now))
            let_wait(review, why, now)
        else:
            _take(review, "done", actor, "", day, now)
    return get_review(review.pk)


def decide_review(*, review_id: int, agree: bool, note: str, actor: int, day: date, now: datetime) -> ReviewView:
    """A second person agrees, and the act is taken, or declines; whoever proposed it can only withdraw it.

    Writes Review, ReviewItem, what the act itself writes, audit. Idempotent: the same answer by the same person again changes
    nothing. Raises NotFound, Conflict "same_person", Conflict "review_decided", Conflict "points_short", Conflict
    "points_stay", Conflict "customer_erased", Conflict "budget_closed", Conflict
    "budget_short", Conflict "resend_short".
    """
    with transaction.atomic():
        review = Review.objects.select_for_update().filter(pk=review_id).first()
        if review is None:
            return get_review(review_id)
        own = review.proposed_by == actor
        if agree and own:
            raise Conflict("same_person", _("Somebody else has to agree: whoever proposed it cannot."))
        state = "agreed" if agree else "withdrawn" if own else "declined"
        if review.state != "waiting":
            if (review.state, review.decided_by) == (state, actor):
                return get_review(review_id)
            raise Conflict("review_decided", _("This was decided meanwhile. Nothing was changed; open it again."))
        if agree and review.act in _ACTS:
            _take(review, state, actor, note, day, now)
            return get_review(review_id)
        if agree:
            (carry_out_budget_act if review.act in BUDGET_ACTS else carry_out_proposal)(review, now)
        close_review(review, state, actor, note, now)
    return get_review(review_id)


def _check_known(ids: Sequence[int]) -> None:
    known = set(Reward.objects.filter(pk__in=ids).values_list("id", flat=True))
    for reward_id in ids:
        if reward_id not in known:
            raise NotFound("reward_not_found", _("There is no reward #%(number)s."), number=reward_id)


def _check_same(review: Review, act: str, reason: str, ids: Sequence[int]) -> None:
    same = list(review.items.order_by("reward_id").values_list("reward_id", flat=True)) == list(ids)
    if (review.act, review.reason) != (act, reason) or not same:
        raise Conflict(
            "idempotency_mismatch",
            _("This was already sent once for other rewards. Nothing was changed; open the page again and start over."),
        )


@dataclass(frozen=True, slots=True)
class _Acting:
    review: Review
    rows: Sequence[Reward]
    budgets: dict[int, BudgetAccounts]
    day: date
    now: datetime


def _take(review: Review, state: str, actor: int, note: str, day: date, now: datetime) -> None:
    ids = list(review.items.values_list("reward_id", flat=True))
    found = Reward.objects.filter(pk__in=ids)
    budgets = lock_budgets(found.values_list("budget_id", flat=True))
    act: Act = review.act  # type: ignore[assignment]
    rows = [
        row
        for row in found.select_related("offer").order_by("id")
        if fits(
            act,
            row.state,
            is_on_hold=row.is_on_hold,
            reason=row.reason,
            is_refunded=row.claw_target > row.clawed_amount,
        )
    ]
    _ACTS[act](_Acting(review, rows, budgets, day, now))
    done = [row.pk for row in rows]
    review.items.filter(reward_id__in=done).update(outcome="done")
    if act == "claw_back":
        later = Reward.objects.filter(pk__in=done, state__in=PAYABLE, claw_target__gt=F("clawed_amount"))
        review.items.filter(reward_id__in=later.values("pk")).update(outcome="on_arrival")
    review.items.filter(outcome="").update(outcome="moved_on")
    close_review(review, state, actor, note, now)


def _approve(acting: _Acting) -> None:
    _move(acting)
    release_rewards(reward_ids=[row.pk for row in acting.rows], day=acting.day, now=acting.now)


def _hold(acting: _Acting) -> None:
    _move(acting)


def _reject(acting: _Acting) -> None:
    budgets, reason, now = acting.budgets, acting.review.reason, acting.now
    drafts = [draft_end(row, budgets[row.budget_id], key="reject", reason=reason, now=now) for row in acting.rows]
    post_all(drafts, budgets, now)
    _move(acting)


def _claw_back(acting: _Acting) -> None:
    review = acting.review
    claw_back_rewards(
        targets={row.pk: row.amount for row in acting.rows},
        reason=review.reason,
        at=acting.now,
        now=acting.now,
        actor=review.proposed_by,
        note=review.note,
    )


def _resend(acting: _Acting) -> None:
    review = acting.review
    send_again(
        rewards=acting.rows, budgets=acting.budgets, reason=review.reason, actor=review.proposed_by, now=acting.now
    )
    _move(acting)


def _move(acting: _Acting) -> None:
    review = acting.review
    steps = [
        Step(
            row,
            _TO[review.act],
            reason=review.reason,
            amount=row.amount - row.clawed_amount,
            minor=row.cost_minor - row.clawed_minor,
            by_hand=True,
            on_hold=review.act == "hold",
            actor=review.proposed_by,
            note=review.note,
        )
        for row in acting.rows
    ]
    move_rewards(steps, at=acting.now)


def _give_up(acting: _Acting) -> None:
    return_unissued(
        reward_ids=[row.pk for row in acting.rows],
        reason=acting.review.reason,
        at=acting.now,
        now=acting.now,
        actor=acting.review.proposed_by,
    )


_ACTS = {
    "approve": _approve,
    "hold": _hold,
    "reject": _reject,
    "claw_back": _claw_back,
    "resend": _resend,
    "give_up": _give_up,
}
