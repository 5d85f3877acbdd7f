"""One account and one entry."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.timezone import localtime

from liebian.access.guard import requires
from liebian.access.queries import find_user_names
from liebian.core import clock
from liebian.core.days import day_of, day_start
from liebian.ledger import queries
from liebian.ledger.forms import AccountFilter, PostingFilter
from liebian.ledger.types import AccountView, EntryView
from liebian.ledger.views.rows import MOST_POSTINGS, make_row, make_rows, say_group
from liebian.ledger.views.words import say_amount, say_kind

PAGE = 30


@requires("ledger:view")
def account_page(request: HttpRequest, code: str) -> HttpResponse:
    account = queries.get_account(code)
    form = AccountFilter(request.GET)
    asked = form.asked()
    now = clock.now()
    day = asked["day"] or day_of(now, settings.TIME_ZONE)
    then = queries.balance_as_of(code, day_start(day + timedelta(days=1), settings.TIME_ZONE))
    page = queries.list_entries(
        account=code, before=asked["before"], after=asked["after"], limit=PAGE, most=MOST_POSTINGS
    )
    context = {
        "account": account,
        "name": say_kind(account.kind, account.asset),
        "balance": say_amount(account.balance, account.asset),
        "day": day,
        "day_text": day.isoformat(),
        "then": say_amount(then, account.asset),
        "form": form,
        "instant": _at_instant(account, asked["at"], asked["known"]),
        "at_text": _input(asked["at"]),
        "known_text": _input(asked["known"]),
        "rows": make_rows(page),
        "page": page,
        "now": now,
    }
    return render(request, "ledger/account.html", context)


def _at_instant(account: AccountView, at: datetime | None, known: datetime | None) -> dict[str, Any] | None:
    if at is None:
        return None
    held = queries.balance_as_of(account.code, at, known_at=known)
    since = held - queries.balance_as_of(account.code, at) if known else 0
    return {
        "held": say_amount(held, account.asset),
        "at": at,
        "known": known,
        "later": say_amount(-since, account.asset) if since else "",
    }


def _input(moment: datetime | None) -> str:
    return localtime(moment).strftime("%Y-%m-%dT%H:%M:%S") if moment else ""


@requires("ledger:view")
def entry_page(request: HttpRequest, entry_id: int) -> HttpResponse:
    """One with many postings shows them grouped, and those of one kind of account a page at a time."""
    entry = queries.get_entry(entry_id, most=MOST_POSTINGS)
    asked = PostingFilter(request.GET).asked()
    single = queries.list_postings(entry_id, kind=asked["kind"], after=asked["after"] or 0) if asked["kind"] else None
    postings = single.postings if single else entry.postings
    context = {
        "entry": entry,
        "row": make_row(entry),
        "groups": [
            {"kind": g.kind, "code": g.code, "name": say_group(g), "amount": say_amount(g.amount, g.asset)}
            for g in entry.groups
        ],
        "legs": [
            {"code": p.account, "name": say_kind(p.kind, p.asset), "amount": say_amount(p.amount, p.asset)}
            for p in postings
        ],
        "further": single.further if single else None,
        "reversed_by": queries.find_reversal(entry_id),
        "actor": _find_actor(entry),
    }
    return render(request, "ledger/entry.html", context)


def _find_actor(entry: EntryView) -> str:
    actor = entry.memo.get("actor")
    return find_user_names([actor]).get(actor, f"#{actor}") if isinstance(actor, int) else ""
