"""One engine of each kind per test session, and the shared real data where it is present."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from liebian_analytics.engines import Engine, connect

from . import spark_cluster

DATA = Path(os.environ.get("LIEBIAN_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    with connect(threads=2) as running:
        yield running


@pytest.fixture(scope="session")
def spark_address() -> Iterator[tuple[str, dict[str, str]]]:
    """Master of a cluster on loopback, and the settings of its sessions."""
    if (reason := spark_cluster.missing()) is not None:
        if "spark" in os.environ.get("LIEBIAN_REQUIRE", ""):
            pytest.fail(reason)
        pytest.skip(reason)
    with spark_cluster.running_cluster() as running:
        yield running


@pytest.fixture(scope="session")
def spark(spark_address: tuple[str, dict[str, str]]) -> Iterator[Engine]:
    address, settings = spark_address
    with connect(address, settings=settings) as running:
        yield running


@pytest.fixture(scope="session")
def shared_data() -> Path:
    if not DATA.is_dir():
        pytest.skip(f"the shared data sets are not at {DATA}")
    return DATA
