"""Entries as the rows of a table: what happened, from where to where, how much."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from liebian.ledger.types import EntryPage, EntryView, PostingGroup, PostingView
from liebian.ledger.views.words import say_accounts, say_amount, say_entry, say_kind

MOST_POSTINGS = 50


@dataclass(frozen=True)
class End:
    """An account, or without a code many accounts together."""

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
        moves=tuple(_list_group_moves(entry.groups) if entry.groups else _list_moves(entry.postings)),
    )


def _list_moves(postings: Iterable[PostingView]) -> Iterable[Move]:
    by_asset: dict[str, list[PostingView]] = defaultdict(list)
    for posting in postings:
        by_asset[posting.asset].append(posting)
    for asset, parts in by_asset.items():
        yield from _pair(asset, _ends(_net(parts, sign=-1)), _ends(_net(parts, sign=1)))


def _list_group_moves(groups: Iterable[PostingGroup]) -> Iterable[Move]:
    by_asset: dict[str, list[PostingGroup]] = defaultdict(list)
    for group in groups:
        by_asset[group.asset].append(group)
    for asset, parts in by_asset.items():
        ends = [(End(each.code, say_group(each)), each.amount) for each in parts]
        yield from _pair(asset, [each for each in ends if each[1] < 0], [each for each in ends if each[1] > 0])


def say_group(group: PostingGroup) -> str:
    name = say_kind(group.kind, group.asset)
    return name if group.code else f"{name} ({say_accounts(group.n_accounts)})"


def _pair(asset: str, sources: Sequence[tuple[End, int]], targets: Sequence[tuple[End, int]]) -> Iterable[Move]:
    """One line for each on the side of the many where the other side is one; otherwise all together."""
    left, right = tuple(end for end, _ in sources), tuple(end for end, _ in targets)
    if len(sources) == 1:
        yield from (Move(left, (end,), say_amount(amount, asset)) for end, amount in targets)
    elif len(targets) == 1:
        yield from (Move((end,), right, say_amount(-amount, asset)) for end, amount in sources)
    else:
        yield Move(left, right, say_amount(sum(amount for _, amount in targets), asset))


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


def _ends(postings: Iterable[PostingView]) -> list[tuple[End, int]]:
    return [(End(each.account, say_kind(each.kind, each.asset)), each.amount) for each in postings]
