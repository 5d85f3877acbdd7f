"""What several pages of a programme need: both offers in words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from liebian.referrals.types import ProgrammeView
from liebian.referrals.words import coupon_terms_text, language, limit_text, money, offer_text, text_of, ticket_text
from liebian.rewards import queries as rewards


def offers_context(programme: ProgrammeView) -> dict[str, Any]:
    """Both offers, the period and the programme's own texts, for a published programme."""
    wanted = [each for each in (programme.referrer_offer_id, programme.friend_offer_id) if each]
    offers = {offer.id: offer for offer in rewards.list_offers(ids=wanted)}
    referrer, friend = offers.get(programme.referrer_offer_id or 0), offers.get(programme.friend_offer_id or 0)
    return {
        "referrer_offer": referrer, "friend_offer": friend,
        "referrer_gets": offer_text(referrer), "friend_gets": offer_text(friend), "friend_ticket": ticket_text(friend),
        "referrer_terms": coupon_terms_text(referrer), "friend_terms": coupon_terms_text(friend),
        "is_checked": programme.approval == "person" or any(each.approval == "person" for each in offers.values()),
        "gap": " " if language() == "en" else "",
        "friend_minimum": money(friend.threshold_minor, friend.currency) if friend else "",
        "min_order": money(programme.min_order_minor, programme.currency) if programme.min_order_minor else "",
        "last_day": programme.ends_on - timedelta(days=1) if programme.ends_on else None,
        "text_title": text_of(programme, "title"), "text_message": text_of(programme, "message"),
        "text_rules": text_of(programme, "rules"), "organiser": text_of(programme, "organiser"),
        "contact": text_of(programme, "contact"),
        "limit_texts": [limit_text(each, programme.currency) for each in programme.limits],
    }  # fmt: skip
