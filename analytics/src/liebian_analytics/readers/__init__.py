"""Files and frames in, canonical tables out, with everything that was odd about them said. Owns no metric."""

from liebian_analytics.readers.files import open_table
from liebian_analytics.readers.orders import Orders, OrderSource, read_orders
from liebian_analytics.readers.writing import write_table

__all__ = ["OrderSource", "Orders", "open_table", "read_orders", "write_table"]
