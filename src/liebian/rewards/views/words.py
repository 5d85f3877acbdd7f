"""How the pages call states, acts and what a reward is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from liebian.rewards.types import MONEY, Act, OfferView, PointsAct, ReviewAct
from liebian.ui.formats import money, named, number


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


@dataclass(frozen=True)
class ActWords:
    """`button` is what one presses; `title` asks about it, `effect` says what follows."""

    button: Any
    title: Any
    effect: Any
    icon: str
    danger: bool = False


ACTS: dict[Act, ActWords] = {
    "approve": ActWords(
        _("Approve"), _("Approve rewards?"), _("They are issued on the day on which their refund period ends."), "check"
    ),
    "hold": ActWords(
        pgettext_lazy("act", "Put on hold"), _("Put rewards on hold?"), _("They wait until somebody approves them, also past their day."),
        "player-pause",
    ),
    "reject": ActWords(
        _("Reject"), _("Reject rewards?"), _("Their money returns to the budget. This cannot be undone."), "ban", danger=True
    ),
    "claw_back": ActWords(
        _("Take back"), _("Take rewards back?"),
        _("What the customers still have returns; what they no longer have is owed. This cannot be undone."),
        "arrow-back-up", danger=True,
    ),
    "resend": ActWords(
        _("Send again"), _("Send gifts again?"),
        _("Each takes another piece from the stock and its cost from the budget once more, and is packed anew for the address that was known last."),
        "truck-delivery",
    ),
}  # fmt: skip
_CORRECT = ActWords(
    _("Correct points"), _("Correct points?"), _("The points are given or taken at once."), "plus-minus"
)
_MISSING = _("Decide about missing points")
POINTS_ACTS: dict[PointsAct, ActWords] = {
    "adjust": _CORRECT,
    "transfer": ActWords(
        _("Give points to another customer"), "", _("The points change hands at once. This cannot be undone."), "arrows-exchange"
    ),
    "take_back": ActWords(
        _("Take back what was earned"), "", _("What the customer no longer has is treated as the terms say."), "arrow-back-up"
    ),
    "owe": ActWords(_MISSING, "", _("Later points pay it."), "arrow-back-up"),
    "forgive": ActWords(_MISSING, "", _("It is forgiven: the customer owes nothing for them. This cannot be undone."), "check"),
}  # fmt: skip
_ON_THEIR_PAGES: dict[ReviewAct, ActWords] = {
    "give_up": ActWords(
        _("Give up a payout"), "", _("Nobody is paid: the money returns to its budget, and the payout cannot be sent again."), "arrow-back-up"
    ),
    "fund": ActWords(_("Put money in"), "", _("The money can be promised at once. Refusals already given stand."), "plus"),
    "budget_move": ActWords(
        _("Move money to another budget"), "", _("The money can be promised from the other budget at once; what is reserved stays."), "arrows-exchange"
    ),
    "budget_close": ActWords(
        _("Close a budget"), "", _("What it has available by then is taken out, and it promises nothing more. What is reserved is still paid."), "lock"
    ),
}  # fmt: skip
"""Acts that begin on the page of a payout or of a budget."""
REVIEW_ACTS: dict[ReviewAct, ActWords] = {
    **_ON_THEIR_PAGES,
    **dict[ReviewAct, ActWords](POINTS_ACTS.items()),
    **dict[ReviewAct, ActWords](ACTS.items()),
}
BUDGET_WISHES = {
    "fund": _("%(by)s wants to put %(amount)s in."),
    "budget_move": _("%(by)s wants to move %(amount)s from “%(from)s” to “%(to)s”."),
    "budget_close": _("%(by)s wants to close “%(from)s” and take out what it has available."),
}
REVIEW_STATES = {
    "waiting": StateWords(_("Waits for a second person"), "warn", "user-question"),
    "done": StateWords(_("Done"), "good", "check"),
    "agreed": StateWords(_("Agreed and done"), "good", "users"),
    "declined": StateWords(_("Declined"), "", "ban"),
    "withdrawn": StateWords(_("Withdrawn"), "", "arrow-back-up"),
}
WHY_SECOND = {
    "always": _("Every act needs a second person."),
    "act": _("It reaches the limit from which a second person has to agree."),
    "staff": _(
        "Together with what the same person did alone within the last 24 hours it reaches the limit from which a second person has to agree."
    ),
    "budget": _(
        "Together with what was put into the same budget, or taken out of it, alone within the last 24 hours it reaches the limit from which a second person has to agree."
    ),
    "customer": _(
        "Together with what was done alone for the same customer within the last 24 hours it reaches the limit from which a second person has to agree."
    ),
}
OUTCOMES = {
    "done": _("done"),
    "on_arrival": _("taken back when it arrives"),
    "moved_on": _("had moved on, left alone"),
}
_ROLES = {"referrer": _("as inviter"), "friend": _("as friend")}


def role_words(role: str) -> Any:
    return _ROLES.get(role, role)


def say_points(amount: int) -> str:
    return ngettext("%(n)s point", "%(n)s points", abs(amount)) % {"n": number(amount)}


def say_points_of(programme: str, amount: int) -> str:
    """Points with their programme; the general ones have none."""
    if not programme:
        return say_points(amount)
    texts = {"n": number(amount), "programme": programme}
    return ngettext("%(n)s point of %(programme)s", "%(n)s points of %(programme)s", abs(amount)) % texts


def say_change(points: int) -> str:
    """Points with their sign, also where they are given."""
    return f"{'+' if points > 0 else ''}{say_points(points)}"


def say_units(offer: OfferView, amount: int) -> str:
    if offer.kind == "points":
        return say_points_of(offer.points_programme, amount)
    if offer.kind in MONEY:
        return money(amount, offer.currency)
    if offer.kind == "privilege":
        texts = {"name": named(offer.name), "n": number(amount)}
        return ngettext("%(name)s, %(n)s day", "%(name)s, %(n)s days", amount) % texts
    return named(offer.name)
