"""Which acts fit which rewards, for which reasons, and when a second person has to agree. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from liebian.core.errors import Invalid
from liebian.core.texts import mark as _
from liebian.rewards.rules.points import MOST_POINTS
from liebian.rewards.types import GIVEN, PARCEL_ENDS, PAYABLE, RESERVED, Act, DoneAlone, PolicyView, WhySecond

NO_POLICY = PolicyView("never", "", 0)
NOTHING_ALONE = DoneAlone()
ALONE_WINDOW = timedelta(hours=24)
COUNTED_ALONE: frozenset[Act] = frozenset({"approve", "reject", "claw_back", "resend", "give_up"})
FITS: Mapping[Act, frozenset[str]] = {
    "approve": RESERVED,
    "hold": RESERVED,
    "reject": RESERVED,
    "claw_back": RESERVED | PAYABLE | GIVEN,
    "resend": frozenset({"returned", "written_off"}),
    "give_up": frozenset({"issuing"}),
}
_DISQUALIFIED = (
    "risk_rejected", "self_referral", "referral_ring", "staff_or_test", "already_customer", "condition_failed", "order_refunded",
    "consent_missing", "region_not_allowed", "channel_not_allowed", "deleted_identity",
)  # fmt: skip
REASONS_OF: Mapping[Act, tuple[str, ...]] = {
    "approve": ("checked",),
    "hold": ("risk_held", "condition_failed", "recipient_mismatch"),
    "reject": _DISQUALIFIED,
    "claw_back": _DISQUALIFIED,
    "resend": PARCEL_ENDS,
    "give_up": ("payout_given_up",),
}
ADJUST_REASONS = ("points_goodwill", "points_missing", "points_mistake", "points_abuse")
MOST_NOTE = 500


def fits(act: Act, state: str, *, is_on_hold: bool, reason: str = "", is_refunded: bool = False) -> bool:
    """Whether the act would change a reward. One that waits for stock goes on by itself, so a person can still put it on hold; only
    what was lost or came back is sent again, and not when its order has been refunded.

    >>> fits("approve", "pending", is_on_hold=False), fits("approve", "approved", is_on_hold=False)
    (True, False)
    >>> fits("hold", "held", is_on_hold=True, reason="stock_empty"), fits("hold", "held", is_on_hold=True, reason="risk_held")
    (True, False)
    """
    if act == "resend":
        return state in FITS[act] and reason in PARCEL_ENDS and not is_refunded
    if act == "approve" and state == "approved":
        return is_on_hold
    return state in FITS[act] and not (act == "hold" and is_on_hold and reason != "stock_empty")


def check_review(act: Act, reason: str, note: str, n_rewards: int, most: int) -> None:
    if act not in FITS:
        raise Invalid("review_act", _("Choose what is to be done: approve, hold, reject, take back or send again."))
    if reason not in REASONS_OF[act]:
        raise Invalid("review_reason", _("Choose a reason from the list. The customer may read it."))
    if len(note) > MOST_NOTE:
        raise Invalid("review_note", _("A note has at most %(most)s characters."), most=MOST_NOTE)
    if not 0 < n_rewards <= most:
        raise Invalid("review_size", _("Choose between 1 and %(most)s rewards at a time."), most=most)


def why_second_person(
    policy: PolicyView, minor_by_currency: Mapping[str, int], alone: DoneAlone = NOTHING_ALONE
) -> WhySecond:
    """Why a second person has to agree to so much money, or "". `alone` is in the currency of the policy; in its `by_customer` the
    customer's part of this act is counted already.

    >>> why_second_person(PolicyView("from", "CNY", 10_000), {"CNY": 9_999})
    ''
    >>> why_second_person(PolicyView("from", "CNY", 10_000), {"CNY": 1, "USD": 1})
    'act'
    >>> why_second_person(PolicyView("from", "CNY", 10_000), {"CNY": 1}, DoneAlone(by_staff=9_999))
    'staff'
    """
    if policy.mode != "from":
        return "always" if policy.mode == "always" else ""
    own = minor_by_currency.get(policy.currency, 0)
    if any(minor >= policy.from_minor or unit != policy.currency for unit, minor in minor_by_currency.items()):
        return "act"
    return _by_sum(policy.from_minor, own, alone.by_staff + own, alone.by_customer)


def why_second_for_points(policy: PolicyView, amount: int, alone: DoneAlone = NOTHING_ALONE) -> WhySecond:
    """Why a second person has to agree to so many points, given, taken or passed on, or "".

    >>> why_second_for_points(PolicyView("from", "CNY", 10_000, 500), -500)
    'act'
    >>> why_second_for_points(PolicyView("from", "CNY", 10_000, 500), 499)
    ''
    >>> why_second_for_points(PolicyView("from", "CNY", 10_000, 500), -1, DoneAlone(by_customer=499))
    'customer'
    """
    if policy.mode != "from":
        return "always" if policy.mode == "always" else ""
    own = abs(amount)
    if own >= policy.from_points:
        return "act"
    return _by_sum(policy.from_points, own, alone.by_staff + own, alone.by_customer + own)


def _by_sum(limit: int, own: int, of_staff: int, of_customer: int) -> WhySecond:
    if not own:
        return ""
    if of_staff >= limit:
        return "staff"
    return "customer" if of_customer >= limit else ""


def check_adjustment(reason: str, note: str) -> None:
    if reason not in ADJUST_REASONS:
        raise Invalid("review_reason", _("Choose a reason from the list. The customer may read it."))
    if not note.strip() or len(note) > MOST_NOTE:
        raise Invalid("points_note", _("Say why, in at most 500 characters."))


def check_policy(policy: PolicyView) -> None:
    if policy.mode not in ("never", "from", "always") or not 0 <= policy.from_points <= MOST_POINTS:
        raise Invalid("review_policy", _("A second person is needed never, always, or from a sum on."))
    if policy.mode == "from" and (policy.from_minor <= 0 or len(policy.currency) != 3):
        raise Invalid(
            "review_policy_sum", _("Say from which sum on a second person has to agree, and in which currency.")
        )
