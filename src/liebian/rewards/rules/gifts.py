"""The ledger accounts of a gift's units, how a parcel moves, and which addresses make sense. Plain Python."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields

from liebian.core.errors import Invalid
from liebian.core.texts import mark as _
from liebian.ledger.types import WORLD, AccountRef
from liebian.rewards.rules.accounts import coupon_stock, coupon_world, coupons_promised
from liebian.rewards.types import PACKING, ParcelAct, PostalAddress

MOST_UNITS = 10_000_000
LONGEST_LABEL = 60
_PHONE = re.compile(r"\+?[0-9][0-9 \-]{3,23}")
_LENGTHS = {"recipient": 60, "phone": 25, "region": 100, "line": 200, "postcode": 12}

PARCEL_FROM: dict[ParcelAct, frozenset[str]] = {
    "pack": frozenset({"to_pack"}),
    "ship": PACKING,
    "deliver": frozenset({"shipped"}),
    "lose": frozenset({"shipped"}),
    "return": frozenset({"shipped"}),
}
PARCEL_TO: dict[ParcelAct, str] = {
    "pack": "packed", "ship": "shipped", "deliver": "delivered", "lose": "lost", "return": "returned",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class GiftAccounts:
    """Units of one gift: left → being packed → on their way → given or lost."""

    offer_id: int
    name: str

    def _ref(self, kind: str, code: str) -> AccountRef:
        return AccountRef(code, kind, f"GIFT:{self.offer_id}/0", book=f"gift:{self.offer_id}", title=self.name)

    @property
    def world(self) -> AccountRef:
        return self._ref(WORLD, f"world:GIFT:{self.offer_id}/0")

    @property
    def left(self) -> AccountRef:
        return self._ref("gift_stock", f"gift_stock:{self.offer_id}")

    @property
    def promised(self) -> AccountRef:
        return self._ref("gifts_promised", f"gifts_promised:{self.offer_id}")

    @property
    def packing(self) -> AccountRef:
        return self._ref("gifts_packing", f"gifts_packing:{self.offer_id}")

    @property
    def shipped(self) -> AccountRef:
        return self._ref("gifts_shipped", f"gifts_shipped:{self.offer_id}")

    @property
    def given(self) -> AccountRef:
        return self._ref("gifts_given", f"gifts_given:{self.offer_id}")

    @property
    def lost(self) -> AccountRef:
        return self._ref("gifts_lost", f"gifts_lost:{self.offer_id}")


def stock_ends(kind: str, offer_id: int, name: str, pool_id: int | None = None) -> tuple[AccountRef, AccountRef]:
    """Where codes of a pool come from and where they are until somebody has them: of a coupon or of a virtual gift."""
    if kind == "code":
        gift = GiftAccounts(offer_id, name)
        return gift.world, gift.left
    return coupon_world(offer_id, name), coupon_stock(offer_id, name, pool_id)


def promised_codes(kind: str, offer_id: int, name: str) -> AccountRef:
    """Where codes of a pool are between the promise of a reward and its issue."""
    return GiftAccounts(offer_id, name).promised if kind == "code" else coupons_promised(offer_id, name)


def refuse_act(act: ParcelAct, state: str, *, has_address: bool, carrier: str, tracking: str) -> str:
    """Why a parcel cannot be acted on; empty when it can.

    >>> refuse_act("pack", "to_pack", has_address=False, carrier="", tracking="")
    'address_missing'
    >>> refuse_act("ship", "packed", has_address=True, carrier="SF", tracking="")
    'tracking_missing'
    """
    if state not in PARCEL_FROM[act]:
        return "moved_on"
    if act in ("pack", "ship") and not has_address:
        return "address_missing"
    if act == "ship" and not (_fits_label(carrier) and _fits_label(tracking)):
        return "tracking_missing"
    return ""


def _fits_label(text: str) -> bool:
    return 0 < len(text) <= LONGEST_LABEL and text.isprintable()


def check_address(address: PostalAddress) -> PostalAddress:
    """The address without spaces around its parts. Raises Invalid."""
    clean = PostalAddress(**{each.name: " ".join(getattr(address, each.name).split()) for each in fields(address)})
    if not (clean.recipient and clean.region and clean.line):
        raise Invalid("address_incomplete", _("Say who receives it, the region, and the street with the number."))
    if not _PHONE.fullmatch(clean.phone):
        raise Invalid("address_phone", _("Enter the phone number that the carrier calls: digits, spaces and hyphens."))
    for name, longest in _LENGTHS.items():
        if len(getattr(clean, name)) > longest:
            raise Invalid("address_long", _("A part of the address is longer than a label can carry."))
    return clean


def check_units(n_units: int) -> None:
    if n_units == 0 or abs(n_units) > MOST_UNITS:
        raise Invalid("gift_units", _("Say how many pieces came in, or with a minus how many were taken out."))
