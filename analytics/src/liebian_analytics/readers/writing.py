"""Writes a result to a file. The ending says the format."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from liebian_analytics.errors import BadArgument

if TYPE_CHECKING:
    import pyarrow as pa


def write_table(table: pa.Table, path: str | Path) -> Path:
    """Write an Arrow table as ``.parquet`` or ``.csv``; an existing file is replaced only once the new one is whole.

    Raises
    ------
    BadArgument
        If the ending is neither, or the folder does not exist.

    Examples
    --------
    >>> import pyarrow as pa, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_table(pa.table({"n": [1]}), Path(folder) / "n.csv").read_text()
    '"n"\\n1\\n'
    """
    import pyarrow.csv as pc
    import pyarrow.parquet as pq

    target = Path(path)
    writers = {".parquet": pq.write_table, ".csv": pc.write_csv}
    if target.suffix.lower() not in writers:
        raise BadArgument(f"cannot write {target.name}: the name must end in .parquet or .csv")
    if not target.parent.is_dir():
        raise BadArgument(f"cannot write {target.name}: there is no folder {target.parent}")
    part = target.with_name(f".{target.name}.part")
    try:
        writers[target.suffix.lower()](table, part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target
