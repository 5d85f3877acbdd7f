"""Every unit of the pipeline, downhill to uphill: the stages in one list, and publishing to the lake, which has a lane of its own."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.db import connection

from liebian.core import cursors
from liebian.customers import queries as customer_queries
from liebian.customers import services as customers
from liebian.events import queries as events
from liebian.orders import queries as order_queries
from liebian.orders import services as orders
from liebian.orders.types import EVENT_NAMES
from liebian.pipeline.types import Unit
from liebian.referrals import services as referrals
from liebian.segments import services as segments

LAKE, SEGMENTS = "lake", "segments"


def every_unit() -> list[Unit]:
    """The stages and publishing, in the order of the pipeline."""
    return [*UNITS, PUBLISHING]


def _next_for_identity() -> int | None:
    return events.find_next_id(customer_queries.get_position())


def _next_for_orders() -> int | None:
    return customer_queries.find_next_event_id(order_queries.get_position(), names=EVENT_NAMES)


def publish() -> int:
    """Bring the lake up to date by one step, and note how far it is, so that pages need not open the lake to say so.

    Writes the lake and the cursor "lake". Idempotent by the positions in the lake's own commits. Raises Unavailable.
    """
    done = customers.publish() + orders.publish()
    held = customer_queries.get_published_upto()
    if held != cursors.position_of(LAKE):
        with cursors.reading(LAKE) as reading:
            reading.position = held
    return done


def _advance_segments(limit: int, shard: int, shards: int) -> int:
    return segments.advance(limit=limit, shard=shard, shards=shards)


def shards_of(name: str, cursor: str, run: Callable[[int, int, int], int], limit: int, *, after: str) -> list[Unit]:
    """One unit for each shard of a stage that is split by customer; `run(limit, shard, shards)`. SQLite has one writer, so
    one shard."""
    shards = settings.SHARDS if connection.vendor == "postgresql" else 1

    def of(shard: int) -> Unit:
        suffix = f".{shard}" if shards > 1 else ""
        return Unit(f"{name}{suffix}", f"{cursor}{suffix}", lambda rows: run(rows, shard, shards), limit, after=after)

    return [of(shard) for shard in range(shards)]


UNITS = [
    Unit(
        "identity",
        "customers",
        lambda limit: customers.advance(limit=limit),
        customers.BATCH,
        next_event=_next_for_identity,
    ),
    Unit(
        "orders",
        "orders",
        lambda limit: orders.advance(limit=limit),
        orders.BATCH,
        after="identity",
        next_event=_next_for_orders,
    ),
    # Money is decided here: nothing is passed over, a failure stops it until somebody has looked.
    Unit("referrals", "referrals", lambda limit: referrals.advance(limit=limit), 500, after="orders"),
    *shards_of(SEGMENTS, SEGMENTS, _advance_segments, segments.BATCH, after="orders"),
]
# A lake that is away comes back by itself: publishing waits for it and never stops for good.
PUBLISHING = Unit(LAKE, LAKE, lambda limit: publish(), 1, after="identity", tries_on=True)
