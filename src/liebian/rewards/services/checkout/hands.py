"""The coupons that a cart names, locked and judged: whose they are, who holds them, what speaks against them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Q

from liebian.core.days import day_of
from liebian.customers import queries as customers
from liebian.ledger.queries import list_balances
from liebian.rewards.models import Coupon, CouponCode, Offer, Redemption
from liebian.rewards.queries.coupons import count_uses
from liebian.rewards.rules import BudgetAccounts, clean_code, coupon_stock, end_of, read_terms
from liebian.rewards.services.checkout.lapsing import let_codes_lapse
from liebian.rewards.services.life import lock_budgets
from liebian.rewards.types import CheckoutRequest, CouponInHand, CouponTerms

Budgets = Mapping[int, BudgetAccounts]
_NOTHING = CouponTerms()


@dataclass(frozen=True, slots=True)
class Hand:
    """What stands behind a code: a customer's coupon, or a code of a pool that anybody may bring."""

    code: str
    coupon: Coupon | None = None
    pooled: CouponCode | None = None

    @property
    def offer(self) -> Offer:
        offer: Offer = self.coupon.offer if self.coupon else self.pooled.pool.offer  # type: ignore[union-attr]
        return offer

    @property
    def is_sole(self) -> bool:
        return self.pooled is None or self.pooled.pool.kind != "retail"


def find_hands(codes: Sequence[str]) -> dict[str, Hand]:
    """By code; codes that are none of ours are left out."""
    return _read([clean_code(code) for code in codes], is_locked=False)


def lock_hands(codes: Sequence[str], now: datetime) -> tuple[Budgets, dict[str, Hand]]:
    """As `find_hands`, with their budgets, locked in one order — budgets, coupons, codes, offers — and without carts whose time
    has run out."""
    wanted = sorted({clean_code(code) for code in codes})
    budgets = lock_budgets(Coupon.objects.filter(code__in=wanted).values_list("reward__budget_id", flat=True))
    hands = _read(wanted, is_locked=True)
    limited = {hand.offer.pk for hand in hands.values() if hand.offer.terms.get("per_customer")}
    if limited:
        list(Offer.objects.select_for_update().filter(pk__in=limited).order_by("pk"))
    let_codes_lapse(wanted, now)
    return budgets, hands


def lock_rows(rows: Sequence[Redemption]) -> list[Redemption]:
    """The same rows as they are now, which nobody lets lapse meanwhile."""
    found = Redemption.objects.filter(pk__in=[row.pk for row in rows]).select_related("offer").order_by("pk")
    return list(found.select_for_update(of=("self",)))


def judge(
    request: CheckoutRequest, hands: Mapping[str, Hand], now: datetime, order_key: str = ""
) -> list[CouponInHand]:
    """Every coupon of the cart with its terms and, where something but the cart speaks against it, the reason.

    A coupon that this very order is known to have used is free for it.
    """
    buyer = request.customer_id
    people = [hand.coupon.customer_id for hand in hands.values() if hand.coupon]
    same = customers.find_final_ids([*people, *([] if buyer is None else [buyer])])
    buyer = None if buyer is None else same.get(buyer, buyer)
    held = Redemption.objects.filter(
        Q(state="redeemed") | Q(state="reserved", lapses_at__gt=now), code__in=hands, is_sole=True
    )
    states = dict(held.values_list("code", "state"))
    offers = [hand.offer.pk for hand in hands.values()]
    uses = {} if buyer is None else count_uses(offers, buyer, now)
    free = _count_free(hands.values(), now)
    found = []
    for code in dict.fromkeys(clean_code(each) for each in request.codes):
        hand = hands.get(code)
        if hand is None:
            found.append(CouponInHand(code, "", 0, 0, _NOTHING, None, None, "coupon_unknown"))
            continue
        reason = _refuse_owner(hand, buyer, same) or _refuse_state(hand, states.get(code, ""), order_key)
        limit = hand.offer.terms.get("per_customer", 0)
        if not reason and limit:
            reason = "coupon_needs_customer" if buyer is None else ""
            if uses.get(hand.offer.pk, 0) >= limit:
                reason = "coupon_limit"
            uses[hand.offer.pk] = uses.get(hand.offer.pk, 0) + 1
        if not reason and not hand.is_sole and not free[_pool_id(hand)]:
            reason = "stock_empty"
        found.append(_in_hand(hand, reason))
    return found


def end_of_hand(hand: Hand) -> datetime | None:
    """First instant at which it is no longer taken. A code of a pool without an end of its own counts from the pool's first day."""
    if hand.coupon:
        end: datetime = hand.coupon.expires_at
        return end
    assert hand.pooled is not None
    offer = hand.offer
    first = day_of(hand.pooled.pool.created_at, settings.TIME_ZONE)
    return end_of(read_terms(offer.terms), first, offer.valid_days, settings.TIME_ZONE)


def _read(codes: Sequence[str], *, is_locked: bool) -> dict[str, Hand]:
    coupons = Coupon.objects.filter(code__in=codes).select_related("offer", "reward__offer").order_by("pk")
    pooled = CouponCode.objects.filter(code__in=codes, pool__kind__in=("open", "retail"))
    pooled = pooled.select_related("pool__offer").order_by("code")
    if is_locked:
        coupons, pooled = coupons.select_for_update(of=("self",)), pooled.select_for_update(of=("self",))
    hands = {row.code: Hand(row.code, coupon=row) for row in coupons}
    return {row.code: Hand(row.code, pooled=row) for row in pooled} | hands


def _refuse_owner(hand: Hand, buyer: int | None, same: Mapping[int, int]) -> str:
    if hand.coupon is None:
        return ""
    if buyer is None:
        return "coupon_needs_customer"
    owner = hand.coupon.customer_id
    return "" if same.get(owner, owner) == buyer else "coupon_not_theirs"


def _refuse_state(hand: Hand, held: str, order_key: str) -> str:
    state = hand.coupon.state if hand.coupon else "issued"
    is_told = hand.coupon is not None and hand.coupon.order_key == order_key != ""
    if state != "issued" and not (state == "redeemed" and is_told):
        return {"redeemed": "coupon_used", "void": "coupon_void"}.get(state, "reward_expired")
    return {"redeemed": "coupon_used", "reserved": "coupon_reserved"}.get(held, "")


def _count_free(hands: Iterable[Hand], now: datetime) -> dict[int, int]:
    """Uses that are left of each pool of codes that many may bring, with those in carts whose time has run out."""
    pools = {_pool_id(hand): coupon_stock(hand.offer.pk, hand.offer.name, _pool_id(hand)).code
             for hand in hands if not hand.is_sole}  # fmt: skip
    stocks = list_balances(pools.values())
    over = Redemption.objects.filter(state="reserved", lapses_at__lte=now, pool__in=pools).order_by()
    lapsed = dict(over.values_list("pool").annotate(n=Count("pk")))
    return {pool: stocks[code] + lapsed.get(pool, 0) for pool, code in pools.items()}


def _pool_id(hand: Hand) -> int:
    assert hand.pooled is not None
    pool_id: int = hand.pooled.pool_id
    return pool_id


def _in_hand(hand: Hand, refusal: str) -> CouponInHand:
    offer, terms = hand.offer, read_terms(hand.offer.terms)
    return CouponInHand(
        code=hand.code,
        currency=offer.currency,
        face_minor=offer.face_minor,
        threshold_minor=offer.threshold_minor,
        terms=terms,
        starts_at=terms.starts_at,
        ends_at=end_of_hand(hand),
        refusal=refusal,
    )
