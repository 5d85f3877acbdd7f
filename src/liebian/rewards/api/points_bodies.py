"""What a shop may send about points, as types."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from liebian.rewards.api.bodies import Text
from liebian.rewards.rules import MOST_POINTS

Points = Annotated[int, Meta(ge=1, le=MOST_POINTS)]
Programme = Annotated[str, Meta(max_length=30, pattern="^[A-Za-z0-9]*$", description="Empty: the general points")]
Name = Annotated[str, Meta(min_length=1, max_length=40, pattern="^[A-Za-z0-9-]+$")]


class Factor(Struct, forbid_unknown_fields=True):
    """What multiplies, in basis points: 15,000 is one and a half times."""

    name: Text
    bp: Annotated[int, Meta(ge=0, le=1_000_000)]


class EarnBody(Struct, forbid_unknown_fields=True):
    """`points` before the multipliers, which combine as the terms say. They are pending until `active_from`."""

    user_id: Text
    points: Points
    programme: Programme = ""
    order_id: Text | None = None
    active_from: Annotated[datetime, Meta(tz=True)] | None = None
    multipliers: Annotated[list[Factor], Meta(max_length=20)] = []


class BurnBody(Struct, forbid_unknown_fields=True):
    user_id: Text
    points: Points
    programme: Programme = ""
    order_id: Text | None = None


class PointsReserveBody(BurnBody, forbid_unknown_fields=True):
    hold_seconds: Annotated[int, Meta(ge=1, le=86_400)] = 900


class UseBody(Struct, forbid_unknown_fields=True):
    """Without `points` all that was set aside; with fewer, the rest is free again."""

    spending: Name
    points: Points | None = None


class ReleaseBody(Struct, forbid_unknown_fields=True):
    spending: Name


class RestoreBody(Struct, forbid_unknown_fields=True):
    """`total` is what has to be back in all so far; without it everything."""

    spending: Name
    total: Points | None = None


class TakeBackBody(Struct, forbid_unknown_fields=True):
    """`total` is what has to be taken back in all so far; without it everything."""

    earning: Name
    total: Points | None = None
