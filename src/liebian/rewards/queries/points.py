"""What customers have in points: balances, lots, what ends soon, history, liability, and the proof that lots are the balances."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, Least

from liebian.core.days import day_of
from liebian.ledger import queries as ledger
from liebian.ledger.types import MovementView
from liebian.rewards.models import PointsLot, PointsWallet
from liebian.rewards.queries.points_terms import TermsBook
from liebian.rewards.rules import PointsAccounts
from liebian.rewards.types import (
    POINTS,
    Liability,
    LotsProof,
    LotView,
    PointsBalance,
    PointsMovement,
    PointsWarning,
)

_AT_ONCE = 5_000


def get_points_balance(customer_id: int, *, at: datetime, asset: str = POINTS) -> PointsBalance:
    return list_points_of([customer_id], at=at, asset=asset)[customer_id]


def list_points_of(customer_ids: Sequence[int], *, at: datetime, asset: str = POINTS) -> dict[int, PointsBalance]:
    """What each customer has at an instant, exact to the second of an end, whether or not a job has come by since."""
    accounts = PointsAccounts(asset)
    kinds = ("reserved", "debt", "receivable", "review")
    refs = {
        (who, kind): (accounts.reserved(who) if kind == "reserved" else accounts.owed(kind, who)).code
        for who in customer_ids
        for kind in kinds
    }
    held = ledger.list_balances(refs.values())
    rows: dict[int, list[tuple[str, datetime | None, int]]] = defaultdict(list)
    idle = _read_idle(customer_ids, asset)
    lots = PointsLot.objects.filter(customer_id__in=customer_ids, asset=asset, remaining__gt=0)
    for who, state, end, total in lots.values_list("customer_id", "state", "expires_at").annotate(n=Sum("remaining")):
        rows[who].append((state, _earlier(end, idle.get(who)) if state == "active" else end, total))
    return {
        who: _fold(who, asset, rows[who], at, {kind: held[refs[who, kind]] for kind in kinds}) for who in customer_ids
    }


def _read_idle(customer_ids: Sequence[int], asset: str) -> dict[int, datetime]:
    if not TermsBook([asset]).may_idle(asset):
        return {}
    rows = PointsWallet.objects.filter(customer_id__in=customer_ids, asset=asset, idle_at__isnull=False)
    return {who: idle_at for who, idle_at in rows.values_list("customer_id", "idle_at") if idle_at is not None}


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((end for end in (one, other) if end is not None), default=None)


def _fold(
    who: int, asset: str, rows: Iterable[tuple[str, datetime | None, int]], at: datetime, held: dict[str, int]
) -> PointsBalance:
    active = pending = 0
    ending: dict[datetime, int] = defaultdict(int)
    for state, end, amount in rows:
        if state == "pending":
            pending += amount
        elif end is None or at < end:
            active += amount
            if end is not None:
                ending[end] += amount
    first = min(ending, default=None)
    return PointsBalance(
        customer_id=who,
        asset=asset,
        active=active,
        pending=pending,
        reserved=held["reserved"],
        debt=held["debt"],
        receivable=held["receivable"],
        in_review=held["review"],
        next_expiry=first,
        next_amount=ending[first] if first else 0,
    )


def list_lots(
    customer_id: int, *, asset: str = POINTS, only_left: bool = True, before: int | None = None, limit: int = 100
) -> list[LotView]:
    """A customer's lots: those with something left, what ends first on top; or all, newest first, paged by id."""
    rows = PointsLot.objects.filter(customer_id=customer_id, asset=asset)
    if only_left:
        rows = rows.filter(remaining__gt=0).order_by(F("expires_at").asc(nulls_last=True), "earned_at", "id")
    else:
        rows = rows.order_by("-id")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return [_view(lot) for lot in rows[:limit]]


def has_ended_points(*, at: datetime) -> bool:
    """Whether there is anything that ended by `at` and is still counted, or somebody who did nothing for too long by then."""
    lots = PointsLot.objects.filter(state="active", remaining__gt=0, expires_at__lte=at)
    return lots.exists() or PointsWallet.objects.filter(idle_at__lte=at).exists()


def list_lots_by_cause(causes: Sequence[str]) -> dict[str, LotView]:
    return {lot.cause: lot for lot in list_lots_where(cause__in=causes)}


def get_earned_lot(key: str) -> LotView:
    """What an earning gave. It has to be there."""
    [lot] = list_lots_where(cause=f"earn:{key}")
    return lot


def list_lots_where(**condition: object) -> list[LotView]:
    """For modules of this context only."""
    return [_view(lot) for lot in PointsLot.objects.filter(**condition)]


