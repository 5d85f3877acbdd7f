"""What a programme's rewards add up to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Count, Sum

from liebian.rewards.models import Reward, RewardChange
from liebian.rewards.types import PAYABLE, RESERVED, WITHOUT_COST, ProgrammeTotals, Tally


def get_programme_totals(programme_id: int) -> ProgrammeTotals:
    return list_programme_totals([programme_id])[programme_id]


def list_programme_totals(programme_ids: Sequence[int]) -> dict[int, ProgrammeTotals]:
    """Totals by programme, from one grouped read; programmes without rewards get zeroes."""
    rows = Reward.objects.filter(programme_id__in=programme_ids)
    groups = list(
        rows.values("programme_id", "state", "reason").annotate(
            n=Count("id"),
            cost=Sum("cost_minor"),
            back=Sum("clawed_minor"),
            owed=Sum("owed_minor"),
        )
    )
    touched = {
        row["programme_id"]: row["n"]
        for row in rows.filter(clawed_amount__gt=0, state__in=["issued", "clawed_back", "written_off"])
        .values("programme_id")
        .annotate(n=Count("id"))
    }
    lost = _sum_sent_again(programme_ids)
    return {
        each: _total(
            each, [row for row in groups if row["programme_id"] == each], touched.get(each, 0), lost.get(each, 0)
        )
        for each in programme_ids
    }


def _sum_sent_again(programme_ids: Sequence[int]) -> dict[int, int]:
    """What was lost on the way before it was sent again, and so was spent twice."""
    steps = RewardChange.objects.filter(reward__programme_id__in=programme_ids, reward__attempt__gt=0)
    lost = steps.filter(from_state="written_off", to_state="issuing").order_by()
    return dict(lost.values_list("reward__programme_id").annotate(n=Sum("minor")))


def _total(programme_id: int, groups: Sequence[Mapping[str, Any]], n_clawed: int, lost_minor: int) -> ProgrammeTotals:
    def tally(*states: str) -> Tally:
        rows = [row for row in groups if row["state"] in states]
        return Tally(sum(r["n"] for r in rows), sum(r["cost"] for r in rows))

    undone = ("cancelled", "rejected", "returned")
    issued = ("issued", "redeemed", "clawed_back", "written_off", "expired")
    paid_back = [r for r in groups if r["state"] in ("issued", "clawed_back", "written_off")]
    kept = [r for r in groups if r["state"] not in WITHOUT_COST]
    by_reason: dict[str, int] = {}
    for row in groups:
        if row["state"] == "refused":
            by_reason[row["reason"]] = by_reason.get(row["reason"], 0) + row["n"]
    return ProgrammeTotals(
        programme_id=programme_id,
        granted=tally(*RESERVED, *PAYABLE, *undone, *issued),
        held=tally(*RESERVED),
        issuing=tally(*PAYABLE),
        issued=tally(*issued),
        clawed=Tally(n_clawed, sum(r["back"] for r in paid_back)),
        cancelled=tally(*undone),
        expired=tally("expired"),
        refused=tally("refused"),
        refused_by_reason=by_reason,
        net_minor=sum(r["cost"] - r["back"] for r in kept) + lost_minor,
        owed_minor=sum(r["owed"] for r in groups),
    )
