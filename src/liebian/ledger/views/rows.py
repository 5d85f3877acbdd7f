"""Entries as the rows of a table: what happened, from where to where, how much."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from liebian.ledger.types import EntryPage, EntryView, PostingView
from liebian.ledger.views.words import say_amount, say_entry, say_kind


@dataclass(frozen=True)
class End:
    code: str
    name: str


@dataclass(frozen=True)
class Move:
    sources: tuple[End, ...]
    targets: tuple[End, ...]
    amount: str


@dataclass(frozen=True)
class Row:
    id: int
    name: str
    kind: str
    at: datetime
    subject: str
    reason: str
    reversal_of: int | None
    moves: tuple[Move, ...]


def make_rows(page: EntryPage) -> list[Row]:
    return [make_row(entry) for entry in page.entries]


def make_row(entry: EntryView) -> Row:
    return Row(
        id=entry.id,
        name=say_entry(entry.kind),
        kind=entry.kind,
        at=entry.effective_at,
        subject=entry.subject,
        reason=str(entry.memo.get("reason", "")),
        reversal_of=entry.reversal_of,
        moves=tuple(_list_moves(entry.postings)),
    )


def _list_moves(postings: Iterable[PostingView]) -> Iterable[Move]:
    by_asset: dict[str, list[PostingView]] = defaultdict(list)
    for posting in postings:
        by_asset[posting.asset].append(posting)
    for asset, parts in by_asset.items():
        sources = _net(parts, sign=-1)
        targets = _net(parts, sign=1)
        if len(sources) == 1:
            yield from (Move(_ends(sources), _ends([one]), say_amount(one.amount, asset)) for one in targets)
        elif len(targets) == 1:
            yield from (Move(_ends([one]), _ends(targets), say_amount(-one.amount, asset)) for one in sources)
        else:
            total = sum(each.amount for each in targets)
            yield Move(_ends(sources), _ends(targets), say_amount(total, asset))


def _net(parts: Sequence[PostingView], *, sign: int) -> list[PostingView]:
    """One posting per account: an entry may name an account twice."""
    sums: dict[str, int] = defaultdict(int)
    for each in parts:
        sums[each.account] += each.amount
    firsts = {each.account: each for each in reversed(parts)}
    return [
        PostingView(code, firsts[code].kind, firsts[code].asset, amount)
        for code, amount in sums.items()
        if amount * sign > 0
    ]


def _ends(postings: Iterable[PostingView]) -> tuple[End, ...]:
    return tuple(End(each.account, say_kind(each.kind, each.asset)) for each in postings)
