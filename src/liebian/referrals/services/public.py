"""What happens on the public pages. Everything goes to the log as events of its own; the stage decides from there.

The inviter is known by the sealed address, so their events name the customer and come from the product itself.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from liebian.core import ids
from liebian.customers import queries as customers
from liebian.events import services as events
from liebian.events.types import INTERNAL_SOURCE
from liebian.referrals.queries.landing import count_pairs_left, is_signed_up, sign_up_facts
from liebian.referrals.queries.programmes import find_participation, get_programme
from liebian.referrals.rules import decide_binding
from liebian.referrals.types import (
    CONSENT_VERSION,
    OPENED,
    PAGE_SOURCE,
    SHARED,
    SIGNED_UP,
    VIEWED,
    Participant,
    SignUpResult,
)


def record_visit(*, code: str, channel: str, visitor: str, now: datetime) -> None:
    """A friend opened the link. Writes one event to the log; an unknown code is nobody's visit."""
    inviter = find_participation(code)
    if inviter is not None:
        _record([_track(OPENED, inviter, channel, now, anonymous_id=visitor)], now)


def record_page_view(*, participation: Participant, now: datetime) -> None:
    """The inviter looked at their own page. Writes one event to the log."""
    _record(
        [_track(VIEWED, participation, "", now, customer_id=participation.customer_id)], now, source=INTERNAL_SOURCE
    )


def record_share(*, participation: Participant, channel: str, now: datetime) -> None:
    """The inviter took the link to share it. Writes one event to the log; sharing itself earns nothing."""
    _record(
        [_track(SHARED, participation, channel, now, customer_id=participation.customer_id)],
        now,
        source=INTERNAL_SOURCE,
    )


def sign_up(
    *,
    code: str,
    phone: str,
    email: str,
    name: str,
    consent: bool,
    marketing: bool,
    channel: str,
    visitor: str,
    now: datetime,
) -> SignUpResult:
    """A friend leaves a contact of their own. Answers at once with the reason that the stage would find.

    Writes two events to the log (who they are, that they signed up) when nothing speaks against it; repeats by the same
    contact and code answer "already_signed_up" once the first was read. Raises nothing: every "no" is a reason code.
    """
    normal_phone = customers.normalise("phone", phone) if phone else None
    normal_email = customers.normalise("email", email) if email else None
    facts = sign_up_facts(code, phone=normal_phone, email=normal_email, consented=consent, now=now)
    decision = decide_binding(facts)
    inviter = find_participation(code)
    if inviter is None or not decision.accepted:
        return SignUpResult(decision.reason, decision.checks)
    if is_signed_up(code, phone=normal_phone, email=normal_email):
        return SignUpResult("already_signed_up", decision.checks)
    if count_pairs_left(get_programme(inviter.programme_id)) < 1:
        return SignUpResult("campaign_budget", decision.checks)
    contact = {key: value for key, value in (("phone", normal_phone), ("email", normal_email)) if value}
    signed = _track(SIGNED_UP, inviter, channel, now, anonymous_id=visitor)
    signed["properties"] |= {"consent": CONSENT_VERSION, "marketing": marketing, **contact}
    _record([_identify(contact, name, marketing, channel, visitor, now), signed], now)
    return SignUpResult("", decision.checks)


def _identify(
    contact: dict[str, str], name: str, marketing: bool, channel: str, visitor: str, now: datetime
) -> dict[str, Any]:
    """Who the friend is, told by the friend. Consent to messages is apart from consent to the terms."""
    traits: dict[str, Any] = {**contact, "marketing_consent": marketing, "marketing_consent_at": now.isoformat()}
    if name:
        traits["name"] = name
    if channel:
        traits["channel"] = channel
    key = ids.caused_by("identify", *sorted(contact.values()), now.isoformat())
    return {"type": "identify", "messageId": key, "anonymousId": visitor, "timestamp": now, "traits": traits}


def _track(
    event: str,
    inviter: Participant,
    channel: str,
    now: datetime,
    *,
    anonymous_id: str = "",
    customer_id: int | None = None,
) -> dict[str, Any]:
    programme = get_programme(inviter.programme_id)
    properties: dict[str, Any] = {"programme_id": programme.id, "programme": programme.name, "code": inviter.code}
    if channel:
        properties["channel"] = channel
    message: dict[str, Any] = {
        "type": "track", "event": event, "timestamp": now, "properties": properties,
        "messageId": ids.caused_by(event, inviter.id, anonymous_id, now.isoformat()),
    }  # fmt: skip
    if anonymous_id:
        message["anonymousId"] = anonymous_id
    if customer_id is not None:
        message["customerId"] = customer_id
    return message


def _record(messages: list[dict[str, Any]], now: datetime, *, source: str = PAGE_SOURCE) -> None:
    events.record_events(messages, source=source, received_at=now)
