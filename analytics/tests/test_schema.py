from __future__ import annotations

import pytest
from liebian_analytics.datasets.story import day, fact
from liebian_analytics.engines import Engine
from liebian_analytics.errors import SchemaMismatch
from liebian_analytics.metrics.orders import standing_orders
from liebian_analytics.schema import TABLES, check_table


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_canonical_table_satisfies_its_own_schema(engine: Engine, name: str) -> None:
    table = engine.empty(name)
    check_table(table, name)
    assert tuple(table.columns) == TABLES[name].names()


def test_a_wrong_type_names_both_types(engine: Engine) -> None:
    table = engine.empty("order_facts")
    with pytest.raises(SchemaMismatch, match=r"order_facts.amount_minor must be int64, but is float64"):
        check_table(table.mutate(amount_minor=table.amount_minor.cast("float64")), "order_facts")


def test_a_wider_integer_and_further_columns_are_welcome(engine: Engine) -> None:
    table = engine.empty("order_facts")
    check_table(table.mutate(n_orders=table.n_orders.cast("int64"), more=1), "order_facts")


def test_a_missing_column_is_guessed(engine: Engine) -> None:
    table = engine.empty("order_facts").rename(amount="amount_minor")
    with pytest.raises(SchemaMismatch, match="did you mean 'amount'"):
        check_table(table, "order_facts")
    check_table(table, "order_facts", only=["customer_id", "day"])


def test_standing_orders_are_orders(engine: Engine) -> None:
    orders = standing_orders(engine.from_rows("order_facts", [fact(1, 1, 1, 100)]), as_of=day(9))
    check_table(orders, "orders")
    assert set(orders.columns) == set(TABLES["orders"].names())


def test_every_column_says_what_it_means() -> None:
    for table in TABLES.values():
        assert table.grain
        for column in table.columns:
            assert column.meaning and column.null, f"{table.name}.{column.name}"
            assert column.unit or not column.name.endswith(("_minor", "_at")), f"{table.name}.{column.name}"
