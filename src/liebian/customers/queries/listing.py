"""The list of customers: filters, sorts, keyset pages, and how many match. Never OFFSET; names and phones come masked."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import BigIntegerField, BooleanField, Count, DateTimeField, F, Field, Func, Q, QuerySet, Value

from liebian.access.types import mask_name
from liebian.core import crypto, keyset
from liebian.core.ids import customer_number
from liebian.core.moments import EPOCH
from liebian.customers.models import Customer, Identifier, TierMembership
from liebian.customers.queries.people import find_customer, open_field
from liebian.customers.queries.tiers import list_tiers
from liebian.customers.rules import masked, parse_search
from liebian.customers.types import CustomerFilter, CustomerPage, CustomerRow, FilterChoices, TierPlace

SORTS = {
    "seen": "seen__last_seen_at",
    "revenue": "revenue_minor",
    "orders": "n_orders",
    "last_order": "last_order_at",
    "first_seen": "first_seen_at",
}
DEFAULT_SORT = "seen"
COUNT_CAP = 10_000
MAX_CHOICES = 200
_MAX_FOUND = 2000
_FEW = 2000
_NULLABLE = {"last_order_at"}
_MICRO = timedelta(microseconds=1)


def _compare_rows(column: str, operator: str, value: Any, row_id: int) -> Func:
    """(column, id) < (value, id) as one row comparison, which both databases answer from the index even in long ties."""
    kind: Field[Any, Any] = DateTimeField() if isinstance(value, datetime) else BigIntegerField()
    row: dict[str, Any] = {"template": "(%(expressions)s)", "output_field": BooleanField()}
    left, right = (
        Func(F(column), F(_id_beside(column)), **row),
        Func(Value(value, output_field=kind), Value(row_id), **row),
    )
    return Func(left, right, template="%(expressions)s", arg_joiner=f" {operator} ", output_field=BooleanField())


def list_customers(
    *,
    wanted: CustomerFilter,
    sort: str = DEFAULT_SORT,
    ascending: bool = False,
    after: str = "",
    before: str = "",
    limit: int = 25,
) -> CustomerPage:
    """One page. Walking `next` from the start gives every matching person once, in order; ties go by id.

    People without a value in the sorted column come last in both directions. Raises Invalid "bad_cursor".
    """
    column, backwards = SORTS[sort], bool(before)
    start = _start_of(before or after, sort, ascending) if before or after else None
    count = count_customers(wanted)
    rows = _matching(wanted, by_index=count > _FEW or _is_bare(wanted), known=_beside(column, "is_known"))
    found = _walk(rows, column, start, descending=ascending == backwards, backwards=backwards, limit=limit + 1)
    has_more, found = len(found) > limit, found[:limit]
    if backwards:
        found.reverse()
    ends = [
        keyset.encode(sort, int(ascending), _portable(_value(row, column)), row.pk) for row in (found[:1] + found[-1:])
    ]
    return CustomerPage(
        rows=_rows(found),
        previous=ends[0] if found and (has_more if backwards else bool(after)) else None,
        next=ends[-1] if found and (has_more or backwards) else None,
        count=count,
    )


def count_customers(wanted: CustomerFilter) -> int:
    """How many match, counted up to `COUNT_CAP`; one more than that means: more."""
    return _matching(wanted, by_index=_is_bare(wanted)).order_by()[: COUNT_CAP + 1].count()


def _is_bare(wanted: CustomerFilter) -> bool:
    return replace(wanted, is_known=True) == CustomerFilter()


def list_filter_choices() -> FilterChoices:
    """The values that occur among known people, at most `MAX_CHOICES` each."""
    known = ("is_known = %s", [True])
    models = _distinct("customers_tiermembership", "model", "1 = 1", [])
    cells = [
        (model, cell)
        for model in models
        for cell in _distinct("customers_tiermembership", "cell", "model = %s", [model])
    ]
    return FilterChoices(
        channels=_distinct("customers_customer", "channel", *known),
        cities=_distinct("customers_customer", "city", *known),
        genders=_distinct("customers_customer", "gender", *known),
        tiers=tuple(cells),
    )


def _distinct(table: str, column: str, where: str, params: list[Any]) -> tuple[str, ...]:
    """Distinct values by jumping along the index from one to the next: the cost is in values, not in rows."""
    step = f"SELECT MIN({column}) FROM {table} WHERE {where} AND {column} >"  # noqa: S608 - names are ours, values are parameters
    values = f"WITH RECURSIVE v(x) AS ({step} '' UNION ALL SELECT ({step} v.x) FROM v WHERE v.x IS NOT NULL)"  # noqa: S608
    sql = f"{values} SELECT x FROM v WHERE x IS NOT NULL LIMIT {MAX_CHOICES}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(sql, params + params)
        return tuple(row[0] for row in cursor.fetchall())


def _matching(wanted: CustomerFilter, *, by_index: bool, known: str = "is_known") -> QuerySet[Customer]:
    """`by_index` lets the database walk a sort's index, which begins with the column `known`; without it, it goes by the
    filters and sorts what they leave.

    Django writes `is_known=True` as the bare column, which SQLite does not look up in an index; a list of one it does.
    """
    rows = Customer.objects.all()
    if wanted.search:
        rows = rows.filter(_search(wanted.search), merged_into__isnull=True)
    elif wanted.is_known:
        rows = rows.filter(
            **({f"{known}__in": [True]} if by_index else {"is_known": True})
        )  # only anonymous people are ever merged away
    if not wanted.is_known:
        rows = rows.filter(**({f"{known}__in": [False]} if by_index else {"is_known": False}), merged_into__isnull=True)
    equal = {"channel": wanted.channel, "city": wanted.city, "gender": wanted.gender, "referred_by": wanted.referred_by}
    rows = rows.filter(**{name: value for name, value in equal.items() if value})
    if wanted.tier:
        model, cell = wanted.tier
        rows = rows.filter(pk__in=TierMembership.objects.filter(model=model, cell=cell).values("customer_id"))
    if wanted.has_ordered is not None:
        rows = rows.filter(n_orders__gt=0) if wanted.has_ordered else rows.filter(n_orders__lte=0)
    if wanted.is_referred is not None:
        rows = rows.filter(referred_by__isnull=not wanted.is_referred)
    for column, window in (("revenue_minor", wanted.revenue), ("last_order_at", wanted.last_order)):
        bounds = {f"{column}__gte": window.start, f"{column}__lt": window.end}
        rows = rows.filter(**{name: value for name, value in bounds.items() if value is not None})
    return rows


def _search(text: str) -> Q:
    search = parse_search(text)
    if search is None:
        return Q()
    indexes = [crypto.index_of(kind, value) for kind, value in search.values]
    ids = set(Identifier.objects.filter(index__in=indexes).values_list("customer_id", flat=True))
    if search.ending:
        endings = Identifier.objects.filter(ending=crypto.index_of("phone.ending", search.ending))
        ids.update(endings.values_list("customer_id", flat=True)[:_MAX_FOUND])
    if search.number is not None and (person := find_customer(search.number)):
        ids.add(person.id)
    condition = Q(pk__in=ids)
    if search.name:
        condition |= Q(name_index=crypto.index_of("name", search.name))
    return condition


def _walk(
    rows: QuerySet[Customer],
    column: str,
    start: tuple[Any, int] | None,
    *,
    descending: bool,
    backwards: bool,
    limit: int,
) -> list[Customer]:
    """Up to `limit` people from `start` on. Those without a value in a nullable column are a band of their own."""
    bands = [True, False] if column in _NULLABLE else [True]
    if backwards:
        bands.reverse()
    if start is not None and column in _NULLABLE:
        bands = bands[bands.index(start[0] is not None) :]
    found: list[Customer] = []
    for place, has_value in enumerate(bands):
        band = rows.filter(**{f"{column}__isnull": not has_value}) if column in _NULLABLE else rows
        keys = [column, _id_beside(column)] if has_value else ["id"]
        band = band.order_by(*(f"-{key}" if descending else key for key in keys))
        if start is not None and place == 0:
            band = _beyond(band, column, start, descending=descending)
        found += band.select_related("seen").defer("email", "address", "attributes")[: limit - len(found)]
        if len(found) >= limit:
            break
    return found


def _beside(column: str, name: str) -> str:
    """A column of the table in which the sorted one stands."""
    return f"seen__{name}" if column.startswith("seen__") else name


def _id_beside(column: str) -> str:
    return "seen__customer_id" if column.startswith("seen__") else "id"


def _value(row: Customer, column: str) -> Any:
    return row.seen.last_seen_at if column.startswith("seen__") else getattr(row, column)


def _beyond(band: QuerySet[Customer], column: str, start: tuple[Any, int], *, descending: bool) -> QuerySet[Customer]:
    value, row_id = start
    if value is None:
        return band.filter(id__lt=row_id) if descending else band.filter(id__gt=row_id)
    return band.filter(_compare_rows(column, "<" if descending else ">", value, row_id))


def _start_of(cursor: str, sort: str, ascending: bool) -> tuple[Any, int]:
    made_for, direction, value, row_id = keyset.decode(cursor, size=4)
    try:
        if (made_for, direction) != (sort, int(ascending)):
            raise ValueError
        moment = SORTS[sort].endswith("_at") and value is not None
        return (EPOCH + _MICRO * int(value) if moment else value), int(row_id)
    except (TypeError, ValueError, OverflowError):
        raise keyset.bad_cursor() from None


def _portable(value: Any) -> int | None:
    return (value - EPOCH) // _MICRO if isinstance(value, datetime) else value


def _rows(found: list[Customer]) -> tuple[CustomerRow, ...]:
    ids = [row.pk for row in found]
    tiers = list_tiers(ids)
    counted = Customer.objects.filter(referred_by__in=ids).values("referred_by").annotate(n=Count("id"))
    brought = dict(counted.values_list("referred_by", "n"))
    return tuple(_row(row, tiers.get(row.pk, ()), brought.get(row.pk, 0)) for row in found)


def _row(row: Customer, tiers: tuple[TierPlace, ...], n_brought: int) -> CustomerRow:
    return CustomerRow(
        id=row.pk, number=customer_number(row.pk), name=mask_name(open_field(row.name, "name")),
        phone=masked("phone", open_field(row.phone, "phone")), is_known=row.is_known, city=row.city, channel=row.channel,
        n_orders=row.n_orders, revenue_minor=row.revenue_minor, last_order_at=row.last_order_at,
        first_seen_at=row.first_seen_at, last_seen_at=row.seen.last_seen_at, n_brought=n_brought, tiers=tiers,
        is_erased=row.erased_by_event is not None,
    )  # fmt: skip
