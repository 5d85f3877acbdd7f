"""One engine per test session, and the shared real data where it is present."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from liebian_analytics.engines import Engine, connect

DATA = Path(os.environ.get("LIEBIAN_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    with connect(threads=2) as running:
        yield running


@pytest.fixture(scope="session")
def shared_data() -> Path:
    if not DATA.is_dir():
        pytest.skip(f"the shared data sets are not at {DATA}")
    return DATA
