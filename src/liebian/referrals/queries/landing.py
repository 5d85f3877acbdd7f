"""What the friend's page may say: one reading for the page, the same facts for the answer to a sign-up."""

from __future__ import annotations

from datetime import datetime

from liebian.customers import queries as customers
from liebian.orders import queries as orders
from liebian.referrals.models import Referral
from liebian.referrals.queries.programmes import clean_code, find_participation, get_programme, terms_of
from liebian.referrals.rules import BindingFacts, first_name_hint, landing_state, same_contact
from liebian.referrals.types import Landing, Participant, ProgrammeView
from liebian.rewards import queries as rewards


def get_landing(code: str, *, visitor: str, now: datetime) -> Landing:
    """The page for a code as this visitor sees it now. The inviter is shown by a hint of their first name."""
    inviter = find_participation(code)
    if inviter is None:
        return Landing(state="code_not_found", code=clean_code(code))
    programme = get_programme(inviter.programme_id)
    state = landing_state(terms_of(programme), now, pairs_left=count_pairs_left(programme))
    if inviter.customer_id in customers.list_erased([inviter.customer_id]):
        state = "referrer_not_active"
    if not state and visitor:
        state = _visitor_state(inviter, visitor)
    name = customers.list_personal([inviter.customer_id])[inviter.customer_id].name
    return Landing(state, inviter.code, programme, inviter=first_name_hint(name), referrer_id=inviter.customer_id)


def _visitor_state(inviter: Participant, visitor: str) -> str:
    """A device that belongs to somebody we know already says who is looking."""
    person = customers.find_customer_id(kind="anonymous_id", value=visitor)
    if person is None:
        return ""
    if person == inviter.customer_id:
        return "self_referral"
    mine = _find_bound(inviter.programme_id, person)
    return "already_signed_up" if mine is not None and mine.referrer_id == inviter.customer_id else ""


def count_pairs_left(programme: ProgrammeView) -> int:
    """How many pairs of rewards the budget still carries."""
    if not (programme.budget_id and programme.referrer_offer_id and programme.friend_offer_id):
        return 0
    offers = rewards.list_offers(ids={programme.referrer_offer_id, programme.friend_offer_id})
    cost = {offer.id: offer.cost_minor for offer in offers}
    return rewards.get_budget(programme.budget_id).available // (
        cost[programme.referrer_offer_id] + cost[programme.friend_offer_id]
    )


def sign_up_facts(code: str, *, phone: str | None, email: str | None, consented: bool, now: datetime) -> BindingFacts:
    """The facts of the binding decision as they stand now, for a friend who just typed a contact."""
    inviter = find_participation(code)
    if inviter is None:
        return BindingFacts(code=clean_code(code), at=now, referee_id=None)
    person = _find_person(phone, email)
    earlier = _find_bound(inviter.programme_id, person)
    known = customers.list_personal([inviter.customer_id])[inviter.customer_id]
    return BindingFacts(
        code=inviter.code, at=now, referee_id=person, referrer_id=inviter.customer_id,
        terms=terms_of(get_programme(inviter.programme_id)), consented=consented,
        ordered_before=bool(person and orders.list_placed([person])), bound_to=earlier.referrer_id if earlier else None,
        erased_before=customers.was_erased(phone=phone, email=email),
        is_referrer_erased=inviter.customer_id in customers.list_erased([inviter.customer_id]),
        referee_contacts=same_contact(phone, email),
        referrer_contacts=same_contact(_normal("phone", known.phone), _normal("email", known.email)),
    )  # fmt: skip


def _find_bound(programme_id: int, person: int | None) -> Referral | None:
    if person is None:
        return None
    return Referral.objects.filter(programme_id=programme_id, referee_id=person).exclude(state="refused").first()


def is_signed_up(code: str, *, phone: str | None, email: str | None) -> bool:
    """Whether this friend is already bound to this very inviter."""
    inviter, person = find_participation(code), _find_person(phone, email)
    bound = _find_bound(inviter.programme_id, person) if inviter else None
    return bound is not None and inviter is not None and bound.referrer_id == inviter.customer_id


def _find_person(phone: str | None, email: str | None) -> int | None:
    found = customers.find_customer_id(kind="phone", value=phone) if phone else None
    return found or (customers.find_customer_id(kind="email", value=email) if email else None)


def _normal(kind: str, value: str) -> str | None:
    return customers.normalise(kind, value) if value else None
