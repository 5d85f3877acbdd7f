"""How the pages call the states of a reward."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class StateWords:
    name: Any
    tone: str
    icon: str


STATES = {
    "pending": StateWords(_("Waits for approval"), "warn", "user-question"),
    "held": StateWords(_("Refund period"), "warn", "clock"),
    "approved": StateWords(_("Approved"), "good", "user-check"),
    "issuing": StateWords(_("Being delivered"), "warn", "truck-delivery"),
    "awaiting_recipient": StateWords(_("Waits for the recipient"), "warn", "hourglass"),
    "issued": StateWords(_("Issued"), "good", "check"),
    "redeemed": StateWords(_("Used"), "good", "check"),
    "refused": StateWords(_("Not given"), "", "ban"),
    "rejected": StateWords(_("Rejected"), "", "ban"),
    "cancelled": StateWords(_("Cancelled"), "", "arrow-back-up"),
    "returned": StateWords(_("Back in the budget"), "", "arrow-back-up"),
    "clawed_back": StateWords(_("Taken back"), "bad", "arrow-back-up"),
    "written_off": StateWords(_("Written off"), "bad", "arrow-back-up"),
    "expired": StateWords(_("Expired"), "", "hourglass-empty"),
}
ON_HOLD = StateWords(_("Put on hold"), "warn", "player-pause")


def words_of(state: str, *, is_on_hold: bool = False) -> StateWords:
    return ON_HOLD if is_on_hold else STATES[state]
