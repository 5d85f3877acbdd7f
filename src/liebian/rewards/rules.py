"""The life of a reward, claw-back by cumulative rounding, hold and expiry days, ledger account names. Plain Python.

Policy for refunds. Units (points, or one coupon) go back in proportion to what was refunded in all, rounded down, so that
several refunds add up exactly and a coupon goes back only with the last cent. Money follows the units. While a reward is
held the units simply never leave; after it was issued they are taken from the customer, and what the customer no longer
has is owed (points) or written off (a coupon already used). Nothing is ever dropped. A coupon stays used when the order on
which it was used comes back: what earned it is another order.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from liebian.core.errors import Conflict, Invalid
from liebian.core.money import exponent
from liebian.core.texts import Term
from liebian.core.texts import mark as _
from liebian.ledger.types import WORLD, AccountRef
from liebian.rewards.types import OfferDraft

TRANSITIONS: dict[str, frozenset[str]] = {
    "": frozenset({"held", "refused"}),
    "refused": frozenset(),
    "held": frozenset({"held", "issued", "cancelled"}),
    "issued": frozenset({"issued", "redeemed", "clawed_back", "expired"}),
    "redeemed": frozenset({"written_off"}),
    "cancelled": frozenset(),
    "clawed_back": frozenset(),
    "written_off": frozenset(),
    "expired": frozenset(),
}
_STATES: dict[str, str] = {
    "": _("new"),
    "refused": _("refused"),
    "held": _("on hold"),
    "issued": _("paid"),
    "redeemed": _("redeemed"),
    "cancelled": _("cancelled"),
    "clawed_back": _("taken back"),
    "written_off": _("written off"),
    "expired": _("expired"),
}
POINTS = "POINTS/0"


def check_transition(old: str, new: str) -> None:
    if new not in TRANSITIONS[old]:
        raise Conflict(
            "reward_transition",
            _("A reward that is %(old)s cannot become %(new)s."),
            old=Term(_STATES[old]),
            new=Term(_STATES[new]),
        )


def hold_until(qualified_on: date, hold_days: int) -> date:
    """First business day on which a reward may be paid.

    >>> hold_until(date(2026, 6, 1), 7).isoformat(), hold_until(date(2026, 6, 1), 0).isoformat()
    ('2026-06-08', '2026-06-01')
    """
    if hold_days < 0:
        raise Invalid("hold_days", _("The hold cannot be shorter than zero days."))
    return qualified_on + timedelta(days=hold_days)


def expires_on(issued_on: date, valid_days: int) -> date:
    """First day on which a coupon is no longer taken: the day of issue counts as its first day."""
    return issued_on + timedelta(days=valid_days)


def clawed_so_far(amount: int, refunded_minor: int, order_total_minor: int) -> int:
    """Units to have been taken back, in all, after refunds of `refunded_minor` in all. Rounds down; never above amount.

    >>> [clawed_so_far(1000, refunded, 9999) for refunded in (3333, 6666, 9999, 13332)]
    [333, 666, 1000, 1000]
    """
    if order_total_minor <= 0 or refunded_minor >= order_total_minor:
        return amount
    return amount * max(refunded_minor, 0) // order_total_minor


def cost_of(units: int, amount: int, cost_minor: int) -> int:
    """Money that belongs to `units` of a reward of `amount` units that costs `cost_minor`. Rounds down."""
    return cost_minor * units // amount


@dataclass(frozen=True, slots=True)
class Claw:
    """One step back: units and money in this step, and of the money what the customer still owes."""

    units: int
    minor: int
    taken_units: int
    owed_minor: int


def plan_claw(*, amount: int, cost_minor: int, already: int, target: int, on_hand: int) -> Claw:
    """From `already` to `target` units taken back, of which the customer can give at most `on_hand`."""
    units = max(target - already, 0)
    minor = cost_of(already + units, amount, cost_minor) - cost_of(already, amount, cost_minor)
    taken = min(units, max(on_hand, 0))
    recovered = minor * taken // units if units else 0
    return Claw(units=units, minor=minor, taken_units=taken, owed_minor=minor - recovered)


def check_offer(draft: OfferDraft) -> None:
    amounts = (draft.cost_minor, draft.points, draft.face_minor, draft.threshold_minor, draft.valid_days)
    if min(amounts) < 0 or draft.cost_minor <= 0:
        raise Invalid("offer_amount", _("A reward costs more than zero, and none of its figures is negative."))
    if draft.kind == "points" and draft.points <= 0:
        raise Invalid("offer_points", _("Say how many points the reward gives: at least 1."))
    if draft.kind == "coupon" and (draft.face_minor <= 0 or draft.valid_days <= 0):
        raise Invalid("offer_coupon", _("A coupon needs a face value above zero and at least one valid day."))
    if draft.kind == "coupon" and draft.threshold_minor and draft.threshold_minor < draft.face_minor:
        raise Invalid("offer_threshold", _("The order a coupon asks for cannot be below its face value."))


@dataclass(frozen=True, slots=True)
class BudgetAccounts:
    """The ledger accounts of one budget. `world` is where its money comes from."""

    budget_id: int
    currency: str
    name: str = ""

    def _ref(self, kind: str, code: str) -> AccountRef:
        unit = f"{self.currency}/{exponent(self.currency)}"
        return AccountRef(code, kind, unit, book=f"budget:{self.budget_id}", title=self.name)

    @property
    def world(self) -> AccountRef:
        return self._ref(WORLD, f"world:budget:{self.budget_id}")

    @property
    def available(self) -> AccountRef:
        return self._ref("budget", f"budget:{self.budget_id}")

    @property
    def reserved(self) -> AccountRef:
        return self._ref("reserved", f"reserved:{self.budget_id}")

    @property
    def paid_out(self) -> AccountRef:
        return self._ref("paid_out", f"paid_out:{self.budget_id}")

    @property
    def written_off(self) -> AccountRef:
        return self._ref("written_off", f"written_off:{self.budget_id}")

    def receivable(self, customer_id: int) -> AccountRef:
        return self._ref("clawback_receivable", f"clawback_receivable:{customer_id}:{self.budget_id}")


def points_world() -> AccountRef:
    return AccountRef(f"world:{POINTS}", WORLD, POINTS, book="points")


def points_account(customer_id: int) -> AccountRef:
    return AccountRef(f"points:{customer_id}", "points", POINTS, book="points")


def _coupon_ref(offer_id: int, name: str, kind: str, code: str) -> AccountRef:
    return AccountRef(code, kind, f"COUPON:{offer_id}/0", book=f"coupon:{offer_id}", title=name)


def coupon_world(offer_id: int, name: str) -> AccountRef:
    return _coupon_ref(offer_id, name, WORLD, f"world:COUPON:{offer_id}/0")


def coupon_account(offer_id: int, name: str, customer_id: int) -> AccountRef:
    return _coupon_ref(offer_id, name, "coupons", f"coupons:{customer_id}:{offer_id}")


def coupons_used(offer_id: int, name: str) -> AccountRef:
    return _coupon_ref(offer_id, name, "coupons_used", f"coupons_used:{offer_id}")
