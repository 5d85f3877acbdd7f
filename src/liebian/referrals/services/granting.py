"""Judging orders and granting rewards: both sides of a qualification are decided and written together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from liebian.core.durability import commit_durably
from liebian.orders.types import OrderChange
from liebian.referrals.models import Qualification, Referral, ReferralDecision
from liebian.referrals.rules import OrderFacts, decide_qualification, pay_from, reward_key, subjects_of
from liebian.referrals.services.binding import Binder
from liebian.referrals.services.known import Known
from liebian.referrals.types import FRIEND, REFERRER, ROLES, Check, Decision
from liebian.rewards import services as rewards
from liebian.rewards.types import GrantOutcome, GrantRequest, Side

RULE = "first_order"
_FOR_GOOD = frozenset({"already_customer", "other_touch_won"})
_COLUMNS = ["outcome", "reason", "net_minor"]


@dataclass(slots=True)
class _Pending:
    """A qualified order whose rewards are not asked for yet."""

    row: Qualification
    referral: Referral
    decision: Decision
    order: OrderChange


class Granter:
    """Collects qualified orders and asks for their rewards together; whatever reads rewards calls `flush` first."""

    def __init__(self, known: Known, binder: Binder) -> None:
        self.known = known
        self.binder = binder
        self.pending: list[_Pending] = []
        self.refused: list[tuple[Qualification, Referral, Decision]] = []
        self.changed: dict[int, Qualification] = {}

    def take(self, order: OrderChange, referral: Referral) -> None:
        """Judge one paid order of a bound friend."""
        terms = self.known.terms[referral.programme_id]
        decision = decide_qualification(self._facts(order, referral), terms)
        row = Qualification(
            referral_id=referral.pk, programme_id=referral.programme_id, order_id=order.order_id,
            order_external_id=order.external_id, outcome="qualified" if decision.accepted else "refused",
            reason=decision.reason, amount_minor=order.amount_minor, net_minor=order.amount_minor, at=order.at,
            event_id=order.event_id,
        )  # fmt: skip
        self.known.qualified[order.order_id].append(row)
        if not decision.accepted:
            self.refused.append((row, referral, decision))
            if decision.reason in _FOR_GOOD:
                self.binder.settle(referral, "refused", decision.reason)
                self._tell(referral, order, decision.reason)
            return
        self.pending.append(_Pending(row, referral, decision, order))
        self.binder.settle(referral, "qualified", "")

    def _facts(self, order: OrderChange, referral: Referral) -> OrderFacts:
        before = self.known.placed_before(order.customer_id, order.event_id)
        earlier = [placed for placed in before if placed.external_id != order.external_id]
        won = next((row for row in self.known.qualified[order.order_id] if row.outcome == "qualified"), None)
        return OrderFacts(
            external_id=order.external_id, at=order.at, amount_minor=order.amount_minor, currency=order.currency,
            bound_at=referral.bound_at, ordered_before_binding=any(p.ordered_at < referral.bound_at for p in earlier),
            older_referral=won.referral_id if won else None, given_back=order.n_orders <= 0,
        )  # fmt: skip

    def keep(self, row: Qualification) -> None:
        if row.pk:
            self.changed[row.pk] = row

    def flush(self) -> None:
        """Ask for the rewards of everything that waits and write both sides' decisions."""
        self.binder.save()
        rows = [*(p.row for p in self.pending), *(row for row, _, _ in self.refused)]
        rows.sort(key=lambda row: row.event_id)
        Qualification.objects.bulk_create(rows, batch_size=500)
        decisions = [d for row, referral, decision in self.refused for d in self._refuse(row, referral, decision)]
        decisions += self._grant()
        ReferralDecision.objects.bulk_create(decisions, batch_size=1000)
        Qualification.objects.bulk_update(self.changed.values(), _COLUMNS, batch_size=500)
        self.pending, self.refused, self.changed = [], [], {}

    def _grant(self) -> list[ReferralDecision]:
        if not self.pending:
            return []
        commit_durably(connection)
        now = self.pending[-1].order.at
        outcomes = rewards.grant_pairs(grants=[self._request(p) for p in self.pending], now=now)
        judged = list(zip([(p, role) for p in self.pending for role in ROLES], outcomes, strict=True))
        self._release([outcome for (p, _role), outcome in judged if self._is_paid_at_once(p)], now)
        return [self._decide(p, role, outcome) for (p, role), outcome in judged]

    def _is_paid_at_once(self, pending: _Pending) -> bool:
        return self.known.programmes[pending.row.programme_id].hold_days == 0

    @staticmethod
    def _release(outcomes: list[GrantOutcome], now: datetime) -> None:
        """Their day began before the order: no row of a day would come for them until the next."""
        for day in sorted({o.reward.hold_until for o in outcomes if o.granted}):
            ids = [o.reward.id for o in outcomes if o.granted and o.reward.hold_until == day]
            rewards.release_rewards(reward_ids=ids, day=day, now=now)

    def _request(self, pending: _Pending) -> GrantRequest:
        programme = self.known.programmes[pending.row.programme_id]
        assert programme.budget_id and programme.referrer_offer_id and programme.friend_offer_id
        referral = pending.referral
        return GrantRequest(
            qualification=reward_key(programme.id, pending.row.order_external_id), rule=RULE, programme_id=programme.id,
            budget_id=programme.budget_id, at=pending.order.at,
            sides=(
                self._side(REFERRER, referral.referrer_id, programme.referrer_offer_id, pending.order),
                self._side(FRIEND, referral.referee_id, programme.friend_offer_id, pending.order),
            ),
            limits=programme.limits,
            hold_until=pay_from(pending.order.at, programme.zone, programme.hold_days),
            trace={"checks": pending.decision.trace}, approval=programme.approval,
        )  # fmt: skip

    def _side(self, role: str, customer_id: int, offer_id: int, order: OrderChange) -> Side:
        """Who was erased since is owed nothing; the other side is not theirs to take away."""
        subjects = subjects_of(role, customer_id, store=order.store, identifier=order.identifier)
        refusal = "deleted_identity" if self.known.is_erased(customer_id, order.event_id) else ""
        return Side(role, customer_id, offer_id, refusal=refusal, subjects=subjects)

    def _decide(self, pending: _Pending, role: str, outcome: GrantOutcome) -> ReferralDecision:
        checks = list(pending.decision.checks)
        checks += _check_limits(outcome)
        if outcome.reason and outcome.reason not in {check.code for check in checks}:
            checks.append(Check(outcome.reason, False))
        elif outcome.granted:
            checks.append(Check("campaign_budget", True))
        return ReferralDecision(
            qualification=pending.row, role=role, customer_id=outcome.reward.customer_id,
            outcome="granted" if outcome.granted else "refused", reason=outcome.reason, reward_id=outcome.reward.id,
            trace=[check.as_json() for check in checks],
        )  # fmt: skip

    @staticmethod
    def _refuse(row: Qualification, referral: Referral, decision: Decision) -> list[ReferralDecision]:
        people = {REFERRER: referral.referrer_id, FRIEND: referral.referee_id}
        return [
            ReferralDecision(
                qualification=row, role=role, customer_id=people[role], outcome="refused", reason=decision.reason,
                trace=decision.trace,
            )
            for role in ROLES
        ]  # fmt: skip

    def _tell(self, referral: Referral, order: OrderChange, reason: str) -> None:
        self.known.tell(
            "Referral Refused", f"{referral.pk}:{order.external_id}", referral.referee_id, order.at,
            programme_id=referral.programme_id, code=referral.code, reason=reason, order_id=order.external_id,
        )  # fmt: skip


def _check_limits(outcome: GrantOutcome) -> list[Check]:
    """What the limits said, with what they leave."""
    return [
        Check(told["reason"], outcome.granted, {name: told[name] for name in ("limit", "start", "amount", "left")})
        for told in outcome.reward.trace.get("limits", ())
    ]
