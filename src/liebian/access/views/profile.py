"""One's own name, language and password."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from liebian.access import queries, services
from liebian.access.forms import PasswordForm, ProfileForm, show_error
from liebian.access.guard import requires
from liebian.access.views.session import speak
from liebian.core import clock
from liebian.core.errors import LiebianError


@requires("access:self")
def profile(request: HttpRequest) -> HttpResponse:
    return _page(request)


@requires("access:self")
@require_POST
def profile_details(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = ProfileForm(request.POST)
    if form.is_valid():
        try:
            me = services.change_profile(user_id=user.pk, **form.cleaned_data)
        except LiebianError as error:
            show_error(form, error)
        else:
            messages.success(request, _("Saved."))
            return speak(redirect("access:profile"), me.language)
    return _page(request, details=form)


@requires("access:self")
@sensitive_post_parameters("current", "password")
@require_POST
def profile_password(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    form = PasswordForm(request.POST)
    if form.is_valid():
        values = form.cleaned_data
        try:
            services.change_own_password(
                user_id=user.pk, current=values["current"], new=values["password"], now=clock.now()
            )
        except LiebianError as error:
            show_error(form, error)
        else:
            user.refresh_from_db()
            update_session_auth_hash(request, user)
            messages.success(request, _("Your password is changed. Other devices are signed out."))
            return redirect("access:profile")
    return _page(request, password=form)


def _page(
    request: HttpRequest, *, details: ProfileForm | None = None, password: PasswordForm | None = None
) -> HttpResponse:
    user: Any = request.user
    me = queries.get_user(user.pk)
    context = {
        "me": me,
        "details": details or ProfileForm(initial={"display_name": me.display_name, "language": me.language}),
        "password": password or PasswordForm(),
    }
    return render(request, "access/profile.html", context, status=422 if details or password else 200)
