"""Privileges: what a customer is allowed, and for which days. Plain Python."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol

PrivilegeKind = Literal["level", "priority", "access"]


@dataclass(frozen=True, slots=True)
class PrivilegeTerms:
    """`subject` names the level, or what the access is to; priority service has none. The offer's `valid_days` say how long."""

    kind: PrivilegeKind
    subject: str = ""


class LevelBook(Protocol):
    """What levels mean above rewards. In names of the active language."""

    def list_names(self) -> list[tuple[str, tuple[str, ...]]]:
        """By tier model, the names of its groups."""

    def find_groups(self, name: str) -> list[str]:
        """The groups into which a level of this name lifts, each with its model; none where it lifts nobody."""


@dataclass(frozen=True, slots=True)
class Span:
    """Days of one reward: promised on a day, so many, of which some were taken back."""

    issued_on: date
    days: int
    taken: int = 0


@dataclass(frozen=True, slots=True)
class PrivilegeView:
    """What one reward adds: the days [starts_on, ends_on), in the organisation's zone the instants [starts_at, ends_at)."""

    reward_id: int
    customer_id: int
    kind: PrivilegeKind
    subject: str
    starts_on: date
    ends_on: date
    starts_at: datetime
    ends_at: datetime
    days: int
    taken: int
