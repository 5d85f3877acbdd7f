"""Pools of codes: made or imported, given to rewards one each and for ever."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from liebian.core.columns import insert_tuples, select_in
from liebian.core.errors import Conflict, Invalid, NotFound
from liebian.core.texts import mark as _
from liebian.ledger.queries import list_balances
from liebian.ledger.services import post
from liebian.ledger.types import EntryDraft, move
from liebian.rewards.models import Coupon, CouponCode, CouponFill, CouponPool, Offer, Reward
from liebian.rewards.queries.coupons import get_pool
from liebian.rewards.rules import check_codes, clean_code, is_code, is_gift_code, make_codes, stock_ends
from liebian.rewards.services.kinds.coupons import cause_of, is_from_pool
from liebian.rewards.services.life import Step, move_rewards
from liebian.rewards.services.stock import is_promised, stock_of
from liebian.rewards.types import ImportedCodes, PoolKind, PoolView

MOST_USES = 10_000_000
_BLOCK = 50_000
_TAKE = "UPDATE rewards_coupon_code SET cause = %s WHERE code = %s AND cause IS NULL"


def create_pool(*, offer_id: int, name: str, kind: PoolKind, low_at: int, now: datetime) -> PoolView:
    """Open a pool with nothing in it. Writes CouponPool.

    Raises NotFound (offer), Invalid without a name, for an offer that is no coupon or takes its codes from elsewhere.
    """
    name = name.strip()
    if not name or len(name) > 120 or kind not in ("rewards", "open", "retail"):
        raise Invalid("pool_name", _("Give the pool a name of at most 120 characters and say whom its codes are for."))
    offer = Offer.objects.filter(pk=offer_id).first()
    if offer is None:
        raise NotFound("offer_not_found", _("There is no reward with the number %(number)s."), number=offer_id)
    if not _has_codes(offer, kind):
        raise Invalid(
            "pool_offer",
            _(
                "Only a coupon or a virtual gift has codes. A gift, or a coupon whose terms take codes from a pool, gives them as rewards."
            ),
        )
    row = CouponPool.objects.create(offer=offer, name=name, kind=kind, low_at=max(low_at, 0), created_at=now)
    return get_pool(row.pk)


def generate_codes(
    *, pool_id: int, n_codes: int, prefix: str, length: int, idempotency_key: str, now: datetime
) -> PoolView:
    """Fill a pool with new codes that nobody can guess. Writes CouponCode, CouponFill, ledger; lets rewards go that waited for a code.

    Idempotent by (pool, idempotency_key). Raises NotFound, Invalid (pool_size, pool_prefix, pool_length, pool_retail).
    """
    check_codes(n_codes, prefix, length)
    with transaction.atomic():
        pool = _lock_pool(pool_id)
        if pool.kind == "retail":
            raise Invalid("pool_retail", _("This pool has one code for everybody. Give it that code instead."))
        if not _is_filled(pool, idempotency_key, n_codes):
            key = hmac.digest(settings.INDEX_KEY, f"coupon-codes\x1f{pool_id}\x1f{idempotency_key}".encode(), "sha256")
            _insert_new(pool_id, key, n_codes, prefix, length)
            _stock(pool, n_codes, idempotency_key, now)
    return get_pool(pool_id)


def import_codes(
    *, pool_id: int, rows: Iterable[tuple[int, str]], idempotency_key: str, now: datetime
) -> ImportedCodes:
    """Fill a pool with the codes of a file: (row, text). What is no code, was there before or comes twice is told, the rest taken.

    Writes CouponCode, CouponFill, ledger; lets rewards go that waited for a code. A repeat finds every code there.
    Raises NotFound, Invalid (pool_retail).
    """
    rejected: list[tuple[int, str, str]] = []
    n_taken = 0
    with transaction.atomic():
        pool = _lock_pool(pool_id)
        if pool.kind == "retail":
            raise Invalid("pool_retail", _("This pool has one code for everybody. Give it that code instead."))
        seen: set[str] = set()
        waiting = iter(rows)
        while part := list(islice(waiting, _BLOCK)):
            codes = _sort_out(part, pool.offer.kind == "code", seen, rejected)
            _write_codes(pool_id, codes)
            n_taken += len(codes)
        if n_taken:
            _stock(pool, n_taken, idempotency_key, now)
    return ImportedCodes(n_taken, tuple(rejected))


def set_retail_code(*, pool_id: int, code: str, n_uses: int, idempotency_key: str, now: datetime) -> PoolView:
    """Give a retail pool its code, or the code more uses. Writes CouponCode, CouponFill, ledger.

    Idempotent by (pool, idempotency_key). Raises NotFound, Invalid (code, uses, another kind of pool), Conflict "code_taken".
    """
    code = clean_code(code)
    if not is_code(code) or not 0 < n_uses <= MOST_USES:
        raise Invalid(
            "retail_code",
            _("A code has 4 to 40 capital letters, digits, hyphens; it can be used 1 to %(most)s times."),
            most=MOST_USES,
        )
    with transaction.atomic():
        pool = _lock_pool(pool_id)
        if pool.kind != "retail":
            raise Invalid("pool_not_retail", _("Codes of this pool are used once each. Make a pool for a retail code."))
        own = CouponCode.objects.filter(pool=pool).values_list("code", flat=True).first()
        if own not in (None, code) or (own is None and _find_taken([code])):
            raise Conflict(
                "code_taken", _("Another coupon has this code, or this pool another code. Choose a new one.")
            )
        if own is None:
            CouponCode.objects.create(code=code, pool=pool)
        if not _is_filled(pool, idempotency_key, n_uses):
            _stock(pool, n_uses, idempotency_key, now)
    return get_pool(pool_id)


def take_codes(*, rewards: Sequence[Reward], now: datetime) -> list[Reward]:
    """The rewards that can be issued now: whoever needs a code of a pool has one from here on, once and for ever.

    Its code was set aside when it was promised; an older reward for which none is left is put on hold with "stock_empty" until its pools are filled. Locks the pools, so that of
    many takers each gets another code. Writes CouponCode, Reward, RewardChange. Idempotent by the cause of the reward.
    """
    pooled = [row for row in rewards if is_from_pool(row)]
    if not pooled:
        return list(rewards)
    causes = {cause_of(row): row for row in pooled}
    with transaction.atomic():
        offers = {row.offer_id for row in pooled}
        pools = CouponPool.objects.select_for_update().filter(offer__in=offers, kind="rewards").order_by("pk")
        pools_of: dict[int, list[int]] = {}
        for pool in pools:
            pools_of.setdefault(pool.offer_id, []).append(pool.pk)
        known = set(CouponCode.objects.filter(cause__in=list(causes)).values_list("cause", flat=True))
        without: list[Reward] = []
        for offer_id in sorted(offers):
            asking = [row for cause, row in causes.items() if row.offer_id == offer_id and cause not in known]
            asking, unpromised = _part(asking)
            without += unpromised
            n_taken = _take(pools_of.get(offer_id, []), [cause_of(row) for row in asking])
            without += asking[n_taken:]
        move_rewards([Step(row, row.state, "stock_empty", by_hand=True, on_hold=True) for row in without], at=now)
    short = {row.pk for row in without}
    return [row for row in rewards if row.pk not in short]


def _has_codes(offer: Offer, kind: PoolKind) -> bool:
    if offer.kind == "code":
        return kind == "rewards"
    return offer.kind == "coupon" and (kind != "rewards" or offer.terms.get("codes") == "pool")


def _part(asking: Sequence[Reward]) -> tuple[list[Reward], list[Reward]]:
    """Those who can have a code, those promised one first, and those for whom none is left beside the promises."""
    promised = [row for row in asking if is_promised(row)]
    others = [row for row in asking if not is_promised(row)]
    if not others:
        return promised, []
    stock = stock_of(others[0].offer).code
    n_spare = list_balances([stock])[stock]
    return promised + others[:n_spare], others[n_spare:]


def _take(pool_ids: Sequence[int], causes: Sequence[str]) -> int:
    """How many of the causes, from the first on, have a code now."""
    if not pool_ids or not causes:
        return 0
    free = CouponCode.objects.filter(pool_id__in=pool_ids, cause__isnull=True).order_by("pool_id", "id")
    codes = list(free.values_list("code", flat=True)[: len(causes)])
    if not codes:
        return 0
    with connection.cursor() as cursor:
        cursor.executemany(_TAKE, list(zip(causes, codes, strict=False)))
        if cursor.rowcount != len(codes):
            raise Conflict(
                "codes_changed", _("Codes were taken by somebody else meanwhile. Nothing was moved; try again.")
            )
    return len(codes)


def _lock_pool(pool_id: int) -> CouponPool:
    row = CouponPool.objects.select_for_update(of=("self",)).select_related("offer").filter(pk=pool_id).first()
    if row is None:
        raise NotFound("pool_not_found", _("There is no pool #%(number)s."), number=pool_id)
    return row


def _is_filled(pool: CouponPool, key: str, n_codes: int) -> bool:
    """Whether this filling was done before. Raises Conflict when it was another one."""
    known = CouponFill.objects.filter(pool=pool, key=key).first()
    if known is not None and known.n_codes != n_codes:
        raise Conflict(
            "idempotency_mismatch",
            _("This was already sent once with other figures. Nothing was posted; open the page again and start over."),
            key=key,
        )
    return known is not None


def _insert_new(pool_id: int, key: bytes, n_codes: int, prefix: str, length: int) -> None:
    """Codes that another pool or coupon has already are made up for from a further key."""
    n_left = n_codes
    while n_left:
        for block in make_codes(key, n_left, prefix=prefix, length=length):
            try:
                with transaction.atomic():
                    _write_codes(pool_id, block)
                n_left -= len(block)
            except IntegrityError:
                fresh = sorted(set(block) - _find_taken(block))
                _write_codes(pool_id, fresh)
                n_left -= len(fresh)
        n_left += _drop_known(pool_id)
        key = hashlib.sha256(key).digest()


def _write_codes(pool_id: int, codes: Sequence[str]) -> None:
    if connection.vendor != "postgresql":
        insert_tuples(CouponCode, ("code", "pool"), [(code, pool_id) for code in codes])
        return
    lines = "".join(f"{code}\t{pool_id}\n" for code in codes)
    with connection.cursor() as cursor, cursor.copy("COPY rewards_coupon_code (code, pool_id) FROM STDIN") as copy:
        copy.write(lines)


def _drop_known(pool_id: int) -> int:
    """Leave codes to the coupons that have them, though they were not of a pool; how many these are."""
    free = CouponCode.objects.filter(pool_id=pool_id, cause__isnull=True)
    n_dropped, _each = free.filter(code__in=Coupon.objects.values("code")).delete()
    return int(n_dropped)


def _find_taken(codes: Sequence[str]) -> set[str]:
    taken = {code for (code,) in select_in(CouponCode, ("code",), "code", codes)}
    return taken | {code for (code,) in select_in(Coupon, ("code",), "code", codes)}


def _sort_out(
    part: Sequence[tuple[int, str]], is_gift: bool, seen: set[str], rejected: list[tuple[int, str, str]]
) -> list[str]:
    fresh: dict[str, int] = {}
    for row, text in part:
        code = text.strip() if is_gift else clean_code(text)
        if not (is_gift_code(code) if is_gift else is_code(code)):
            rejected.append((row, text[:200], "bad_code"))
        elif code in seen:
            rejected.append((row, code, "twice_in_file"))
        else:
            seen.add(code)
            fresh[code] = row
    taken = _find_taken(list(fresh))
    rejected += [(fresh[code], code, "known_before") for code in sorted(taken)]
    return [code for code in fresh if code not in taken]


def _stock(pool: CouponPool, n_codes: int, key: str, now: datetime) -> None:
    """The codes into the ledger, and the rewards that waited for one on their way again."""
    CouponFill.objects.create(pool=pool, key=key, n_codes=n_codes, at=now)
    offer, own = pool.offer, None if pool.kind == "rewards" else pool.pk
    legs = move(*stock_ends(offer.kind, offer.pk, offer.name, own), n_codes)
    post(
        entry=EntryDraft(f"coupon-stock:{pool.pk}:{key}", "coupon_stock", legs, now, subject=f"pool:{pool.pk}"), now=now
    )
    if pool.kind == "rewards":
        waiting = Reward.objects.filter(
            offer=offer, state__in=("held", "approved"), is_on_hold=True, reason="stock_empty"
        ).order_by("id")
        move_rewards([Step(row, row.state, by_hand=True) for row in waiting[:n_codes]], at=now)


def iterate_rows(header: Sequence[str], rows: Iterable[Sequence[str | None]]) -> Iterator[tuple[int, str]]:
    """The codes of a table: its column called code, or the first. A first row that is a code itself is none of names."""
    names = [name.strip().lower() for name in header]
    usual = ("code", "coupon", "coupon_code", "coupon code", "券码", "优惠码", "优惠券码", "兑换码", "code码")
    place = next((names.index(name) for name in usual if name in names), None)
    if place is None:
        place = 0
        yield 1, header[0]
    for number, row in enumerate(rows, 2):
        yield number, (row[place] if place < len(row) else None) or ""
