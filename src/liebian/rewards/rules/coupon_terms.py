"""Which terms of a coupon make sense, when it is valid, and what one use of it costs. Plain Python."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from typing import Any

from liebian.core.days import day_of, day_start
from liebian.core.errors import Invalid
from liebian.core.texts import mark as _
from liebian.rewards.types import CouponTerms, OfferDraft

_DEFAULT = CouponTerms()
_MOST = 500


def check_coupon(draft: OfferDraft) -> None:
    """Raises Invalid when the terms contradict themselves."""
    terms = draft.terms
    if terms.effect == "fixed" and draft.face_minor <= 0:
        raise Invalid("offer_coupon", _("A coupon needs a face value above zero and at least one valid day."))
    if draft.valid_days <= 0 and terms.ends_at is None:
        raise Invalid("offer_coupon", _("A coupon needs a face value above zero and at least one valid day."))
    if terms.effect == "percent" and not 0 < terms.percent_bp <= 10_000:
        raise Invalid("offer_percent", _("A percentage lies between 0.01 and 100."))
    if terms.settles and not 0 < terms.cap_minor == draft.cost_minor:
        raise Invalid(
            "offer_cap", _("Say how much it takes off at most; the budget carries exactly that until it is used.")
        )
    if terms.effect == "gift" and not terms.gift_product:
        raise Invalid("offer_gift", _("Say which product comes free."))
    if terms.starts_at and terms.ends_at and terms.starts_at >= terms.ends_at:
        raise Invalid("offer_period", _("The coupon would end before it starts."))
    if terms.effect == "fixed" and draft.threshold_minor and draft.threshold_minor < draft.face_minor:
        raise Invalid("offer_threshold", _("The order a coupon asks for cannot be below its face value."))
    if min(terms.per_customer, terms.grace_days) < 0 or (terms.on_return == "grace") != (terms.grace_days > 0):
        raise Invalid("offer_grace", _("Days of grace are for coupons that come back with grace, and at least one."))
    if any(len(each) > _MOST for each in _lists(terms)):
        raise Invalid(
            "offer_lists", _("A list of products, channels or stores has at most %(most)s entries."), most=_MOST
        )


def _lists(terms: CouponTerms) -> list[tuple[str, ...]]:
    return [value for each in fields(terms) if isinstance(value := getattr(terms, each.name), tuple)]


def say_terms(terms: CouponTerms) -> dict[str, Any]:
    """The terms as JSON, without what is as usual: later terms leave the fingerprints of older offers alone.

    >>> say_terms(CouponTerms(effect="percent", percent_bp=1500, cap_minor=3000))
    {'effect': 'percent', 'percent_bp': 1500, 'cap_minor': 3000}
    """
    said: dict[str, Any] = {}
    for each in fields(terms):
        value = getattr(terms, each.name)
        if value != getattr(_DEFAULT, each.name):
            said[each.name] = value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
    return {name: list(value) if isinstance(value, tuple) else value for name, value in said.items()}


def read_terms(said: dict[str, Any]) -> CouponTerms:
    """
    >>> terms = CouponTerms(effect="gift", gift_product="tea", channels=("web",), ends_at=datetime(2026, 7, 1, tzinfo=UTC))
    >>> read_terms(say_terms(terms)) == terms
    True
    """
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in said.items()}
    for name in ("starts_at", "ends_at"):
        if name in values:
            values[name] = datetime.fromisoformat(values[name])
    return CouponTerms(**values)


def end_of(terms: CouponTerms, issued_on: date, valid_days: int, zone: str) -> datetime:
    """First instant at which a coupon issued on that day is no longer taken. Both ends given: the earlier one."""
    ends = [terms.ends_at] if terms.ends_at else []
    if valid_days:
        ends.append(day_start(issued_on + timedelta(days=valid_days), zone))
    return min(ends)


def first_day_after(end: datetime, zone: str) -> date:
    """The first whole day on which a coupon with this end is no longer taken.

    >>> first_day_after(datetime(2026, 6, 30, 16, tzinfo=UTC), "Asia/Shanghai").isoformat()
    '2026-07-01'
    >>> first_day_after(datetime(2026, 6, 30, 16, 0, 1, tzinfo=UTC), "Asia/Shanghai").isoformat()
    '2026-07-02'
    """
    day = day_of(end, zone)
    return day if day_start(day, zone) == end else day + timedelta(days=1)


def end_after_return(terms: CouponTerms, end: datetime, returned_at: datetime, zone: str) -> datetime:
    """Until when a coupon that came back is taken: with grace, at least whole days from the return on."""
    if terms.on_return != "grace":
        return end
    return max(end, day_start(day_of(returned_at, zone) + timedelta(days=terms.grace_days + 1), zone))


def cost_of_use(terms: CouponTerms, cost_minor: int, discount_minor: int, net_minor: int) -> int:
    """What a used coupon costs its budget: `net_minor` is what it took off and was not refunded of `discount_minor`. Rounds down.

    >>> cost_of_use(CouponTerms(effect="percent"), 3000, 1250, 1250), cost_of_use(CouponTerms(), 1000, 2000, 1500)
    (1250, 750)
    """
    if terms.settles:
        return min(cost_minor, net_minor)
    return cost_minor * net_minor // discount_minor if discount_minor else cost_minor
