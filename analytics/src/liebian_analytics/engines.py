"""The engines that hold tables and answer expressions. The only file that names DuckDB and Spark.

DuckDB runs in this process. Spark runs the same expressions on a cluster: ``connect("spark://host:7077")``. What comes
back has the declared type of every column, whichever engine computed it.
"""

from __future__ import annotations

import tempfile
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from liebian_analytics import schema
from liebian_analytics.errors import BadArgument

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa
    import pyarrow.dataset as ds

DEFAULT = "duckdb"
"""Address of the engine in this process."""
DATABASE_SUFFIXES = (".duckdb", ".ddb", ".db")
"""Endings of database files that ``Engine.read_database`` opens."""


class Engine:
    """A DuckDB database in this process, or a session on a Spark cluster, that lives as long as this object.

    Thread safety: every method takes the instance's lock, so an engine may be shared, but its questions then run one
    after the other (each on all of the engine's threads). Threads that should run side by side take one engine each.
    An expression belongs to the engine that made its tables. Tables live as long as the engine, and connecting takes
    some 30 ms, so a long-running process takes a new engine per piece of work rather than one for ever.

    Examples
    --------
    >>> import pyarrow as pa
    >>> with connect() as engine:
    ...     numbers = engine.from_arrow(pa.table({"n": [1, 2, 3]}))
    ...     engine.run(numbers.aggregate(total=numbers.n.sum())).to_pylist()
    [{'total': 6}]
    """

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        self._lock = threading.RLock()
        self._open = True
        self._n_tables = 0

    def read_parquet(self, files: str | Path | Iterable[str | Path]) -> ir.Table:
        """Lazy table over Parquet files of one layout (a list, as a Delta snapshot hands it out; or one path or glob).

        Raises
        ------
        BadArgument
            If the list is empty: an empty list has no columns. Build an empty table with ``empty(name)`` instead.
        """
        paths = [str(files)] if isinstance(files, str | Path) else [str(file) for file in files]
        if not paths:
            raise BadArgument(
                "no Parquet file was given, so the columns are unknown; use empty(name) for an empty table"
            )
        with self._lock:
            return self._table_of_files(paths)

    def from_arrow(self, table: pa.Table) -> ir.Table:
        """Copy an Arrow table into the engine and return it as a lazy table."""
        with self._lock:
            return self._table_of_arrow(table)

    def from_dataset(self, dataset: ds.Dataset) -> ir.Table:
        """Lazy table over an Arrow dataset: files on object storage, read by Arrow. The dataset must outlive its use.

        Examples
        --------
        >>> import pyarrow as pa, pyarrow.dataset
        >>> with connect() as engine:
        ...     numbers = engine.from_dataset(pa.dataset.dataset(pa.table({"n": [1, 2, 3]})))
        ...     engine.run(numbers.filter(numbers.n > 1).count().name("n").as_table()).to_pylist()
        [{'n': 2}]
        """
        with self._lock:
            return self._table_of_dataset(dataset)

    def stream(self, expr: ir.Expr, *, rows: int = 100_000) -> Iterator[pa.RecordBatch]:
        """Compute a lazy table and hand it out in batches of about ``rows`` rows, so that it need not fit into memory.

        Examples
        --------
        >>> import pyarrow as pa
        >>> with connect() as engine:
        ...     numbers = engine.from_arrow(pa.table({"n": [1, 2, 3]}))
        ...     sum(batch.num_rows for batch in engine.stream(numbers))
        3
        """
        with self._lock:
            yield from self._usable().to_pyarrow_batches(expr.as_table(), chunk_size=rows)

    def read_database(self, path: str | Path, table: str | None = None) -> ir.Table:
        """Lazy table of a DuckDB database file, which is only read.

        Parameters
        ----------
        path
            The file.
        table
            Its table; ``None`` = the only one.

        Raises
        ------
        BadArgument
            If the file is no such database, there is no such table, or no name is given and there are several.
        """
        with self._lock:
            return self._table_of_database(Path(path), table)

    def from_rows(self, name: str, rows: Sequence[Sequence[Any]]) -> ir.Table:
        """Canonical table ``name`` (see ``schema``) from rows in column order, for small tables, tests and examples."""
        return self.from_arrow(schema.arrow_table(name, rows))

    def empty(self, name: str) -> ir.Table:
        """Canonical table ``name`` without rows."""
        return self.from_rows(name, [])

    def keep(self, expr: ir.Table) -> ir.Table:
        """Compute a lazy table once and hold the result on the engine, for expressions that several questions share."""
        with self._lock:
            return self._kept(expr)

    def run(self, expr: ir.Expr) -> pa.Table:
        """Compute a lazy table (or value) and return it as an Arrow table; times come back in UTC.

        Columns have the types the expression declares, so the same question has the same schema on every engine.
        """
        with self._lock:
            return self._usable().to_pyarrow(expr.as_table())

    def close(self) -> None:
        """Give back memory and temporary files. Closing twice is harmless."""
        with self._lock:
            if self._open:
                self._open = False
                self._backend.disconnect()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _table_of_files(self, paths: list[str]) -> ir.Table:
        return self._usable().read_parquet(paths, table_name=self._next_name())

    def _table_of_dataset(self, dataset: ds.Dataset) -> ir.Table:
        backend, name = self._usable(), self._next_name()
        backend.con.register(name, dataset)
        return backend.table(name)

    def _kept(self, expr: ir.Table) -> ir.Table:
        return self._usable().create_table(self._next_name(), expr, temp=True)

    def _table_of_database(self, path: Path, table: str | None) -> ir.Table:
        import duckdb

        name = self._next_name()
        try:
            self._usable().attach(path, name=name, read_only=True)
        except duckdb.Error as error:
            raise BadArgument(f"{path.name} cannot be opened: {str(error).splitlines()[0]}") from None
        found = self._backend.raw_sql("SELECT table_catalog, table_name FROM information_schema.tables").fetchall()
        tables = sorted(there for catalog, there in found if catalog == name)
        if table is None and len(tables) == 1:
            table = tables[0]
        if table not in tables:
            asked = "say which table" if table is None else f"there is no table {table!r}"
            raise BadArgument(f"{path.name}: {asked}; there are: {', '.join(tables) or 'none'}")
        return self._backend.table(table, database=(name, "main"))

    def _table_of_arrow(self, table: pa.Table) -> ir.Table:
        return self._usable().create_table(self._next_name(), table, temp=True)

    def _usable(self) -> Any:
        if not self._open:
            raise BadArgument("the engine is closed; connect() again")
        return self._backend

    def _next_name(self) -> str:
        self._n_tables += 1
        return f"liebian_{self._n_tables}"


