"""What a shop does with its customers' points, `/v1/points/…`. Owns headers, status codes and the form of answers; decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

import msgspec
from django.http import HttpRequest
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt

from liebian.access.guard import public
from liebian.core import clock
from liebian.core.errors import Conflict, Invalid, LiebianError, NotFound
from liebian.core.ids import caused_by
from liebian.core.json_api import decode, operation, read_body, read_key
from liebian.core.texts import mark as _
from liebian.customers import queries as customers
from liebian.rewards import queries, services
from liebian.rewards.api.bodies import MAX_BODY
from liebian.rewards.api.once import answer_once
from liebian.rewards.api.points_answers import (
    Balances,
    History,
    Moved,
    Spent,
    TakenBack,
    order_subject,
    show_balance,
    show_earned,
    show_movement,
)
from liebian.rewards.api.points_bodies import (
    BurnBody,
    EarnBody,
    PointsReserveBody,
    ReleaseBody,
    RestoreBody,
    TakeBackBody,
    UseBody,
)
from liebian.rewards.rules import MOST_POINTS
from liebian.rewards.types import (
    POINTS,
    Multiplier,
    PointsBurn,
    PointsClaw,
    PointsEarn,
    PointsOutcome,
    PointsRestore,
    ShopKeyView,
)

REALM = "points"
LONGEST_WAIT = timedelta(days=3650)
MOST_ROWS = 100
Act = Callable[[ShopKeyView, Any, str, datetime], msgspec.Struct]
Read = Callable[[HttpRequest, datetime], msgspec.Struct]


def _say_error(error: LiebianError) -> dict[str, Any]:
    details = dict(error.details)
    if reason := details.get("reason"):
        details["text"] = gettext(queries.get_reason(reason).customer)
    return {"error": {"code": error.code, "message": error.message, "details": details}}


def _reading(read: Read) -> Any:
    @public
    @operation("GET", realm=REALM)
    @wraps(read)
    def view(request: HttpRequest) -> tuple[int, dict[str, Any]]:
        queries.get_shop(read_key(request.headers.get("Authorization", "")))
        return 200, msgspec.to_builtins(read(request, clock.now()))

    return view


def _acting(kind: type[msgspec.Struct]) -> Callable[[Act], Any]:
    def decorate(act: Act) -> Any:
        @public
        @csrf_exempt
        @operation("POST", realm=REALM, tell=_say_error)
        @wraps(act)
        def view(request: HttpRequest) -> tuple[int, dict[str, Any]]:
            shop = queries.get_shop(read_key(request.headers.get("Authorization", "")))
            key, now = request.headers.get("Idempotency-Key", ""), clock.now()
            body, name = decode(read_body(request, MAX_BODY), kind), f"points:{act.__name__}"

            def done() -> dict[str, Any]:
                told: dict[str, Any] = msgspec.to_builtins(act(shop, body, caused_by(name, shop.name, key), now))
                return told

            return answer_once(shop, key, name, body, done, now, tell=_say_error)

        return view

    return decorate


@_reading
def balance(request: HttpRequest, now: datetime) -> Balances:
    customer_id = _find(request.GET.get("user_id", ""))
    wanted = request.GET.get("programme")
    theirs = sorted({POINTS, *queries.list_programmes_of(customer_id)})
    assets = theirs if wanted is None else [queries.get_points_asset(wanted)]
    services.free_lapsed_points(customer_id=customer_id, at=now, now=now)
    found = [queries.get_points_balance(customer_id, at=now, asset=asset) for asset in assets]
    return Balances([show_balance(each) for each in found])


@_reading
def history(request: HttpRequest, now: datetime) -> History:
    customer_id, programme = _find(request.GET.get("user_id", "")), request.GET.get("programme", "")
    before, limit = _whole(request, "before", 2**63 - 1), _whole(request, "limit", MOST_ROWS) or 50
    asset = queries.get_points_asset(programme)
    found = queries.list_points_history(customer_id, asset=asset, before=before, limit=limit + 1)
    following = found[limit - 1].entry_id if len(found) > limit else None
    return History(programme, [show_movement(each) for each in found[:limit]], following)


@_acting(EarnBody)
def earn(shop: ShopKeyView, body: EarnBody, name: str, now: datetime) -> msgspec.Struct:
    if body.active_from is not None and body.active_from > now + LONGEST_WAIT:
        raise Invalid("points_active_from", _("Points wait for at most ten years. Nothing was given."))
    earning = PointsEarn(
        key=_own(shop, name),
        customer_id=_find(body.user_id),
        amount=body.points,
        at=now,
        asset=queries.get_points_asset(body.programme),
        active_from=body.active_from,
        multipliers=tuple(Multiplier(each.name, each.bp) for each in body.multipliers),
        subject=order_subject(body.order_id),
        trace={"shop": shop.name},
    )
    [outcome] = services.earn_points(earns=[earning], now=now)
    _refuse(outcome)
    return show_earned(name, queries.get_earned_lot(earning.key), outcome)


@_acting(BurnBody)
def burn(shop: ShopKeyView, body: BurnBody, name: str, now: datetime) -> msgspec.Struct:
    return _spend(shop, body, name, now, None)


@_acting(PointsReserveBody)
def reserve(shop: ShopKeyView, body: PointsReserveBody, name: str, now: datetime) -> msgspec.Struct:
    return _spend(shop, body, name, now, now + timedelta(seconds=body.hold_seconds))


def _spend(shop: ShopKeyView, body: BurnBody, name: str, now: datetime, until: datetime | None) -> Spent:
    asset = queries.get_points_asset(body.programme)
    subject = order_subject(body.order_id)
    asked = PointsBurn(_own(shop, name), _find(body.user_id), body.points, now, asset, subject, until)
    services.free_lapsed_points(customer_id=asked.customer_id, at=now, now=now)
    [outcome] = services.burn_points(burns=[asked], now=now)
    _refuse(outcome)
    return Spent(name, body.programme, outcome.amount, until)


@_acting(UseBody)
def use(shop: ShopKeyView, body: UseBody, _name: str, now: datetime) -> msgspec.Struct:
    [outcome] = services.use_reserved(amounts={_own(shop, body.spending): body.points}, at=now, now=now)
    return _moved(body.spending, outcome)


@_acting(ReleaseBody)
def release(shop: ShopKeyView, body: ReleaseBody, _name: str, now: datetime) -> msgspec.Struct:
    [outcome] = services.release_reserved(keys=[_own(shop, body.spending)], at=now, now=now)
    return _moved(body.spending, outcome)


@_acting(RestoreBody)
def restore(shop: ShopKeyView, body: RestoreBody, _name: str, now: datetime) -> msgspec.Struct:
    asked = PointsRestore(_own(shop, body.spending), body.total or MOST_POINTS, now)
    [outcome] = services.restore_points(restores=[asked], now=now)
    return _moved(body.spending, outcome)


@_acting(TakeBackBody)
def take_back(shop: ShopKeyView, body: TakeBackBody, _name: str, now: datetime) -> msgspec.Struct:
    asked = PointsClaw(_own(shop, body.earning), body.total or MOST_POINTS, now)
    [outcome] = services.claw_points(claws=[asked], now=now)
    _refuse(outcome)
    return TakenBack(body.earning, outcome.amount)


def _moved(spending: str, outcome: PointsOutcome) -> Moved:
    _refuse(outcome)
    return Moved(spending, outcome.amount)


def _refuse(outcome: PointsOutcome) -> None:
    if outcome.reason == "points_unknown":
        raise NotFound("points_unknown", _("This shop earned or spent nothing under this name."))
    if outcome.reason:
        raise Conflict("points_refused", _("No points were moved: see `reason`."), reason=outcome.reason)


def _own(shop: ShopKeyView, name: str) -> str:
    """Shops do not reach what others did."""
    return f"shop:{shop.name}:{name}"


def _find(user_id: str) -> int:
    return customers.get_by_user_id(user_id).id


def _whole(request: HttpRequest, name: str, most: int) -> int | None:
    said = request.GET.get(name)
    if said is None:
        return None
    if not said.isascii() or not said.isdigit() or len(said) > 19 or not 0 < int(said) <= most:
        raise Invalid("bad_number", _("%(name)s is a whole number from 1 to %(most)s."), name=name, most=most)
    return int(said)
