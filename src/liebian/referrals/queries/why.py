"""Why, or why not: what happened to a person in the programmes, in order, with the reason of every "no"."""

from __future__ import annotations

from django.db.models import Q

from liebian.customers import queries as customers
from liebian.referrals.models import Outcome, Participation, Qualification, Referral, Touch
from liebian.referrals.queries.programmes import clean_code
from liebian.referrals.types import COUPON_REDEEMED, COUPON_REFUSED, DecisionView, QualificationView, ReferralView, Why
from liebian.rewards import queries as rewards
from liebian.rewards.types import RewardView


def find_people(text: str) -> list[int]:
    """Customers whom a search may mean: a code, a phone number, an e-mail address, a user id, an order or C-number."""
    words = text.replace("，", " ").replace(",", " ").split()
    found: list[int] = []
    for word in words:
        found += _find_by_word(word)
    finals = customers.find_final_ids(found)
    return list(dict.fromkeys(finals.get(each, each) for each in found))


def _find_by_word(word: str) -> list[int]:
    code = clean_code(word)
    owner = Participation.objects.filter(code=code).values_list("customer_id", flat=True).first() if code else None
    if owner is not None:
        return [owner]
    for kind in ("phone", "email", "user_id"):
        if (person := customers.find_customer_id(kind=kind, value=word)) is not None:
            return [person]
    judged = Qualification.objects.filter(order_external_id=word).values_list("referral__referee_id", flat=True)
    if judged:
        return list(judged)
    number = word.upper().removeprefix("C-")
    known = customers.find_customer(int(number)) if number.isdigit() and len(number) < 19 else None
    return [known.id] if known else []


def list_story(customer_id: int, *, programme_id: int | None = None) -> list[Why]:
    """Everything that referrals know of one person, oldest first: as a friend, and as the inviter of others."""
    story = [*_touches(customer_id, programme_id), *_bindings(customer_id, programme_id), *_unknown_codes(customer_id)]
    story += [*_judgements(customer_id, programme_id), *_coupons(customer_id, programme_id)]
    return sorted(story, key=lambda entry: entry.at)


def _touches(customer_id: int, programme_id: int | None) -> list[Why]:
    rows = Touch.objects.filter(customer_id=customer_id).select_related("participation")
    if programme_id is not None:
        rows = rows.filter(programme_id=programme_id)
    return [
        Why(
            row.at,
            row.kind,
            row.participation.customer_id,
            values={"code": row.participation.code, "channel": row.channel},
        )
        for row in rows.order_by("event_id")[:100]
    ]


def _bindings(customer_id: int, programme_id: int | None) -> list[Why]:
    ids = customers.list_ids_of(customer_id)
    rows = Referral.objects.filter(Q(referee_id__in=ids) | Q(referrer_id=customer_id))
    if programme_id is not None:
        rows = rows.filter(programme_id=programme_id)
    story = []
    for row in rows.order_by("id")[:200]:
        mine = row.referee_id in ids
        kind = (
            ("signed_up" if mine else "friend_signed_up")
            if row.state != "refused"
            else ("sign_up_refused" if mine else "friend_refused")
        )
        other = row.referrer_id if mine else row.referee_id
        checks = row.trace[-1]["checks"] if row.trace else ()
        story.append(Why(row.bound_at, kind, other, row.reason, {"code": row.code, "channel": row.channel}, checks))
    return story


def _unknown_codes(customer_id: int) -> list[Why]:
    rows = Outcome.objects.filter(customer_id=customer_id, name="Referral Refused", programme_id__isnull=True)
    return [
        Why(
            row.at,
            "sign_up_refused",
            None,
            row.properties["reason"],
            {"code": row.properties["code"]},
            row.properties["trace"],
        )
        for row in rows.order_by("id")[:50]
    ]


def _coupons(customer_id: int, programme_id: int | None) -> list[Why]:
    """Coupons that this person used, or tried to use, on an order."""
    kinds = {COUPON_REDEEMED: "coupon_used", COUPON_REFUSED: "coupon_refused"}
    rows = Outcome.objects.filter(customer_id=customer_id, name__in=kinds)
    if programme_id is not None:
        rows = rows.filter(programme_id=programme_id)
    return [
        Why(
            row.at,
            kinds[row.name],
            None,
            row.properties["reason"],
            {"code": f"…{row.properties['code'][-4:]}", "order": row.properties["order_id"]},
        )
        for row in rows.order_by("id")[:50]
    ]


def _judgements(customer_id: int, programme_id: int | None) -> list[Why]:
    story = []
    for judged in list_qualifications(customer_id=customer_id, programme_id=programme_id):
        values = {"order": judged.order_external_id, "amount_minor": judged.amount_minor}
        story.append(Why(judged.at, "ordered", None, judged.reason, values))
        kept = {r.id: r for r in rewards.list_rewards(ids=[d.reward_id for d in judged.decisions if d.reward_id])}
        for decision in judged.decisions:
            if decision.customer_id == customer_id:
                story.append(_decided(judged, decision, kept.get(decision.reward_id or 0)))
    return story


def _decided(judged: QualificationView, decision: DecisionView, reward: RewardView | None) -> Why:
    values = {
        "role": decision.role,
        "order": judged.order_external_id,
        "state": reward.state if reward else "",
        "reward": reward,
    }
    reason = decision.reason or (reward.reason if reward else "")
    at = reward.changed_at if reward else judged.at
    kind = "reward_not_given" if decision.outcome == "refused" else f"reward_{reward.told if reward else 'waiting'}"
    return Why(max(at, judged.at), kind, None, reason, values, decision.trace)


def list_qualifications(*, customer_id: int, programme_id: int | None = None) -> list[QualificationView]:
    """Judged orders in which this person is the friend or the inviter, oldest first, with both sides' decisions."""
    ids = customers.list_ids_of(customer_id)
    rows = Qualification.objects.filter(Q(referral__referee_id__in=ids) | Q(referral__referrer_id=customer_id))
    if programme_id is not None:
        rows = rows.filter(programme_id=programme_id)
    rows = rows.prefetch_related("decisions").order_by("id")[:200]
    return [
        QualificationView(
            id=row.pk, referral_id=row.referral_id, programme_id=row.programme_id, order_external_id=row.order_external_id,
            outcome=row.outcome, reason=row.reason, amount_minor=row.amount_minor, net_minor=row.net_minor, at=row.at,
            decisions=tuple(
                DecisionView(d.role, d.customer_id, d.outcome, d.reason, d.reward_id, d.trace)
                for d in sorted(row.decisions.all(), key=lambda d: d.role, reverse=True)
            ),
        )
        for row in rows
    ]  # fmt: skip


def list_referrals(
    *, referrer_id: int | None = None, referee_id: int | None = None, programme_id: int | None = None
) -> list[ReferralView]:
    """Referrals by inviter or by friend, newest first; those of a friend under every id."""
    exact = {"referrer_id": referrer_id, "programme_id": programme_id}
    rows = Referral.objects.filter(**{name: value for name, value in exact.items() if value is not None})
    if referee_id is not None:
        rows = rows.filter(referee_id__in=customers.list_ids_of(referee_id))
    return [
        ReferralView(
            row.pk,
            row.programme_id,
            row.referrer_id,
            row.referee_id,
            row.code,
            row.state,
            row.reason,
            row.channel,
            row.bound_at,
            row.trace,
        )
        for row in rows.order_by("-id")[:200]
    ]