class _SparkEngine(Engine):
    """Tables are temporary views of one session, so they need no warehouse and no catalogue."""

    def _table_of_files(self, paths: list[str]) -> ir.Table:
        return self._view(self._usable()._session.read.parquet(*paths))

    def _table_of_arrow(self, table: pa.Table) -> ir.Table:
        return self._view(self._usable()._session.createDataFrame(table))

    def _table_of_database(self, path: Path, table: str | None) -> ir.Table:
        with connect() as here:
            return self._table_of_arrow(here.run(here.read_database(path, table)))

    def _table_of_dataset(self, dataset: ds.Dataset) -> ir.Table:
        return self._table_of_arrow(dataset.to_table())

    def _kept(self, expr: ir.Table) -> ir.Table:
        backend = self._usable()
        backend._run_pre_execute_hooks(expr)
        return self._view(backend._session.sql(backend.compile(expr)).cache())

    def _view(self, frame: Any) -> ir.Table:
        name = self._next_name()
        frame.createOrReplaceTempView(name)
        return self._backend.table(name)


def write_database(table: pa.Table, path: str | Path) -> None:
    """Write an Arrow table as ``result`` into a new DuckDB database file.

    Examples
    --------
    >>> import pyarrow as pa
    >>> with tempfile.TemporaryDirectory() as folder, connect() as engine:
    ...     write_database(pa.table({"n": [1]}), Path(folder) / "n.duckdb")
    ...     engine.run(engine.read_database(Path(folder) / "n.duckdb")).to_pylist()
    [{'n': 1}]
    """
    import duckdb

    with duckdb.connect(str(path)) as database:
        database.register("given", table)
        database.execute("CREATE TABLE result AS FROM given")


