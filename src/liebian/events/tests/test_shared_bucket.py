"""A source's rate holds for all web processes of a machine together."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

from liebian.events.intake.shared_bucket import SharedBucket


def take_all(path: Path, tries: int) -> int:
    bucket = SharedBucket(100, path, now=50.0)
    return sum(bucket.take(1, now=50.0) == 0.0 for _ in range(tries))


def test_what_one_process_takes_the_others_miss(tmp_path):
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        taken = pool.starmap(take_all, [(tmp_path / "rates" / "1", 150)] * 3)
    assert sum(taken) == 200, "two seconds' worth at once, whoever takes it"


def test_it_fills_with_the_time_and_remembers_across_processes(tmp_path):
    first = SharedBucket(10, tmp_path / "1", now=0.0)
    assert first.take(20, now=0.0) == 0.0
    second = SharedBucket(10, tmp_path / "1", now=0.5)
    assert second.take(1, now=0.0) > 0
    assert second.take(1, now=0.5) == 0.0
    assert first.take(10, now=0.6) == 0.0


def test_a_new_rate_and_a_machine_that_started_again_begin_full(tmp_path):
    assert SharedBucket(10, tmp_path / "1", now=900.0).take(20, now=900.0) == 0.0
    assert SharedBucket(10, tmp_path / "1", now=3.0).take(20, now=3.0) == 0.0, "the clock began anew"
    assert SharedBucket(20, tmp_path / "1", now=3.0).take(40, now=3.0) == 0.0
