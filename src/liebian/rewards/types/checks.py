"""What a check of a decision asked, as what was found where it passed. English here; whoever shows it translates. Plain Python.

Its codes are those of the reasons: a check that fails is the reason why not.
"""

from __future__ import annotations

from liebian.core.texts import mark as _

CHECKS: dict[str, str] = {
    "code_not_found": _("The code belongs to somebody who was invited"),
    "programme_not_running": _("The programme was running"),
    "not_started": _("It had started"),
    "code_expired": _("It had not ended"),
    "self_referral": _("The friend is not the inviter"),
    "referral_ring": _("The friend had not brought the inviter"),
    "merged_self_referral": _("The friend and the inviter are two people"),
    "merged_ring": _("No ring came about when two people turned out to be one"),
    "merged_duplicate": _("The friend was not another friend of this programme"),
    "already_customer": _("The friend had not been here before"),
    "referrer_not_active": _("The inviter still took part"),
    "deleted_identity": _("The person's data had not been erased"),
    "already_referred": _("Nobody else had invited the friend"),
    "consent_missing": _("The friend agreed to the terms"),
    "order_refunded": _("The order had not been given back"),
    "other_touch_won": _("No other invitation counts for this order"),
    "outside_window": _("The order lies in the period"),
    "condition_failed": _("The order is in the programme's currency"),
    "below_min_order": _("The order reaches the minimum"),
    "person_cap": _("The inviter is below their limit"),
    "friend_cap": _("The friend is below their limit"),
    "programme_cap": _("The programme is below its limit"),
    "store_cap": _("The store is below its limit"),
    "identifier_cap": _("The payer or device is below its limit"),
    "window_cap": _("The limit for the period leaves room"),
    "campaign_budget": _("The budget carries both rewards"),
    "budget_closed": _("The budget is open"),
    "stock_empty": _("The reward is in stock"),
}
