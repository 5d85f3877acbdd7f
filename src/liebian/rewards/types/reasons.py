"""Every reason in words, for staff and for the customer. English here; whoever shows them translates. Plain Python."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReasonText:
    """English texts of a reason: for our staff, and for the customer whom it concerns."""

    staff: str
    customer: str


def gettext_noop(text: str) -> str:
    """Marks a text for the translators; whoever shows it translates it."""
    return text


def _said(staff: str, customer: str) -> ReasonText:
    return ReasonText(staff, customer)


_ = gettext_noop
REASONS: dict[str, ReasonText] = {
    "checked": _said(_("Checked by a person"), _("Checked and approved")),
    "code_not_found": _said(_("No programme has this code"), _("We do not know this code. Please check it")),
    "code_expired": _said(_("The code is past its last day"), _("This code has expired")),
    "not_started": _said(_("The programme had not started yet"), _("This has not started yet")),
    "programme_not_running": _said(_("The programme was not running"), _("This offer is not running now")),
    "self_referral": _said(_("The friend is the inviter"), _("You cannot invite yourself")),
    "referral_ring": _said(
        _("The friend had brought the inviter, or somebody who brought the inviter"),
        _("You brought the person who invites you"),
    ),
    "merged_self_referral": _said(
        _("The friend and the inviter turned out to be one person"), _("You cannot invite yourself")
    ),
    "merged_ring": _said(
        _("Two people turned out to be one, which closed a ring of inviters"),
        _("You brought the person who invites you"),
    ),
    "merged_duplicate": _said(
        _("Two friends turned out to be one person, and the first invitation counts"),
        _("The same friend counts once, by the first invitation"),
    ),
    "already_customer": _said(
        _("Had bought here before, so not a new friend"), _("This is for friends who have not bought here before")
    ),
    "already_referred": _said(
        _("Somebody else invited this friend first"), _("This friend had already accepted another invitation")
    ),
    "recipient_mismatch": _said(_("The code was made for somebody else"), _("This code was made for somebody else")),
    "outside_window": _said(
        _("The order came after the invitation had run out"), _("The order came after the invitation had run out")
    ),
    "other_touch_won": _said(
        _("Another invitation counts for this order"), _("Another invitation counts for this order")
    ),
    "affiliate_protected": _said(
        _("An affiliate brought this customer first"), _("Another partner brought this order")
    ),
    "below_min_order": _said(
        _("The order was below the minimum of the programme"), _("The order was below the minimum")
    ),
    "condition_failed": _said(_("A condition of the programme was not met"), _("A condition of the offer was not met")),
    "person_cap": _said(
        _("This person has had as many rewards as the programme allows"),
        _("You have had as many rewards as this offer allows"),
    ),
    "friend_cap": _said(
        _("This friend has had as many rewards as the programme allows"), _("This friend's rewards are used up")
    ),
    "programme_cap": _said(
        _("The programme has given as much as its limit allows"), _("The rewards of this offer are all given out")
    ),
    "store_cap": _said(
        _("This store's orders have brought as many rewards as the programme allows"),
        _("The rewards of this store are all given out"),
    ),
    "identifier_cap": _said(
        _("This payer or device has brought as many rewards as the programme allows"),
        _("The rewards for this device or payment account are used up"),
    ),
    "window_cap": _said(_("This period's limit was reached"), _("The limit for this period was reached")),
    "campaign_budget": _said(
        _("The budget could not carry both sides' rewards"), _("The rewards of this offer are all given out")
    ),
    "budget_closed": _said(_("The budget was closed"), _("The rewards of this offer are all given out")),
    "stock_empty": _said(_("Out of stock"), _("The rewards of this offer are all given out")),
    "stock_awaited": _said(_("Waits for stock"), _("It comes as soon as it is in stock again")),
    "in_hold": _said(
        _("Waiting for the refund period to end"), _("On its way: we wait until the refund period is over")
    ),
    "risk_held": _said(_("Held for a check"), _("We are checking this one")),
    "risk_rejected": _said(_("Refused after a check"), _("This invitation did not pass our check")),
    "consent_missing": _said(_("No consent on record"), _("We did not get your consent")),
    "region_not_allowed": _said(_("Not offered in this region"), _("Not offered in your region")),
    "channel_not_allowed": _said(_("Not offered on this channel"), _("Not offered on this channel")),
    "staff_or_test": _said(_("A staff or test order never earns"), _("This order does not count")),
    "order_refunded": _said(_("The order was refunded in full"), _("The order was returned")),
    "order_partly_refunded": _said(
        _("Part of the order was refunded"), _("Part of the order was returned, so part of the reward goes back")
    ),
    "referrer_not_active": _said(_("The inviter no longer takes part"), _("The inviter no longer takes part")),
    "reward_expired": _said(_("Not used before its last day"), _("Not used before its last day")),
    "awaiting_recipient": _said(_("Waiting for the recipient to confirm"), _("Please confirm that you want it")),
    "recipient_did_not_confirm": _said(_("The recipient did not confirm"), _("It was not confirmed in time")),
    "not_decided": _said(
        _("Nobody decided in time"), _("We did not confirm this one in time. Please get in touch with us")
    ),
    "not_claimed": _said(
        _("The customer did not say in time where it goes"),
        _("You did not tell us in time where to send it. Please get in touch with us"),
    ),
    "called_back": _said(
        _("We called the payment back before the recipient confirmed"),
        _("We took this payment back before it was confirmed"),
    ),
    "parcel_shipped": _said(_("The carrier has the gift"), _("Your gift is on its way")),
    "parcel_lost": _said(_("The parcel was lost"), _("The parcel was lost on its way. Please get in touch with us")),
    "parcel_returned": _said(_("The parcel came back"), _("The parcel came back to us. Please get in touch with us")),
    "at_provider": _said(_("The payment provider has it"), _("Your money is on its way")),
    "payment_failed": _said(
        _("The provider refused the payment; it can be sent again"), _("The payment did not go through. We are on it")
    ),
    "paid_after_all": _said(_("The provider had said no, and paid after all"), _("Your money arrived")),
    "payout_given_up": _said(
        _("Nobody could be paid, and it was given up"), _("We could not pay you. Please get in touch with us")
    ),
    "deleted_identity": _said(_("The person's data was erased"), _("This account was closed")),
    "version_changed": _said(_("The rules changed in between"), _("The rules changed in between")),
    "coupon_unknown": _said(_("No coupon has this code"), _("We do not know this coupon. Please check it")),
    "coupon_used": _said(_("The coupon was used on another order"), _("This coupon was already used")),
    "coupon_void": _said(_("The coupon was taken back"), _("This coupon is no longer valid")),
    "coupon_not_theirs": _said(_("The coupon belongs to somebody else"), _("This coupon belongs to somebody else")),
    "coupon_not_started": _said(_("The coupon is not valid yet"), _("This coupon is not valid yet")),
    "coupon_currency": _said(_("The coupon is for another currency"), _("This coupon is for another currency")),
    "coupon_store": _said(_("The coupon is not taken in this store"), _("This coupon is not taken in this store")),
    "coupon_products": _said(
        _("Nothing in the cart is what the coupon is for"), _("Nothing in your cart is what this coupon is for")
    ),
    "coupon_threshold": _said(
        _("The goods that count are worth less than the coupon asks for"),
        _("Your cart has not reached the amount from which this coupon counts"),
    ),
    "coupon_not_combinable": _said(
        _("The coupon does not combine with another one in the cart"),
        _("This coupon cannot be used together with another one"),
    ),
    "coupon_no_effect": _said(_("Nothing is left to take off"), _("Nothing is left that this coupon could reduce")),
    "coupon_reserved": _said(
        _("Another cart holds the coupon"), _("This coupon is in another cart. Finish or leave that one first")
    ),
    "coupon_limit": _said(
        _("The customer has used as many of these as the terms allow"),
        _("You have used this offer as often as possible"),
    ),
    "coupon_needs_customer": _said(
        _("The coupon belongs to somebody and the cart names nobody"), _("Please sign in to use this coupon")
    ),
    "coupon_returned": _said(
        _("The order was cancelled, so the coupon can be used again"), _("You can use this coupon again")
    ),
    "coupon_settled": _said(
        _("The coupon took off less than was set aside; the rest is back in the budget"), _("Used")
    ),
    "coupon_stays_used": _said(
        _("By its terms the coupon stays used when its order comes back"),
        _("This coupon was used and does not come back"),
    ),
    "coupon_order_in_part": _said(
        _("The coupon comes back only with the whole order"), _("The coupon comes back only with the whole order")
    ),
    "points_goodwill": _said(_("Goodwill"), _("A present from us")),
    "points_missing": _said(_("Points had been missing"), _("Points that you had been missing")),
    "points_mistake": _said(_("Points were booked by mistake"), _("A mistake in your points was put right")),
    "points_abuse": _said(_("Points were got by abuse"), _("These points did not follow the rules")),
    "points_short": _said(_("The customer has fewer points than that"), _("You do not have so many points")),
    "points_in_debt": _said(
        _("The customer owes points, which come first"), _("You owe points; new ones pay them first")
    ),
    "points_no_transfer": _said(
        _("The terms do not let points go from this customer to that one"), _("These points cannot be given away")
    ),
    "points_transfer_size": _said(
        _("The terms do not let so many points go at once"), _("You cannot give so many points at once")
    ),
    "points_unknown": _said(_("Nothing was earned or spent under this key"), _("We do not know these points")),
    "points_not_used": _said(_("The points are set aside and not spent yet"), _("These points were not spent yet")),
    "points_reservation_over": _said(
        _("What was set aside is free again"), _("Your cart took too long, so its points are free again")
    ),
    "points_used": _said(_("What was set aside is spent already"), _("These points were spent")),
    "points_nothing": _said(_("The multipliers leave nothing"), _("Nothing was earned this time")),
}
del _
