"""The states of a reward, and what they mean for its money. Plain Python."""

from __future__ import annotations

from typing import Literal

RewardState = Literal[
    "refused", "pending", "held", "approved", "issuing", "awaiting_recipient", "issued", "redeemed", "rejected", "cancelled",
    "returned", "clawed_back", "written_off", "expired",
]  # fmt: skip

RESERVED = frozenset({"pending", "held", "approved"})
"""States in which the money of a reward waits in the budget's reserve."""
PAYABLE = frozenset({"issuing", "awaiting_recipient"})
"""States in which somebody delivers it, and its money is owed to the customer."""
GIVEN = frozenset({"issued", "redeemed"})
NOT_DECIDED = "not_decided"  # the reason of a reward that expired before anybody decided: nobody ever had it
WITHOUT_COST = frozenset({"refused", "rejected", "cancelled", "expired", "returned"})
"""Ends at which nothing was spent."""
