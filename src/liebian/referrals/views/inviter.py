"""The inviter's own page: link, code, QR, and what became of each friend. The address is sealed, so it names one person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from liebian.access.guard import public
from liebian.core import clock
from liebian.core.errors import NotFound
from liebian.referrals import queries, services
from liebian.referrals.queries.friends import FriendState, FriendView, list_friends
from liebian.referrals.rules import inviter_cap
from liebian.referrals.types import Participant
from liebian.referrals.views.frame import offers_context
from liebian.referrals.views.landing import counts_as_visit, invitation_text, link_of, qr_svg
from liebian.referrals.words import offer_text, reason_text

_TAGS: dict[FriendState, tuple[str, Any]] = {
    "received": ("ok", _("Arrived")),
    "expired": ("no", _("Expired")),
    "checking": ("wait", _("Being checked")),
    "waiting": ("wait", _("On its way")),
    "coming": ("wait", _("On its way")),
    "small_order": ("wait", _("Almost")),
    "no_order": ("", _("No order yet")),
    "taken_back": ("no", _("Cancelled")),
    "not_given": ("no", _("No reward")),
    "not_delivered": ("no", _("Not delivered")),
    "not_counted": ("no", _("Not counted")),
}
_TOLD_WITHOUT_REASON = frozenset({"received", "expired", "checking", "waiting", "small_order", "no_order"})
_ARRIVED = frozenset({"received", "expired"})
_ON_ITS_WAY = frozenset({"checking", "waiting", "coming"})


@public
@require_safe
def inviter_page(request: HttpRequest, token: str) -> HttpResponse:
    now = clock.now()
    try:
        me = queries.get_participation(token)
    except NotFound:
        return render(request, "referrals/unknown_page.html", status=404)
    if counts_as_visit(request):
        services.record_page_view(participation=me, now=now)
    programme = queries.get_programme(me.programme_id)
    friends = list_friends(me)
    context: dict[str, Any] = {
        "token": token, "programme": programme, "code": me.code, "link": link_of(request, me.code),
        "qr": mark_safe(qr_svg(link_of(request, me.code))), "shared": "shared" in request.GET,
        "share_text": invitation_text(request, programme, me.code), "friends": [_row(friend) for friend in friends],
        "state": queries.get_landing(me.code, visitor="", now=now).state, **_sums(me, friends, inviter_cap(programme.limits)),
        **offers_context(programme),
    }  # fmt: skip
    context["state_text"] = reason_text(context["state"], customer=True)
    response = render(request, "referrals/inviter.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


@public
@require_POST
def share(request: HttpRequest, token: str) -> HttpResponse:
    """Takes note that the inviter took the link; what they do with it in their own app we do not learn."""
    try:
        me = queries.get_participation(token)
    except NotFound:
        return render(request, "referrals/unknown_page.html", status=404)
    services.record_share(participation=me, channel="page", now=clock.now())
    return redirect(f"{request.path.removesuffix('/share')}?shared=1#share")


def _row(friend: FriendView) -> dict[str, Any]:
    look, label = _TAGS[friend.state]
    reason = "" if friend.state in _TOLD_WITHOUT_REASON else reason_text(friend.reason, customer=True)
    return {"friend": friend, "look": look, "label": label, "reason": reason}


def _sums(me: Participant, friends: Sequence[FriendView], cap: int) -> dict[str, Any]:
    paid = [friend for friend in friends if friend.state in _ARRIVED]
    held = [friend for friend in friends if friend.state in _ON_ITS_WAY]
    waiting = [friend for friend in held if friend.state == "waiting"]
    return {
        "paid": len(paid), "held": len(held), "waiting": len(waiting), "left": max(cap - len(paid) - len(held), 0) if cap else None,
        "next_day": min((friend.pays_on for friend in waiting if friend.pays_on), default=None),
        "reward": offer_text(next((f.reward.offer for f in friends if f.reward), None)), "cap": cap,
        "signed_up": sum(friend.state != "not_counted" for friend in friends), "me": me,
    }  # fmt: skip
