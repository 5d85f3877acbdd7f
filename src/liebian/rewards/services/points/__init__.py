"""Writes of points: earning, spending, giving back, taking back, moving, and what a new day does to them."""

from liebian.rewards.services.points.by_hand import (
    decide_shortage,
    release_by_hand,
    take_back_by_hand,
    transfer_by_hand,
)
from liebian.rewards.services.points.claws import claw_points
from liebian.rewards.services.points.days import activate_points
from liebian.rewards.services.points.earning import earn_points
from liebian.rewards.services.points.ending import expire_many_points, expire_points
from liebian.rewards.services.points.merging import merge_points
from liebian.rewards.services.points.moving import adjust_points, transfer_points
from liebian.rewards.services.points.returns import restore_points
from liebian.rewards.services.points.spending import (
    burn_points,
    expire_reservations,
    free_lapsed_points,
    release_reserved,
    use_reserved,
)
from liebian.rewards.services.points.terms import set_points_terms

__all__ = [
    "activate_points",
    "adjust_points",
    "burn_points",
    "claw_points",
    "decide_shortage",
    "earn_points",
    "expire_many_points",
    "expire_points",
    "expire_reservations",
    "free_lapsed_points",
    "merge_points",
    "release_by_hand",
    "release_reserved",
    "restore_points",
    "set_points_terms",
    "take_back_by_hand",
    "transfer_by_hand",
    "transfer_points",
    "use_reserved",
]
