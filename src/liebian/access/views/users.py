"""Adding a colleague, and changing role, access and password of one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from liebian.access import queries, services
from liebian.access.forms import RoleForm, UserForm, show_error
from liebian.access.guard import requires
from liebian.access.labels import list_roles, role_label
from liebian.access.permissions import VIEWER
from liebian.access.types import UserInfo
from liebian.core import clock
from liebian.core.errors import LiebianError
from liebian.ui.formats import error_text


@requires("access:manage")
@never_cache
def user_add(request: HttpRequest) -> HttpResponse:
    form = UserForm(request.POST if request.method == "POST" else None, initial={"role": VIEWER})
    if request.method == "POST" and form.is_valid():
        password = services.random_password()
        try:
            user = services.create_user(
                **form.cleaned_data, password=password, actor_id=request.user.pk, now=clock.now()
            )
        except LiebianError as error:
            show_error(form, error)
        else:
            return render(request, "access/password_shown.html", {"person": user, "password": password, "is_new": True})
    status = 422 if request.method == "POST" else 200
    return render(request, "access/user_add.html", {"form": form, "roles": list_roles()}, status=status)


@requires("access:manage")
def user_page(request: HttpRequest, user_id: int) -> HttpResponse:
    person = queries.get_user(user_id)
    return render(request, "access/user.html", _context(person, RoleForm(initial={"role": person.role})))


@requires("access:manage")
@require_POST
def user_role(request: HttpRequest, user_id: int) -> HttpResponse:
    person = queries.get_user(user_id)
    form = RoleForm(request.POST)
    if form.is_valid():
        try:
            changed = services.change_role(
                user_id=user_id, role=form.cleaned_data["role"], actor_id=request.user.pk, now=clock.now()
            )
        except LiebianError as error:
            show_error(form, error)
        else:
            values = {"name": changed.display_name, "role": role_label(changed.role)}
            messages.success(request, _("%(name)s is now: %(role)s. It holds from the next click.") % values)
            return redirect("access:profile") if user_id == request.user.pk else redirect("access:user", user_id)
    return render(request, "access/user.html", _context(person, form), status=422)


@requires("access:manage")
@require_POST
def user_access(request: HttpRequest, user_id: int) -> HttpResponse:
    is_active = request.POST.get("is_active") == "1"
    person = queries.get_user(user_id)
    try:
        services.set_active(user_id=user_id, is_active=is_active, actor_id=request.user.pk, now=clock.now())
    except LiebianError as error:
        messages.error(request, error_text(error))
        return redirect("access:user", user_id)
    text = _("%(name)s can sign in again.") if is_active else _("%(name)s is signed out and cannot sign in any more.")
    messages.success(request, text % {"name": person.display_name})
    return redirect("access:login") if user_id == request.user.pk else redirect("access:user", user_id)


@requires("access:manage")
@never_cache
@require_POST
def user_password(request: HttpRequest, user_id: int) -> HttpResponse:
    person = queries.get_user(user_id)
    password = services.reset_password(user_id=user_id, actor_id=request.user.pk, now=clock.now())
    return render(request, "access/password_shown.html", {"person": person, "password": password, "is_new": False})


def _context(person: UserInfo, form: RoleForm) -> dict[str, Any]:
    return {
        "person": person,
        "role": role_label(person.role),
        "form": form,
        "roles": list_roles(),
        "now": clock.now(),
    }
