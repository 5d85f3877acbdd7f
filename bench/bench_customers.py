"""The customer list at 100,000 people: time of the whole page against the bare SQL of the same rows, in the same run.

    python bench/bench_customers.py [people] [rounds]

Works in a temporary home on SQLite, or on the database that DATABASE_URL names (it must be empty). Prints p50 and p95 of
the page through Django's test client, p95 of the bare query, and their ratio.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from operator import attrgetter

from installation import use_home_of_its_own

PEOPLE = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 40
NOW = datetime(2026, 6, 12, 4, 0, tzinfo=UTC)
CITIES = ["杭州", "上海", "苏州", "宁波", "北京", "深圳", "成都", "南京"]
CELLS = ["important_value", "important_keep", "important_develop", "general_value", "general_winback"]
_COLUMNS = (
    "id, c.is_known, name, phone, city, channel, n_orders, revenue_minor, last_order_at, first_seen_at, last_seen_at"
)


def fill() -> None:
    from django.db import connection

    from liebian.core import crypto
    from liebian.customers.models import Customer, CustomerSeen, Identifier, TierMembership

    chance = random.Random(7)
    names = [f"{a}{b}{c}" for a in "沈郭余曹白江夏范邱薛" for b in "文静娟东涛" for c in "雨琴明芳秋"]
    sealed = {name: (crypto.seal(name, context="customer.name"), crypto.index_of("name", name)) for name in names}
    people, moments, identifiers, tiers = [], [], [], []
    for number in range(1, PEOPLE + 1):
        name, phone = sealed[chance.choice(names)], f"+86138{number:08d}"
        seen, orders = NOW - timedelta(minutes=chance.randrange(800_000)), chance.choice([0, 0, 1, 1, 2, 5, 12])
        city = "拉萨" if number % 5000 == 0 else chance.choice(CITIES)
        people.append(
            Customer(
                id=number, is_known=True, first_seen_at=seen - timedelta(days=90), city=city,
                name=name[0], name_index=name[1], phone=crypto.seal(phone, context="customer.phone"), channel=chance.choice(["门店", "小程序"]),
                n_orders=orders, revenue_minor=orders * chance.randrange(5000, 40000), last_order_at=seen if orders else None,
                referred_by=chance.randrange(1, PEOPLE) if number % 6 == 0 else None,
            )
        )  # fmt: skip
        moments.append(CustomerSeen(customer_id=number, is_known=True, last_seen_at=seen))
        identifiers.append(
            Identifier(
                customer_id=number, kind="phone", index=crypto.index_of("phone", phone), event_id=number,
                ending=crypto.index_of("phone.ending", phone[-4:]), value=people[-1].phone,
            )
        )  # fmt: skip
        cell = "rare" if number % 4000 == 0 else chance.choice(CELLS)
        tiers.append(TierMembership(customer_id=number, model="rfm", cell=cell, as_of=NOW.date()))
    Customer.objects.bulk_create(people, batch_size=2000)
    CustomerSeen.objects.bulk_create(moments, batch_size=2000)
    Identifier.objects.bulk_create(identifiers, batch_size=2000)
    TierMembership.objects.bulk_create(tiers, batch_size=2000)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def times_of(act: Callable[[], object]) -> list[float]:
    act()
    found = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        act()
        found.append((time.perf_counter() - start) * 1000)
    return sorted(found)


def bare(where: str, order: str, params: list[object]) -> Callable[[], object]:
    from django.db import connection

    def ask() -> object:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {_COLUMNS} FROM customers_customer c JOIN customers_seen s ON s.customer_id = c.id WHERE {where} ORDER BY {order} LIMIT 26",
                params,
            )
            return cursor.fetchall()

    return ask


def cases() -> list[tuple[str, str, Callable[[], object]]]:
    from liebian.core import crypto
    from liebian.customers import queries
    from liebian.customers.models import Customer, CustomerSeen
    from liebian.customers.types import CustomerFilter

    by_seen, known = "last_seen_at DESC, customer_id DESC", "c.is_known = %s"
    seen = "s.is_known = %s"
    deep = CustomerSeen.objects.order_by("-last_seen_at", "-customer_id")[PEOPLE // 2]
    tied = Customer.objects.filter(n_orders=0).order_by("-id")[PEOPLE // 8]
    cursors = {}
    for sort, row in (("seen", deep), ("orders", tied)):
        page = queries.list_customers(wanted=CustomerFilter(), sort=sort, limit=1)
        cursors[sort] = page.next and _cursor_of(sort, row)
    return [
        ("first page", "", bare(seen, by_seen, [True])),
        ("by revenue", "sort=revenue", bare(known, "revenue_minor DESC, id DESC", [True])),
        ("deep page", f"after={cursors['seen']}", bare(f"{seen} AND (last_seen_at, customer_id) < (%s, %s)", by_seen, [True, _db(deep.last_seen_at), deep.pk])),
        ("deep page in a tie", f"sort=orders&after={cursors['orders']}", bare(f"{known} AND (n_orders, id) < (%s, %s)", "n_orders DESC, id DESC", [True, 0, tied.pk])),
        ("last order, people without one", "sort=last_order&order=asc", bare(f"{known} AND last_order_at IS NOT NULL", "last_order_at, id", [True])),
        ("filter, common city", "city=杭州&ordered=yes", bare(f"{known} AND city = %s AND n_orders > 0", by_seen, [True, "杭州"])),
        ("filter, rare city", "city=拉萨", bare(f"{known} AND city = %s", by_seen, [True, "拉萨"])),
        ("filter, common tier", "tier=rfm:important_value", bare(f"{known} AND id IN (SELECT customer_id FROM customers_tiermembership WHERE model = %s AND cell = %s)", by_seen, [True, "rfm", "important_value"])),
        ("filter, rare tier", "tier=rfm:rare", bare(f"{known} AND id IN (SELECT customer_id FROM customers_tiermembership WHERE model = %s AND cell = %s)", by_seen, [True, "rfm", "rare"])),
        ("filter, revenue from, by last seen", "revenue_from=3000", bare(f"{known} AND revenue_minor >= %s", by_seen, [True, 300000])),
        ("search, phone ending", "q=4321", bare("id IN (SELECT customer_id FROM customers_identifier WHERE ending = %s)", by_seen, [crypto.index_of("phone.ending", "4321")])),
        ("search, name", "q=沈文雨", bare("name_index = %s", by_seen, [crypto.index_of("name", "沈文雨")])),
        ("search, nobody", "q=张三丰", bare("name_index = %s", by_seen, [crypto.index_of("name", "张三丰")])),
    ]  # fmt: skip


def _db(moment: datetime) -> object:
    from django.db import connection

    return connection.ops.adapt_datetimefield_value(moment)


def _cursor_of(sort: str, row: object) -> str:
    from liebian.core import keyset
    from liebian.customers.queries.listing import SORTS

    value = attrgetter(SORTS[sort].removeprefix("seen__"))(row)
    micros = (
        (value - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        if isinstance(value, datetime)
        else value
    )
    return keyset.encode(sort, 0, micros, row.pk)  # type: ignore[attr-defined]


def main() -> None:
    use_home_of_its_own(migrate=True)
    from django.conf import settings

    settings.ALLOWED_HOSTS = ["testserver"]
    start = time.perf_counter()
    fill()
    from django.db import connection
    from django.test import Client

    from liebian.access.models import User
    from liebian.access.services import create_user

    user = create_user(
        username="bench", display_name="Bench", role="viewer", password="oolong-by-the-river-7", actor_id=None, now=NOW
    )
    client = Client()
    client.force_login(User.objects.get(pk=user.id))
    print(
        f"{PEOPLE:,} customers on {connection.vendor}, filled in {time.perf_counter() - start:.0f} s; {ROUNDS} rounds, milliseconds"
    )
    print(f"{'page':38}{'p50':>8}{'p95':>8}{'bare p95':>10}{'ratio':>8}")
    for label, query, ask in cases():

        def page(query: str = query) -> None:
            assert client.get(f"/customers?{query}").status_code == 200

        whole, alone = times_of(page), times_of(ask)
        p95, bare_p95 = whole[int(len(whole) * 0.95)], alone[int(len(alone) * 0.95)]
        print(f"{label:38}{statistics.median(whole):8.1f}{p95:8.1f}{bare_p95:10.2f}{p95 / bare_p95:8.1f}")


if __name__ == "__main__":
    main()
