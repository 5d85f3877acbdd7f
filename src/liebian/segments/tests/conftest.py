from __future__ import annotations

import pytest

from liebian.segments.stage import states


@pytest.fixture
def lake(settings, tmp_path):
    """An empty lake of its own."""
    settings.LAKE_URL = str(tmp_path / "lake")
    return tmp_path / "lake"


@pytest.fixture(autouse=True)
def facts_soon_go_over_to_the_past(monkeypatch):
    """So that the short histories of these tests have a past too."""
    monkeypatch.setattr(states, "MOST_RECENT", 2)
