"""UCI Online Retail as canonical tables, on any engine."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir


def retail_lines(raw: ir.Table) -> ir.Table:
    """Valid sales as order lines: customer known, something sold at a price, not a return."""
    valid = raw.filter(
        raw.CustomerID.notnull() & (raw.Quantity > 0) & (raw.UnitPrice > 0) & ~raw.InvoiceNo.startswith("C")
    )
    return valid.select(
        customer_id=valid.CustomerID.cast("int64"),
        order_id=valid.InvoiceNo.cast("int64"),
        product_id=valid.StockCode,
        category=ibis.null("string"),
        quantity=valid.Quantity.cast("int64"),
        revenue_minor=(valid.Quantity * valid.UnitPrice * 100).round().cast("int64"),
        currency=ibis.literal("GBP"),
        at=valid.InvoiceDate.cast("timestamp('UTC')"),
        day=valid.InvoiceDate.date(),
    )


def retail_facts(lines: ir.Table) -> ir.Table:
    """One paid order per invoice."""
    orders = lines.group_by("customer_id", "order_id").aggregate(
        at=lines["at"].min(), day=lines.day.min(), amount_minor=lines.revenue_minor.sum()
    )
    return orders.mutate(
        external_id=orders.order_id.cast("string"),
        kind=ibis.literal("paid"),
        currency=ibis.literal("GBP"),
        channel=ibis.null("string"),
        n_orders=ibis.literal(1, "int8"),
    )
