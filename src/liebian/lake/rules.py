"""Where a row goes and when files are rewritten. Pure functions over files and ids.

A commit writes one fresh file. `FRESH` of them are split into one sorted run per bucket; a bucket is rewritten into one
base when it has `RUNS` runs or they hold `SHARE` of its base; a base of more than `SPLIT_ROWS` rows becomes two buckets.
A table therefore never has more than FRESH + buckets × (RUNS + 1) files.

>>> bucket_of(np.array([0, 7, 8]), 16).tolist() == [int(bucket_of(np.array([n]), 16)[0]) for n in (0, 7, 8)]
True
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import uuid4

import numpy as np

from liebian.lake.types import Layout, Part

FRESH = 16
RUNS = 16
SHARE = 0.25
SPLIT_ROWS = 4_000_000
MOST_BUCKETS = 256
ROW_GROUP = 20_000

_PLACE = re.compile(r"^(?:fresh/|b(?P<buckets>\d+)/(?P<bucket>\d+)/(?P<kind>run|base)-)[0-9a-f]+\.parquet$")
Leaf = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Step:
    """One rewrite: these files leave; `leaf` is the bucket that is rewritten, None when fresh files are handed out."""

    act: str
    parts: tuple[Part, ...]
    leaf: Leaf | None = None


def bucket_of(ids: np.ndarray, buckets: int) -> np.ndarray:
    """The bucket of each id among a power of two. Bucket b of n becomes b and b + n of 2n, and no other changes.

    Ids are mixed first (the finaliser of splitmix64), so that ids of one kind do not share a bucket. 0 stays 0.
    """
    mixed = ids.astype(np.uint64)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((mixed ^ (mixed >> np.uint64(31))) & np.uint64(buckets - 1)).astype(np.int64)


def new_path(kind: str, leaf: Leaf | None = None) -> str:
    if leaf is None:
        return f"fresh/{uuid4().hex}.parquet"
    return f"b{leaf[0]}/{leaf[1]:03d}/{kind}-{uuid4().hex}.parquet"


def place_of(path: str) -> tuple[str, int, int] | None:
    """(kind, buckets, bucket) of a file by its path; None for a file that is not laid out by these rules."""
    found = _PLACE.match(path)
    if found is None:
        return None
    if found["kind"] is None:
        return "fresh", 1, 0
    return found["kind"], int(found["buckets"]), int(found["bucket"])


def leaves_of(parts: Iterable[Part], layout: Layout) -> list[Leaf]:
    """The buckets into which the table is divided now: the first ones, and instead of a split one its two halves."""
    placed = {(part.buckets, part.bucket) for part in parts if part.kind != "fresh"}
    waiting: list[Leaf] = [(layout.first_buckets, bucket) for bucket in range(layout.first_buckets)]
    leaves = []
    while waiting:
        n, b = waiting.pop()
        if any(buckets > n and bucket & (n - 1) == b for buckets, bucket in placed):
            waiting += [(2 * n, b), (2 * n, b + n)]
        else:
            leaves.append((n, b))
    return sorted(leaves)


def leaf_numbers(ids: np.ndarray, leaves: Sequence[Leaf]) -> np.ndarray:
    """For each id, which of the leaves holds it."""
    most = max(n for n, _ in leaves)
    place = np.zeros(most, dtype=np.int64)
    for number, (n, b) in enumerate(leaves):
        place[b::n] = number
    return np.asarray(place[bucket_of(ids, most)])


def may_hold(part: Part, ids: np.ndarray, owner: str) -> bool:
    """Whether the file can hold rows of any of these ids, by its bucket and its bounds."""
    if part.kind != "fresh":
        ids = ids[bucket_of(ids, part.buckets) == part.bucket]
    if owner in part.low:
        ids = ids[(ids >= part.low[owner]) & (ids <= part.high[owner])]
    return len(ids) > 0


def next_step(parts: Sequence[Part], layout: Layout, *, everything: bool = False) -> Step | None:
    """What to rewrite now; None when the table is in order. `everything` leaves one base per bucket."""
    fresh = tuple(part for part in parts if part.kind == "fresh")
    if len(fresh) >= FRESH or (everything and fresh):
        return Step("fold", fresh)
    for leaf in leaves_of(parts, layout):
        own = tuple(part for part in parts if part.kind != "fresh" and (part.buckets, part.bucket) == leaf)
        runs = sum(part.kind == "run" for part in own)
        base_rows = sum(part.rows for part in own if part.kind == "base")
        run_rows = sum(part.rows for part in own if part.kind == "run")
        if runs and (runs >= RUNS or run_rows >= SHARE * base_rows or everything):
            return Step("rewrite", own, leaf)
        if base_rows > SPLIT_ROWS and leaf[0] < MOST_BUCKETS:
            return Step("split", own, leaf)
    return None
