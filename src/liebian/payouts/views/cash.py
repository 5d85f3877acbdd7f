"""Making a reward of money, which programmes can give from then on."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from liebian.access.guard import requires
from liebian.access.queries import get_organisation
from liebian.core import clock
from liebian.core.days import day_of
from liebian.core.errors import LiebianError
from liebian.payouts.forms import CashForm
from liebian.rewards import services as rewards
from liebian.ui.formats import error_text


@requires("payouts:prepare")
def cash_new(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _page(request, CashForm(initial={"currency": get_organisation().currency or "CNY"}))
    form = CashForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    try:
        now = clock.now()
        offer = rewards.create_offer(draft=form.draft(day_of(now, settings.TIME_ZONE)), now=now)
    except LiebianError as error:
        form.add_error(None, error_text(error))
        return _page(request, form, status=error.status)
    messages.success(request, gettext("“%(name)s” can be given now.") % {"name": offer.name})
    return redirect("payouts:batches")


def _page(request: HttpRequest, form: CashForm, *, status: int = 200) -> HttpResponse:
    return render(request, "payouts/cash_new.html", {"form": form}, status=status)
