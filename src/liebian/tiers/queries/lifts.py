"""Levels that rewards give for some days, as cells of tier models. What a level is called decides what it is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date
from functools import lru_cache

import msgspec
from django.conf import settings
from django.utils import translation

from liebian.customers import queries as customers
from liebian.rewards import queries as rewards
from liebian.tiers import words
from liebian.tiers.rules import CELLS
from liebian.tiers.types import KINDS, Lift

Given = tuple[str, date]


def list_given(kind: str, as_of: date) -> dict[int, Given]:
    """By person who stands today: the best cell of this kind that is given to them on that day, and the first day without it."""
    names, best = _cells_by_name(kind), dict[int, Given]()
    levels = rewards.list_levels(on=as_of)
    finals = customers.find_final_ids([each.customer_id for each in levels]) if levels else {}
    for each in levels:
        cell = names.get(_plain(each.subject))
        if cell is None:
            continue
        person = finals.get(each.customer_id, each.customer_id)
        known = best.get(person)
        if known is None or (words.LADDER[cell], -each.ends_on.toordinal()) < (
            words.LADDER[known[0]],
            -known[1].toordinal(),
        ):
            best[person] = (cell, each.ends_on)
    return best


def find_lifts(given: Mapping[int, Given], own: Mapping[int, str]) -> dict[int, Lift]:
    """Whom it lifts: whose own cell is worse, or who has none though they are known."""
    lifts = {}
    for person, (cell, until) in given.items():
        here = own.get(person, "")
        if not here or words.LADDER[cell] < words.LADDER[here]:
            lifts[person] = Lift(cell, here, until)
    unplaced = [person for person, lift in lifts.items() if not lift.own]
    told = customers.list_rule_attributes(unplaced)
    known = {person for person, is_known in zip(told.ids, told.is_known, strict=True) if is_known}
    return {person: lift for person, lift in sorted(lifts.items()) if lift.own or person in known}


class Levels:
    """What a level of a name means here, for whoever writes one."""

    def list_names(self) -> list[tuple[str, tuple[str, ...]]]:
        """By tier model, the names of its groups, in the active language."""
        return [(words.kind_label(kind), tuple(words.group_name(kind, cell) for cell in CELLS[kind])) for kind in KINDS]

    def find_groups(self, name: str) -> list[str]:
        """The groups into which it lifts, each with its model; none where it lifts nobody."""
        found = [(kind, cell) for kind in KINDS if (cell := _cells_by_name(kind).get(_plain(name)))]
        return [f"{words.kind_label(kind)}: {words.group_name(kind, cell)}" for kind, cell in found]


LEVELS = Levels()


def get_mark(as_of: date) -> str:
    """What changes when anybody's level on that day does; empty while nobody has one."""
    levels = [(each.customer_id, each.subject, each.ends_on) for each in rewards.list_levels(on=as_of)]
    return f"levels:{hashlib.blake2b(msgspec.json.encode(levels), digest_size=16).hexdigest()}" if levels else ""


@lru_cache(maxsize=8)
def _cells_by_name(kind: str) -> dict[str, str]:
    """The code of a cell, alone or with its kind before it, and its name in every language, whole or up to the colon."""
    names: dict[str, str] = {}
    for cell in CELLS[kind]:
        told = [cell, f"{kind}:{cell}"]
        for language, _name in settings.LANGUAGES:
            with translation.override(language):
                label = words.cell_label(kind, cell)
            told += [label, words.before_colon(label)]
        names |= {_plain(each): cell for each in told}
    return names


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())
