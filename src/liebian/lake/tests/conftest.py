from __future__ import annotations

import pytest


@pytest.fixture
def lake(settings, tmp_path):
    """An empty lake of its own."""
    settings.LAKE_URL = str(tmp_path / "lake")
    return tmp_path / "lake"
