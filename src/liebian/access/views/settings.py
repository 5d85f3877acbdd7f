"""Settings: the organisation, who works here, and what each role may do."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from liebian.access import queries, services
from liebian.access.forms import OrganisationForm, show_error
from liebian.access.guard import requires
from liebian.access.labels import label_of, role_label
from liebian.access.permissions import PERMISSIONS, ROLES, role_may
from liebian.core import clock
from liebian.core.errors import Invalid


@requires("access:manage")
def settings_home(request: HttpRequest) -> HttpResponse:
    form = OrganisationForm(initial={"name": queries.get_organisation().name})
    return render(request, "access/settings.html", _home_context(form))


@requires("access:manage")
@require_POST
def organisation(request: HttpRequest) -> HttpResponse:
    form = OrganisationForm(request.POST)
    if form.is_valid():
        try:
            services.rename_organisation(name=form.cleaned_data["name"], actor_id=request.user.pk, now=clock.now())
        except Invalid as error:
            show_error(form, error)
        else:
            messages.success(request, _("The organisation's name is saved."))
            return redirect("access:settings")
    return render(request, "access/settings.html", _home_context(form), status=422)


@requires("access:manage")
def roles(request: HttpRequest) -> HttpResponse:
    rows = [
        {
            "label": label_of(permission),
            "name": permission.name,
            "has": [role_may(role, permission.name) for role in ROLES],
        }
        for permission in PERMISSIONS.values()
    ]
    users = [user.role for user in queries.list_users() if user.is_active]
    columns = [{"label": label_of(role), "people": users.count(role.name)} for role in ROLES.values()]
    return render(request, "access/roles.html", {"rows": rows, "columns": columns})


def _home_context(form: OrganisationForm) -> dict[str, Any]:
    users = queries.list_users()
    return {
        "organisation_form": form,
        "users": [{"info": user, "role": role_label(user.role)} for user in users],
        "n_active": sum(user.is_active for user in users),
        "now": clock.now(),
    }
