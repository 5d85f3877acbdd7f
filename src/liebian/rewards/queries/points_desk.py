"""One customer's points as a person at the desk looks at them: what took them, what is set aside, what ends soon."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Sum

from liebian.core.errors import NotFound
from liebian.core.texts import mark as _
from liebian.rewards.models import PointsLot, PointsUse, PointsWallet
from liebian.rewards.queries.points import list_lots_where
from liebian.rewards.queries.points_terms import TermsBook
from liebian.rewards.types import LotView, PointsUseView


def list_point_uses(
    customer_id: int, *, asset: str, state: str = "", before: int | None = None, limit: int = 50
) -> list[PointsUseView]:
    """What took a customer's points, newest first; `before` is the id of a use (exclusive)."""
    rows = PointsUse.objects.filter(customer_id=customer_id, asset=asset)
    if state:
        rows = rows.filter(state=state)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return [_view(use) for use in rows.order_by("-id")[:limit]]


def list_programmes_of(customer_id: int) -> list[str]:
    """The assets in which a customer ever had points."""
    rows = PointsLot.objects.filter(customer_id=customer_id).order_by("asset")
    return list(rows.values_list("asset", flat=True).distinct())


def get_lot(customer_id: int, lot_id: int) -> LotView:
    found = list_lots_where(pk=lot_id, customer_id=customer_id)
    if not found:
        raise NotFound("points_lot_not_found", _("These points were not earned by this customer."))
    return found[0]


def get_point_use(customer_id: int, use_id: int) -> PointsUseView:
    use = PointsUse.objects.filter(pk=use_id, customer_id=customer_id).first()
    if use is None:
        raise NotFound("points_use_not_found", _("This customer has no such points set aside."))
    return _view(use)


def sum_ending_points(customer_id: int, *, asset: str, at: datetime, until: Sequence[datetime]) -> list[int]:
    """How many of the points that can be spent end in [at, until), for each of these instants."""
    idle_at = find_idle_end(customer_id, asset)
    lots = PointsLot.objects.filter(customer_id=customer_id, asset=asset, state="active", remaining__gt=0)
    sums = lots.values_list("expires_at").annotate(n=Sum("remaining"))
    ends = [(min(end for end in (own, idle_at) if end), n) for own, n in sums if own or idle_at]
    return [sum(n for end, n in ends if at <= end < until_at) for until_at in until]


def find_idle_end(customer_id: int, asset: str) -> datetime | None:
    """When the customer's whole balance lapses unless something happens before; None where it does not."""
    if not TermsBook([asset]).may_idle(asset):
        return None
    rows = PointsWallet.objects.filter(customer_id=customer_id, asset=asset)
    return rows.values_list("idle_at", flat=True).first()


def _view(use: PointsUse) -> PointsUseView:
    return PointsUseView(
        id=use.pk,
        key=use.key,
        kind=use.kind,  # type: ignore[arg-type]
        customer_id=use.customer_id,
        asset=use.asset,
        asked=use.asked,
        amount=use.amount,
        restored=use.restored,
        state=use.state,  # type: ignore[arg-type]
        reserved_until=use.reserved_until,
        subject=use.subject,
        note=use.note,
        actor=use.actor,
        at=use.at,
    )
