"""What a shop's own page shows a customer of their rewards, `/v1/rewards`. Owns parameters and the form of answers; decides nothing."""

from __future__ import annotations

from typing import Any

import msgspec
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_lazy
from msgspec import Struct

from liebian.access.guard import public
from liebian.core import clock
from liebian.core.errors import Invalid
from liebian.core.json_api import operation, read_key
from liebian.core.openapi import responses
from liebian.core.texts import mark as _
from liebian.customers import queries as customers
from liebian.rewards import queries, services
from liebian.rewards.types import MONEY, CouponView, OfferKind, OwnReward, ParcelState, ParcelView, PrivilegeView, Told
from liebian.ui.formats import named

MOST = 100
LARGEST = 2**63 - 1
CODES: dict[int, tuple[str, ...]] = {
    401: ("shop_key",),
    404: ("customer_unknown",),
    405: ("bad_method",),
    422: ("user_id", "before", "limit"),
    429: ("too_many_calls",),
    503: ("busy",),
}
TOLD: dict[Told, Any] = {
    "checking": gettext_lazy("We look at it before it comes"),
    "waiting": gettext_lazy("It comes when the refund period is over"),
    "coming": gettext_lazy("It is on its way to you"),
    "received": gettext_lazy("It is yours"),
    "expired": gettext_lazy("It was not used before its last day"),
    "not_given": gettext_lazy("There is no reward this time"),
    "not_delivered": gettext_lazy("It did not reach you"),
    "taken_back": gettext_lazy("It was taken back"),
}


class OwnCoupon(Struct):
    """`ends_at` is the first instant at which it is no longer taken."""

    state: str
    value_minor: int
    threshold_minor: int
    currency: str
    ends_at: str


class OwnGift(Struct):
    state: ParcelState
    takes_address: bool
    goes_to: str
    carrier: str
    tracking: str


class OwnPrivilege(Struct):
    """The days [starts_on, ends_on)."""

    privilege: str
    subject: str
    starts_on: str
    ends_on: str


class OwnRewardBody(Struct):
    """`state` for programs, `words` and `why` for the customer in the language asked for. `code` is given while it can be used.

    `amount`: points, days of a privilege, the smallest unit of money, or pieces, less what was taken back.
    """

    reward: int
    kind: OfferKind
    name: str
    state: Told
    words: str
    reason: str
    why: str
    amount: int
    currency: str
    since: str
    due_on: str | None
    code: str
    coupon: OwnCoupon | None
    gift: OwnGift | None
    privilege: OwnPrivilege | None


class OwnRewards(Struct):
    """Newest first; `next` is the `before` of the page after it, or null."""

    rewards: list[OwnRewardBody]
    next: int | None


@public
@operation("GET", realm="rewards")
def own_rewards(request: HttpRequest) -> tuple[int, dict[str, Any]]:
    now = clock.now()
    shop = services.admit_shop(key=read_key(request.headers.get("Authorization", "")), now=now)
    before, limit = _read(request, "before", None, LARGEST), _read(request, "limit", 50, MOST) or 50
    person = customers.get_by_user_id(request.GET.get("user_id", ""))
    found, has_more = services.tell_own_rewards(
        customer_ids=customers.list_ids_of(person.id), shop=shop.name, before=before, limit=limit, now=now
    )
    following = found[-1].reward.id if has_more else None
    return 200, msgspec.to_builtins(OwnRewards([_show(each) for each in found], following))


def _read(request: HttpRequest, name: str, default: int | None, most: int) -> int | None:
    said = request.GET.get(name, "")
    if not said:
        return default
    if not (said.isascii() and said.isdecimal() and len(said) < 20 and 0 < int(said) <= most):
        if name == "limit":
            raise Invalid("limit", _("Ask for 1 to %(most)s rewards at a time."), most=MOST)
        raise Invalid("before", _("Say as `before` what the page ahead of it gave as `next`."))
    return int(said)


def _show(own: OwnReward) -> OwnRewardBody:
    reward, offer = own.reward, own.reward.offer
    return OwnRewardBody(
        reward=reward.id,
        kind=offer.kind,
        name=named(offer.name),
        state=reward.told,
        words=str(TOLD[reward.told]),
        reason=reward.told_reason,
        why=gettext(queries.get_reason(reward.told_reason).customer) if reward.reason else "",
        amount=reward.kept_amount,
        currency=offer.currency if offer.kind in MONEY else "",
        since=reward.changed_at.isoformat(),
        due_on=reward.hold_until.isoformat() if reward.told == "waiting" else None,
        code=own.code,
        coupon=_coupon(own.coupon) if own.coupon else None,
        gift=_gift(own.parcel) if own.parcel else None,
        privilege=_privilege(own.privilege) if own.privilege else None,
    )


def _coupon(coupon: CouponView) -> OwnCoupon:
    offer = coupon.offer
    return OwnCoupon(
        coupon.state, offer.face_minor, offer.threshold_minor, offer.currency, coupon.expires_at.isoformat()
    )


def _gift(parcel: ParcelView) -> OwnGift:
    return OwnGift(parcel.state, parcel.takes_address, parcel.covered, parcel.carrier, parcel.tracking)


def _privilege(given: PrivilegeView) -> OwnPrivilege:
    return OwnPrivilege(given.kind, given.subject, given.starts_on.isoformat(), given.ends_on.isoformat())


def describe_own(answer: dict[str, Any]) -> dict[str, Any]:
    """The operation for the document; `answer` is the schema of what it answers."""
    user = {"type": "string", "minLength": 1, "maxLength": 120}
    parameters = [
        {"name": "user_id", "in": "query", "required": True, "schema": user},
        {"name": "before", "in": "query", "required": False, "schema": {"type": "integer", "minimum": 1}},
        {
            "name": "limit",
            "in": "query",
            "required": False,
            "schema": {"type": "integer", "minimum": 1, "maximum": MOST},
        },
    ]
    return {
        "operationId": "rewards",
        "summary": "A customer's rewards: how far each has come, what it is, and codes while they can be used",
        "parameters": parameters,
        "responses": responses(CODES, answer),
    }
