"""Which terms of a reward make sense. Plain Python."""

from __future__ import annotations

from liebian.core.errors import Invalid
from liebian.core.texts import mark as _
from liebian.rewards.rules.coupon_terms import check_coupon
from liebian.rewards.rules.privileges import check_privilege
from liebian.rewards.types import OfferDraft


def check_offer(draft: OfferDraft) -> None:
    """Raises Invalid when the terms make no sense for their kind."""
    amounts = (draft.cost_minor, draft.points, draft.face_minor, draft.threshold_minor, draft.valid_days)
    if min(amounts) < 0 or draft.cost_minor <= 0:
        raise Invalid("offer_amount", _("A reward costs more than zero, and none of its figures is negative."))
    if draft.kind == "points" and draft.points <= 0:
        raise Invalid("offer_points", _("Say how many points the reward gives: at least 1."))
    if draft.kind == "coupon":
        check_coupon(draft)
    if draft.kind == "privilege":
        check_privilege(draft)
