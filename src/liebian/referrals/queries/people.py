"""Lists of people behind every number of a programme, the best inviters, and the invitation tree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

from django.db.models import Count, Max, Q, QuerySet

from liebian.core.errors import NotFound
from liebian.core.texts import mark as _
from liebian.referrals.models import Participation, Qualification, Referral, ReferralDecision, Touch
from liebian.referrals.types import REFERRER, Inviter, PersonRow, TreeNode
from liebian.rewards import queries as rewards
from liebian.rewards.types import FunnelStep

BOUND = ("bound", "qualified", "reversed")
STEPS = (
    "invited", "viewed", "shared", "opened", "signed_up", "ordered", "qualified", "rewarded", "held", "refused", "reversed",
    "holdout", "unpaid",
)  # fmt: skip
Row = TypeVar("Row", Participation, Referral)


def list_people(
    programme_id: int, step: str, *, as_of: datetime, after: int | None = None, limit: int = 50
) -> list[PersonRow]:
    """People in one step, newest first; `after` is the key of the last row seen. Raises NotFound for an unknown step."""
    if step not in STEPS:
        raise NotFound("step_not_found", _("There is no step called '%(step)s'."), step=step)
    if step in ("invited", "holdout", "viewed", "shared"):
        return [_participant(row) for row in _page(_participants(programme_id, step, as_of), after, limit)]
    if step == "opened":
        return _openers(programme_id, as_of, after, limit)
    return [_friend(row) for row in _page(_friends(programme_id, step, as_of), after, limit)]


def count_people(programme_id: int, step: str, *, as_of: datetime) -> int:
    """How many are in the step: always the length of the whole list."""
    if step in ("invited", "holdout", "viewed", "shared"):
        return _participants(programme_id, step, as_of).count()
    if step == "opened":
        return _opened(programme_id, as_of).values("customer_id").distinct().count()
    return _friends(programme_id, step, as_of).count()


def _page(rows: QuerySet[Row], after: int | None, limit: int) -> QuerySet[Row]:
    rows = rows.order_by("-pk")
    return (rows if after is None else rows.filter(pk__lt=after))[:limit]


def _participants(programme_id: int, step: str, as_of: datetime) -> QuerySet[Participation]:
    rows = Participation.objects.filter(programme_id=programme_id, drawn_at__lt=as_of)
    if step == "holdout":
        return rows.filter(arm="holdout")
    rows = rows.filter(arm="treated")
    if step == "invited":
        return rows
    kinds = ["viewed"] if step == "viewed" else ["shared", "opened"]
    touched = Touch.objects.filter(programme_id=programme_id, kind__in=kinds, at__lt=as_of).values("participation_id")
    if step == "viewed":
        return rows.filter(pk__in=touched)
    brought = Referral.objects.filter(programme_id=programme_id, state__in=BOUND, bound_at__lt=as_of).values(
        "referrer_id"
    )
    return rows.filter(Q(pk__in=touched) | Q(customer_id__in=brought))


def _opened(programme_id: int, as_of: datetime) -> QuerySet[Touch]:
    return Touch.objects.filter(programme_id=programme_id, kind="opened", at__lt=as_of)


def _openers(programme_id: int, as_of: datetime, after: int | None, limit: int) -> list[PersonRow]:
    rows = (
        _opened(programme_id, as_of)
        .values("customer_id")
        .annotate(key=Max("event_id"), last=Max("at"), n=Count("event_id"))
    )
    if after is not None:
        rows = rows.filter(key__lt=after)
    return [PersonRow(r["key"], r["customer_id"], r["last"], count=r["n"]) for r in rows.order_by("-key")[:limit]]


def _friends(programme_id: int, step: str, as_of: datetime) -> QuerySet[Referral]:
    rows = Referral.objects.filter(programme_id=programme_id, bound_at__lt=as_of)
    if step == "signed_up":
        return rows.filter(state__in=BOUND)
    if step in ("refused", "reversed"):
        return rows.filter(state=step)
    judged = Qualification.objects.filter(programme_id=programme_id, at__lt=as_of)
    if step == "ordered":
        return rows.filter(state__in=BOUND, pk__in=judged.values("referral_id"))
    good = judged.filter(outcome="qualified")
    if step == "qualified":
        return rows.filter(state="qualified", pk__in=good.values("referral_id"))
    decided = ReferralDecision.objects.filter(qualification__in=good, role=REFERRER)
    if step == "unpaid":
        lost = decided.filter(qualification__referral__state="qualified", reward_id__in=_rewards(decided, "unpaid"))
        decided = decided.filter(Q(outcome="refused") | Q(pk__in=lost.values("pk")))
    else:
        decided = decided.filter(reward_id__in=_rewards(decided, "rewarded" if step == "rewarded" else "held"))
    return rows.filter(pk__in=decided.values("qualification__referral_id"))


def _rewards(decided: QuerySet[ReferralDecision], step: FunnelStep) -> list[int]:
    ids = [each for each in decided.values_list("reward_id", flat=True) if each is not None]
    return [reward.id for reward in rewards.list_rewards(ids=ids) if reward.step == step]


def _participant(row: Participation) -> PersonRow:
    return PersonRow(row.pk, row.customer_id, row.drawn_at, state=row.arm)


def _friend(row: Referral) -> PersonRow:
    return PersonRow(row.pk, row.referee_id, row.bound_at, other_id=row.referrer_id, state=row.state, reason=row.reason)


def list_top_inviters(programme_id: int, *, as_of: datetime, limit: int = 10) -> list[Inviter]:
    """Participants who brought most friends whose order counts; ties by sign-ups, then by who took part first."""
    rows = (
        Referral.objects.filter(programme_id=programme_id, state__in=BOUND, bound_at__lt=as_of)
        .values("referrer_id", "code")
        .annotate(n=Count("id"), good=Count("id", filter=Q(state="qualified")))
        .order_by("-good", "-n", "referrer_id")
    )
    return [Inviter(row["referrer_id"], row["code"], row["n"], row["good"]) for row in rows[:limit]]


def list_edges(programme_id: int, *, as_of: datetime) -> list[tuple[int, int, str, datetime]]:
    """(friend, inviter, state, when bound) of everybody who was bound."""
    rows = Referral.objects.filter(programme_id=programme_id, state__in=BOUND, bound_at__lt=as_of).order_by("id")
    return list(rows.values_list("referee_id", "referrer_id", "state", "bound_at"))


def list_tree(edges: Iterable[tuple[int, int, str, datetime]], root: int, *, depth: int = 4) -> TreeNode:
    """The tree under one inviter, from edges of one reading."""
    below: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for friend, inviter, state, _code in edges:
        below[inviter].append((friend, state))

    def grow(person: int, state: str, left: int) -> TreeNode:
        kids = below[person] if left else []
        return TreeNode(person, state, tuple(grow(friend, friend_state, left - 1) for friend, friend_state in kids))

    return grow(root, "qualified", depth)
