"""Payouts against rewards, and what providers said otherwise: the part of the reconciliation that this context knows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from liebian.core.texts import mark as _
from liebian.payouts.models import Finding, Payout
from liebian.payouts.types import WITH_PROVIDER
from liebian.rewards import queries as rewards
from liebian.rewards.types import MONEY, Check, Compared, Difference


class PayoutCheck:
    """A reward of money is with a provider, or paid, exactly when one payout of it is. `found` is what the payouts say."""

    code = "payouts"
    title = _("Payouts: payouts against rewards, providers against payouts")
    writes = False

    def compare(self, now: datetime) -> Compared:
        pairs = (
            ("with_provider", WITH_PROVIDER, ("awaiting_recipient",)),
            ("paid", ("paid",), ("issued", "redeemed", "clawed_back", "written_off")),
        )
        n_compared, differences = 0, []
        for what, states, reward_states in pairs:
            ours = rewards.list_reward_ids(kinds=sorted(MONEY), states=reward_states)
            sent = set(Payout.objects.filter(state__in=states).values_list("reward_id", flat=True))
            n_compared += len(ours | sent)
            differences += [
                Difference(f"reward:{each}", what, int(each in ours), int(each in sent)) for each in sorted(ours ^ sent)
            ]
        said = list(_list_findings())
        return Compared(n_compared + len(said), (*differences, *said))


def _list_findings() -> Iterator[Difference]:
    for row in Finding.objects.filter(explained_by=None).order_by("id"):
        yield Difference(f"payout:{row.out_no}", row.kind, row.ours_minor or 0, row.theirs_minor or 0)


CHECKS: list[Check] = [PayoutCheck()]
