"""A line of the timeline for each kind of event: icon, tone, what happened, and the particulars.

Unknown events show their own name. Values that look personal are masked, whatever property they came in.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from liebian.core.errors import Invalid
from liebian.core.ids import customer_number
from liebian.core.money import to_minor
from liebian.customers.rules import covered_text
from liebian.customers.types import CUSTOMER_ERASED, Change, TimelineItem
from liebian.customers.words.facts import name_field
from liebian.events.types import INTERNAL_SOURCE, EventRecord
from liebian.ui import formats


@dataclass(frozen=True, slots=True)
class Line:
    icon: str
    title: str
    text: str = ""
    tone: str = ""
    reason: str = ""
    notes: tuple[str, ...] = ()
    note_tone: str = ""


def describe(item: TimelineItem, currency: str) -> Line:
    event = item.event
    if event.type == "identify":
        line = _identified(item)
    elif event.type in {"page", "screen"}:
        line = Line("eye", _("Viewed “%(page)s”") % {"page": _page_name(event)}, _came_through(event))
    else:
        line = _TRACKS.get(event.name, _unknown)(event, currency)
    notes = tuple(filter(None, (_change(change) for change in item.changes)))
    conflict = any(change.kind == "conflict" for change in item.changes)
    return replace(line, notes=notes, note_tone="warn" if conflict else "") if notes else line


def _text(event: EventRecord, *names: str) -> str:
    return next((text for name in names if (text := covered_text(event.properties.get(name)))), "")


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)


def _amount(event: EventRecord, currency: str, *names: str) -> str:
    own = str(event.properties.get("currency") or currency).upper()[:3]
    minor = event.properties.get("amount_minor")
    if isinstance(minor, int) and not isinstance(minor, bool):
        return formats.money(minor, own)
    stated = next((event.properties[name] for name in names if event.properties.get(name) is not None), None)
    try:
        return formats.money(to_minor(stated, own), own) if stated is not None else ""
    except Invalid:
        return ""


def _identified(item: TimelineItem) -> Line:
    told = [*(name for name in item.told if name != "nested"), *item.event.traits]
    names = list(dict.fromkeys(name_field(key) for key in told))
    return Line("id", _("Details told"), pgettext("between kinds of details", ", ").join(names[:8]))


def _page_name(event: EventRecord) -> str:
    return covered_text(event.name) or _text(event, "title", "name", "path", "url") or _("a page")


def _came_through(event: EventRecord) -> str:
    context = event.body.get("context") or {}
    campaign = context.get("campaign") if isinstance(context, dict) else None
    source = campaign.get("source") if isinstance(campaign, dict) else None
    return covered_text(event.properties.get("channel") or source)


def _products(event: EventRecord) -> str:
    products = event.properties.get("products")
    lines = [line for line in products if isinstance(line, dict)] if isinstance(products, list) else []
    if not lines:
        return ""
    name = covered_text(lines[0].get("name") or lines[0].get("product_id"))
    quantity = lines[0].get("quantity")
    first = f"{name} ×{quantity}" if isinstance(quantity, int) and quantity > 1 else name
    if len(lines) == 1:
        return first
    rest = ngettext("and %(count)s more", "and %(count)s more", len(lines) - 1) % {"count": len(lines) - 1}
    return f"{first} {rest}"


def _order(event: EventRecord) -> str:
    number = _text(event, "order_id")
    return _("order %(number)s") % {"number": number} if number else ""


def _ordered(event: EventRecord, currency: str) -> Line:
    coupon = _text(event, "coupon")
    coupon_words = _("coupon %(code)s") % {"code": coupon} if coupon else ""
    amount = _amount(event, currency, "total", "revenue", "value")
    text = _joined(_products(event), _order(event), _came_through(event), coupon_words)
    return Line("shopping-bag", _("Ordered %(amount)s") % {"amount": amount}, text, "good")


def _refunded(event: EventRecord, currency: str) -> Line:
    amount = _amount(event, currency, "total")
    title = _("Refunded %(amount)s") % {"amount": amount} if amount else _("Refunded in full")
    return Line("receipt-refund", title, _order(event), "warn")


def _cancelled(event: EventRecord, currency: str) -> Line:
    return Line("shopping-bag-x", _("Cancelled an order"), _order(event), "warn")


def _product_viewed(event: EventRecord, currency: str) -> Line:
    name = _text(event, "name", "product_id") or _("a product")
    return Line(
        "eye",
        _("Looked at “%(product)s”") % {"product": name},
        _joined(_amount(event, currency, "price"), _came_through(event)),
    )


def _programme(event: EventRecord) -> str:
    name = _text(event, "programme", "programme_name", "programme_id")
    return _("programme %(name)s") % {"name": name} if name else ""


def _other(event: EventRecord) -> str:
    for key in ("friend_id", "referred_customer_id", "invitee_id", "referrer_id", "referrer_customer_id", "inviter_id"):
        value = event.properties.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            return customer_number(value)
    return ""


def _referral(icon: str, words: Callable[[], str], tone: str = "") -> Callable[[EventRecord, str], Line]:
    def line(event: EventRecord, currency: str) -> Line:
        code = _text(event, "code")
        code_words = _("code %(code)s") % {"code": code} if code else ""
        text = _joined(_other(event), _programme(event), code_words, _came_through(event))
        return Line(icon, words(), text, tone, reason=_text(event, "reason", "reason_code"))

    return line


def _reward(icon: str, words: Callable[[str], str], tone: str) -> Callable[[EventRecord, str], Line]:
    def line(event: EventRecord, currency: str) -> Line:
        text = _joined(_other(event), _programme(event))
        return Line(
            icon,
            words(_worth(event, currency)).strip(),
            text,
            tone,
            reason=_text(event, "reason", "reason_code"),
        )

    return line


def _worth(event: EventRecord, currency: str) -> str:
    """What the reward is, in its own measure: points, a coupon's face value, otherwise money."""
    units, face = event.properties.get("amount"), event.properties.get("face_minor")
    if event.properties.get("kind") == "points" and isinstance(units, int):
        return ngettext("of %(count)s point", "of %(count)s points", units) % {"count": formats.number(units)}
    if event.properties.get("kind") == "coupon" and isinstance(face, int):
        return _("%(amount)s coupon") % {
            "amount": formats.money(face, str(event.properties.get("currency") or currency))
        }
    if event.properties.get("kind") in ("gift", "code", "privilege"):
        return formats.named(_text(event, "reward"))
    return _amount(event, currency, "amount")


