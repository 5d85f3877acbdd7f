"""Words and notation for accounts, entries and amounts."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from liebian.core.money import exponent
from liebian.ui import formats

KINDS: dict[str, Any] = {
    "world": _("Paid in from outside"),
    "budget": _("Available"),
    "reserved": _("Reserved"),
    "on_hold": _("Set aside"),
    "payable": _("Being delivered"),
    "paid_out": _("Paid out"),
    "clawback_receivable": _("To be recovered"),
    "written_off": _("Written off"),
    "points": _("Customers' points"),
    "points_pending": _("Points not usable yet"),
    "points_reserved": _("Points held by carts"),
    "points_burned": _("Points spent"),
    "points_breakage": _("Points expired"),
    "points_debt": _("Points owed, paid by later ones"),
    "points_receivable": _("Points that could not be taken back"),
    "points_in_review": _("Points to be taken back, a person decides"),
    "coupons": _("Unused coupons"),
    "coupons_used": _("Used coupons"),
    "coupon_stock": _("Codes in stock"),
    "coupons_promised": _("Codes promised"),
    "coupons_reserved": _("Held by carts"),
    "gift_stock": _("Gifts in stock"),
    "gifts_promised": _("Gifts promised"),
    "gifts_packing": _("Gifts being packed"),
    "gifts_shipped": _("Gifts on their way"),
    "gifts_given": _("Gifts delivered"),
    "gifts_lost": _("Gifts lost"),
    "allowance": _("Left of limits"),
    "allowance_used": _("Used of limits"),
}
ORDER = list(KINDS)
OTHER_TABS = ("POINTS", "COUPON:", "GIFT:", "LIMIT:")
COLOURS = {
    "world": "sunken",
    "budget": "line-strong",
    "reserved": "money-soft",
    "on_hold": "warn",
    "payable": "money-soft",
    "paid_out": "money",
    "clawback_receivable": "bad",
    "written_off": "ink-3",
    "points": "money",
    "points_pending": "money-soft",
    "points_reserved": "warn",
    "points_burned": "line-strong",
    "points_breakage": "ink-3",
    "points_debt": "bad",
    "points_receivable": "bad",
    "points_in_review": "bad",
    "coupons": "money-soft",
    "coupons_used": "money",
    "gift_stock": "line-strong",
    "gifts_packing": "money-soft",
    "gifts_shipped": "money-soft",
    "gifts_given": "money",
    "gifts_lost": "ink-3",
    "allowance": "line-strong",
    "allowance_used": "money",
}
NOTES: dict[str, Any] = {
    "budget": _("can still be promised"),
    "reserved": _("promised, refund period running"),
    "on_hold": _("until it is posted, voided or its time is over"),
    "payable": _("promised and on its way"),
    "paid_out": _("issued, less what came back"),
    "clawback_receivable": _("taken back, but already spent"),
    "written_off": _("spent and not to be recovered: a coupon used on a returned order, a parcel lost"),
    "coupons": _("in customers' hands"),
    "points_pending": _("earned, and usable from a later day"),
    "points_reserved": _("until the order is placed or the time is over"),
    "points_debt": _("later points pay it before they can be spent"),
    "points_receivable": _("taken back after they were spent; nothing else follows"),
}
ENTRIES: dict[str, Any] = {
    "fund": _("Budget funded"),
    "budget_transfer": _("Moved to another budget"),
    "budget_close": _("Budget closed, the rest taken out"),
    "grant": _("Rewards promised"),
    "release": _("Refund period over, reward issued"),
    "cancel": _("Refunded in time, reward cancelled"),
    "claw_back": _("Refunded later, reward taken back"),
    "coupon_used": _("Coupon used"),
    "coupon_expired": _("Coupon expired unused"),
    "reject": _("Reward rejected by a person"),
    "issued": _("Reward delivered"),
    "returned": _("Delivery failed, money back"),
    "reserve": _("Set aside"),
    "post_hold": _("Set aside before, now posted"),
    "void_hold": _("Set aside before, now given back"),
    "expire_hold": _("Set aside too long, given back"),
    "coupon_stock": _("Codes put in stock"),
    "coupon_held": _("Coupon held by a cart"),
    "coupon_released": _("Cart left, coupon free again"),
    "coupon_returned": _("Order came back, coupon returned"),
    "coupon_refunded": _("Lines came back, their discount returned"),
    "gift_stock": _("Gifts put in or taken out of stock"),
    "gift_unpacked": _("Gift stays here, back in stock"),
    "gift_shipped": _("Gift sent"),
    "gift_delivered": _("Gift delivered"),
    "gift_lost": _("Gift lost on its way"),
    "gift_returned": _("Gift came back, in stock again"),
    "gift_again": _("Gift sent again"),
    "issued_late": _("Arrived after all"),
    "written_off": _("Never arrived, cost written off"),
    "limit_set": _("Limit set"),
    "points_earn": _("Points earned"),
    "points_activate": _("Points became usable"),
    "points_expire": _("Points expired unused"),
    "points_burn": _("Points spent"),
    "points_reserve": _("Points held by a cart"),
    "points_release": _("Cart left, points free again"),
    "points_restore": _("Spent points came back"),
    "points_claw": _("Points taken back"),
    "points_debt_paid": _("Owed points paid"),
    "points_shortage": _("Decided about missing points"),
    "points_transfer": _("Points given to another customer"),
    "points_merge": _("Points of customers who are one, put together"),
    "points_adjust": _("Points corrected by a person"),
    "rebalance": _("Moved between the parts of an account"),
    "reversal": _("Reversal"),
}


def tab_of(asset: str) -> str:
    """The part of the page an asset is shown under: each currency, all points, all coupons."""
    return next((each for each in OTHER_TABS if asset.startswith(each)), asset)


def say_kind(kind: str, asset: str = "") -> str:
    if kind == "world" and not is_money(asset):
        return str(_("Issued by us"))
    return str(KINDS.get(kind, kind))


def say_accounts(count: int) -> str:
    return ngettext("%(count)s account", "%(count)s accounts", count) % {"count": formats.number(count)}


def say_entry(kind: str) -> str:
    return str(ENTRIES.get(kind, kind))


def is_money(asset: str) -> bool:
    return bool(asset) and not asset.startswith(OTHER_TABS)


def say_asset(asset: str) -> str:
    if asset.startswith("POINTS"):
        programme = asset.removeprefix("POINTS").removesuffix("/0").removeprefix(":")
        return f"{_('Points')} · {programme}" if programme else str(_("Points"))
    if asset.startswith("COUPON:"):
        return str(_("Coupons"))
    if asset.startswith("GIFT:"):
        return str(_("Gifts"))
    if asset.startswith("LIMIT:"):
        return str(_("Limits"))
    return asset.partition("/")[0]


def say_amount(amount: int, asset: str) -> str:
    """¥1,234.50, 300 points, 1 coupon; money whole only where the currency is."""
    if is_money(asset):
        return formats.money(amount, asset.partition("/")[0])
    texts = {"count": formats.number(amount)}
    if asset.startswith("LIMIT:"):
        return _say_limit(amount, asset.removeprefix("LIMIT:"))
    if asset.startswith("COUPON:"):
        return ngettext("%(count)s coupon", "%(count)s coupons", abs(amount)) % texts
    if asset.startswith("GIFT:"):
        return ngettext("%(count)s gift", "%(count)s gifts", abs(amount)) % texts
    return ngettext("%(count)s point", "%(count)s points", abs(amount)) % texts


def _say_limit(amount: int, measure: str) -> str:
    if measure.startswith("REWARDS"):
        return ngettext("%(count)s reward", "%(count)s rewards", abs(amount)) % {"count": formats.number(amount)}
    return formats.money(amount, measure.partition("/")[0])


def say_bare(amount: int, asset: str) -> str:
    """The number alone, for sums."""
    currency = asset.partition("/")[0]
    if not is_money(asset):
        return formats.number(amount)
    return formats.number(amount / 10 ** exponent(currency), exponent(currency))
