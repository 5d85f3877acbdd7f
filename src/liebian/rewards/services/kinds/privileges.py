"""Privileges: days on which a customer is allowed something. The units of such a reward are days."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby

from django.conf import settings
from django.db.models import Q

from liebian.core.days import day_of
from liebian.ledger.types import Leg
from liebian.rewards.models import Privilege, Reward
from liebian.rewards.rules import Claw, chain, count_open, read_privilege
from liebian.rewards.services.life import claim_causes
from liebian.rewards.types import Span

Holder = tuple[int, str, str]


class Privileges:
    delivery = False

    def issue_legs(self, row: Reward) -> tuple[Leg, ...]:
        return ()

    def write_issued(self, rows: Sequence[Reward], *, day: date, now: datetime) -> None:
        holders = {_holder(row) for row in rows}
        _lock(holders)
        Privilege.objects.bulk_create(_make(row, day) for row in rows)
        _line_up(holders)

    def pocket(self, row: Reward) -> Hashable:
        return row.pk

    def on_hand(self, rows: Sequence[Reward], *, now: datetime) -> Mapping[Hashable, int]:
        """Days that have not begun. The others were enjoyed and are owed."""
        _lock({_holder(row) for row in rows})
        today = day_of(now, settings.TIME_ZONE)
        own = Privilege.objects.filter(reward_id__in=[row.pk for row in rows])
        return {each.reward_id: count_open(each.starts_on, each.ends_on, today) for each in own}

    def claw_legs(self, row: Reward, claw: Claw) -> tuple[Leg, ...]:
        return ()

    def write_clawed(self, returns: Sequence[tuple[Reward, Claw]], *, now: datetime) -> None:
        taken = {row.pk: claw.taken_units for row, claw in returns}
        own = list(Privilege.objects.filter(reward_id__in=taken))
        for each in own:
            each.taken += taken[each.reward_id]
        Privilege.objects.bulk_update(own, ["taken"])
        _line_up({(each.customer_id, each.kind, each.subject) for each in own})


def _holder(row: Reward) -> Holder:
    terms = read_privilege(row.offer.terms)
    return row.customer_id, terms.kind, terms.subject


def _lock(holders: Iterable[Holder]) -> None:
    """Whoever changes the same privilege of the same customer waits: budgets do not order them."""
    claim_causes(f"privilege:{customer_id}:{kind}:{subject}" for customer_id, kind, subject in holders)


def _make(row: Reward, day: date) -> Privilege:
    customer_id, kind, subject = _holder(row)
    days = row.amount - row.clawed_amount
    return Privilege(
        reward=row,
        customer_id=customer_id,
        kind=kind,
        subject=subject,
        issued_on=day,
        days=days,
        starts_on=day,
        ends_on=day,
    )


def _line_up(holders: Iterable[Holder]) -> None:
    """Write anew when each of these runs. Days that have begun stay where they are, because only later ones are ever taken."""
    wanted = Q(pk__in=[])
    for customer_id, kind, subject in holders:
        wanted |= Q(customer_id=customer_id, kind=kind, subject=subject)
    rows = list(Privilege.objects.filter(wanted).order_by("customer_id", "kind", "subject", "id"))
    for _who, own in groupby(rows, key=lambda each: (each.customer_id, each.kind, each.subject)):
        part = list(own)
        periods = chain([Span(each.issued_on, each.days, each.taken) for each in part])
        for each, (starts_on, ends_on) in zip(part, periods, strict=True):
            each.starts_on, each.ends_on = starts_on, ends_on
    Privilege.objects.bulk_update(rows, ["starts_on", "ends_on"])
