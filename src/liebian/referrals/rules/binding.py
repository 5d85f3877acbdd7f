"""Is this sign-up a new friend of that inviter? Every question is asked and kept, also after the first "no". Plain Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from liebian.customers.types import mailbox_of
from liebian.referrals.rules.terms import Terms, status_at, window_state
from liebian.referrals.types import Check, Decision


@dataclass(frozen=True, slots=True)
class BindingFacts:
    """`terms` is None when nobody who was invited has the code. Contacts are normalised and stay in memory."""

    code: str
    at: datetime
    referee_id: int | None
    referrer_id: int | None = None
    terms: Terms | None = None
    consented: bool = True
    ordered_before: bool = False
    erased_before: bool = False  # the friend comes back after they were erased
    is_referrer_erased: bool = False
    bound_to: int | None = None
    lines: Mapping[int, int] = field(default_factory=dict)  # by whom others were brought to this programme
    referee_contacts: frozenset[str] = field(default=frozenset(), repr=False)
    referrer_contacts: frozenset[str] = field(default=frozenset(), repr=False)


def decide_binding(facts: BindingFacts) -> Decision:
    """Bind, or the reason why not: the first check that fails."""
    known = Check("code_not_found", facts.terms is not None, {"code": facts.code})
    if facts.terms is None:
        return Decision((known,))
    return Decision((known, *_window(facts, facts.terms), *_person(facts)))


def _window(facts: BindingFacts, terms: Terms) -> tuple[Check, ...]:
    state = window_state(terms, facts.at)
    status = status_at(terms.history, facts.at)
    period = {"from": terms.starts_on.isoformat(), "before": terms.ends_on.isoformat(), "at": facts.at.isoformat()}
    return (
        Check("programme_not_running", state != "programme_not_running", {"status": status}),
        Check("not_started", state != "not_started", period),
        Check("code_expired", state != "code_expired", {**period, "status": status}),
    )


def _person(facts: BindingFacts) -> tuple[Check, ...]:
    oneself = facts.referee_id is not None and facts.referee_id == facts.referrer_id
    shared = bool(facts.referee_contacts & facts.referrer_contacts)
    elsewhere = facts.bound_to is not None and facts.bound_to != facts.referrer_id
    return (
        *([Check("referrer_not_active", False, {})] if facts.is_referrer_erased else []),
        Check("self_referral", not (oneself or shared), {"same_person": oneself, "same_contact": shared}),
        Check("referral_ring", not _closes_ring(facts), {}),
        Check("already_customer", not (facts.ordered_before or facts.erased_before), _was_here(facts)),
        Check("already_referred", not elsewhere, {"other_inviter": elsewhere}),
        Check("consent_missing", facts.consented, {"consented": facts.consented}),
    )


def _was_here(facts: BindingFacts) -> dict[str, bool]:
    told = {"ordered_before": facts.ordered_before}
    return {**told, "erased_before": True} if facts.erased_before else told


def _closes_ring(facts: BindingFacts) -> bool:
    """Whether the friend brought the inviter, or somebody who brought the inviter, and so on."""
    who, passed = facts.referrer_id, set[int]()
    while who is not None and who not in passed:
        passed.add(who)
        who = facts.lines.get(who)
        if who is not None and who == facts.referee_id:
            return True
    return False


def same_contact(phone: str | None, email: str | None) -> frozenset[str]:
    """What two people must not share: the phone, and the mailbox behind the address (a +tag is the same mailbox).

    >>> sorted(same_contact("+8613800138000", "li.n+shop@gmail.com"))
    ['+8613800138000', 'lin@gmail.com']
    >>> sorted(same_contact(None, "li.n+shop@example.com"))
    ['li.n@example.com']
    """
    found = set()
    if phone:
        found.add(phone)
    if email:
        found.add(mailbox_of(email))
    return frozenset(found)


def landing_state(terms: Terms | None, moment: datetime, *, pairs_left: int) -> str:
    """What keeps anybody from accepting this invitation now; empty when nothing does."""
    if terms is None:
        return "code_not_found"
    return window_state(terms, moment) or ("" if pairs_left > 0 else "campaign_budget")
