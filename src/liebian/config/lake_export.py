"""A table of the lake as one file, written as it is read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq

from liebian.lake.types import SCHEMAS, History


def write_table(history: History, table: str, out: Path, kind: str) -> int:
    """Writes the file and returns its rows. What was written of it goes away again when it cannot be finished."""
    sealed = {field.name for field in SCHEMAS[table] if pa.types.is_binary(field.type)} if kind != "parquet" else set()
    schema = pa.schema([field for field in SCHEMAS[table] if field.name not in sealed])
    batches = (
        pa.Table.from_batches([batch]).cast(schema)
        for batch in history.engine.stream(history[table].select(schema.names))
    )
    try:
        return {"csv": _csv, "parquet": _parquet, "jsonl": _jsonl}[kind](batches, schema, out)
    except BaseException:
        out.unlink(missing_ok=True)
        raise


def _csv(batches: Iterator[pa.Table], schema: pa.Schema, out: Path) -> int:
    with pc_csv.CSVWriter(out, schema) as writer:
        return _all(batches, writer.write_table)


def _parquet(batches: Iterator[pa.Table], schema: pa.Schema, out: Path) -> int:
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        return _all(batches, writer.write_table)


def _jsonl(batches: Iterator[pa.Table], schema: pa.Schema, out: Path) -> int:
    encoder = msgspec.json.Encoder()
    with open(out, "wb") as file:
        return _all(batches, lambda table: file.write(encoder.encode_lines(table.to_pylist())))


def _all(batches: Iterator[pa.Table], write: Any) -> int:
    rows = 0
    for table in batches:
        write(table)
        rows += table.num_rows
    return rows
