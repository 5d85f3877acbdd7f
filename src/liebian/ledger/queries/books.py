"""Books: what the accounts of each kind hold together. For pages from the kept sums and what came since; for checks from all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.db.models import Count, Min, Subquery, Sum

from liebian.ledger.models import Account, KeptSum, Posting, Segment
from liebian.ledger.types import BookView, KindSum

_WHAT = ("book", "asset", "kind")


@dataclass(slots=True)
class _Part:
    """Accounts of one kind in a book. Without accounts it is only what they moved."""

    n: int = 0
    total: int = 0
    first_code: str = ""
    title: str = ""
    opened: int = 0

    def count(self, code: str, title: str, opened: int) -> None:
        if self.n:
            code, title, opened = min(self.first_code, code), min(self.title, title), min(self.opened, opened)
        self.n += 1
        self.first_code, self.title, self.opened = code, title, opened


_Parts = dict[tuple[str, str, str], _Part]


def list_books(*, asset: str = "", codes: Iterable[str] | None = None) -> list[BookView]:
    """The flows: per book (all, or those of `codes`) and asset (its beginning), what the accounts of each kind hold.

    Read from what was kept with the last proof, the entries since and the accounts since: the cost does not grow with all
    accounts. It is what postings say; whether balances say the same is what a proof is for.
    """
    return _view(_read_kept(asset, None if codes is None else set(codes)))


def count_books(*, codes: Iterable[str] | None = None) -> list[BookView]:
    """As `list_books`, from the balances of all accounts one by one: for checks, which hold them against other figures."""
    rows = Account.objects.all() if codes is None else Account.objects.filter(book__in=list(codes))
    parts: _Parts = {}
    sums = (
        rows.order_by().values_list(*_WHAT).annotate(Count("id"), Sum("balance"), Min("code"), Min("title"), Min("id"))
    )
    for book, unit, kind, n, total, code, title, opened in sums:
        parts[book, unit, kind] = _Part(n, int(total), code, title, opened)
    return _view(parts)


def list_assets() -> list[str]:
    return sorted({book.asset for book in list_books()})


def _read_kept(asset: str, codes: Collection[str] | None) -> _Parts:
    """What was kept is read with the place up to which it was kept; then everything behind that place, postings first: an
    account that is opened in between counts as one that holds nothing yet."""
    last = Segment.objects.order_by("-id")
    places = {"entry": Subquery(last.values("last_entry")[:1]), "account": Subquery(last.values("last_account")[:1])}
    columns = ("n_accounts", "balance", "first_code", "title", "opened", *places)
    parts: _Parts = defaultdict(_Part)
    last_entry = last_account = 0
    for book, unit, kind, *kept, entry, account in KeptSum.objects.annotate(**places).values_list(*_WHAT, *columns):
        parts[book, unit, kind], last_entry, last_account = _Part(*kept), entry, account
    since = Posting.objects.filter(entry_id__gt=last_entry).order_by()
    sums = since.values_list("account__book", "account__asset", "account__kind").annotate(Sum("amount"))
    for book, unit, kind, total in sums:
        parts[book, unit, kind].total += int(total)
    fresh = Account.objects.filter(id__gt=last_account).order_by().values_list(*_WHAT, "code", "title", "id")
    for book, unit, kind, code, title, opened in fresh.iterator(5000):  # grouped there, SQLite would read every account
        parts[book, unit, kind].count(code, title, opened)
    return {
        what: part
        for what, part in parts.items()
        if part.n and what[1].startswith(asset) and (codes is None or what[0] in codes)
    }


def _view(parts: _Parts) -> list[BookView]:
    books: dict[tuple[str, str], list[tuple[str, _Part]]] = defaultdict(list)
    for (book, unit, kind), part in sorted(parts.items(), key=lambda each: each[1].opened):
        books[book, unit].append((kind, part))
    return [
        BookView(book, kinds[0][1].title, unit, tuple(_view_kind(*each) for each in kinds), kinds[0][1].opened)
        for (book, unit), kinds in books.items()
    ]


def _view_kind(kind: str, part: _Part) -> KindSum:
    return KindSum(kind, part.n, part.total, part.first_code if part.n == 1 else "")
