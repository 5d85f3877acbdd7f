"""Signing in and out, and the language switch."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from liebian.access import services
from liebian.access.forms import SignInForm
from liebian.access.guard import public
from liebian.core import clock
from liebian.core.errors import Invalid
from liebian.ui.formats import error_text

_YEAR = 365 * 24 * 3600
_TOO_MANY = 429


@public
@never_cache
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    target = safe_next(request, settings.LOGIN_REDIRECT_URL)
    if request.user.is_authenticated:
        return redirect(target)
    form = SignInForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                return _start_session(request, form, target)
            except Invalid as error:
                form.add_error("password", error_text(error))
                status = _TOO_MANY if error.code == "too_many_attempts" else 422
    return render(request, "access/sign_in.html", {"form": form, "next": target}, status=status)


def _start_session(request: HttpRequest, form: SignInForm, target: str) -> HttpResponse:
    address = request.META.get("REMOTE_ADDR", "")
    user = services.sign_in(**form.cleaned_data, address=address, now=clock.now())
    login(request, user)
    return speak(redirect(target), user.language)


@public
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect(resolve_url(settings.LOGOUT_REDIRECT_URL or "access:login"))


@public
@require_POST
def language(request: HttpRequest) -> HttpResponse:
    chosen = request.POST.get("language", "")
    services.set_language(user_id=request.user.pk, language=chosen)
    return speak(HttpResponseRedirect(safe_next(request, "/")), chosen)


def speak(response: HttpResponse, chosen: str) -> HttpResponse:
    """Set the cookie that LocaleMiddleware reads, so the choice holds on signed-out pages too. Empty changes nothing."""
    if not chosen:
        return response
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        chosen,
        max_age=_YEAR,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
    )
    return response


def safe_next(request: HttpRequest, otherwise: str) -> str:
    """Where to go on: an address of ours, or `otherwise`."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        return target
    return otherwise
