"""Customer metrics on DuckDB: tables in, tables out. Knows no web framework."""

__version__ = "0.1.0"
