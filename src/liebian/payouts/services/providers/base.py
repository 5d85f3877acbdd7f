"""What a provider has to do. Nothing here writes to the database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from liebian.payouts.types import Answer, Transfer


class Provider(Protocol):
    """Every call answers; what nobody can know is an answer, too ("unknown"). Sending the same number again is the same transfer."""

    def send(self, transfer: Transfer) -> Answer:
        """Ask for the transfer."""

    def ask(self, out_no: str) -> Answer:
        """What became of it. "not_found": this number was never taken."""

    def cancel(self, out_no: str) -> Answer:
        """Call it back while the recipient has not confirmed."""

    def read_notice(self, headers: Mapping[str, str], body: bytes, *, now_seconds: float) -> tuple[str, Answer] | None:
        """The number and the answer of a message that the provider sent on its own; None when it is not the provider's."""
