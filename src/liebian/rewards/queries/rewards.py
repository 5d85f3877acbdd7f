"""Rewards, refusals and their histories."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Count, F, QuerySet, Sum

from liebian.core.columns import select_after, select_in
from liebian.core.errors import NotFound
from liebian.core.texts import mark as _
from liebian.rewards.models import Parcel, Reward, RewardChange
from liebian.rewards.queries.views import view_changes, view_reward
from liebian.rewards.types import (
    CHECKS,
    MONEY,
    NOT_DECIDED,
    PACKING,
    REASONS,
    RESERVED,
    WITHOUT_COST,
    ReasonText,
    RewardChangeView,
    RewardView,
)


def get_reward(reward_id: int) -> RewardView:
    found = list_rewards(ids=[reward_id])
    if not found:
        raise NotFound("reward_not_found", _("There is no reward #%(number)s."), number=reward_id)
    return found[0]


def list_rewards(
    *,
    ids: Sequence[int] | None = None,
    customer_id: int | None = None,
    programme_id: int | None = None,
    qualifications: Sequence[str] | None = None,
    state: str = "",
    is_on_hold: bool | None = None,
    cause: str = "",
    reason: str = "",
    kinds: Sequence[str] = (),
    before: int | None = None,
    limit: int = 100,
) -> list[RewardView]:
    """Rewards and refusals, newest first, at most `limit` (all, when `ids` or `qualifications` name them)."""
    rows = Reward.objects.select_related("offer").order_by("-id")
    if ids is not None:
        rows = rows.filter(pk__in=ids)
    if qualifications is not None:
        rows = rows.filter(qualification__in=qualifications)
    if kinds:
        rows = rows.filter(offer__kind__in=kinds)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    rows = _matching(
        rows, customer_id=customer_id, programme_id=programme_id, state=state, is_on_hold=is_on_hold, reason=reason,
        qualification=cause,
    )  # fmt: skip
    named = ids is not None or qualifications is not None
    return [view_reward(row) for row in (rows if named else rows[:limit])]


def find_reward_ids(
    *,
    customer_id: int | None,
    programme_id: int | None,
    state: str,
    is_on_hold: bool | None,
    cause: str,
    reason: str,
    limit: int,
) -> list[int]:
    """The oldest that match, for acts on all of them."""
    rows = _matching(
        Reward.objects.order_by("id"), customer_id=customer_id, programme_id=programme_id, state=state,
        is_on_hold=is_on_hold, reason=reason, qualification=cause,
    )  # fmt: skip
    return list(rows.values_list("id", flat=True)[:limit])


def _matching(rows: QuerySet[Reward], **exact: object) -> QuerySet[Reward]:
    """Those where every column that is asked for has this value."""
    return rows.filter(**{name: value for name, value in exact.items() if value not in (None, "")})


def list_reward_ids(
    *,
    kinds: Sequence[str],
    states: Sequence[str],
    customer_ids: Sequence[int] | None = None,
    since: datetime | None = None,
) -> set[int]:
    """Every reward of these kinds of offers that is in one of these states, at least since then, of everybody or of these customers."""
    rows = Reward.objects.filter(offer__kind__in=kinds, state__in=states)
    if since is not None:
        rows = rows.filter(changed_at__lte=since)
    if customer_ids is not None:
        rows = rows.filter(customer_id__in=customer_ids)
    return set(rows.values_list("id", flat=True))


def list_expecting(customer_ids: Sequence[int]) -> list[int]:
    """Who of these customers has something coming that nobody has handed over yet, or a gift's address with us."""
    waiting = Reward.objects.filter(customer_id__in=customer_ids, state__in=RESERVED)
    own = Parcel.objects.filter(customer_id__in=customer_ids)
    parcels = own.filter(address__isnull=False) | own.filter(state__in=PACKING, reward__state="issuing")
    found = {*waiting.values_list("customer_id", flat=True), *parcels.values_list("customer_id", flat=True)}
    return sorted(found)


def map_owners(reward_ids: Iterable[int]) -> dict[int, int]:
    """Whose each of these rewards is."""
    return dict(select_in(Reward, ("id", "customer_id"), "id", list(reward_ids)))


def list_owners(reward_ids: Iterable[int]) -> set[int]:
    """Whose these rewards are."""
    return set(Reward.objects.filter(pk__in=list(reward_ids)).values_list("customer_id", flat=True))


def sum_money(customer_ids: Sequence[int]) -> dict[tuple[str, str], int]:
    """By (currency, state): what rewards of money of these customers come to, less what was taken back."""
    rows = Reward.objects.filter(customer_id__in=customer_ids, offer__kind__in=MONEY)
    kept = rows.values_list("offer__currency", "state").annotate(n=Sum(F("cost_minor") - F("clawed_minor")))
    return {(currency, state): minor for currency, state, minor in kept.order_by()}


def count_rewards_by_state() -> dict[tuple[str, bool], int]:
    """How many rewards there are in each state, parted by whether somebody put them on hold."""
    rows = Reward.objects.values_list("state", "is_on_hold").annotate(n=Count("id"))
    return {(state, is_on_hold): n for state, is_on_hold, n in rows}


def list_reward_changes(reward_id: int) -> list[RewardChangeView]:
    return view_changes(RewardChange.objects.filter(reward_id=reward_id).order_by("id"))


def list_reward_changes_after(position: int, limit: int) -> list[RewardChangeView]:
    """The log of all changes by id, for readers with a cursor. A granted or refused reward is its first change."""
    return view_changes(RewardChange.objects.filter(pk__gt=position).order_by("id")[:limit])


def has_reward_changes_behind(cursor: str) -> bool:
    """Whether the reader of that cursor has something to read: asked in every step of a stage, mostly in vain."""
    return bool(select_after(RewardChange, ["id"], "id", cursor, limit=1))


def count_rewards_by_person(
    *, programme_id: int, customer_ids: Sequence[int], role: str, granted_from: datetime | None = None
) -> dict[int, int]:
    """Granted rewards (not refused, not taken back) per person in a role: what caps are held against."""
    rows = Reward.objects.filter(programme_id=programme_id, customer_id__in=customer_ids, role=role)
    rows = rows.exclude(state__in=[*(WITHOUT_COST - {"expired"}), "clawed_back"]).exclude(reason=NOT_DECIDED)
    if granted_from is not None:
        rows = rows.filter(created_at__gte=granted_from)
    return dict(rows.values_list("customer_id").annotate(n=Count("id")))


def get_reason(code: str) -> ReasonText:
    """English texts of a reason; an unknown code speaks for itself."""
    return REASONS.get(code) or ReasonText(code, code)


def get_check(code: str) -> str:
    """In English, what a passed check found; an unknown code speaks for itself."""
    return CHECKS.get(code, code)
