from collections.abc import Iterator

import pytest

from liebian.events.tests.client import TrackingClient


@pytest.fixture
def tracking(transactional_db: None) -> Iterator[TrackingClient]:
    """The tracking API with its own writer. `tracking.close()` early to see what is written when it stops."""
    client = TrackingClient()
    yield client
    if not client.loop.is_closed():
        client.close()
