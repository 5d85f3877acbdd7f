"""Drafts read as a whole: whom they would invite, what they would cost, what is missing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from liebian.core.days import day_of
from liebian.core.texts import mark as _
from liebian.referrals.rules import publishing_checks
from liebian.referrals.types import FRIEND, REFERRER, Finding, ProgrammeView
from liebian.rewards import queries as rewards
from liebian.rewards.types import MONEY, OfferDraft, OfferView, coupon_name, points_name
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
    found = publishing_checks(programme.draft, fundable_minor=fundable(programme), people=people, today=today)
    return sorted(
        [*found, *_waiting_money(programme), *_made_coupons(programme)], key=lambda finding: finding.level != "block"
    )


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
    if draft.get("kind") == "made":
        return rewards.get_offer(int(draft["offer_id"])).as_draft()
    if draft.get("kind") == "points":
        return OfferDraft(
            kind="points", name=points_name(int(draft["points"])), currency=programme.currency,
            cost_minor=int(draft["cost_minor"]), points=int(draft["points"]), points_programme=draft.get("points_programme") or "",
        )  # fmt: skip
    face, threshold = int(draft["face_minor"]), int(draft.get("threshold_minor") or 0)
    return OfferDraft(
        kind="coupon", name=coupon_name(face, threshold, programme.currency), currency=programme.currency,
        cost_minor=int(draft["cost_minor"]), face_minor=face, threshold_minor=threshold,
        valid_days=int(draft.get("valid_days") or 30),
    )  # fmt: skip


def list_made_choices(programme: ProgrammeView) -> list[OfferView]:
    """What was made with all its terms and could be a reward of this programme, newest first. Points need no making."""
    offers = [each for each in rewards.list_offers() if each.kind != "points" and each.currency == programme.currency]
    return offers[::-1]


def _waiting_money(programme: ProgrammeView) -> Iterator[Finding]:
    """What a second person has not agreed to yet would go into the budget."""
    waiting = rewards.list_waiting_budget_acts(int(programme.draft.get("budget_id") or 0))
    if any(each.act == "fund" for each in waiting):
        text = _("Money for the budget waits for a second person, under “Decisions” of the rewards.")
        yield Finding("BUDGET_WAITS", "warn", text, {}, "budget")


def _made_coupons(programme: ProgrammeView) -> Iterator[Finding]:
    """Coupons that take their codes from pools need codes, and no coupon may end before it is handed over."""
    for role in (REFERRER, FRIEND):
        if programme.draft.get(f"{role}_kind") != "made" or not programme.draft.get(f"{role}_offer_id"):
            continue
        offer = rewards.get_offer(int(programme.draft[f"{role}_offer_id"]))
        yield _tax(offer)
        if _ends_early(offer, programme):
            text = _("“%(name)s” ends before the last rewards are handed over.")
            yield Finding("COUPON_ENDS_EARLY", "warn", text, {"name": offer.name}, "rewards")
        if offer.kind != "code" and offer.terms.codes != "pool":
            continue
        left = sum(pool.n_left for pool in rewards.list_pools(offer_id=offer.id) if pool.kind == "rewards")
        values = {"name": offer.name, "left": left}
        if left:
            yield Finding("STOCK", "pass", _("%(left)s codes of “%(name)s” are in stock."), values, "rewards")
        else:
            text = _("No code of “%(name)s” is left. Fill its pool first.")
            yield Finding("STOCK_EMPTY", "block", text, values, "rewards")


def _tax(offer: OfferView) -> Finding:
    values = {"name": offer.name}
    if offer.kind not in MONEY:
        return Finding("TAX_WITHHOLD", "pass", _("“%(name)s” is no cash."), values, "rewards")
    if offer.tax == "none":
        text = _("“%(name)s” pays money without tax. Make sure that this is right before you publish.")
        return Finding("TAX_WITHHOLD", "warn", text, values, "rewards")
    return Finding("TAX_WITHHOLD", "pass", _("The tax of “%(name)s” is held back or paid on top."), values, "rewards")


def _ends_early(offer: OfferView, programme: ProgrammeView) -> bool:
    ends_on = programme.draft.get("ends_on")
    if offer.terms.ends_at is None or not ends_on:
        return False
    handed_over = date.fromisoformat(ends_on) + timedelta(days=int(programme.draft.get("hold_days") or 0))
    return day_of(offer.terms.ends_at, programme.zone) < handed_over
