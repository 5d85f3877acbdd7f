"""Who paid is told apart by the same keyed hash, before and after the person of the order was erased."""

from __future__ import annotations

import pytest

from liebian.customers.identity.scrubbing import scrub_own
from liebian.events.types import Content
from liebian.orders.batch import _hash_identifier


@pytest.mark.parametrize(
    "body",
    [
        {"properties": {"payer_id": " p  1 "}},
        {"properties": {"payer_id": 17}, "context": {"device": {"id": "d1"}}},
        {"context": {"device": {"id": "d" * 300}}},
        {"properties": {"payer_id": True}, "context": {"device": {"id": "d1"}}},
        {"properties": {"order_id": "o1"}},
    ],
)
def test_a_scrubbed_order_has_the_same_payer(body):
    content = Content(1, "shop", "u1", None, body, {}, None)
    once = scrub_own(content)
    assert _hash_identifier(once.body) == _hash_identifier(body)
    assert scrub_own(once) == once and "u1" not in str(once)
