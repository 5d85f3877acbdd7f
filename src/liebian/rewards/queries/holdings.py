"""What a customer holds: points and coupons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from liebian.ledger import queries as ledger
from liebian.rewards.models import Coupon
from liebian.rewards.queries.views import view_coupon
from liebian.rewards.rules import points_account
from liebian.rewards.types import CouponView


def points_balance(customer_id: int) -> int:
    return list_points_balances([customer_id])[customer_id]


def list_points_balances(customer_ids: Sequence[int]) -> dict[int, int]:
    codes = {points_account(each).code: each for each in customer_ids}
    return {codes[code]: balance for code, balance in ledger.list_balances(codes).items()}


def list_coupons(customer_id: int) -> list[CouponView]:
    rows = Coupon.objects.filter(customer_id=customer_id).select_related("offer").order_by("-id")
    return [view_coupon(row) for row in rows]


def find_coupon(code: str) -> CouponView | None:
    row = Coupon.objects.filter(code=code.strip().upper()).select_related("offer").first()
    return view_coupon(row) if row else None


def list_coupons_by_code(codes: Iterable[str]) -> dict[str, CouponView]:
    """Coupons by their code in capitals; codes that are none of ours are left out."""
    wanted = {code.strip().upper() for code in codes}
    rows = Coupon.objects.filter(code__in=wanted).select_related("offer")
    return {row.code: view_coupon(row) for row in rows}


def list_issued_coupons(*, start: datetime, end: datetime) -> list[CouponView]:
    """Coupons issued in [start, end) that nobody has used, by code."""
    rows = Coupon.objects.filter(state="issued", issued_at__gte=start, issued_at__lt=end)
    return [view_coupon(row) for row in rows.select_related("offer").order_by("code")]
