"""Customer metrics on DuckDB: tables in, tables out. Knows no web framework and never reads the clock.

Import the module that owns the question (``liebian_analytics.metrics.rfm``, ``liebian_analytics.rules`` …).
Nothing here imports an engine before the first table is built, so importing is cheap.
"""

__version__ = "0.1.0"
