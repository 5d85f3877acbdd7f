"""The ledger and its sums against itself, and lots of points against accounts."""

from __future__ import annotations

from datetime import datetime

from liebian.core.texts import mark as _
from liebian.ledger import queries as ledger_queries
from liebian.ledger import services as ledger
from liebian.ledger.types import BookView, Finding
from liebian.rewards.models import PointsLot
from liebian.rewards.queries import prove_lots
from liebian.rewards.services.checks.base import Figure, compare
from liebian.rewards.types import Compared, Difference


class LedgerCheck:
    code = "ledger"
    title = _("Ledger: proof of zero")
    figures = {
        "entry_unbalanced": _("sum of the entry"),
        "balance_off": _("balance against postings"),
        "asset_off": _("sum of all accounts"),
        "past_changed": _("entries that were proven and changed since"),
        "sums_off": _("kept sums that are not those of their entries"),
    }
    page = ""
    writes = True

    def compare(self, now: datetime) -> Compared:
        proof = ledger.prove(now=now)
        n_compared = proof.n_new + proof.n_accounts + len(ledger_queries.list_assets())
        return Compared(n_compared, tuple(_view(each) for each in proof.findings))


class SumsCheck:
    code = "sums"
    title = _("Ledger: sums on its pages against accounts")
    figures = {"all_accounts": _("all accounts together"), "n_accounts": _("number of accounts")}
    page = ""
    writes = False

    def compare(self, now: datetime) -> Compared:
        counted, shown = (_by_kind(books) for books in (ledger_queries.count_books(), ledger_queries.list_books()))
        return compare(counted, shown)


def _by_kind(books: list[BookView]) -> dict[Figure, int]:
    return {
        (f"{book.code} {kind.kind}", what, unit): figure
        for book in books
        for kind in book.kinds
        for what, figure, unit in (("all_accounts", kind.balance, book.asset), ("n_accounts", kind.n_accounts, ""))
    }


def _view(finding: Finding) -> Difference:
    places = {"balance_off": "account", "entry_unbalanced": "entry"}
    place = places.get(finding.kind)
    subject = f"{place}:{finding.what}" if place else finding.what
    return Difference(subject, finding.kind, finding.expected, finding.found, finding.asset)


class PointsCheck:
    code = "points"
    title = _("Points: lots against accounts")
    figures = {"lots": _("points in lots")}
    page = ""
    writes = False

    def compare(self, now: datetime) -> Compared:
        n_accounts = PointsLot.objects.values("customer_id", "asset").distinct().count()
        differences = tuple(
            Difference(
                each.account if " " in each.account else f"account:{each.account}", "lots", each.balance, each.lots
            )
            for each in prove_lots()
        )
        return Compared(n_accounts, differences)
