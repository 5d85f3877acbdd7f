"""Decisions of referrals: who is bound, which order qualifies, what must be right before a programme is published."""

from liebian.referrals.rules.binding import BindingFacts, decide_binding, landing_state, same_contact
from liebian.referrals.rules.limits import clean_limits, inviter_cap, read_limits, subjects_of
from liebian.referrals.rules.names import first_name_hint
from liebian.referrals.rules.publishing import pair_cost, publishing_checks
from liebian.referrals.rules.qualification import OrderFacts, decide_qualification, pay_from, reward_key
from liebian.referrals.rules.rings import Link, bound_by, find_ring, youngest_link
from liebian.referrals.rules.terms import Terms, may_become, status_at, window_state

__all__ = [
    "BindingFacts",
    "Link",
    "OrderFacts",
    "Terms",
    "bound_by",
    "clean_limits",
    "decide_binding",
    "decide_qualification",
    "find_ring",
    "first_name_hint",
    "inviter_cap",
    "landing_state",
    "may_become",
    "pair_cost",
    "pay_from",
    "publishing_checks",
    "read_limits",
    "reward_key",
    "same_contact",
    "status_at",
    "subjects_of",
    "window_state",
    "youngest_link",
]
