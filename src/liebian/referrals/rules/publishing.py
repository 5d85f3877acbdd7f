"""What must be right before anybody is invited. Each answer has a code, a level and words. Plain Python."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from liebian.core.texts import mark as _
from liebian.referrals.rules.limits import check_limits
from liebian.referrals.types import Finding

MAX_HOLD_DAYS = 90
MIN_HOLDOUT_PEOPLE = 50
COMMISSION_SHARE = 30  # per cent of the smallest order that counts
LANGUAGES = ("zh", "en")
TEXT_FIELDS = ("title", "message", "rules")
DISCLOSED = ("organiser", "contact")
_INDUCED = (
    "转发领", "转发得", "分享领", "分享得", "分享到朋友圈", "助力", "砍一刀", "砍价", "集赞", "集卡", "加速", "邀请好友领红包", "红包",
    "share to get", "share to win", "share to unlock", "forward to get", "forward to win", "collect likes", "red packet",
)  # fmt: skip


def publishing_checks(draft: Mapping[str, Any], *, fundable_minor: int, people: int, today: date) -> list[Finding]:
    """All answers, blocking ones first. `fundable_minor`: what the budget will hold; `people`: size of the target today."""
    found = [
        *_basics(draft, people),
        *_rewards(draft, fundable_minor),
        *check_limits(draft),
        *_period(draft, today),
        *_texts(draft),
        *_by_construction(draft),
    ]
    order = {"block": 0, "warn": 1, "pass": 2}
    return sorted(found, key=lambda finding: order[finding.level])


def pair_cost(draft: Mapping[str, Any]) -> int:
    return int(draft.get("referrer_cost_minor") or 0) + int(draft.get("friend_cost_minor") or 0)


def _basics(draft: Mapping[str, Any], people: int) -> Iterator[Finding]:
    if not str(draft.get("name") or "").strip():
        yield Finding("NAME_MISSING", "block", _("Give the programme a name."), step="goal")
    if not draft.get("segment_id"):
        yield Finding("SEGMENT_MISSING", "block", _("Choose whom to invite."), step="people")
    elif people == 0:
        yield Finding("SEGMENT_EMPTY", "block", _("Nobody is in the segment today."), step="people")
    else:
        held = people * int(draft.get("holdout_percent", 10)) // 100
        values = {"people": people, "holdout": held}
        if held < MIN_HOLDOUT_PEOPLE:
            text = _(
                "About %(holdout)s people are held out. With so few, the page can hardly tell what the programme brought."
            )
            yield Finding("HOLDOUT_SMALL", "warn", text, values, "people")
        else:
            text = _("%(people)s people in the segment, about %(holdout)s held out by draw before anybody is asked.")
            yield Finding("HOLDOUT", "pass", text, values, "people")


def _rewards(draft: Mapping[str, Any], fundable_minor: int) -> Iterator[Finding]:
    cost, minimum = pair_cost(draft), int(draft.get("min_order_minor") or 0)
    currency = draft.get("currency", "")
    if not (draft.get("referrer_cost_minor") and draft.get("friend_cost_minor")):
        yield Finding(
            "OFFERS_MISSING", "block", _("Say what both sides get, and what each reward costs you."), step="rewards"
        )
        return
    pairs = fundable_minor // cost
    values = {"budget_minor": fundable_minor, "pair_minor": cost, "pairs": pairs, "currency": currency}
    if pairs < 1:
        text = _("The budget cannot pay a single pair of rewards. Fund it, or make the rewards smaller.")
        yield Finding("BUDGET_UNFUNDED", "block", text, values, "budget")
    else:
        yield Finding(
            "BUDGET",
            "pass",
            _("The budget carries %(pairs)s pairs of rewards and cannot be overspent."),
            values,
            "budget",
        )
    if minimum and cost * 100 > minimum * COMMISSION_SHARE:
        text = _("Both rewards together cost more than %(share)s%% of the smallest order that counts.")
        yield Finding("COMMISSION_HIGH", "warn", text, {"share": COMMISSION_SHARE}, "rewards")
    cheapest = int(draft.get("friend_face_minor") or 0)
    if cheapest and minimum and cheapest >= minimum:
        text = _("The friend's coupon is worth as much as the smallest order that counts.")
        yield Finding("COUPON_COVERS_ORDER", "warn", text, {}, "rewards")


def _period(draft: Mapping[str, Any], today: date) -> Iterator[Finding]:
    starts, ends = _day(draft.get("starts_on")), _day(draft.get("ends_on"))
    if starts is None or ends is None:
        yield Finding("PERIOD_MISSING", "block", _("Give the first and the last day."), step="budget")
    elif ends <= starts:
        yield Finding("PERIOD_INVALID", "block", _("The last day is before the first."), step="budget")
    elif ends <= today:
        yield Finding("PERIOD_PAST", "block", _("The last day is in the past."), step="budget")
    else:
        yield Finding("PERIOD", "pass", _("Runs for %(days)s whole days."), {"days": (ends - starts).days}, "budget")
    hold = draft.get("hold_days")
    if hold is None or not 0 <= int(hold) <= MAX_HOLD_DAYS:
        text = _("Hold rewards for 0 to %(limit)s days.")
        yield Finding("HOLD_DAYS", "block", text, {"limit": MAX_HOLD_DAYS}, "budget")
    elif int(hold) == 0:
        text = _("Rewards are paid at once, so a refund afterwards has to be claimed back from people.")
        yield Finding("HOLD_ZERO", "warn", text, {}, "budget")


def _texts(draft: Mapping[str, Any]) -> Iterator[Finding]:
    missing = [
        f"{field}_{lang}"
        for lang in LANGUAGES
        for field in TEXT_FIELDS
        if not str(draft.get(f"{field}_{lang}") or "").strip()
    ]
    if missing:
        text = _("Write the title, the message and the rules in Chinese and in English.")
        yield Finding("TEXTS_MISSING", "block", text, {"missing": missing}, "texts")
    hidden = [field for field in DISCLOSED if not str(draft.get(field) or "").strip()]
    if hidden:
        text = _("The public rules must name the organiser and how to reach them.")
        yield Finding("PROMO_DISCLOSURE", "block", text, {"missing": hidden}, "texts")
    else:
        yield Finding(
            "PROMO_DISCLOSURE",
            "pass",
            _("Conditions, period, amounts, organiser and contact are on the friend's page."),
            {},
            "texts",
        )
    written = " ".join(str(draft.get(f"{field}_{lang}") or "") for lang in LANGUAGES for field in TEXT_FIELDS).lower()
    words = [word for word in _INDUCED if word in written]
    if words:
        text = _(
            'The text says "%(words)s". WeChat treats this as induced sharing and may block the link. Say what the friend gets instead.'
        )
        yield Finding("WX_INDUCED_SHARE", "block", text, {"words": "、".join(words)}, "texts")
    else:
        yield Finding("WX_INDUCED_SHARE", "pass", _("No text rewards sharing itself."), {}, "texts")


def _by_construction(draft: Mapping[str, Any]) -> Iterator[Finding]:
    """What every programme of this kind gets right, said so that people can see it."""
    yield Finding("MLM_DEPTH", "pass", _("Only one level is rewarded: who brought the buyer."))
    yield Finding(
        "WX_SHALLOW_TRIGGER",
        "pass",
        _("A reward needs a friend's paid order; opening or sharing the link earns nothing."),
    )
    yield Finding(
        "NO_THIRD_PARTY_CONTACT",
        "pass",
        _("We never write to a friend who has not left their own contact with consent."),
    )
    yield Finding("DISCLOSE_REWARD", "pass", _("The friend's page says that the inviter gets a reward."))
    if "made" not in (draft.get("referrer_kind"), draft.get("friend_kind")):
        yield Finding("TAX_WITHHOLD", "pass", _("Points and coupons only: no prize by chance, no cash."))


def _day(value: Any) -> date | None:
    if isinstance(value, date) or not value:
        return value or None
    return date.fromisoformat(str(value))
