"""The ledger accounts of budgets and of what customers hold. Plain Python."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from liebian.core.money import exponent
from liebian.ledger.types import WORLD, AccountRef, PoolRef

POINTS = "POINTS/0"


@dataclass(frozen=True, slots=True)
class BudgetAccounts:
    """The ledger accounts of one budget. `world` is where its money comes from."""

    budget_id: int
    currency: str
    name: str = ""
    shards: int = 1
    closed_at: datetime | None = None
    closures: tuple[tuple[datetime, datetime], ...] = ()

    def is_closed(self, at: datetime) -> bool:
        """Whether nothing is promised from it for what happened at that moment, also when it was opened again since."""
        if self.closed_at is not None and at >= self.closed_at:
            return True
        return any(start <= at < end for start, end in self.closures)

    def _ref(self, kind: str, code: str) -> AccountRef:
        unit = f"{self.currency}/{exponent(self.currency)}"
        return AccountRef(code, kind, unit, book=f"budget:{self.budget_id}", title=self.name)

    @property
    def world(self) -> AccountRef:
        return self._ref(WORLD, f"world:budget:{self.budget_id}")

    def _pool(self, kind: str, code: str) -> PoolRef:
        ref = self._ref(kind, code)
        return PoolRef(ref.code, kind, ref.asset, self.shards, ref.book, ref.title)

    @property
    def available_pool(self) -> PoolRef:
        return self._pool("budget", f"budget:{self.budget_id}")

    @property
    def reserved_pool(self) -> PoolRef:
        return self._pool("reserved", f"reserved:{self.budget_id}")

    @property
    def pools(self) -> tuple[PoolRef, PoolRef]:
        return self.available_pool, self.reserved_pool

    def available(self, cause: str) -> AccountRef:
        """The part of what can still be promised from which the rewards of one qualification are taken."""
        return self.available_pool.part_for(cause)

    def reserved(self, cause: str) -> AccountRef:
        return self.reserved_pool.part_for(cause)

    @property
    def paid_out(self) -> AccountRef:
        return self._ref("paid_out", f"paid_out:{self.budget_id}")

    @property
    def written_off(self) -> AccountRef:
        return self._ref("written_off", f"written_off:{self.budget_id}")

    def payable(self, customer_id: int) -> AccountRef:
        """What is promised to a customer and not delivered yet."""
        return self._ref("payable", f"payable:{customer_id}:{self.budget_id}")

    def receivable(self, customer_id: int) -> AccountRef:
        return self._ref("clawback_receivable", f"clawback_receivable:{customer_id}:{self.budget_id}")


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


def coupon_stock(offer_id: int, name: str, pool_id: int | None = None) -> AccountRef:
    """Codes for rewards that nobody has yet; with a pool, its codes, or of a retail code the uses, that are left."""
    own = f":{pool_id}" if pool_id else ""
    return _coupon_ref(offer_id, name, "coupon_stock", f"coupon_stock:{offer_id}{own}")


def coupons_promised(offer_id: int, name: str) -> AccountRef:
    """Codes that rewards were promised and that nobody has yet."""
    return _coupon_ref(offer_id, name, "coupons_promised", f"coupons_promised:{offer_id}")


def coupons_reserved(offer_id: int, name: str, pool_id: int) -> AccountRef:
    """Codes of a pool that a checkout holds. A customer's own coupon stays with the customer until it is used."""
    return _coupon_ref(offer_id, name, "coupons_reserved", f"coupons_reserved:{offer_id}:{pool_id}")
