"""Day facts of a customer packed into one small blob: read without parsing, merged for a whole batch at once.

A record is 16 little-endian bytes: day (u2, days since 1990-01-01), fact (u2), count (i4), amount (i8). A blob holds its
records by (day, fact), each pair once: new facts are nearly always the newest, so merging is nearly an append.
Owns the format. Does not own what the numbers of facts mean, nor what is computed from them (``packed_columns``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from struct import Struct
from typing import Any

import numpy as np
import numpy.typing as npt

from liebian_analytics.errors import BadArgument

RECORD = np.dtype([("day", "<u2"), ("fact", "<u2"), ("count", "<i4"), ("amount", "<i8")])
FIRST_DAY = date(1990, 1, 1)
LAST_DAY = FIRST_DAY + timedelta(days=65_535)
MAX_FACT = 65_535
_COUNTS = np.iinfo(np.int32)
_PLACE = Struct("<HH")  # the day and the fact of a record: as tuples they compare as records are ordered

Records = npt.NDArray[Any]
Integers = npt.NDArray[Any]


def day_number(day: date) -> int:
    """Days since 1990-01-01, as kept in a record; days outside 1990 … 2169 count as the nearest day inside.

    >>> day_number(date(1990, 1, 3)), day_number(date(1980, 1, 1)), day_number(date(9999, 1, 1))
    (2, 0, 65535)
    """
    return min(max((day - FIRST_DAY).days, 0), MAX_FACT)


def pack(rows: Iterable[tuple[date, int, int, int]]) -> bytes:
    """One customer's day facts as a blob.

    Parameters
    ----------
    rows
        (business day, fact number, count, amount in minor units), in any order; equal (day, fact) are added up.

    Returns
    -------
    Records by (day, fact); pairs whose count and amount are both 0 are left out.

    Raises
    ------
    BadArgument
        If a fact number does not lie between 0 and 65,535.

    Examples
    --------
    >>> unpack(pack([(date(2026, 1, 2), 7, 1, 0), (date(2026, 1, 1), 7, 1, 500), (date(2026, 1, 2), 7, 2, 0)]))
    [(datetime.date(2026, 1, 1), 7, 1, 500), (datetime.date(2026, 1, 2), 7, 3, 0)]
    """
    found = list(rows)
    additions = (
        Additions.of([0] * len(found), *(list(column) for column in zip(*found, strict=True))) if found else None
    )
    return merge_facts([b""], additions)[0] if additions is not None else b""


def unpack(blob: bytes) -> list[tuple[date, int, int, int]]:
    """The records of a blob as (business day, fact number, count, amount in minor units), by (day, fact).

    >>> unpack(b"")
    []
    """
    return [
        (FIRST_DAY + timedelta(days=day), fact, count, amount)
        for day, fact, count, amount in np.frombuffer(blob, RECORD).tolist()
    ]


@dataclass(frozen=True, slots=True)
class Additions:
    """Changes of day facts for a batch of customers: per change the customer's place in the batch and one record.

    >>> Additions.of([0], [date(2026, 1, 1)], [7], [1], [0]).records.size
    1
    """

    places: Integers
    records: Records

    @classmethod
    def of(
        cls,
        places: Sequence[int] | Integers,
        days: Sequence[date] | Integers,
        facts: Sequence[int] | Integers,
        counts: Sequence[int] | Integers,
        amounts: Sequence[int] | Integers,
    ) -> Additions:
        """Five columns of equal length; days as dates or as numbers of days since 1990-01-01.

        Raises
        ------
        BadArgument
            If a fact number does not lie between 0 and 65,535.

        Examples
        --------
        >>> Additions.of([0, 1], [date(1990, 1, 2), date(1990, 1, 3)], [7, 7], [1, 1], [0, 0]).records["day"].tolist()
        [1, 2]
        """
        records = np.zeros(len(places), RECORD)
        numbers = days if isinstance(days, np.ndarray) else [day_number(d) if isinstance(d, date) else d for d in days]
        checked = np.asarray(facts, np.int64)
        if checked.size and not 0 <= checked.min() <= checked.max() <= MAX_FACT:
            raise BadArgument(f"a fact number lies between 0 and {MAX_FACT}, got {checked.min()} … {checked.max()}")
        records["day"], records["fact"] = np.clip(np.asarray(numbers, np.int64), 0, MAX_FACT), checked
        records["count"], records["amount"] = counts, amounts
        return cls(np.asarray(places, np.int64), records)

    @classmethod
    def from_blob(cls, blob: bytes) -> Additions:
        """The records of one blob, for the first customer of a batch.

        >>> Additions.from_blob(pack([(date(2026, 1, 1), 7, 1, 0)])).places.tolist()
        [0]
        """
        records = np.frombuffer(blob, RECORD)
        return cls(np.zeros(len(records), np.int64), records)


@dataclass(frozen=True, slots=True)
class Packed:
    """Records of a batch of customers: ``owners`` says at which place each record's customer stands.

    Both arrays are ordered by (owner, day, fact), each triple once. ``size`` is the number of customers, those without
    any record included.

    >>> Packed.of([b"", pack([(date(2026, 1, 1), 7, 1, 0)])]).owners.tolist()
    [1]
    """

    records: Records
    owners: Integers
    size: int

    @classmethod
    def of(
        cls, blobs: Sequence[bytes], places: Sequence[int] | Integers | None = None, size: int | None = None
    ) -> Packed:
        """Records of several blobs.

        Parameters
        ----------
        blobs
            One per customer, or several per customer with ``places``.
        places
            For each blob the place of its customer; blobs of one customer are added up. ``None`` = the blob's own place.
        size
            Number of customers; ``None`` = as many as blobs.

        Examples
        --------
        >>> first, second = pack([(date(2026, 1, 1), 7, 1, 0)]), pack([(date(2026, 1, 1), 7, 2, 0)])
        >>> Packed.of([first, second], [0, 0], 1).records["count"].tolist()
        [3]
        """
        records = np.frombuffer(b"".join(blobs), RECORD)
        lengths = np.fromiter(map(len, blobs), np.int64, len(blobs)) // RECORD.itemsize
        if places is None:
            return cls(records, np.repeat(np.arange(len(blobs)), lengths), len(blobs) if size is None else size)
        at = np.asarray(places, np.int64)
        owners, n_customers = np.repeat(at, lengths), len(blobs) if size is None else size
        if len(at) > 1 and not (at[1:] > at[:-1]).all():
            owners, records = _added_up(owners, records)
        return cls(records, owners, n_customers)


def merge_facts(blobs: Sequence[bytes], additions: Additions) -> list[bytes]:
    """The blobs of a batch of customers with changes added.

    Parameters
    ----------
    blobs
        One per customer; empty for somebody without facts.
    additions
        What to add; counts and amounts may be negative, to take back what had been added.

    Returns
    -------
    One blob per customer. Records whose count and amount become 0 are gone. A count stays within 32 bits.

    Notes
    -----
    One sort for the whole batch. Adding is commutative, so late and repeated batches in any order give the same blobs.

    Examples
    --------
    >>> old = pack([(date(2026, 1, 1), 7, 1, 500)])
    >>> [unpack(blob) for blob in merge_facts([old, b""], Additions.of([0, 1], [date(2026, 1, 1)] * 2, [7, 8], [-1, 1], [-500, 0]))]
    [[], [(datetime.date(2026, 1, 1), 8, 1, 0)]]
    """
    old = Packed.of(blobs)
    owners, records = _added_up(
        np.concatenate([old.owners, additions.places]), np.concatenate([old.records, additions.records])
    )
    ends = (np.searchsorted(owners, np.arange(len(blobs) + 1)) * RECORD.itemsize).tolist()
    data = records.tobytes()
    return [data[start:end] for start, end in pairwise(ends)]


def joined(past: bytes, recent: bytes) -> bytes:
    """One blob of two of the same customer.

    Parameters
    ----------
    past, recent
        Blobs. Where all records of ``recent`` come after those of ``past``, as is usual, nothing is sorted.

    Returns
    -------
    What both say together; equal (day, fact) are added up, and what becomes 0 is gone.

    Examples
    --------
    >>> past, recent = pack([(date(2026, 1, 1), 7, 2, 0)]), pack([(date(2026, 1, 1), 7, -1, 0), (date(2026, 1, 2), 7, 1, 0)])
    >>> unpack(joined(past, recent))
    [(datetime.date(2026, 1, 1), 7, 1, 0), (datetime.date(2026, 1, 2), 7, 1, 0)]
    """
    if not past or not recent:
        return past or recent
    if _PLACE.unpack_from(past, len(past) - RECORD.itemsize) < _PLACE.unpack_from(recent):
        return past + recent
    return merge_facts([past], Additions.from_blob(recent))[0]


def folded(past: bytes, recent: bytes, most: int) -> tuple[bytes, bytes]:
    """Past and recent, with all but the last day of ``recent`` gone over to the past where it has more than ``most`` records.

    What is written with every event stays small, and the rest is written once in so many.

    Examples
    --------
    >>> recent = pack([(date(2026, 1, 1), 7, 1, 0), (date(2026, 1, 2), 7, 1, 0)])
    >>> [len(unpack(part)) for part in folded(b"", recent, 2)], [len(unpack(part)) for part in folded(b"", recent, 1)]
    ([0, 2], [1, 1])
    """
    if len(recent) <= most * RECORD.itemsize:
        return past, recent
    days = np.frombuffer(recent, RECORD)["day"]
    split = int(np.searchsorted(days, days[-1])) * RECORD.itemsize
    return (joined(past, recent[:split]), recent[split:]) if split else (past, recent)


def _added_up(owners: Integers, records: Records) -> tuple[Integers, Records]:
    """Ordered by (owner, day, fact), equal ones added up, what adds up to nothing left out."""
    if not len(records):
        return owners, records
    keys = (owners.astype(np.int64) << 32) | (records["day"].astype(np.int64) << 16) | records["fact"]
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    keys = keys[first]
    counts = np.add.reduceat(records["count"].astype(np.int64)[order], first)
    amounts = np.add.reduceat(records["amount"][order], first)
    there = (counts != 0) | (amounts != 0)
    keys = keys[there]
    merged = np.empty(len(keys), RECORD)
    merged["day"], merged["fact"] = (keys >> 16) & MAX_FACT, keys & MAX_FACT
    merged["count"], merged["amount"] = np.clip(counts[there], _COUNTS.min, _COUNTS.max), amounts[there]
    return keys >> 32, merged
