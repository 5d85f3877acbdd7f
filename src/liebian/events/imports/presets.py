"""Known file layouts, as data."""

from __future__ import annotations

from liebian.events.imports.types import Mapping

UCI_ONLINE_RETAIL = Mapping(
    columns={
        "order_id": "InvoiceNo", "product_id": "StockCode", "product_name": "Description", "quantity": "Quantity",
        "at": "InvoiceDate", "price": "UnitPrice", "customer_id": "CustomerID", "country": "Country",
    },
    source="uci-online-retail",
    time_zone="Europe/London",
    currency="GBP",
    date_formats=("%m/%d/%Y %H:%M", "%d-%m-%Y %H:%M", "%d/%m/%Y %H:%M"),
    cancel_prefix="C",
    adjustment_codes=(
        "ADJUST", "ADJUST2", "AMAZONFEE", "B", "BANK CHARGES", "C2", "CRUK", "D", "DOT", "M", "PADS", "POST", "S",
        "TEST001", "TEST002",
    ),
    adjustment_prefixes=("GIFT_",),
)  # fmt: skip
PRESETS: dict[str, Mapping] = {"uci-online-retail": UCI_ONLINE_RETAIL}
