"""Codes into words, in the reader's language. Reasons come from `rewards`, which has a text for staff and one for customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from liebian.core.money import has_cents
from liebian.referrals.types import Finding, ProgrammeView
from liebian.rewards import queries as rewards
from liebian.rewards.types import LimitRule, OfferView
from liebian.ui import formats

STATUS = {
    "draft": gettext_lazy("Draft"),
    "running": gettext_lazy("Running"),
    "paused": gettext_lazy("Paused"),
    "ended": gettext_lazy("Ended"),
}
STATUS_LOOK = {
    "draft": ("", "pencil"),
    "running": ("good", "player-play"),
    "paused": ("warn", "player-pause"),
    "ended": ("", "flag-3"),
}
STEPS = {
    "invited": gettext_lazy("Invited"),
    "viewed": gettext_lazy("Saw their page"),
    "shared": gettext_lazy("Took part"),
    "opened": gettext_lazy("Friends opened the link"),
    "signed_up": gettext_lazy("Friends signed up"),
    "ordered": gettext_lazy("Friends ordered"),
    "qualified": gettext_lazy("Orders that count"),
    "rewarded": gettext_lazy("Reward paid"),
    "held": gettext_lazy("Reward on its way"),
    "refused": gettext_lazy("Sign-ups that do not count"),
    "reversed": gettext_lazy("Given back"),
    "holdout": gettext_lazy("Held out"),
    "unpaid": gettext_lazy("Counted, but no reward for the inviter"),
}
REFERRAL_STATES = {
    "bound": gettext_lazy("Has signed up"),
    "qualified": gettext_lazy("Order counts"),
    "refused": gettext_lazy("Does not count"),
    "reversed": gettext_lazy("Given back"),
    "treated": gettext_lazy("Invited"),
    "holdout": gettext_lazy("Held out"),
    "": "",
}
_OWN_REASONS = {
    "already_signed_up": (
        gettext_lazy("Signed up with this inviter before"),
        gettext_lazy("You have already signed up"),
    ),
    "too_many_attempts": (
        gettext_lazy("Tried too often within an hour"),
        gettext_lazy("Too many attempts within an hour"),
    ),
}


def language() -> str:
    return "zh" if (get_language() or "").startswith("zh") else "en"


def reason_text(code: str, *, customer: bool = False) -> str:
    """Why not, in words. The same code has a text for staff and a gentler one for the customer."""
    if not code:
        return ""
    if code in _OWN_REASONS:
        return str(_OWN_REASONS[code][int(customer)])
    found = rewards.get_reason(code)
    return _(found.customer if customer else found.staff)


def offer_text(offer: OfferView | None) -> str:
    """A reward in a few words: 300 points, ¥20 off."""
    if offer is None:
        return ""
    if offer.kind == "points":
        return points_text(offer.points, offer.points_programme)
    if offer.kind == "privilege":
        texts = {"name": formats.named(offer.name), "n": formats.number(offer.valid_days)}
        return ngettext("%(name)s, %(n)s day", "%(name)s, %(n)s days", offer.valid_days) % texts
    if offer.kind != "coupon":
        return formats.named(offer.name)
    terms, cap = offer.terms, money(offer.terms.cap_minor, offer.currency)
    if terms.effect == "percent":
        return _("%(percent)s off, at most %(cap)s") % {"percent": _percent(offer), "cap": cap}
    if terms.effect == "shipping":
        return _("free shipping up to %(cap)s") % {"cap": cap}
    if terms.effect == "gift":
        return _("%(product)s for free") % {"product": terms.gift_product}
    return _("%(amount)s off") % {"amount": money(offer.face_minor, offer.currency)}


def choice_text(offer: OfferView) -> str:
    """A reward by its name and by what it gives, where the name does not say that already."""
    name, given = formats.named(offer.name), offer_text(offer)
    return given if name in given else f"{name} · {given}"


def points_text(points: int, programme: str) -> str:
    """With the programme of points, where they are not the general ones."""
    said = {"points": formats.number(points), "programme": programme}
    return (_("%(points)s points of %(programme)s") if programme else _("%(points)s points")) % said


def ticket_text(offer: OfferView | None) -> str:
    """What stands largest on the friend's page."""
    if offer is None:
        return ""
    if offer.kind == "points":
        return formats.number(offer.points)
    if offer.kind in ("gift", "code", "privilege"):
        return offer_text(offer)
    if offer.terms.effect == "percent":
        return _("%(percent)s off") % {"percent": _percent(offer)}
    if offer.terms.effect in ("shipping", "gift"):
        return _("Free shipping") if offer.terms.effect == "shipping" else offer.terms.gift_product
    return money(offer.face_minor, offer.currency)


