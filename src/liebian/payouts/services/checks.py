"""Payouts against rewards, and what providers said otherwise: the part of the reconciliation that this context knows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from liebian.core.money import exponent
from liebian.core.texts import mark as _
from liebian.payouts.models import Finding, Payout
from liebian.payouts.rules import CHECK, FINDINGS, alarm_subject
from liebian.payouts.types import WITH_PROVIDER, FindingKind
from liebian.rewards import queries as rewards
from liebian.rewards.types import MONEY, Check, Compared, Difference

_NOT_PAID_HERE: frozenset[FindingKind] = frozenset({"paid_unsent"})
_NOT_PAID_THERE: frozenset[FindingKind] = frozenset({"no_after_yes"})


class PayoutCheck:
    """A reward of money is with a provider, or paid, exactly when one payout of it is. `found` is what the payouts say."""

    code = CHECK
    title = _("Payouts: payouts against rewards, providers against payouts")
    figures = {
        "with_provider": _("with the provider: by rewards, by payouts"),
        "paid": _("paid: by rewards, by payouts"),
        **FINDINGS,
    }
    page = "payouts:statements"
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
        said = list_differences()
        return Compared(n_compared + len(said), (*differences, *said))


def list_differences(**about: str) -> list[Difference]:
    """One for a number and kind, also where several accounts speak of it; of all findings that nobody explained, or of those `about`."""
    found: dict[tuple[str, str], Difference] = {}
    for each in _read_findings(about):
        before = found.get((each.subject, each.what))
        if before is not None:
            each = replace(each, expected=before.expected + each.expected, found=before.found + each.found)
        found[each.subject, each.what] = each
    return list(found.values())


def _read_findings(about: Mapping[str, str]) -> Iterator[Difference]:
    for row in Finding.objects.filter(explained_by=None, **about).select_related("account").order_by("id"):
        ours = 0 if row.kind in _NOT_PAID_HERE else row.ours_minor or 0
        theirs = 0 if row.kind in _NOT_PAID_THERE else row.theirs_minor or 0
        unit = f"{row.account.currency}/{exponent(row.account.currency)}"
        yield Difference(alarm_subject(row.out_no), row.kind, ours, theirs, unit)


CHECKS: list[Check] = [PayoutCheck()]
