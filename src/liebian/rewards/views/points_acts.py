"""What staff do to one customer's points. Every act shows its effect first; sent twice, it happens once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from liebian.access.guard import requires
from liebian.core.errors import LiebianError
from liebian.core.ids import customer_number
from liebian.customers.queries import get_customer
from liebian.rewards import queries, services
from liebian.rewards.points_forms import AdjustForm, PassOnForm, ReleaseForm, ShortageForm, TakeBackForm
from liebian.rewards.rules import expiry_of, transfer_fee
from liebian.rewards.types import PointsOutcome, PointsTransfer, WhySecond
from liebian.rewards.views.points_page import Place, adjust_reasons, points_page, read_place
from liebian.rewards.views.points_words import last_day
from liebian.rewards.views.words import WHY_SECOND, say_points
from liebian.ui.formats import error_text, number


@dataclass(frozen=True)
class Done:
    """What to tell and where to go on; with a reason nothing was moved."""

    said: str = ""
    reason: str = ""
    href: str = ""


@dataclass(frozen=True)
class Effect:
    """What would follow; a second person may have to agree to so many points of these customers."""

    said: str
    amount: int = 0
    customer_ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class Act:
    """`effect` says what would follow, or raises; `do` does it for the person with this id."""

    name: str
    make_form: Callable[[QueryDict], forms.Form]
    effect: Callable[[Place, Any], Effect]
    do: Callable[[Place, Any, int], Done]


@requires("rewards:points")
@require_POST
def points_adjust(request: HttpRequest, customer_id: int) -> HttpResponse:
    return _run(request, customer_id, _ADJUST)


@requires("rewards:points")
@require_POST
def points_transfer(request: HttpRequest, customer_id: int) -> HttpResponse:
    return _run(request, customer_id, _TRANSFER)


@requires("rewards:points")
@require_POST
def points_shortage(request: HttpRequest, customer_id: int) -> HttpResponse:
    return _run(request, customer_id, _SHORTAGE)


@requires("rewards:points")
@require_POST
def points_take_back(request: HttpRequest, customer_id: int) -> HttpResponse:
    return _run(request, customer_id, _TAKE_BACK)


@requires("rewards:points")
@require_POST
def points_release(request: HttpRequest, customer_id: int) -> HttpResponse:
    return _run(request, customer_id, _RELEASE)


def _run(request: HttpRequest, customer_id: int, act: Act) -> HttpResponse:
    stands = get_customer(customer_id)
    if stands.id != customer_id:
        messages.warning(
            request, _("This customer was merged into %(n)s. Nothing was moved.") % {"n": customer_number(stands.id)}
        )
        return redirect("rewards:customer-points", stands.id)
    place, form = read_place(request, customer_id), act.make_form(request.POST)
    if place.is_erased and act is not _SHORTAGE:
        messages.warning(
            request, _("This customer was erased, so nobody gets or loses points here any more. Nothing was moved.")
        )
        return redirect(place.address)
    shown: Mapping[str, Any] = {f"{act.name}_form": form}
    if not form.is_valid():
        return points_page(request, place, status=422, **shown)
    try:
        if "confirm" not in request.POST:
            effect = act.effect(place, form)
            why = _why_second(effect, int(request.user.pk or 0), place)
            address = reverse(f"rewards:points-{act.name.replace('_', '-')}", args=[customer_id])
            told: Mapping[str, Any] = {"effect": effect.said, "why_second": WHY_SECOND.get(why, "")}
            return points_page(request, place, asked=f"{address}?asset={place.asset}", asked_form=form, **told)
        done = act.do(place, form, int(request.user.pk or 0))
    except LiebianError as error:
        form.add_error(None, error_text(error))
        return points_page(request, place, status=error.status, **shown)
    if done.reason:
        form.add_error(None, _(queries.get_reason(done.reason).staff))
        return points_page(request, place, status=409, **shown)
    (messages.info if done.href else messages.success)(request, done.said)
    return redirect(done.href or place.address)


def _outcome(outcome: PointsOutcome, said: str) -> Done:
    return _waits(outcome.review_id) if outcome.review_id else Done(said, outcome.reason)


def _waits(review_id: int) -> Done:
    said = _("Nothing has moved yet: somebody else has to agree first.")
    return Done(said, href=reverse("rewards:review", args=[review_id]))


def _why_second(effect: Effect, actor: int, place: Place) -> WhySecond:
    if not effect.amount:
        return ""
    return queries.why_points_wait(amount=effect.amount, customer_ids=effect.customer_ids, actor=actor, at=place.at)


def _adjust_effect(place: Place, form: AdjustForm) -> Effect:
    texts = {"before": number(place.balance.active), "after": number(place.balance.active + form.signed)}
    if place.balance.active + form.signed < 0:
        said = _("The customer has only %(before)s usable points. Nothing would be moved.") % texts
    elif place.balance.debt and form.signed > 0:
        texts["debt"] = number(place.balance.debt)
        said = _("The points first pay what is owed (%(debt)s); what is left over can be spent.") % texts
    else:
        said = _("Usable points go from %(before)s to %(after)s.") % texts
    end = expiry_of(place.terms, place.at) if form.signed > 0 else None
    if end:
        said += " " + _("The new ones end with %(end)s.") % {"end": last_day(end)}
    return Effect(said, form.signed, (place.customer_id,))


def _adjust(place: Place, form: AdjustForm, actor: int) -> Done:
    review = services.propose_adjustment(
        customer_id=place.customer_id,
        amount=form.signed,
        asset=place.asset,
        reason=form.cleaned_data["reason"],
        note=form.cleaned_data["note"],
        key=form.cleaned_data["key"],
        actor=actor,
        now=place.at,
    )
    if review.state == "waiting":
        return _waits(review.id)
    return Done(_("The points were corrected."))


def _transfer_effect(place: Place, form: PassOnForm) -> Effect:
    data = form.cleaned_data
    fee = transfer_fee(place.terms, data["amount"])
    receiver = get_customer(data["receiver"]).id
    texts = {
        "amount": say_points(data["amount"]),
        "to": customer_number(receiver),
        "left": number(max(place.balance.active - data["amount"] - fee, 0)),
        "fee": number(fee),
    }
    said = _("%(amount)s go to %(to)s, with the ends they have; %(left)s stay here. This cannot be undone.") % texts
    said += " " + _("The fee is %(fee)s.") % texts if fee else ""
    return Effect(said, data["amount"], (place.customer_id, receiver))


def _transfer(place: Place, form: PassOnForm, actor: int) -> Done:
    data = form.cleaned_data
    transfer = PointsTransfer(
        key=data["key"],
        sender_id=place.customer_id,
        receiver_id=get_customer(data["receiver"]).id,
        amount=data["amount"],
        at=place.at,
        asset=place.asset,
    )
    outcome = services.transfer_by_hand(transfer=transfer, note=data["note"], actor=actor, now=place.at)
    return _outcome(outcome, _("The points were given on."))


def _shortage_effect(place: Place, form: ShortageForm) -> Effect:
    amount = form.cleaned_data["amount"]
    if form.cleaned_data["decision"] == "debt":
        said = _("%(amount)s are owed: what the customer has pays it at once, later points pay the rest.")
    else:
        said = _("%(amount)s are forgiven: the customer owes nothing for them. This cannot be undone.")
    return Effect(said % {"amount": say_points(amount)}, amount, (place.customer_id,))


def _shortage(place: Place, form: ShortageForm, actor: int) -> Done:
    data = form.cleaned_data
    outcome = services.decide_shortage(
        customer_id=place.customer_id,
        amount=data["amount"],
        make_debt=data["decision"] == "debt",
        key=data["key"],
        note=data["note"],
        actor=actor,
        at=place.at,
        now=place.at,
        asset=place.asset,
    )
    return _outcome(outcome, _("Decided."))


def _take_back_effect(place: Place, form: TakeBackForm) -> Effect:
    data = form.cleaned_data
    lot = queries.get_lot(place.customer_id, data["lot"])
    amount = min(data["amount"], lot.amount - data["before"])
    said = _("%(amount)s are taken back; what the customer no longer has is treated as the terms say.")
    return Effect(said % {"amount": say_points(amount)}, amount, (place.customer_id,))


def _take_back(place: Place, form: TakeBackForm, actor: int) -> Done:
    data = form.cleaned_data
    outcome = services.take_back_by_hand(
        customer_id=place.customer_id,
        lot_id=data["lot"],
        total=data["before"] + data["amount"],
        note=data["note"],
        key=data["key"],
        actor=actor,
        at=place.at,
        now=place.at,
    )
    return _outcome(outcome, _("The points were taken back."))


def _release_effect(place: Place, form: ReleaseForm) -> Effect:
    use = queries.get_point_use(place.customer_id, form.cleaned_data["use"])
    texts = {"amount": say_points(use.amount)}
    return Effect(_("%(amount)s can be spent again. The cart that held them can no longer use them.") % texts)


def _release(place: Place, form: ReleaseForm, actor: int) -> Done:
    data = form.cleaned_data
    outcome = services.release_by_hand(
        customer_id=place.customer_id, use_id=data["use"], note=data["note"], actor=actor, at=place.at, now=place.at
    )
    return _outcome(outcome, _("The points are free again."))


_ADJUST = Act("adjust", lambda data: AdjustForm(data, reasons=adjust_reasons()), _adjust_effect, _adjust)
_TRANSFER = Act("transfer", PassOnForm, _transfer_effect, _transfer)
_SHORTAGE = Act("shortage", ShortageForm, _shortage_effect, _shortage)
_TAKE_BACK = Act("take_back", TakeBackForm, _take_back_effect, _take_back)
_RELEASE = Act("release", ReleaseForm, _release_effect, _release)