def coupon_terms_text(offer: OfferView | None) -> str:
    """A coupon with its smallest order and its end, for the rules; empty for points."""
    if offer is None or offer.kind != "coupon":
        return ""
    values = {
        "amount": offer_text(offer), "days": formats.number(offer.valid_days),
        "minimum": money(offer.threshold_minor, offer.currency),
        "until": formats.moment(offer.terms.ends_at) if offer.terms.ends_at else "",
    }  # fmt: skip
    if not offer.valid_days:
        text = _("A coupon for %(amount)s, taken before %(until)s.") % values
    elif offer.threshold_minor:
        return _("A coupon for %(amount)s, for an order of at least %(minimum)s, valid for %(days)s days.") % values
    else:
        text = _("A coupon for %(amount)s, valid for %(days)s days.") % values
    return f"{text} {_('For an order of at least %(minimum)s.') % values}" if offer.threshold_minor else text


def _percent(offer: OfferView) -> str:
    return formats.percent(offer.terms.percent_bp / 10_000, 0 if offer.terms.percent_bp % 100 == 0 else 2)


_LIMITED = {
    "person": gettext_lazy("Each inviter gets at most %(amount)s %(period)s."),
    "friend": gettext_lazy("Each friend gets at most %(amount)s %(period)s."),
    "programme": gettext_lazy("The whole programme gives at most %(amount)s %(period)s."),
    "store": gettext_lazy("The orders of each store bring at most %(amount)s %(period)s."),
    "identifier": gettext_lazy("Each payment account or device brings at most %(amount)s %(period)s."),
}
_IN_PERIOD = {
    "ever": gettext_lazy("in all"),
    "day": gettext_lazy("a day"),
    "week": gettext_lazy("a week"),
    "month": gettext_lazy("a month"),
    "year": gettext_lazy("a year"),
}


def limit_text(rule: LimitRule, currency: str) -> str:
    """A limit as a sentence, for staff and for everybody who reads the rules."""
    if rule.measure == "count":
        amount = ngettext("%(n)s reward", "%(n)s rewards", rule.amount) % {"n": formats.number(rule.amount)}
    else:
        amount = money(rule.amount, currency)
    return str(_LIMITED[rule.scope]) % {"amount": amount, "period": _IN_PERIOD[rule.period]}


def money(amount_minor: int, currency: str) -> str:
    """Without cents where there are none."""
    return formats.money(amount_minor, currency, cents=has_cents(amount_minor, currency))


def finding_text(finding: Finding) -> str:
    values = {
        key: formats.number(value) if isinstance(value, int) else formats.named(str(value))
        for key, value in finding.values.items()
    }
    return _(finding.text) % values


def text_of(programme: ProgrammeView, name: str) -> str:
    """A text of the programme in the reader's language, otherwise in the other one."""
    texts: Mapping[str, Mapping[str, str]] = programme.texts
    own = texts.get(language(), {}).get(name)
    return own or next((text[name] for text in texts.values() if text.get(name)), "")


def check_lines(trace: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The questions of a decision with their answers, for staff."""
    return [
        {
            "text": _(rewards.get_check(str(check["check"]))),
            "passed": bool(check["passed"]),
            "code": check["check"],
        }
        for check in trace
    ]
