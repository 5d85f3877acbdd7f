"""Counting what is owed right now: lots, coupons and rewards by end and age, and points by the month in which they were earned.

These read every lot: they are for the night, which keeps what they say.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Case, CharField, Count, Expression, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, Least, TruncMonth

from liebian.ledger import queries as ledger
from liebian.rewards.models import Coupon, Offer, PointsLot, PointsUseLot, PointsWallet, Reward
from liebian.rewards.queries.points_terms import TermsBook
from liebian.rewards.types import AGES, ENDS, OWED_BACK, PAYABLE, RESERVED, OwedLine, PointsMonth

_PASSED_ON = Q(cause__startswith="transfer:") | Q(cause__startswith="grace:")


def count_owed(now: datetime) -> list[OwedLine]:
    return [*_count_points(now), *_count_debts(), *_count_coupons(now), *_count_rewards(now)]


def _bucket(bounds: list[tuple[Q, str]], default: str) -> Expression:
    whens = [When(condition, then=Value(said)) for condition, said in bounds]
    return Case(*whens, default=Value(default), output_field=CharField())


def _by_end(field: str, now: datetime) -> Expression:
    days = [(Q(**{f"{field}__lt": now + timedelta(days=int(each))}), each) for each in ENDS if each.isdecimal()]
    ended = Q(**{f"{field}__lte": now})
    return _bucket([(Q(**{f"{field}__isnull": True}), "never"), (ended, "over"), *days], "later")


def _by_age(field: str, now: datetime) -> Expression:
    days = [(Q(**{f"{field}__gt": now - timedelta(days=int(each))}), each) for each in AGES if each.isdecimal()]
    return _bucket(days, "more")


def _count_points(now: datetime) -> Iterator[OwedLine]:
    open_lots = PointsLot.objects.filter(Q(remaining__gt=0) | Q(reserved__gt=0)).order_by()
    for asset in list(open_lots.values_list("asset", flat=True).distinct()):
        lots = _with_end(open_lots.filter(asset=asset), asset).annotate(age=_by_age("earned_at", now))
        lots = lots.annotate(ends=_by_end("end", now))
        rows = lots.values_list("state", "ends", "age").annotate(
            n=Count("id", filter=Q(remaining__gt=0)), left=Sum("remaining"), m=Count("id", filter=Q(reserved__gt=0)), kept=Sum("reserved")
        )  # fmt: skip
        sums: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
        for state, ends, age, n, left, m, kept in rows:
            kind = "points_pending" if state == "pending" else "points_active"
            for key, count, amount in (((kind, ends, age), n, left), (("points_reserved", ends, age), m, kept)):
                sums[key][0] += count
                sums[key][1] += amount
        for (kind, ends, age), (n, amount) in sums.items():
            if amount:
                yield OwedLine(kind, asset, "", ends, age, n, amount)  # type: ignore[arg-type]


def _with_end(lots: QuerySet[PointsLot], asset: str) -> QuerySet[PointsLot]:
    if not TermsBook([asset]).may_idle(asset):
        return lots.annotate(end=F("expires_at"))
    wallet = PointsWallet.objects.filter(customer_id=OuterRef("customer_id"), asset=asset)
    lots = lots.annotate(idle=Subquery(wallet.values("idle_at")[:1]))
    return lots.annotate(end=Least(Coalesce("expires_at", "idle"), Coalesce("idle", "expires_at")))


def _count_debts() -> Iterator[OwedLine]:
    for book in ledger.count_books(codes=["points"]):
        for kind in OWED_BACK:
            found = [each for each in book.kinds if each.kind == kind and each.balance]
            for each in found:
                yield OwedLine(kind, book.asset, "", "never", "more", each.n_accounts, each.balance)


def _count_coupons(now: datetime) -> Iterator[OwedLine]:
    coupons = Coupon.objects.filter(state="issued").order_by()
    coupons = coupons.annotate(ends=_by_end("expires_at", now)).annotate(age=_by_age("issued_at", now))
    rows = list(coupons.values_list("offer_id", "ends", "age").annotate(n=Count("id")))
    offers = Offer.objects.in_bulk({offer for offer, *_ in rows})
    sums: dict[tuple[str, str, str, str], list[int]] = defaultdict(lambda: [0, 0])
    for offer_id, ends, age, n in rows:
        offer = offers[offer_id]
        effect = offer.terms.get("effect", "fixed")
        face = {"fixed": offer.face_minor, "gift": 0}.get(effect, offer.cost_minor)
        parts = sums[offer.currency, effect, ends, age]
        parts[0] += n
        parts[1] += n * face
    for (currency, effect, ends, age), (n, minor) in sums.items():
        yield OwedLine("coupons", currency, effect, ends, age, n, n, None if effect == "gift" else minor)


def _count_rewards(now: datetime) -> Iterator[OwedLine]:
    for kind, states in (("promised", RESERVED), ("payable", PAYABLE)):
        rows = Reward.objects.filter(state__in=states).order_by().annotate(age=_by_age("created_at", now))
        groups = rows.values_list("budget__currency", "offer__kind", "age")
        for currency, offer, age, n, minor in groups.annotate(
            n=Count("id"), minor=Sum(F("cost_minor") - F("clawed_minor"))
        ):
            yield OwedLine(kind, currency, offer, "never", age, n, n, minor)  # type: ignore[arg-type]


def count_months() -> dict[str, list[PointsMonth]]:
    """By programme, oldest month first. What was passed on to another customer keeps its month of earning; a fee counts as spent."""
    zone = ZoneInfo(settings.TIME_ZONE)
    earned = TruncMonth("earned_at", tzinfo=zone)
    lots = PointsLot.objects.order_by().annotate(month=earned).values_list("asset", "month")
    rows = lots.annotate(
        earned=Coalesce(Sum("amount", filter=~_PASSED_ON), 0), expired=Sum("expired"), open=Sum(F("remaining") + F("reserved"))
    )  # fmt: skip
    spent = _count_spent(zone)
    months: dict[str, list[PointsMonth]] = defaultdict(list)
    for asset, begin, amount, expired, left in sorted(rows):
        month = begin.date()
        redeemed = {when: n for when, n in sorted(spent[asset, month].items()) if n}
        taken_back = amount - expired - left - sum(redeemed.values())
        months[asset].append(PointsMonth(month, amount, expired, taken_back, left, redeemed))
    return months


def _count_spent(zone: ZoneInfo) -> dict[tuple[str, date], dict[date, int]]:
    spent: dict[tuple[str, date], dict[date, int]] = defaultdict(lambda: defaultdict(int))
    uses = PointsUseLot.objects.filter(use__kind__in=("burn", "transfer"), use__state="used").order_by()
    uses = uses.annotate(cohort=TruncMonth("lot__earned_at", tzinfo=zone), month=TruncMonth("use__at", tzinfo=zone))
    rows = uses.values_list("lot__asset", "cohort", "month").annotate(n=Sum(F("amount") - F("restored")))
    for asset, cohort, month, n in rows:
        spent[asset, cohort.date()][month.date()] += n
    passed = PointsLot.objects.filter(cause__startswith="transfer:").order_by()
    passed = passed.annotate(cohort=TruncMonth("earned_at", tzinfo=zone), month=TruncMonth("active_from", tzinfo=zone))
    for asset, cohort, month, n in passed.values_list("asset", "cohort", "month").annotate(n=Sum("amount")):
        spent[asset, cohort.date()][month.date()] -= n
    return spent
