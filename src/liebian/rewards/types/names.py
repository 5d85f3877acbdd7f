"""Names of rewards that nobody named: made from their terms in English and said in the reader's language (`ui.formats.named`)."""

from __future__ import annotations

from liebian.core.made_texts import register_made
from liebian.core.money import format_minor
from liebian.core.texts import fill
from liebian.core.texts import mark as _

_COUPON = register_made(_("%(face)s coupon"))
_COUPON_FROM = register_made(_("%(face)s coupon from %(threshold)s"))
_POINTS = register_made(_("%(points)s points"))


def coupon_name(face_minor: int, threshold_minor: int, currency: str) -> str:
    """
    >>> coupon_name(2000, 9900, "CNY"), coupon_name(500, 0, "EUR")
    ('¥20.00 coupon from ¥99.00', '€5.00 coupon')
    """
    values = {"face": format_minor(face_minor, currency), "threshold": format_minor(threshold_minor, currency)}
    return fill(_COUPON_FROM if threshold_minor else _COUPON, values)


def points_name(points: int) -> str:
    return fill(_POINTS, {"points": points})
