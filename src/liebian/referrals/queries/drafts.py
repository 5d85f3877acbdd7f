"""Drafts read as a whole: whom they would invite, what they would cost, what is missing."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from liebian.core.days import day_of
from liebian.core.money import format_minor
from liebian.referrals.rules import publishing_checks
from liebian.referrals.types import FRIEND, REFERRER, Finding, ProgrammeView
from liebian.rewards import queries as rewards
from liebian.rewards.types import OfferDraft, OfferView
from liebian.segments import queries as segments


def list_targets(segment_id: int | None, *, now: datetime, zone: str) -> list[int]:
    """Ids of the people in the target now, ascending; nobody while none is chosen."""
    if segment_id is None:
        return []
    tomorrow = day_of(now, zone) + timedelta(days=1)  # the day is exclusive, and today counts
    return sorted(int(each) for each in segments.list_members(segment_id, tomorrow))


def list_target_choices(*, now: datetime, zone: str) -> list[tuple[int, str, int]]:
    """(segment, its name, how many are in it now), newest first."""
    sizes = segments.count_segments(day_of(now, zone) + timedelta(days=1))
    return [(each.id, each.name, sizes.get(each.id, 0)) for each in segments.list_segments()]


def check_draft(programme: ProgrammeView, *, people: int, today: date) -> list[Finding]:
    """All publishing checks of a draft."""
    return publishing_checks(programme.draft, fundable_minor=fundable(programme), people=people, today=today)


def list_other_offers(currency: str) -> list[OfferView]:
    """Gifts and privileges that a programme in this currency can give, the newest first."""
    kinds = ("gift", "code", "privilege")
    return [each for each in rewards.list_offers() if each.kind in kinds and each.currency == currency][::-1]


def fundable(programme: ProgrammeView) -> int:
    """What the budget will hold when the programme is published, in minor units."""
    draft = programme.draft
    if draft.get("budget_id"):
        return rewards.get_budget(int(draft["budget_id"])).available
    return int(draft.get("budget_minor") or 0)


def offers_of(programme: ProgrammeView) -> tuple[OfferDraft, OfferDraft]:
    """The terms of both sides' rewards, as the draft has them."""
    return _offer(programme, REFERRER), _offer(programme, FRIEND)


def _offer(programme: ProgrammeView, role: str) -> OfferDraft:
    draft: dict[str, Any] = {
        key.removeprefix(f"{role}_"): value for key, value in programme.draft.items() if key.startswith(f"{role}_")
    }
    if draft.get("kind") == "points":
        return OfferDraft(
            kind="points", name=f"{draft['points']} points", currency=programme.currency, cost_minor=int(draft["cost_minor"]),
            points=int(draft["points"]),
        )  # fmt: skip
    if draft.get("kind") == "other":
        return rewards.get_offer(int(draft["offer_id"])).as_draft()
    return OfferDraft(
        kind="coupon", name=_coupon_name(draft, programme.currency), currency=programme.currency,
        cost_minor=int(draft["cost_minor"]), face_minor=int(draft["face_minor"]),
        threshold_minor=int(draft.get("threshold_minor") or 0), valid_days=int(draft.get("valid_days") or 30),
    )  # fmt: skip


def _coupon_name(draft: dict[str, Any], currency: str) -> str:
    face, threshold = int(draft["face_minor"]), int(draft.get("threshold_minor") or 0)
    name = f"{format_minor(face, currency)} coupon"
    return f"{name} from {format_minor(threshold, currency)}" if threshold else name
