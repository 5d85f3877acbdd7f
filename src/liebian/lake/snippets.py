"""How to open the lake with other tools. The page shows these with its own address; docs/how-to/read-the-lake.md has the same."""

from __future__ import annotations

from dataclasses import dataclass

PLACE = "var/lake"
VERSION = """from deltalake import DeltaTable

table = DeltaTable("{url}/{table}", version={version})
print(table.to_pandas())"""


@dataclass(frozen=True, slots=True)
class Snippet:
    """`elsewhere` are pairs (line, line): what reads differently where the lake is at an address of object storage."""

    tool: str
    code: str
    elsewhere: tuple[tuple[str, str], ...] = ()

    def at(self, url: str) -> str:
        code = self.code
        for here, there in self.elsewhere if "://" in url else ():
            code = code.replace(here, there)
        return code.replace(PLACE, url)


SNIPPETS = (
    Snippet(
        "DuckDB",
        """import duckdb
from deltalake import DeltaTable

files = DeltaTable("var/lake/order_facts").file_uris()
orders = duckdb.read_parquet(files)
totals = \"\"\"
    SELECT day, currency, sum(n_orders) AS orders, sum(amount_minor) AS amount_minor
    FROM orders GROUP BY ALL ORDER BY day
\"\"\"
print(duckdb.sql(totals))""",
        (
            ('files = DeltaTable("var/lake/order_facts").file_uris()\n', ""),
            ("duckdb.read_parquet(files)", 'DeltaTable("var/lake/order_facts").to_pyarrow_dataset()'),
        ),
    ),
    Snippet(
        "pandas",
        """from deltalake import DeltaTable

people = DeltaTable("var/lake/customers").to_pandas()
people = people.sort_values("position").drop_duplicates("customer_id", keep="last")
people = people[people["merged_into"].isna()]
print(people.groupby("channel").size())""",
    ),
    Snippet(
        "Polars",
        """import polars as pl
from deltalake import DeltaTable

files = DeltaTable("var/lake/day_facts").file_uris()
days = pl.scan_parquet(files).filter(pl.col("kind") == "event")
print(days.group_by("day", "name").agg(pl.col("count").sum()).sort("day", "name").collect())""",
    ),
    Snippet(
        "Spark",
        """from deltalake import DeltaTable
from pyspark.sql import SparkSession

files = DeltaTable("var/lake/events").file_uris()
spark = SparkSession.builder.appName("lake").getOrCreate()
events = spark.read.parquet(*files)
events.groupBy("day", "name").count().orderBy("day", "name").show()""",
        (
            ("files = DeltaTable", "uris = DeltaTable"),
            ("spark.read.parquet(*files)", 'spark.read.parquet(*[uri.replace("s3://", "s3a://") for uri in uris])'),
        ),
    ),
    Snippet(
        "Tableau",
        "liebian lake export order_facts --format csv --out order_facts.csv",
    ),
)
