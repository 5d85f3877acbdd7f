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
