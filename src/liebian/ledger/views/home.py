"""The ledger's first page: where every budget's money is, that it sums to zero, and the entries that made it so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from liebian.access.guard import requires
from liebian.ledger import queries
from liebian.ledger.forms import EntryFilter
from liebian.ledger.types import WORLD, BookView, KindSum
from liebian.ledger.views.rows import MOST_POSTINGS, make_rows
from liebian.ledger.views.words import (
    COLOURS,
    NOTES,
    ORDER,
    is_money,
    say_accounts,
    say_amount,
    say_asset,
    say_bare,
    say_entry,
    say_kind,
    tab_of,
)
from liebian.ui.formats import named

PAGE = 30
FLOWS = 6


@dataclass(frozen=True)
class Flow:
    """One book as a row of accounts. `budget_id` is set where money can be put in."""

    title: str
    note: str
    finding: str
    total: int
    total_text: str
    sum_text: str
    accounts: list[dict[str, Any]]
    bar_label: str
    budget_id: int | None


@requires("ledger:view")
def home(request: HttpRequest) -> HttpResponse:
    every_book = queries.list_books()
    assets = _list_shown_assets(every_book)
    asked = EntryFilter(request.GET).asked()
    tab = tab_of(asked["asset"])
    shown = tab if tab in assets else next(iter(assets), "")
    books = [book for book in every_book if book.asset.startswith(shown)]
    chosen = [book for book in books if book.code == asked["book"]] if asked["book"] else books
    page = queries.list_entries(
        asset=shown,
        book=asked["book"],
        kind=asked["kind"],
        subject=asked["subject"],
        before=asked["before"],
        after=asked["after"],
        limit=PAGE,
        most=MOST_POSTINGS,
    )
    context = {
        "tabs": [{"asset": each, "name": say_asset(each), "on": each == shown} for each in assets],
        "shown": shown,
        "asked": asked,
        "flows": [_make_flow(book) for book in sorted(chosen, key=_by_use)[:FLOWS]],
        "n_more_flows": max(len(chosen) - FLOWS, 0),
        "sums": _sum_assets(every_book),
        "rows": make_rows(page),
        "page": page,
        "kinds": [(kind, say_entry(kind)) for kind in queries.list_kinds()],
        "is_filtered": any(asked[name] for name in ("book", "kind", "subject")),
        "may_fund": request.user.may("ledger:fund"),  # type: ignore[union-attr]
    }
    return render(request, "ledger/home.html", context)


def _list_shown_assets(books: list[BookView]) -> list[str]:
    """Currencies first, then points, then all coupons together."""
    assets = sorted({book.asset for book in books}, key=lambda each: (not is_money(each), each))
    return list(dict.fromkeys(tab_of(asset) for asset in assets))


def _by_use(book: BookView) -> tuple[bool, int]:
    """Books that hold something first, the newest first among them."""
    return book.balance_of(WORLD) == 0, -book.opened


def _make_flow(book: BookView) -> Flow:
    parts = sorted(book.kinds, key=lambda each: ORDER.index(each.kind) if each.kind in ORDER else len(ORDER))
    paid_in = -book.balance_of(WORLD)
    name = named(book.title) or say_asset(book.asset)
    texts = {"total": say_amount(paid_in, book.asset), "rest": say_amount(book.balance_of("budget"), book.asset)}
    if not is_money(book.asset):
        finding = _("%(total)s issued")
    elif paid_in:
        finding = _("%(total)s in all: %(rest)s still available")
    else:
        finding = _("Nothing in it yet")
    total = sum(part.balance for part in parts)
    kind, _colon, number = book.code.partition(":")
    return Flow(
        title=name,
        note=_say_rule(book.asset),
        finding=finding % texts,
        total=total,
        total_text=say_amount(total, book.asset),
        sum_text=_say_sum([part.balance for part in parts], total, book.asset),
        accounts=[_make_account(part, book, paid_in) for part in parts],
        bar_label=", ".join(f"{say_kind(p.kind, book.asset)} {say_amount(p.balance, book.asset)}" for p in parts),
        budget_id=int(number) if kind == "budget" and number.isdecimal() else None,
    )


def _say_rule(asset: str) -> str:
    if is_money(asset):
        return _("money moves along the arrows only; refunds and refusals return to the budget")
    return _("what is taken back or expires returns to us")


def _make_account(part: KindSum, book: BookView, paid_in: int) -> dict[str, Any]:
    if part.code:
        href = reverse("ledger:account", args=[part.code])
    else:
        href = f"{reverse('ledger:home')}?asset={tab_of(book.asset)}&book={book.code}#entries"
    many = say_accounts(part.n_accounts) if part.n_accounts > 1 else ""
    return {
        "label": say_kind(part.kind, book.asset),
        "code": part.code or part.kind,
        "amount": say_amount(part.balance, book.asset),
        "href": href,
        "note": many or str(NOTES.get(part.kind, "")),
        "colour": COLOURS.get(part.kind, "line-strong"),
        "share": part.balance / paid_in if paid_in > 0 and part.balance > 0 else 0,
    }


def _say_sum(amounts: list[int], total: int, asset: str) -> str:
    text = say_bare(amounts[0], asset)
    for amount in amounts[1:]:
        text += f" {'−' if amount < 0 else '+'} {say_bare(abs(amount), asset)}"
    return f"{text} = {say_bare(total, asset)}"


def _sum_assets(books: list[BookView]) -> list[dict[str, Any]]:
    sums: dict[str, list[int]] = {}
    for book in books:
        parts = sums.setdefault(book.asset, [0, 0])
        parts[0] += sum(kind.n_accounts for kind in book.kinds)
        parts[1] += sum(kind.balance for kind in book.kinds)
    return [
        {"asset": asset, "name": say_asset(asset), "n_accounts": n, "total": total, "text": say_amount(total, asset)}
        for asset, (n, total) in sums.items()
    ]
