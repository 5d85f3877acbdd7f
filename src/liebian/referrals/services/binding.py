"""Writing bindings: one row per friend and programme; every attempt stays in its trace."""

from __future__ import annotations

from typing import Any

from liebian.customers.types import CustomerEvent
from liebian.orders.types import OrderChange
from liebian.referrals.models import Referral
from liebian.referrals.rules import BindingFacts
from liebian.referrals.services.known import Known
from liebian.referrals.types import BOUND_FOR_GOOD, Decision

_COLUMNS = ["referrer_id", "code", "state", "reason", "channel", "bound_at", "trace"]


class Binder:
    def __init__(self, known: Known) -> None:
        self.known = known
        self.changed: dict[int, Referral] = {}

    def take(self, item: CustomerEvent, facts: BindingFacts, decision: Decision) -> None:
        """Keep the decision about one sign-up. A friend who is bound stays bound, whatever comes after."""
        event = item.event
        channel = str(event.properties.get("channel") or "")[:60]
        if facts.terms is None or facts.referrer_id is None:
            self._tell_refusal(item, facts, decision, None)
            return
        key = (facts.terms.programme_id, item.customer_id)
        row = self.known.referrals.get(key)
        attempt = {"at": event.at.isoformat(), "event": event.id, "code": facts.code, "checks": decision.trace}
        if row is None:
            row = Referral(id=event.id, programme_id=key[0], referee_id=item.customer_id, trace=[])
            self.known.referrals[key] = row
        elif row.state in BOUND_FOR_GOOD:
            row.trace = [*row.trace, attempt]
            self.changed[row.pk] = row
            if not decision.accepted:
                self._tell_refusal(item, facts, decision, key[0])
            return
        row.referrer_id, row.code, row.channel, row.bound_at = facts.referrer_id, facts.code, channel, event.at
        row.state, row.reason = ("bound", "") if decision.accepted else ("refused", decision.reason)
        row.trace = [*row.trace, attempt]
        self.changed[row.pk] = row
        if not decision.accepted:
            self._tell_refusal(item, facts, decision, key[0])
            return
        self.known.tell(
            "Referral Bound", str(event.id), item.customer_id, event.at,
            programme_id=key[0], code=facts.code, referrer_id=facts.referrer_id, channel=channel,
        )  # fmt: skip

    def _tell_refusal(
        self, item: CustomerEvent, facts: BindingFacts, decision: Decision, programme_id: int | None
    ) -> None:
        properties: dict[str, Any] = {"code": facts.code, "reason": decision.reason, "trace": decision.trace}
        self.known.tell(
            "Referral Refused",
            str(item.event.id),
            item.customer_id,
            item.event.at,
            programme_id=programme_id,
            **properties,
        )

    def settle(self, row: Referral, state: str, reason: str) -> None:
        row.state, row.reason = state, reason
        self.changed[row.pk] = row

    def reverse(self, referral_id: int, reason: str, change: OrderChange) -> None:
        """The order that counted was given back as a whole."""
        row = next((r for r in self.known.referrals.values() if r.pk == referral_id), None)
        if row is None:
            row = Referral.objects.get(pk=referral_id)
            self.known.referrals[row.programme_id, row.referee_id] = row
        self.settle(row, "reversed", reason)
        self.known.tell(
            "Referral Reversed", f"{referral_id}:{change.external_id}", row.referee_id, change.at,
            programme_id=row.programme_id, reason=reason, order_id=change.external_id, referrer_id=row.referrer_id,
        )  # fmt: skip

    def save(self) -> None:
        """Write what changed; qualifications point to these rows."""
        if self.changed:
            rows = [self.changed[key] for key in sorted(self.changed)]
            Referral.objects.bulk_create(
                rows, batch_size=500, update_conflicts=True, unique_fields=["id"], update_fields=_COLUMNS
            )
            self.changed.clear()
