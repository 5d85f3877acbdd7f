"""Publishing: checks, the draw of who is held out, the promise frozen. Nobody is asked before the draw is written."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import transaction

from liebian.access import services as audit
from liebian.core.days import day_of
from liebian.core.errors import Invalid
from liebian.core.ids import bucket_of, code_from
from liebian.core.texts import mark as _
from liebian.referrals.models import Outcome, Participation, Programme, ProgrammeChange
from liebian.referrals.queries.drafts import check_draft, list_targets, offers_of
from liebian.referrals.queries.programmes import get_programme, view_programme
from liebian.referrals.rules import clean_limits, may_become
from liebian.referrals.services.outbox import announce_outcomes
from liebian.referrals.services.programmes import lock_programme
from liebian.referrals.types import INVITED, ProgrammeView
from liebian.rewards import services as rewards

TEXTS = ("title", "message", "rules")


def publish_programme(*, programme_id: int, actor: int | None, now: datetime) -> ProgrammeView:
    """Freeze the draft, open and fund its budget, draw both arms, and tell the log whom we invite.

    Where the money of a new budget waits for a second person, the programme stays a draft, with that budget: once somebody has agreed, it
    can be published. Writes Programme, ProgrammeChange, Participation, Outcome, an audit entry, and through rewards the offers and the
    budget, in one transaction. Idempotent: a published programme is answered as it is. Raises Invalid
    "programme_not_ready" with the codes of what is missing.
    """
    view = get_programme(programme_id)
    if view.status != "draft":
        return view
    people = list_targets(view.segment_or_draft, now=now, zone=view.zone)
    findings = [f for f in check_draft(view, people=len(people), today=day_of(now, view.zone)) if f.level == "block"]
    if findings:
        codes = [finding.code for finding in findings]
        raise Invalid("programme_not_ready", _("Some checks have not passed. Nothing was published."), codes=codes)
    with transaction.atomic():
        row = lock_programme(programme_id)
        may_become(row.status, "running")
        if not _fund(row, actor, now):
            return view_programme(row)
        _freeze(row, actor, now)
        _draw(row, people, now)
        ProgrammeChange.objects.create(programme=row, status="running", at=now, actor=actor)
        details = {"people": len(people), "budget_minor": row.budget_minor}
        audit.record_audit(
            actor_id=actor, action="referral.published", subject=f"programme:{row.pk}", details=details, now=now
        )
    announce_outcomes()
    return get_programme(programme_id)


def _fund(row: Programme, actor: int | None, now: datetime) -> bool:
    """Give the programme its budget; False when the money of a new one waits for a second person, and the draft has that budget now."""
    draft = row.draft
    if draft.get("budget_id"):
        row.budget_id, row.budget_minor = int(draft["budget_id"]), 0
        return True
    budget = rewards.create_budget(name=str(draft["name"])[:120], currency=row.currency, now=now)
    row.budget_id, row.budget_minor = budget.id, int(draft["budget_minor"])
    if actor is None:
        rewards.fund_budget(
            budget_id=budget.id,
            amount_minor=row.budget_minor,
            idempotency_key=f"programme:{row.pk}",
            actor=None,
            now=now,
        )
        return True
    key = f"programme:{row.pk}:{budget.id}"
    review = rewards.propose_funding(budget_id=budget.id, amount_minor=row.budget_minor, key=key, actor=actor, now=now)
    if review.state != "waiting":
        return True
    Programme.objects.filter(pk=row.pk).update(draft={**draft, "budget_id": budget.id})
    row.refresh_from_db()
    return False


def _freeze(row: Programme, actor: int | None, now: datetime) -> None:
    assert row.budget_id  # by _fund
    draft = row.draft
    referrer, friend = (rewards.create_offer(draft=offer, now=now) for offer in offers_of(view_programme(row)))
    row.referrer_offer_id, row.friend_offer_id = referrer.id, friend.id
    row.segment_id = int(draft["segment_id"])
    row.holdout_percent = int(draft["holdout_percent"])
    row.starts_on, row.ends_on = date.fromisoformat(draft["starts_on"]), date.fromisoformat(draft["ends_on"])
    rewards.stretch_budget(budget_id=row.budget_id, until=row.ends_on)
    row.min_order_minor, row.hold_days = int(draft.get("min_order_minor") or 0), int(draft["hold_days"])
    row.limits = clean_limits(draft.get("limits", ()))
    row.texts = _texts(draft)
    row.status, row.version, row.published_at = "running", row.version + 1, now
    row.save()


def _texts(draft: dict[str, Any]) -> dict[str, dict[str, str]]:
    shared = {"organiser": draft["organiser"], "contact": draft["contact"]}
    return {lang: {**shared, **{field: draft[f"{field}_{lang}"] for field in TEXTS}} for lang in ("zh", "en")}


def _draw(row: Programme, people: Iterable[int], now: datetime) -> None:
    """The arm of a person depends on the programme's salt and on nobody else, so it is the same whenever it is drawn."""
    wanted = list(people)
    codes = _codes(row.salt, wanted)
    rows = []
    for customer_id in wanted:
        held_out = bucket_of(row.salt, customer_id) * 100 < row.holdout_percent
        arm = "holdout" if held_out else "treated"
        rows.append(
            Participation(
                programme=row,
                customer_id=customer_id,
                drawn_for=customer_id,
                arm=arm,
                code=codes[customer_id],
                drawn_at=now,
            )
        )
    Participation.objects.bulk_create(rows, batch_size=1000)
    Outcome.objects.bulk_create(
        [
            Outcome(
                cause=f"{INVITED}:{row.pk}:{p.customer_id}", name=INVITED, customer_id=p.customer_id, programme_id=row.pk,
                properties={"programme_id": row.pk, "arm": p.arm, "code": p.code}, at=now,
            )
            for p in rows if p.arm == "treated"
        ],
        batch_size=1000,
    )  # fmt: skip


def _codes(salt: str, people: list[int]) -> dict[int, str]:
    """A code each, different from every code of every programme; a clash is drawn again."""
    codes: dict[int, str] = {}
    waiting, attempt, used = people, 0, set[str]()
    while waiting:
        drawn = {person: code_from(salt, person, attempt) for person in waiting}
        taken = used | set(Participation.objects.filter(code__in=list(drawn.values())).values_list("code", flat=True))
        waiting = []
        for person, code in drawn.items():
            if code in taken:
                waiting.append(person)
            else:
                taken.add(code)
                used.add(code)
                codes[person] = code
        attempt += 1
    return codes
