"""Which terms of a reward make sense. Plain Python."""

from __future__ import annotations

from datetime import date

from liebian.core.errors import Invalid
from liebian.core.texts import mark as _
from liebian.rewards.rules.coupon_terms import check_coupon
from liebian.rewards.rules.points import asset_of_points, check_asset
from liebian.rewards.rules.privileges import check_privilege
from liebian.rewards.rules.taxes import gross_of
from liebian.rewards.types import MONEY, OfferDraft


def check_offer(draft: OfferDraft, *, on: date) -> None:
    """Raises Invalid when the terms make no sense for their kind, by the law of that day."""
    amounts = (draft.cost_minor, draft.points, draft.face_minor, draft.threshold_minor, draft.valid_days)
    if min(amounts) < 0 or draft.cost_minor <= 0:
        raise Invalid("offer_amount", _("A reward costs more than zero, and none of its figures is negative."))
    if draft.kind == "points" and draft.points <= 0:
        raise Invalid("offer_points", _("Say how many points the reward gives: at least 1."))
    if draft.points_programme:
        _check_programme(draft)
    if draft.kind == "coupon":
        check_coupon(draft)
    if draft.kind in MONEY:
        _check_money(draft, on)
    if draft.kind == "privilege":
        check_privilege(draft)


def _check_programme(draft: OfferDraft) -> None:
    if draft.kind != "points":
        raise Invalid("offer_programme", _("Only points belong to a programme of points."))
    check_asset(asset_of_points(draft.points_programme))


def _check_money(draft: OfferDraft, on: date) -> None:
    if draft.face_minor <= 0:
        raise Invalid("offer_face", _("Say how much money the reward is: more than zero."))
    if draft.kind == "red_packet" and draft.currency == "CNY" and not 100 <= draft.face_minor <= 20_000:
        raise Invalid("offer_red_packet", _("A red packet holds between ¥1 and ¥200."))
    if draft.cost_minor != gross_of(draft.tax, draft.face_minor, on=on):
        raise Invalid("offer_cost", _("A reward of money costs its sum, and the tax where that is paid on top."))
