"""What a rule needs to know about a customer: named columns, shared by all rules that need the same."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AttributeColumn:
    """An attribute of the customers table, under its own name."""

    name: str

    @property
    def key(self) -> str:
        """Name of the column in a frame."""
        return self.name


@dataclass(frozen=True, slots=True)
class TierColumn:
    """The cell of one tier model; null for customers the model does not place."""

    model: str

    @property
    def key(self) -> str:
        """Name of the column in a frame."""
        return f"tier:{self.model}"


@dataclass(frozen=True, slots=True)
class OrderColumn:
    """One measure over standing orders paid in the window (``None`` = ever) and channel (``None`` = any).

    ``n_orders`` and ``revenue_minor`` are 0 without an order; the two ``days_since_…`` are null then.
    """

    measure: str
    window_days: int | None = None
    channel: str | None = None

    @property
    def key(self) -> str:
        """Name of the column in a frame."""
        window = "ever" if self.window_days is None else str(self.window_days)
        channel = "" if self.channel is None else f":{_distinct(self.channel)}"
        return f"orders:{self.measure}:{window}{channel}"


@dataclass(frozen=True, slots=True)
class EventColumn:
    """How often an event occurred in the window (``None`` = ever); 0 if never."""

    name: str
    window_days: int | None = None

    @property
    def key(self) -> str:
        """Name of the column in a frame."""
        window = "ever" if self.window_days is None else str(self.window_days)
        return f"events:{window}:{_distinct(self.name)}"


Column = AttributeColumn | TierColumn | OrderColumn | EventColumn


def _distinct(text: str) -> str:
    # Engines compare column names without case, so "Sale" and "SALE" need more than their letters.
    return f"{text}#{hashlib.blake2s(text.encode(), digest_size=4).hexdigest()}"
