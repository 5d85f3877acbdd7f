"""The temporary folder of a replay. It holds keys and people, so it goes away even when its process was killed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX = "liebian-replay-"
LOCK = "in-use"


@contextmanager
def temporary_home() -> Iterator[Path]:
    """A folder that only we may read, removed at the end. What killed replays left is removed first."""
    _sweep()
    home = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        with (home / "opening").open("w") as lock:  # locked before it has its name, so that no other replay sweeps it
            fcntl.flock(lock, fcntl.LOCK_EX)
            (home / "opening").rename(home / LOCK)
            yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _sweep() -> None:
    """Remove our folders whose process has ended: the system gave their locks back."""
    for lock_path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*/{LOCK}"):
        with (
            suppress(OSError),
            lock_path.open("r+") as lock,
        ):  # another user's, held, or swept by somebody else just now
            if os.fstat(lock.fileno()).st_uid == os.getuid():
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock_path.parent, ignore_errors=True)