def list_expiring_points(
    *, at: datetime, until: datetime, asset: str = POINTS, after: int = 0, limit: int = 1000
) -> list[PointsWarning]:
    """Customers who lose points in [at, until), by id from `after` on: how many, and when the first of them end."""
    wallet = PointsWallet.objects.filter(customer_id=OuterRef("customer_id"), asset=OuterRef("asset"))
    idle = Subquery(wallet.values("idle_at")[:1])
    lots = PointsLot.objects.filter(asset=asset, state="active", remaining__gt=0, customer_id__gt=after)
    if TermsBook([asset]).may_idle(asset):
        lots = lots.annotate(idle=idle).annotate(
            end=Least(Coalesce("expires_at", "idle"), Coalesce("idle", "expires_at"))
        )
    else:
        lots = lots.annotate(end=F("expires_at"))
    sums = lots.filter(end__gte=at, end__lt=until).values("customer_id").annotate(n=Sum("remaining"), first=Min("end"))
    rows = sums.order_by("customer_id").values_list("customer_id", "n", "first")[:limit]
    return [PointsWarning(*row) for row in rows]


def list_points_history(
    customer_id: int, *, asset: str = POINTS, before: int | None = None, limit: int = 50
) -> list[PointsMovement]:
    """What happened to a customer's points, newest first; `before` is the id of an entry (exclusive)."""
    accounts = PointsAccounts(asset)
    owed = [accounts.owed(kind, customer_id).code for kind in ("debt", "receivable", "review")]
    named = {
        accounts.active(customer_id).code: "active",
        accounts.pending(customer_id).code: "pending",
        accounts.reserved(customer_id).code: "reserved",
        **dict.fromkeys(owed, "owed"),
    }
    movements = ledger.list_movements(named, before=before, limit=limit)
    return [_view_movement(each, named) for each in movements]


def _view_movement(movement: MovementView, named: dict[str, str]) -> PointsMovement:
    sums = dict.fromkeys(("active", "pending", "reserved", "owed"), 0)
    for code, amount in movement.amounts.items():
        sums[named[code]] += amount
    return PointsMovement(
        entry_id=movement.entry_id,
        at=movement.effective_at,
        kind=movement.kind,
        subject=movement.subject,
        memo=movement.memo,
        **sums,
    )


def list_liability(*, zone: str, asset: str = POINTS) -> list[Liability]:
    """What is outstanding, pending and reserved included, by the month in which it ends; without an end last."""
    rows = PointsLot.objects.filter(asset=asset).filter(Q(remaining__gt=0) | Q(reserved__gt=0))
    ends = rows.values_list("expires_at").annotate(total=Sum(F("remaining") + F("reserved")), n=Count("id"))
    months: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for end, total, n in ends:
        month = months[day_of(_last_instant(end), zone).isoformat()[:7] if end else ""]
        month[0] += total
        month[1] += n
    return [Liability(month, *sums) for month, sums in sorted(months.items(), key=lambda item: (not item[0], item[0]))]


def _last_instant(end: datetime) -> datetime:
    return end - end.resolution


def prove_lots() -> list[LotsProof]:
    """Accounts of customers that hold something else than their lots add up to. Empty, or somebody wrote past the services."""
    found: list[LotsProof] = []
    totals: dict[tuple[str, str], int] = defaultdict(int)
    for asset, kind, name, sums in _sums_of_lots():
        for part in _chunks(sums):
            codes = {getattr(PointsAccounts(asset), name)(row["customer_id"]).code: int(row["n"]) for row in part}
            for code, held in ledger.list_balances(codes).items():
                totals[asset, kind] += codes[code]
                if held != codes[code]:
                    found.append(LotsProof(code, held, codes[code]))
    for book in ledger.count_books(codes=["points"]):
        for kind in ("points", "points_pending", "points_reserved"):
            held, lots = book.balance_of(kind), totals[book.asset, kind]
            if held != lots:
                found.append(LotsProof(f"{kind} {book.asset}", held, lots))
    return found


def _sums_of_lots() -> Iterator[tuple[str, str, str, QuerySet[Any]]]:
    for asset in PointsLot.objects.order_by().values_list("asset", flat=True).distinct():
        lots = PointsLot.objects.filter(asset=asset).order_by("customer_id").values("customer_id")
        left = lots.filter(remaining__gt=0).annotate(n=Sum("remaining"))
        yield asset, "points", "active", left.exclude(state="pending")
        yield asset, "points_pending", "pending", left.filter(state="pending")
        yield asset, "points_reserved", "reserved", lots.filter(reserved__gt=0).annotate(n=Sum("reserved"))


def _chunks(rows: QuerySet[Any]) -> Iterator[list[dict[str, Any]]]:
    part: list[dict[str, Any]] = []
    for row in rows.iterator(_AT_ONCE):
        part.append(row)
        if len(part) == _AT_ONCE:
            yield part
            part = []
    if part:
        yield part


def _view(lot: PointsLot) -> LotView:
    return LotView(
        id=lot.pk,
        customer_id=lot.customer_id,
        asset=lot.asset,
        cause=lot.cause,
        reward_id=lot.reward_id,
        amount=lot.amount,
        remaining=lot.remaining,
        reserved=lot.reserved,
        expired=lot.expired,
        state=lot.state,  # type: ignore[arg-type]
        active_from=lot.active_from,
        expires_at=lot.expires_at,
        earned_at=lot.earned_at,
        expiry=lot.expiry,
        trace=lot.trace,
        clawed=lot.clawed,
    )
