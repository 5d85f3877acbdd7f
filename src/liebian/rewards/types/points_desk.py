"""What people see and propose about a customer's points, and the terms of programmes as they follow each other. Plain Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from liebian.rewards.types.points import PointsTerms, UseKind, UseState


@dataclass(frozen=True, slots=True)
class PointsUseView:
    """What took points from lots. `restored` of `amount` came back; `asked` is what it began with."""

    id: int
    key: str
    kind: UseKind
    customer_id: int
    asset: str
    asked: int
    amount: int
    restored: int
    state: UseState
    reserved_until: datetime | None
    subject: str
    note: str
    actor: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class ProposedPoints:
    """What a review is about: above zero the customer gets points or is let off, below it they lose some, to `receiver_id` if there is one."""

    customer_id: int
    asset: str
    amount: int
    receiver_id: int | None = None


@dataclass(frozen=True, slots=True)
class TermsVersion:
    """`valid_from` is None for the terms that hold where nobody set any."""

    valid_from: datetime | None
    terms: PointsTerms
    set_by: int | None = None


@dataclass(frozen=True, slots=True)
class PointsProgramme:
    """A programme of points with its terms, in force, planned and earlier ones (newest first), and what is outstanding by kind of account."""

    asset: str
    in_force: TermsVersion
    planned: tuple[TermsVersion, ...]
    earlier: tuple[TermsVersion, ...]
    held: Mapping[str, int]
