"""Which entries are well formed, when two are the same, and which of several fit what accounts hold. Plain Python."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from liebian.core.errors import Invalid
from liebian.core.texts import mark as _
from liebian.ledger.types import WORLD, AccountRef, EntryDraft, InsufficientFunds, Leg, WideDraft

MAX_AMOUNT = 10**15


def check_entry(draft: EntryDraft) -> None:
    """Raises Invalid unless the entry moves something and sums to zero in every asset."""
    if not draft.key or not draft.kind:
        raise Invalid("entry_incomplete", _("An entry needs a key and a kind."))
    if not draft.legs:
        raise Invalid("entry_empty", _("An entry needs at least two postings."), key=draft.key)
    sums: dict[str, int] = defaultdict(int)
    for leg in draft.legs:
        if isinstance(leg.amount, bool) or not isinstance(leg.amount, int):
            raise Invalid("amount_not_integer", _("An amount is a whole number of minor units."), key=draft.key)
        if leg.amount == 0 or abs(leg.amount) > MAX_AMOUNT:
            raise Invalid(
                "amount_out_of_range", _("%(amount)s cannot be posted."), amount=str(leg.amount), key=draft.key
            )
        sums[leg.account.asset] += leg.amount
    off = {asset: total for asset, total in sums.items() if total}
    if off:
        raise Invalid(
            "entry_unbalanced",
            _("The postings do not sum to zero: %(off)s. Nothing was posted."),
            off=[f"{total} {asset}" for asset, total in sorted(off.items())],
            key=draft.key,
        )


def check_wide(draft: WideDraft) -> None:
    """Raises Invalid unless it takes whole amounts above zero."""
    if not draft.key or not draft.kind:
        raise Invalid("entry_incomplete", _("An entry needs a key and a kind."))
    if not draft.taken or draft.target.code in draft.taken:
        raise Invalid("entry_empty", _("An entry needs at least two postings."), key=draft.key)
    if set(map(type, draft.taken.values())) != {int}:
        raise Invalid("amount_not_integer", _("An amount is a whole number of minor units."), key=draft.key)
    least, most = min(draft.taken.values()), sum(draft.taken.values())
    if least <= 0 or most > MAX_AMOUNT:
        raise Invalid(
            "amount_out_of_range",
            _("%(amount)s cannot be posted."),
            amount=str(least if least <= 0 else most),
            key=draft.key,
        )


def hash_body(draft: EntryDraft) -> str:
    """Equal for entries that move the same, whatever the order of their legs."""
    legs = sorted((leg.account.code, leg.account.asset, leg.amount) for leg in draft.legs)
    return _hash([draft.kind, draft.subject, draft.reversal_of, legs, *([draft.reference] if draft.reference else [])])


def hash_wide(draft: WideDraft) -> str:
    """As the entry of the same legs."""
    asset = draft.target.asset
    legs = [(code, asset, -amount) for code, amount in draft.taken.items()]
    return _hash([draft.kind, "", None, sorted([*legs, (draft.target.code, asset, sum(draft.taken.values()))])])


def _hash(parts: list[object]) -> str:
    body = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(body.encode()).hexdigest()


def list_refs(drafts: Iterable[EntryDraft]) -> dict[str, AccountRef]:
    """Every account named, by code, in the order of codes (the order in which they are locked)."""
    refs = {leg.account.code: leg.account for draft in drafts for leg in draft.legs}
    return {code: refs[code] for code in sorted(refs)}


def sum_legs(legs: Iterable[Leg]) -> dict[str, int]:
    deltas: dict[str, int] = defaultdict(int)
    for leg in legs:
        deltas[leg.account.code] += leg.amount
    return dict(deltas)


def find_shortage(
    legs: Iterable[Leg], balances: Mapping[str, int], kinds: Mapping[str, str]
) -> InsufficientFunds | None:
    """The first account, by code, that these legs would push below zero."""
    for code, delta in sorted(sum_legs(legs).items()):
        if delta < 0 and kinds[code] != WORLD and balances[code] + delta < 0:
            return InsufficientFunds(code, needed=-delta, balance=balances[code])
    return None


def level_parts(total: int, needs: Sequence[int]) -> list[int]:
    """What each part of a pool is to hold: what is needed of it, and an even share of what is left.

    >>> level_parts(10, [0, 5, 0])
    [2, 7, 1]
    """
    share, extra = divmod(total - sum(needs), len(needs))
    return [need + share + (number < extra) for number, need in enumerate(needs)]
