"""Pools of codes, what checkouts did with coupons, and the keys of shops."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from django.db.models import Sum

from liebian.core import crypto
from liebian.core.errors import NotFound, NotSignedIn
from liebian.core.texts import mark as _
from liebian.ledger import queries as ledger
from liebian.rewards.models import CouponCode, CouponPool, Redemption, ShopKey
from liebian.rewards.rules import clean_code, code_cause, coupon_stock, promised_codes
from liebian.rewards.types import LineShare, PoolView, RedemptionView, RewardView, ShopKeyView


def get_pool(pool_id: int) -> PoolView:
    row = CouponPool.objects.select_related("offer").filter(pk=pool_id).first()
    if row is None:
        raise NotFound("pool_not_found", _("There is no pool #%(number)s."), number=pool_id)
    siblings = CouponPool.objects.select_related("offer").filter(offer=row.offer_id)
    return next(pool for pool in _view_pools(list(siblings)) if pool.id == pool_id)


def list_pools(*, offer_id: int | None = None) -> list[PoolView]:
    """Newest first."""
    rows = CouponPool.objects.select_related("offer").order_by("-id")
    return _view_pools(list(rows if offer_id is None else rows.filter(offer_id=offer_id)))


def list_low_pools() -> list[PoolView]:
    """Pools that somebody should fill: what is left is at most what they were set to warn at."""
    return [pool for pool in list_pools() if pool.is_low]


def find_pool_of(code: str) -> PoolView | None:
    row = CouponCode.objects.filter(code__in=(clean_code(code), code.strip())).values_list("pool_id", flat=True).first()
    return None if row is None else get_pool(row)


def find_code_of(reward: RewardView) -> str:
    """The code of a pool that a reward has; empty when it has none."""
    cause = code_cause(reward.qualification, reward.rule, reward.role)
    return CouponCode.objects.filter(cause=cause).values_list("code", flat=True).first() or ""


def iterate_unused_codes(pool_id: int) -> Iterator[str]:
    """Codes of a pool that nobody has or was promised and no cart holds, in order."""
    rows = CouponCode.objects.filter(pool_id=pool_id, cause__isnull=True)
    if n_promised := _count_promised(pool_id, rows.count()):
        spoken_for = rows.order_by("id").values_list("id", flat=True)[n_promised - 1 : n_promised]
        rows = rows.filter(pk__gt=spoken_for[0])
    free = rows.order_by("code").values_list("code", flat=True)
    used = set(
        Redemption.objects.filter(pool_id=pool_id, state__in=("reserved", "redeemed")).values_list("code", flat=True)
    )
    return (code for code in free.iterator(10_000) if code not in used)


def _count_promised(pool_id: int, n_free: int) -> int:
    """So many of its codes, the oldest first, go to rewards that were promised one."""
    pool = get_pool(pool_id)
    return max(n_free - pool.n_left, 0) if pool.kind == "rewards" else 0


def list_redemptions(*, code: str = "", reservation: str = "", order_key: str = "") -> list[RedemptionView]:
    """What checkouts did with a code, or in one reservation or order; oldest first."""
    asked = {"code": clean_code(code), "reservation": reservation, "order_key": order_key}
    rows = Redemption.objects.filter(**{name: value for name, value in asked.items() if value}).order_by("id")
    return [view_redemption(row) for row in rows] if any(asked.values()) else []


def view_redemption(row: Redemption) -> RedemptionView:
    return RedemptionView(
        id=row.pk,
        reservation=row.reservation,
        code=row.code,
        offer_id=row.offer_id,
        customer_id=row.customer_id,
        shop=row.shop,
        order_key=row.order_key,
        state=row.state,  # type: ignore[arg-type]
        currency=row.currency,
        discount_minor=row.discount_minor,
        refunded_minor=row.refunded_minor,
        lines=tuple(LineShare(name, minor, quantity) for name, quantity, minor, _refunded in row.lines if minor),
        gift=row.gift,
        reserved_at=row.reserved_at,
        lapses_at=row.lapses_at,
        redeemed_at=row.redeemed_at,
        closed_at=row.closed_at,
    )


def count_uses(offer_ids: Sequence[int], customer_id: int, now: datetime) -> dict[int, int]:
    """By offer: how many of its coupons a customer has used or holds in a cart."""
    uses: dict[int, int] = {}
    rows = Redemption.objects.filter(
        offer_id__in=offer_ids, customer_id=customer_id, state__in=("reserved", "redeemed")
    ).values_list("offer_id", "state", "lapses_at")
    for offer_id, state, lapses_at in rows:
        uses[offer_id] = uses.get(offer_id, 0) + (state == "redeemed" or lapses_at > now)
    return uses


def find_shop(key: str) -> ShopKeyView | None:
    """The shop that has this key, while it may redeem."""
    row = ShopKey.objects.filter(index=crypto.index_of("shop_key", key), is_enabled=True).first()
    return view_shop_key(row) if row else None


def get_shop(key: str) -> ShopKeyView:
    """Raises NotSignedIn "shop_key"."""
    shop = find_shop(key) if key else None
    if shop is None:
        raise NotSignedIn("shop_key", _("Send the shop's key as Bearer token. It is made on the page Coupons."))
    return shop


def list_shop_keys() -> list[ShopKeyView]:
    return [view_shop_key(row) for row in ShopKey.objects.order_by("name")]


def view_shop_key(row: ShopKey) -> ShopKeyView:
    return ShopKeyView(row.pk, row.name, row.tail, row.is_enabled, row.created_at)


def _view_pools(rows: Sequence[CouponPool]) -> list[PoolView]:
    filled = dict(
        CouponPool.objects.filter(pk__in=[row.pk for row in rows]).values_list("id").annotate(n=Sum("fills__n_codes"))
    )
    stocks = {row.pk: coupon_stock(row.offer_id, row.offer.name, row.pk).code for row in rows if row.kind != "rewards"}
    balances = ledger.list_balances(stocks.values())
    free = _count_free([row for row in rows if row.pk not in stocks])
    return [
        PoolView(
            id=row.pk,
            offer_id=row.offer_id,
            offer_name=row.offer.name,
            name=row.name,
            kind=row.kind,  # type: ignore[arg-type]
            n_codes=filled.get(row.pk) or 0,
            n_left=balances[stocks[row.pk]] if row.pk in stocks else free[row.pk],
            low_at=row.low_at,
            created_at=row.created_at,
        )
        for row in rows
    ]


def _count_free(rows: Sequence[CouponPool]) -> dict[int, int]:
    """By pool: codes that no reward has or was promised. Promises of an offer count against its oldest pools first."""
    promised = {row.offer_id: promised_codes(row.offer.kind, row.offer_id, row.offer.name).code for row in rows}
    balances = ledger.list_balances(promised.values())
    owed = {offer_id: balances[code] for offer_id, code in promised.items()}
    left: dict[int, int] = {}
    for row in sorted(rows, key=lambda row: row.pk):
        free = CouponCode.objects.filter(pool=row, cause__isnull=True).count()
        spoken_for = min(free, owed[row.offer_id])
        owed[row.offer_id] -= spoken_for
        left[row.pk] = free - spoken_for
    return left
