"""Where the lake lies: a folder, or an address with a scheme (s3://…). Opens files there and writes them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings
from pyarrow import fs

from liebian.lake.rules import ROW_GROUP

_PREFIXES = ("AWS_", "AZURE_", "GOOGLE_")
_DICTIONARY = [
    "type", "name", "source", "kind", "currency", "channel", "city", "province", "gender", "occupation", "category",
    "product_id", "product_name", "customer_id", "day",
]  # fmt: skip


def url_of(table: str) -> str:
    return f"{settings.LAKE_URL.rstrip('/')}/{table}"


def is_remote() -> bool:
    return "://" in settings.LAKE_URL


def storage_options() -> dict[str, str] | None:
    """What the environment says about the object storage, in the names that its own tools use."""
    if not is_remote():
        return None
    return {name: value for name, value in os.environ.items() if name.startswith(_PREFIXES)}


def filesystem() -> tuple[fs.FileSystem, str]:
    """The file system of the lake, and the lake's folder in it."""
    if not is_remote():
        return fs.LocalFileSystem(), settings.LAKE_URL.rstrip("/")
    url = urlsplit(settings.LAKE_URL)
    if url.scheme in {"s3", "s3a"}:
        endpoint = urlsplit(os.environ.get("AWS_ENDPOINT_URL", ""))
        options: dict[str, Any] = {"region": os.environ.get("AWS_REGION") or None}
        if endpoint.netloc:
            options |= {"endpoint_override": endpoint.netloc, "scheme": endpoint.scheme}
        return fs.S3FileSystem(**options), f"{url.netloc}{url.path}".rstrip("/")
    found, path = fs.FileSystem.from_uri(settings.LAKE_URL)
    return found, path.rstrip("/")


def open_file(table: str, path: str, metadata: pq.FileMetaData | None = None) -> pq.ParquetFile:
    if not is_remote():
        return pq.ParquetFile(f"{url_of(table)}/{path}", metadata=metadata, memory_map=True)
    system, root = filesystem()
    return pq.ParquetFile(system.open_input_file(f"{root}/{table}/{path}"), metadata=metadata)


@contextmanager
def writing_file(table: str, path: str, schema: pa.Schema) -> Iterator[pq.ParquetWriter]:
    """A file of the table, durable when the block ends without an error. It counts only once it is committed."""
    system, root = filesystem()
    target = f"{root}/{table}/{path}"
    options = {
        "compression": "zstd",
        "use_dictionary": [name for name in _DICTIONARY if name in schema.names],
        "write_statistics": [
            name for name in schema.names if name.endswith("_id") or name in {"at", "day", "position"}
        ],
    }
    if is_remote():
        with system.open_output_stream(target) as out, pq.ParquetWriter(out, schema, **options) as writer:
            yield writer
        return
    Path(target).parent.mkdir(parents=True, exist_ok=True)
    with open(target, "wb") as out:
        with pq.ParquetWriter(out, schema, **options) as writer:
            yield writer
        out.flush()
        os.fsync(out.fileno())


def write_sorted(writer: pq.ParquetWriter, rows: pa.Table) -> None:
    writer.write_table(rows, row_group_size=ROW_GROUP)


def open_log(table: str, version: int) -> pa.NativeFile:
    """One commit of a table as JSON lines. Raises FileNotFoundError."""
    system, root = filesystem()
    return system.open_input_stream(f"{root}/{table}/_delta_log/{version:020d}.json")


def size_of(table: str, path: str) -> int:
    system, root = filesystem()
    return int(system.get_file_info(f"{root}/{table}/{path}").size)
