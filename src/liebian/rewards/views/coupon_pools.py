"""One pool: what is left, filling it, taking unused codes out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from liebian.access.guard import requires
from liebian.access.services import record_audit
from liebian.core import clock
from liebian.core.errors import LiebianError
from liebian.events.services import read_table
from liebian.rewards import queries, services
from liebian.rewards.coupon_forms import CodesFileForm, GenerateForm, PoolForm, RetailForm
from liebian.rewards.types import ImportedCodes, PoolView
from liebian.rewards.views.coupons import coupons_page, show_pool
from liebian.ui.formats import error_text, number

SHOWN = 200
_PIECE = 5_000
REASONS = {
    "bad_code": _("no code: 4 to 40 letters, digits and hyphens"),
    "twice_in_file": _("twice in the file"),
    "known_before": _("was there before"),
}


@requires("rewards:coupons")
@require_POST
def pool_new(request: HttpRequest) -> HttpResponse:
    offers = [offer for offer in queries.list_offers() if offer.kind in ("coupon", "code")]
    form = PoolForm(request.POST, offers=offers)
    if not form.is_valid():
        return coupons_page(request, pool_form=form, status=422)
    data = form.cleaned_data
    try:
        pool = services.create_pool(
            offer_id=data["offer"], name=data["name"], kind=data["kind"], low_at=data["low_at"] or 0, now=clock.now()
        )
    except LiebianError as error:
        form.add_error(None, error_text(error))
        return coupons_page(request, pool_form=form, status=error.status)
    return redirect("rewards:pool", pool.id)


@requires("rewards:view")
def pool_page(request: HttpRequest, pool_id: int) -> HttpResponse:
    return _page(request, queries.get_pool(pool_id))


@requires("rewards:coupons")
@require_POST
def pool_generate(request: HttpRequest, pool_id: int) -> HttpResponse:
    pool, form = queries.get_pool(pool_id), GenerateForm(request.POST)
    if not form.is_valid():
        return _page(request, pool, status=422, generate_form=form)
    data = form.cleaned_data
    try:
        services.generate_codes(
            pool_id=pool_id,
            n_codes=data["n_codes"],
            prefix=data["start"],
            length=data["length"],
            idempotency_key=data["key"],
            now=clock.now(),
        )
    except LiebianError as error:
        form.add_error(None, error_text(error))
        return _page(request, pool, status=error.status, generate_form=form)
    return _done(request, pool_id, data["n_codes"])


@requires("rewards:coupons")
@require_POST
def pool_retail(request: HttpRequest, pool_id: int) -> HttpResponse:
    pool, form = queries.get_pool(pool_id), RetailForm(request.POST)
    if not form.is_valid():
        return _page(request, pool, status=422, retail_form=form)
    data = form.cleaned_data
    try:
        services.set_retail_code(
            pool_id=pool_id, code=data["code"], n_uses=data["n_uses"], idempotency_key=data["key"], now=clock.now()
        )
    except LiebianError as error:
        form.add_error(None, error_text(error))
        return _page(request, pool, status=error.status, retail_form=form)
    said = ngettext("%(n)s more use of the code.", "%(n)s more uses of the code.", data["n_uses"])
    messages.success(request, said % {"n": number(data["n_uses"])})
    return redirect("rewards:pool", pool_id)


@requires("rewards:coupons")
@require_POST
def pool_import(request: HttpRequest, pool_id: int) -> HttpResponse:
    """Takes what is good of the file and shows every other row with its reason."""
    pool = queries.get_pool(pool_id)
    form = CodesFileForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, pool, status=422, file_form=form)
    path = Path(form.cleaned_data["file"].temporary_file_path())
    try:
        header, rows = read_table(path)
        told = services.import_codes(
            pool_id=pool_id,
            rows=services.iterate_rows(header, rows),
            idempotency_key=form.cleaned_data["key"],
            now=clock.now(),
        )
    except LiebianError as error:
        form.add_error("file", error_text(error))
        return _page(request, pool, status=error.status, file_form=form)
    if not told.rejected:
        return _done(request, pool_id, told.n_taken)
    return _page(request, queries.get_pool(pool_id), told=told)


@requires("rewards:coupons")
def pool_unused(request: HttpRequest, pool_id: int) -> HttpResponseBase:
    """Every code that nobody has, as CSV. Who took them out is written down: a code is worth money."""
    pool = queries.get_pool(pool_id)
    record_audit(
        actor_id=int(request.user.pk or 0), action="coupon_codes.downloaded", subject=f"pool:{pool_id}", now=clock.now()
    )
    response = StreamingHttpResponse(_lines(pool.id), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="coupons-{pool.id}-unused.csv"'
    response["Cache-Control"] = "no-store"
    return response


def _lines(pool_id: int) -> Iterator[bytes]:
    yield b"code\r\n"
    codes = queries.iterate_unused_codes(pool_id)
    while part := list(islice(codes, _PIECE)):
        yield "".join(f"{code}\r\n" for code in part).encode()


def _done(request: HttpRequest, pool_id: int, n_codes: int) -> HttpResponse:
    said = ngettext("%(n)s code came into the pool.", "%(n)s codes came into the pool.", n_codes)
    messages.success(request, said % {"n": number(n_codes)})
    return redirect("rewards:pool", pool_id)


def _page(
    request: HttpRequest, pool: PoolView, *, told: ImportedCodes | None = None, status: int = 200, **forms: Any
) -> HttpResponse:
    context = {
        **show_pool(pool),
        "may_edit": bool(request.user.may("rewards:coupons")),  # type: ignore[union-attr]
        "generate_form": GenerateForm(),
        "file_form": CodesFileForm(),
        "retail_form": RetailForm(),
        "told": told,
        "rejected": [
            (row, code, gettext(str(REASONS[reason]))) for row, code, reason in (told.rejected[:SHOWN] if told else ())
        ],
        "n_more": max(len(told.rejected) - SHOWN, 0) if told else 0,
        **forms,
    }
    return render(request, "rewards/coupon_pool.html", context, status=status)