def _coupon(icon: str, words: Callable[[], str], tone: str) -> Callable[[EventRecord, str], Line]:
    def line(event: EventRecord, currency: str) -> Line:
        code_words = _("coupon %(code)s") % {"code": _text(event, "code")}
        text = _joined(formats.named(_text(event, "reward")), code_words, _order(event), _programme(event))
        return Line(icon, words(), text, tone, reason=_text(event, "reason"))

    return line


def _erased(event: EventRecord, currency: str) -> Line:
    if event.source != INTERNAL_SOURCE:
        return _unknown(event, currency)
    return Line("trash", _("Erased: what named the customer is gone"))


_TRACKS: dict[str, Callable[[EventRecord, str], Line]] = {
    "Order Completed": _ordered,
    "Order Refunded": _refunded,
    "Order Cancelled": _cancelled,
    "Product Viewed": _product_viewed,
    "Referral Invited": _referral("mail", lambda: _("Was asked to invite friends"), "act"),
    "Referral Page Viewed": _referral("eye", lambda: _("Opened their invitation page")),
    "Referral Link Shared": _referral("share", lambda: _("Shared the invitation"), "act"),
    "Referral Link Opened": _referral("click", lambda: _("Opened an invitation")),
    "Referral Signed Up": _referral("user-plus", lambda: _("Signed up through an invitation"), "good"),
    "Referral Bound": _referral("link", lambda: _("Counts as invited"), "good"),
    "Referral Refused": _referral("hand-stop", lambda: _("Does not count as invited"), "warn"),
    "Reward Held": _reward(
        "clock", lambda amount: _("Reward %(amount)s waits for the return period") % {"amount": amount}, "act"
    ),
    "Reward Issued": _reward("coin", lambda amount: _("Reward %(amount)s paid out") % {"amount": amount}, "good"),
    "Reward Refused": _reward("ban", lambda amount: _("No reward %(amount)s") % {"amount": amount}, "warn"),
    "Reward Pending": _reward(
        "user-question", lambda amount: _("Reward %(amount)s waits for a person's approval") % {"amount": amount}, "act"
    ),
    "Reward Approved": _reward(
        "user-check", lambda amount: _("Reward %(amount)s approved") % {"amount": amount}, "act"
    ),
    "Reward Issuing": _reward(
        "truck-delivery", lambda amount: _("Reward %(amount)s being delivered") % {"amount": amount}, "act"
    ),
    "Reward Sent": _reward("truck-delivery", lambda amount: _("Reward %(amount)s sent") % {"amount": amount}, "act"),
    "Reward Rejected": _reward("ban", lambda amount: _("Reward %(amount)s rejected") % {"amount": amount}, "warn"),
    "Reward Cancelled": _reward(
        "arrow-back-up", lambda amount: _("Reward %(amount)s cancelled before it was paid") % {"amount": amount}, "warn"
    ),
    "Reward Reduced": _reward(
        "arrow-back-up",
        lambda amount: _("Reward reduced by %(amount)s before it was paid") % {"amount": amount},
        "warn",
    ),
    "Reward Returned": _reward(
        "arrow-back-up", lambda amount: _("Reward %(amount)s did not arrive") % {"amount": amount}, "warn"
    ),
    "Reward Written Off": _reward(
        "arrow-back-up", lambda amount: _("Reward %(amount)s written off") % {"amount": amount}, "warn"
    ),
    "Reward Expired": _reward(
        "hourglass-empty", lambda amount: _("Reward %(amount)s expired unused") % {"amount": amount}, ""
    ),
    "Reward Usable Again": _reward(
        "ticket", lambda amount: _("Reward %(amount)s can be used again") % {"amount": amount}, "good"
    ),
    "Coupon Redeemed": _coupon("ticket", lambda: _("Used a coupon that was earned"), "good"),
    "Coupon Refused": _coupon("ban", lambda: _("A coupon did not count"), "warn"),
    CUSTOMER_ERASED: _erased,
    "Reward Clawed Back": _reward(
        "arrow-back-up", lambda amount: _("Reward %(amount)s taken back") % {"amount": amount}, "warn"
    ),
}


def _unknown(event: EventRecord, currency: str) -> Line:
    return Line("point", covered_text(event.name) or event.type, _came_through(event))


def _change(change: Change) -> str:
    kind = name_field(change.identifier_kind) if change.identifier_kind else ""
    other = customer_number(change.other_id) if change.other_id else ""
    if change.kind == "created":
        return _("First seen with this event.")
    if change.kind == "linked":
        return _("Recognised from now on by: %(kind)s.") % {"kind": kind}
    if change.kind == "merged":
        return _("The anonymous visitor %(other)s turned out to be this person.") % {"other": other}
    if change.kind == "conflict":
        return _("%(kind)s already belongs to %(other)s and stays there.") % {"kind": kind, "other": other}
    return ""
