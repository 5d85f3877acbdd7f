"""One customer's points: what can be spent, what waits, what ends soon, where it came from and where it went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from liebian.access.guard import requires
from liebian.access.queries import find_user_names
from liebian.core import clock
from liebian.customers.queries import get_customer, list_erased
from liebian.rewards import queries
from liebian.rewards.points_forms import AdjustForm, PassOnForm, PointsFilter, ReleaseForm, ShortageForm, TakeBackForm
from liebian.rewards.rules import ADJUST_REASONS, PointsAccounts
from liebian.rewards.types import POINTS, LotView, PointsBalance, PointsTerms, PointsUseView, ReviewView
from liebian.rewards.views.points_words import last_day, name_programme, say_origin, state_of, use_words
from liebian.rewards.views.words import REVIEW_ACTS, say_change

LOTS, USES = 50, 20


@dataclass(frozen=True)
class Place:
    """One customer's points in one programme at one moment."""

    customer_id: int
    asset: str
    at: datetime
    balance: PointsBalance
    terms: PointsTerms
    is_erased: bool

    @property
    def address(self) -> str:
        return f"{reverse('rewards:customer-points', args=[self.customer_id])}?asset={self.asset}"


@requires("rewards:view")
@require_safe
def customer_points(request: HttpRequest, customer_id: int) -> HttpResponse:
    stands = get_customer(customer_id)
    if stands.id != customer_id:
        return redirect("rewards:customer-points", stands.id)
    return points_page(request, read_place(request, customer_id))


def read_place(request: HttpRequest, customer_id: int) -> Place:
    """What a customer who stands has in the programme that the address names, or in the general one."""
    wanted = PointsFilter(request.GET).asked()["asset"]
    asset = wanted if wanted in queries.list_programmes_of(customer_id) else POINTS
    now = clock.now()
    balance = queries.get_points_balance(customer_id, at=now, asset=asset)
    is_erased = bool(list_erased([customer_id]))
    return Place(customer_id, asset, now, balance, queries.get_points_terms(asset, now), is_erased)


def points_page(request: HttpRequest, place: Place, *, status: int = 200, **more: Any) -> HttpResponse:
    asked = PointsFilter(request.GET).asked()
    has_right = bool(request.user.may("rewards:points"))  # type: ignore[union-attr]
    may_act = has_right and not place.is_erased
    context = {
        "customer_id": place.customer_id,
        "asset": place.asset,
        "as_of": place.at,
        "balance": place.balance,
        "account": PointsAccounts(place.asset).active(place.customer_id).code if place.balance.active else "",
        "programmes": _list_tabs(place),
        "waiting": [_show_waiting(each) for each in queries.list_waiting_corrections(place.customer_id, place.asset)],
        "may_act": may_act,
        "may_review": bool(request.user.may("rewards:review")),  # type: ignore[union-attr]
        **_ending(place),
        **_lots(place, asked),
        **_uses(place, asked),
        "is_erased": place.is_erased,
        **(_forms(place, asked) if may_act else {}),
        **(_shortage_form(place) if has_right else {}),
        **more,
    }
    return render(request, "rewards/customer_points.html", context, status=status)


def adjust_reasons() -> list[tuple[str, str]]:
    return [(code, gettext(queries.get_reason(code).staff)) for code in ADJUST_REASONS]


def _list_tabs(place: Place) -> list[dict[str, Any]]:
    assets = sorted({POINTS, *queries.list_programmes_of(place.customer_id)})
    return [{"asset": each, "name": name_programme(each), "on": each == place.asset} for each in assets]


def _show_waiting(review: ReviewView) -> dict[str, Any]:
    return {
        "review": review,
        "act": REVIEW_ACTS[review.act].button,
        "points": say_change(review.points.amount if review.points else 0),
    }


def _ending(place: Place) -> dict[str, Any]:
    until = [place.at + timedelta(days=days) for days in (30, 90)]
    soon, later = queries.sum_ending_points(place.customer_id, asset=place.asset, at=place.at, until=until)
    return {"ends_30": soon, "ends_90": later, "first_end": last_day(place.balance.next_expiry)}


def _lots(place: Place, asked: dict[str, Any]) -> dict[str, Any]:
    is_all = asked["lots"] == "all"
    found = queries.list_lots(
        place.customer_id,
        asset=place.asset,
        only_left=not is_all,
        before=asked["before"] if is_all else None,
        limit=LOTS + 1,
    )
    idle_at = queries.find_idle_end(place.customer_id, place.asset)
    return {
        "lots": [_show_lot(lot, place.at, idle_at) for lot in found[:LOTS]],
        "is_all": is_all,
        "more_lots": len(found) > LOTS,
        "older_lots": found[LOTS - 1].id if is_all and len(found) > LOTS else None,
        "n_lots": LOTS,
    }


def _show_lot(lot: LotView, at: datetime, idle_at: datetime | None) -> dict[str, Any]:
    kind = lot.cause.partition(":")[0]
    ends = [end for end in (lot.expires_at, idle_at if lot.remaining else None) if end]
    return {
        "lot": lot,
        "state": state_of(lot, at, idle_at),
        "origin": say_origin(lot),
        "last_day": last_day(min(ends, default=None)),
        "programme": lot.trace.get("programme"),
        "sender": lot.trace.get("from") if kind == "transfer" else None,
        "note": lot.trace.get("note", ""),
        "may_take": kind == "earn" and lot.clawed < lot.amount,
    }


def _uses(place: Place, asked: dict[str, Any]) -> dict[str, Any]:
    found = queries.list_point_uses(place.customer_id, asset=place.asset, before=asked["used_before"], limit=USES + 1)
    names = find_user_names(sorted({each.actor for each in found if each.actor}))
    return {
        "uses": [_show_use(each, names) for each in found[:USES]],
        "older_uses": found[USES - 1].id if len(found) > USES else None,
    }


def _show_use(use: PointsUseView, names: dict[int, str]) -> dict[str, Any]:
    place, _colon, number = use.subject.partition(":")
    return {
        "use": use,
        "state": use_words(use),
        "receiver": int(number) if place == "customer" and number.isdecimal() else None,
        "by": names.get(use.actor, f"#{use.actor}") if use.actor else "",
        "kept": use.amount - use.restored,
    }


def _forms(place: Place, asked: dict[str, Any]) -> dict[str, Any]:
    forms: dict[str, Any] = {"adjust_form": AdjustForm(reasons=adjust_reasons())}
    if place.terms.may_transfer:
        forms["transfer_form"] = PassOnForm()
    if asked["take"]:
        lot = queries.get_lot(place.customer_id, asked["take"])
        left = lot.amount - lot.clawed
        forms["take_back_form"] = TakeBackForm(initial={"lot": lot.id, "before": lot.clawed, "amount": left})
    if asked["release"]:
        use = queries.get_point_use(place.customer_id, asked["release"])
        forms["release_form"] = ReleaseForm(initial={"use": use.id})
        forms["release_amount"] = use.amount
    return forms


def _shortage_form(place: Place) -> dict[str, Any]:
    """Also of an erased customer, from whom nothing comes any more: it can be forgiven."""
    if not place.balance.in_review:
        return {}
    return {"shortage_form": ShortageForm(initial={"amount": place.balance.in_review}, may_owe=not place.is_erased)}
