"""Points go out: burned at once, or set aside during a checkout and then burned or let go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from liebian.core.errors import Invalid
from liebian.core.texts import mark as _
from liebian.rewards.models import PointsUse
from liebian.rewards.rules import PointsAccounts, check_amount, check_asset
from liebian.rewards.services.points.desk import Desk, Moves, find_uses, make_use
from liebian.rewards.services.points.repeats import mismatch
from liebian.rewards.services.points.returns import GivenBack, open_uses
from liebian.rewards.types import PointsBurn, PointsOutcome


def burn_points(*, burns: Sequence[PointsBurn], now: datetime) -> list[PointsOutcome]:
    """Spend points, those that end first; answers one outcome per burn, in order. With `reserve_until` they are set aside until then.

    Refused: "points_short", "points_in_debt". Writes PointsLot, PointsUse with the lots it took, ledger. Idempotent by key; what was
    refused may be asked again. Raises Invalid, Conflict "idempotency_mismatch".
    """
    for burn in burns:
        check_amount(burn.amount, burn.key)
        check_asset(burn.asset)
        if burn.reserve_until is not None and burn.reserve_until <= burn.at:
            raise Invalid("points_reservation", _("A reservation has to end after it begins."), key=burn.key)
    with transaction.atomic():
        desk = Desk([(burn.asset, burn.customer_id) for burn in burns], now=now)
        uses = find_uses(f"burn:{burn.key}" for burn in burns)
        outcomes = [_burn(desk, burn, uses) for burn in desk.as_they_stand(burns, "customer_id")]
        desk.close()
    return outcomes


def _burn(desk: Desk, burn: PointsBurn, uses: dict[str, PointsUse]) -> PointsOutcome:
    key, holder = f"burn:{burn.key}", (burn.asset, burn.customer_id)
    if key in uses:
        known = uses[key]
        if (known.asset, known.customer_id, known.asked) != (*holder, burn.amount):
            raise mismatch(burn.key)
        return PointsOutcome(burn.key, known.amount, repeated=True)
    if desk.debts[holder]:
        return PointsOutcome(burn.key, 0, "points_in_debt")
    parts = desk.take(holder, burn.amount, burn.at)
    if not parts:
        return PointsOutcome(burn.key, 0, "points_short")
    is_reserved = burn.reserve_until is not None
    use = make_use(
        key,
        "burn",
        holder,
        burn.amount,
        burn.at,
        state="reserved" if is_reserved else "used",
        reserved_until=burn.reserve_until,
        subject=burn.subject,
    )
    uses[key] = use
    if is_reserved:
        for lot, part in parts:
            lot.reserved += part
    desk.record(use, parts)
    desk.touch(holder, burn.at)
    accounts, moves = PointsAccounts(burn.asset), Moves()
    target = accounts.reserved(burn.customer_id) if is_reserved else accounts.burned
    moves.move(accounts.active(burn.customer_id), target, burn.amount)
    kind = "points_reserve" if is_reserved else "points_burn"
    desk.post(key, kind, moves, burn.at, subject=burn.subject, memo={"customer": burn.customer_id})
    return PointsOutcome(burn.key, burn.amount)


def use_reserved(*, amounts: Mapping[str, int | None], at: datetime, now: datetime) -> list[PointsOutcome]:
    """Burn what was set aside, by the keys of the burns; where less is named, the rest returns to its lots. In the order given.

    Refused: "points_unknown", "points_reservation_over" (its time is over, or it was let go). Writes PointsLot, PointsUse, ledger.
    Idempotent. Raises Invalid "points_amount", Conflict "idempotency_mismatch".
    """
    with transaction.atomic():
        desk, back, uses = open_uses([f"burn:{key}" for key in amounts], now)
        outcomes = [_use(desk, back, key, uses.get(f"burn:{key}"), amount, at) for key, amount in amounts.items()]
        back.close()
        desk.close()
    return outcomes


def _use(
    desk: Desk, back: GivenBack, key: str, use: PointsUse | None, asked: int | None, at: datetime
) -> PointsOutcome:
    if use is None:
        return PointsOutcome(key, 0, "points_unknown")
    amount = use.amount if asked is None else asked
    if use.state == "used":
        if amount != use.amount:
            raise mismatch(key)
        return PointsOutcome(key, amount, repeated=True)
    if use.state == "released" or use.reserved_until is None or at >= use.reserved_until:
        return PointsOutcome(key, 0, "points_reservation_over")
    check_amount(amount, key)
    if amount > use.amount:
        raise Invalid("points_amount", _("More than was set aside cannot be burned."), key=key)
    accounts, moves = PointsAccounts(use.asset), Moves()
    back.from_reserved(use, use.amount - amount, at, moves)
    moves.move(accounts.reserved(use.customer_id), accounts.burned, amount)
    back.settle_reserved(use)
    desk.touch((use.asset, use.customer_id), at)
    desk.post(f"{use.key}:used", "points_burn", moves, at, subject=use.subject, memo={"customer": use.customer_id})
    desk.pay_debt((use.asset, use.customer_id), f"{use.key}:used", at)
    return PointsOutcome(key, amount)


def release_reserved(*, keys: Iterable[str], at: datetime, now: datetime) -> list[PointsOutcome]:
    """Let go what was set aside, by the keys of the burns: it returns to its lots. Writes and idempotency as `use_reserved`.

    Refused: "points_unknown", "points_used".
    """
    wanted = list(dict.fromkeys(keys))
    with transaction.atomic():
        desk, back, uses = open_uses([f"burn:{key}" for key in wanted], now)
        outcomes = [_release(desk, back, key, uses.get(f"burn:{key}"), at) for key in wanted]
        back.close()
        desk.close()
    return outcomes


def expire_reservations(*, at: datetime, now: datetime, limit: int = 1000) -> int:
    """Let go what nobody used in time, at most `limit`; call until it returns 0. Each returns as of its own end. Idempotent."""
    return _let_lapse(_due(at), at, now, limit)


def free_lapsed_points(*, customer_id: int, at: datetime, now: datetime) -> int:
    """As `expire_reservations`, for one customer: nobody waits for the next round to have these points again."""
    return _let_lapse(_due(at).filter(customer_id=customer_id), at, now, 1000)


def _due(at: datetime) -> QuerySet[PointsUse]:
    return PointsUse.objects.filter(state="reserved", reserved_until__lte=at).order_by("reserved_until", "id")


def _let_lapse(due: QuerySet[PointsUse], at: datetime, now: datetime, limit: int) -> int:
    keys = list(due.values_list("key", flat=True)[:limit])
    if not keys:
        return 0
    with transaction.atomic():
        desk, back, uses = open_uses(keys, now)
        for key in keys:
            until = uses[key].reserved_until
            if uses[key].state == "reserved" and until is not None and until <= at:
                _release(desk, back, key, uses[key], until)
        back.close()
        desk.close()
    return len(keys)


def _release(desk: Desk, back: GivenBack, key: str, use: PointsUse | None, at: datetime) -> PointsOutcome:
    if use is None:
        return PointsOutcome(key, 0, "points_unknown")
    if use.state == "used":
        return PointsOutcome(key, 0, "points_used")
    if use.state == "released":
        return PointsOutcome(key, use.asked, repeated=True)
    moves = Moves()
    back.from_reserved(use, use.amount, at, moves)
    use.state = "released"
    desk.post(
        f"{use.key}:released", "points_release", moves, at, subject=use.subject, memo={"customer": use.customer_id}
    )
    desk.pay_debt((use.asset, use.customer_id), f"{use.key}:released", at)
    return PointsOutcome(key, use.asked)
