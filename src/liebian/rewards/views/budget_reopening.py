"""Opening a closed budget again, with a reason that stays in its history."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from liebian.access.guard import requires
from liebian.core import clock
from liebian.core.errors import Invalid
from liebian.rewards import services
from liebian.ui.formats import error_text


@requires("ledger:fund")
@require_POST
def budget_reopen(request: HttpRequest, budget_id: int) -> HttpResponse:
    actor = int(request.user.pk or 0)
    try:
        services.reopen_budget(budget_id=budget_id, reason=request.POST.get("reason", ""), actor=actor, now=clock.now())
    except Invalid as error:
        messages.error(request, error_text(error))
    else:
        messages.success(request, _("The budget is open again. Put money in before it can promise anything."))
    return redirect("rewards:budget", budget_id)