def connect(
    address: str = DEFAULT,
    *,
    memory_limit: str | None = None,
    threads: int | None = None,
    temp_directory: str | Path | None = None,
    settings: Mapping[str, str] | None = None,
) -> Engine:
    """Start an engine: UTC, and by default in this process, in memory, never reaching for the network.

    Parameters
    ----------
    address
        ``"duckdb"`` = in this process; ``"spark://host:port"`` = the master of a Spark cluster (needs the extra
        ``liebian-analytics[spark]`` and Java); ``"local[2]"`` = Spark without a cluster, with two threads.
    memory_limit
        Such as ``"2GB"``; above it the engine spills to disk. ``None`` = DuckDB's default, 80 % of memory; on Spark
        the memory of each executor, ``None`` = the cluster's default.
    threads
        Number of threads, on Spark of cores in the whole cluster; ``None`` = all.
    temp_directory
        Where it spills; ``None`` = a folder of the system's temporary folder. It is made when it is first needed.
    settings
        Further settings of Spark, such as ``{"spark.sql.shuffle.partitions": "8"}``.

    Raises
    ------
    BadArgument
        If the address names no engine, the cluster cannot be reached, or Spark is not installed.

    Examples
    --------
    >>> with connect(memory_limit="512MB", threads=1) as engine:
    ...     engine.empty("order_facts").columns[:3]
    ('customer_id', 'order_id', 'external_id')
    """
    spill = str(temp_directory or Path(tempfile.gettempdir()) / "liebian_analytics")
    if address == DEFAULT:
        return Engine(_duckdb(memory_limit, threads, spill))
    if address.startswith(("spark://", "local[")):
        chosen = {"spark.local.dir": spill, **({"spark.cores.max": str(threads)} if threads else {})}
        if memory_limit is not None:
            chosen["spark.executor.memory"] = memory_limit.lower()
        return _SparkEngine(_spark(address, chosen | dict(settings or {})))
    raise BadArgument(f"there is no engine {address!r}; use {DEFAULT!r} or 'spark://host:port'")


def _duckdb(memory_limit: str | None, threads: int | None, spill: str) -> Any:
    import ibis

    settings: dict[str, Any] = {
        # A typo in a function or format name must not turn into a download.
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "temp_directory": spill,
    }
    if memory_limit is not None:
        settings["memory_limit"] = memory_limit
    if threads is not None:
        settings["threads"] = threads
    backend = ibis.duckdb.connect(**settings)
    backend.raw_sql("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
    return backend


SPARK_SETTINGS = {
    "spark.app.name": "liebian-analytics",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.ansi.enabled": "true",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


def _spark(master: str, settings: Mapping[str, str]) -> Any:
    with warnings.catch_warnings():
        # It warns that it has not been tried with this pandas; no pandas lies on the way here, see SparkBackend.
        warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas", category=FutureWarning)
        try:
            backend_class = _spark_backend_class()
            from pyspark.sql import SparkSession
        except ImportError as error:
            raise BadArgument(f"Spark needs the extra: pip install 'liebian-analytics[spark]' ({error})") from None
        builder = SparkSession.builder.master(master)
        for key, value in {**SPARK_SETTINGS, **settings}.items():
            builder = builder.config(key, value)
        running = SparkSession.getActiveSession()
        try:
            session = builder.getOrCreate()
        except Exception as error:
            raise BadArgument(f"no Spark session on {master}: {str(error).splitlines()[0]}") from error
    session.sparkContext.setLogLevel("ERROR")
    backend = backend_class()
    backend.owns_session = running is None
    backend.register_options()
    backend.do_connect(session)
    return backend


def _spark_backend_class() -> Any:
    import ibis
    from ibis.backends.pyspark import Backend
    from pyspark.sql.types import TimestampType

    class SparkBackend(Backend):  # type: ignore[misc]
        """Ibis' backend, with Arrow in and out: through pandas, whole numbers beside nulls would turn into floats.
        Spark's TIMESTAMP is an instant, which Ibis does not say."""

        owns_session = True

        def disconnect(self) -> None:
            """A session that was running before is somebody else's to stop."""
            if self.owns_session:
                super().disconnect()

        def get_schema(self, table_name: str, **rest: Any) -> Any:
            instants = {f.name for f in self._session.table(table_name).schema if isinstance(f.dataType, TimestampType)}
            found = super().get_schema(table_name, **rest)
            return ibis.schema({n: "timestamp('UTC', 6)" if n in instants else t for n, t in found.items()})

        def to_pyarrow(self, expr: Any, /, *, params: Any = None, limit: Any = None, **rest: Any) -> Any:
            self._run_pre_execute_hooks(expr)
            table = expr.as_table()
            found = self._session.sql(self.compile(table, params=params, limit=limit)).toArrow()
            return expr.__pyarrow_result__(found.cast(table.schema().to_pyarrow()))

        def _register_in_memory_table(self, op: Any) -> None:
            frame = self._session.createDataFrame(op.data.to_pyarrow(op.schema))
            frame.createOrReplaceTempView(op.name)

    return SparkBackend
