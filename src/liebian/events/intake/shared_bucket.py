"""A source's bucket for all web processes of a machine: the same sixteen bytes in each of them, behind a file lock.

The clock that buckets are filled by is the machine's, so all processes agree on it. Several machines have a bucket each.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import weakref
from pathlib import Path

from liebian.events.rules import BURST_SECONDS, Bucket

_STATE = struct.Struct("=qdd")  # rate, what is left, when that was


class SharedBucket(Bucket):
    """As Bucket; what one process takes, the others miss. A new rate begins with a full bucket. Raises OSError when the file
    cannot be had."""

    __slots__ = ("__weakref__", "_file", "_shared")

    def __init__(self, rate: int, path: Path, *, now: float) -> None:
        super().__init__(rate, now=now)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        weakref.finalize(self, os.close, self._file)
        if os.fstat(self._file).st_size < _STATE.size:
            os.truncate(self._file, _STATE.size)
        self._shared = mmap.mmap(self._file, _STATE.size)

    def take(self, n_events: int, *, now: float) -> float:
        fcntl.lockf(self._file, fcntl.LOCK_EX)
        try:
            rate, left, seen = _STATE.unpack(self._shared[:])
            if rate != self.rate or seen > now:  # another rate, or the machine has started again
                left, seen = self.rate * BURST_SECONDS, now
            self._left, self._seen = left, seen
            wait = super().take(n_events, now=now)
            self._shared[:] = _STATE.pack(self.rate, self._left, self._seen)
            return wait
        finally:
            fcntl.lockf(self._file, fcntl.LOCK_UN)
