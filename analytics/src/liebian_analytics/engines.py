"""The engine that holds tables and answers expressions. The only file that names DuckDB."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from liebian_analytics import schema
from liebian_analytics.errors import BadArgument

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa
    import pyarrow.dataset as ds


class Engine:
    """One in-process DuckDB database that lives as long as this object.

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
            return self._usable().read_parquet(paths, table_name=self._next_name())

    def from_arrow(self, table: pa.Table) -> ir.Table:
        """Copy an Arrow table into the engine and return it as a lazy table."""
        with self._lock:
            return self._usable().create_table(self._next_name(), table, temp=True)

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
            backend, name = self._usable(), self._next_name()
            backend.con.register(name, dataset)
            return backend.table(name)

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

    def from_rows(self, name: str, rows: Sequence[Sequence[Any]]) -> ir.Table:
        """Canonical table ``name`` (see ``schema``) from rows in column order, for small tables, tests and examples."""
        return self.from_arrow(schema.arrow_table(name, rows))

    def empty(self, name: str) -> ir.Table:
        """Canonical table ``name`` without rows."""
        return self.from_rows(name, [])

    def run(self, expr: ir.Expr) -> pa.Table:
        """Compute a lazy table (or value) and return it as an Arrow table; times come back in UTC."""
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

    def _usable(self) -> Any:
        if not self._open:
            raise BadArgument("the engine is closed; connect() again")
        return self._backend

    def _next_name(self) -> str:
        self._n_tables += 1
        return f"liebian_{self._n_tables}"


def connect(
    memory_limit: str | None = None, threads: int | None = None, *, temp_directory: str | Path | None = None
) -> Engine:
    """Start an engine in this process: UTC, in memory, and never reaching for the network.

    Parameters
    ----------
    memory_limit
        Such as ``"2GB"``; above it DuckDB spills to disk. ``None`` = DuckDB's default, 80 % of memory.
    threads
        Number of threads; ``None`` = one per core.
    temp_directory
        Where it spills; ``None`` = a folder of the system's temporary folder. It is made when it is first needed.

    Examples
    --------
    >>> with connect(memory_limit="512MB", threads=1) as engine:
    ...     engine.empty("order_facts").columns[:3]
    ('customer_id', 'order_id', 'external_id')
    """
    import ibis

    settings: dict[str, Any] = {
        # A typo in a function or format name must not turn into a download.
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "temp_directory": str(temp_directory or Path(tempfile.gettempdir()) / "liebian_analytics"),
    }
    if memory_limit is not None:
        settings["memory_limit"] = memory_limit
    if threads is not None:
        settings["threads"] = threads
    backend = ibis.duckdb.connect(**settings)
    backend.raw_sql("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
    return Engine(backend)
