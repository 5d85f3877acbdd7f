from __future__ import annotations

import pytest

from liebian.payouts.tests import wechat_fake


@pytest.fixture
def wechat():
    fake, server = wechat_fake.start()
    yield fake
    server.shutdown()
    server.server_close()
