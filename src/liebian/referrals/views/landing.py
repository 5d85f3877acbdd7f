"""The friend's page: what both get, the whole rules, a sign-up that says at once why not. Works without script."""

from __future__ import annotations

import io
import re
import secrets
from http import HTTPStatus
from typing import Any

import segno
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from liebian.access.guard import public
from liebian.access.queries import get_organisation
from liebian.core import clock
from liebian.core.errors import Invalid
from liebian.referrals import queries, services
from liebian.referrals.forms.public import SignUpForm
from liebian.referrals.types import CONSENT_VERSION, Landing, ProgrammeView
from liebian.referrals.views.frame import offers_context
from liebian.referrals.words import offer_text, reason_text, text_of

VISITOR = "lb_visitor"
_VISITOR_AGE = 90 * 24 * 3600
_VISITOR_SHAPE = re.compile(r"v-[A-Za-z0-9_-]{22}")
_CHANNEL = re.compile(r"[a-z0-9_-]{1,30}")
_FINAL = frozenset(
    {
        "code_not_found",
        "not_started",
        "code_expired",
        "programme_not_running",
        "campaign_budget",
        "self_referral",
        "referrer_not_active",
    }
)


@public
@require_http_methods(["GET", "HEAD", "POST"])
def landing(request: HttpRequest, code: str) -> HttpResponse:
    now, visitor, channel = clock.now(), _visitor(request), _channel(request)
    if request.method == "POST":
        return _with_visitor(_sign_up(request, code, visitor, channel), visitor)
    found = queries.get_landing(code, visitor=visitor, now=now)
    if counts_as_visit(request) and found.programme is not None:
        services.record_visit(code=found.code, channel=channel, visitor=visitor, now=now)
    return _with_visitor(_page(request, found, SignUpForm(), found.state), visitor)


def _sign_up(request: HttpRequest, code: str, visitor: str, channel: str) -> HttpResponse:
    now = clock.now()
    form = SignUpForm(request.POST)
    found = queries.get_landing(code, visitor="", now=now)
    if found.programme is None or not form.is_valid():
        return _page(request, found, form, found.state, status=404 if found.programme is None else 422)
    try:
        services.claim_sign_up_attempt(visitor=visitor, address=request.META.get("REMOTE_ADDR", ""), now=now)
    except Invalid as error:
        return _wait(request, found, form, minutes=error.details["minutes"])
    result = services.sign_up(
        code=found.code, **form.contact_of(), name=form.cleaned_data["name"].strip(), consent=True,
        marketing=form.cleaned_data["marketing"], channel=channel, visitor=visitor, now=now,
    )  # fmt: skip
    if result.accepted or result.reason == "already_signed_up":
        return redirect(f"{reverse('referrals:welcome', args=[found.code])}{'' if result.accepted else '?again=1'}")
    return _page(request, found, form, result.reason, status=409)


def _wait(request: HttpRequest, found: Landing, form: SignUpForm, *, minutes: int) -> HttpResponse:
    """Says when to try again; the form keeps what was typed."""
    response = _page(request, found, form, "too_many_attempts", status=HTTPStatus.TOO_MANY_REQUESTS, minutes=minutes)
    response["Retry-After"] = str(minutes * 60)
    return response


def _page(
    request: HttpRequest, found: Landing, form: SignUpForm, state: str, *, status: int = 200, minutes: int = 0
) -> HttpResponse:
    if found.programme is None:
        return render(request, "referrals/unknown_code.html", {"code": found.code}, status=404)
    context: dict[str, Any] = {
        "landing": found, "programme": found.programme, "form": form, "state": state, "is_over": state in _FINAL,
        "state_text": reason_text(state, customer=True), "consent_version": CONSENT_VERSION, "code": found.code, "minutes": minutes,
        **offers_context(found.programme),
    }  # fmt: skip
    return render(request, "referrals/landing.html", context, status=status)


@public
@require_safe
def welcome(request: HttpRequest, code: str) -> HttpResponse:
    found = queries.get_landing(code, visitor="", now=clock.now())
    if found.programme is None:
        return render(request, "referrals/unknown_code.html", {"code": found.code}, status=404)
    again = "again" in request.GET
    context = {"landing": found, "programme": found.programme, "again": again, **offers_context(found.programme)}
    return render(request, "referrals/welcome.html", context)


@public
@require_safe
def qr(request: HttpRequest, code: str) -> HttpResponse:
    """The link as a QR code, for print."""
    owner = queries.find_participation(code)
    if owner is None:
        return render(request, "referrals/unknown_code.html", {"code": code[:12]}, status=404)
    return HttpResponse(qr_svg(link_of(request, owner.code)), content_type="image/svg+xml")


def link_of(request: HttpRequest, code: str) -> str:
    return request.build_absolute_uri(reverse("referrals:landing", args=[code]))


def qr_svg(link: str) -> str:
    """Plain SVG with a quiet zone; dark on white whatever the page looks like, or cameras would not read it."""
    out = io.BytesIO()
    segno.make_qr(link, error="m").save(
        out, kind="svg", xmldecl=False, svgclass=None, lineclass=None, border=2, dark="#1f2a24", light="#ffffff",
        omitsize=True, nl=False,
    )  # fmt: skip
    return out.getvalue().decode()


def invitation_text(request: HttpRequest, programme: ProgrammeView, code: str) -> str:
    """The text that the inviter sends from their own app. It says first that they get a reward."""
    context = offers_context(programme)
    disclosure = _("If you join, I get %(reward)s.") % {"reward": offer_text(context["referrer_offer"])}
    return f"{text_of(programme, 'message')}{context['gap']}{disclosure} {link_of(request, code)} ({get_organisation().name})"


def counts_as_visit(request: HttpRequest) -> bool:
    """Not a browser that fetches ahead, and not staff who look at what customers see."""
    return request.method == "GET" and not request.headers.get("Sec-Purpose") and not request.user.is_authenticated


def _visitor(request: HttpRequest) -> str:
    known = request.COOKIES.get(VISITOR, "")
    return known if _VISITOR_SHAPE.fullmatch(known) else f"v-{secrets.token_urlsafe(16)}"


def _with_visitor(response: HttpResponse, visitor: str) -> HttpResponse:
    response.set_cookie(
        VISITOR, visitor, max_age=_VISITOR_AGE, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )
    response["Cache-Control"] = "private, no-store"
    return response


def _channel(request: HttpRequest) -> str:
    asked = (request.GET.get("c") or request.GET.get("utm_source") or request.POST.get("c") or "").lower()
    return asked if _CHANNEL.fullmatch(asked) else ""
