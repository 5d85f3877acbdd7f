"""What an event of the log says about whose it is: its identifiers, opened only as far as the question needs."""

from __future__ import annotations

from typing import Any

from liebian.core import crypto
from liebian.customers.rules import identifiers_of, previous_of, stored_kind
from liebian.customers.types import ANONYMOUS_KIND
from liebian.events import queries as events
from liebian.events.types import INTERNAL_SOURCE, LogRow

Carried = list[tuple[str, str, bytes]]
_NOTHING: dict[str, Any] = {}


class Claims:
    """The identifiers of every event of a batch. Bodies and personal fields are decoded at most once, most of them never."""

    def __init__(self) -> None:
        self._index: dict[tuple[str, str], bytes] = {}
        self._hash = crypto.indexer()
        self._bodies: dict[int, dict[str, Any]] = {}
        self._personal: dict[int, dict[str, Any]] = {}

    def index_of(self, kind: str, value: str) -> bytes:
        key = (kind, value)
        index = self._index.get(key)
        if index is None:
            index = self._index[key] = self._hash(kind, value)
        return index

    def carried(self, row: LogRow) -> Carried:
        """(kind, normal value, keyed hash), strongest first."""
        if row.personal is None and row.type != "alias":
            found = []
            if row.user_id:
                found.append(("user_id", row.user_id, self.index_of("user_id", row.user_id)))
            if row.anonymous_id:
                found.append((ANONYMOUS_KIND, row.anonymous_id, self.index_of(ANONYMOUS_KIND, row.anonymous_id)))
            return found
        said = identifiers_of(row.user_id, row.anonymous_id, self.personal(row))
        if row.type == "alias":
            said += previous_of(row.user_id, row.anonymous_id, self.body(row).get("previous_id"))
        return [(kind, value, self.index_of(stored_kind(kind), value)) for kind, value in said]

    def body(self, row: LogRow) -> dict[str, Any]:
        if row.id not in self._bodies:
            self._bodies[row.id] = events.open_body(row)
        return self._bodies[row.id]

    def personal(self, row: LogRow) -> dict[str, Any]:
        if row.personal is None:
            return _NOTHING
        if row.id not in self._personal:
            self._personal[row.id] = events.open_personal(row)
        return self._personal[row.id]

    def traits(self, row: LogRow) -> dict[str, Any]:
        return self.body(row).get("traits") or {}

    def named_customer(self, row: LogRow) -> int | None:
        """Set on outcomes that the product itself reports about a known customer."""
        return self.body(row).get("customer_id") if row.source == INTERNAL_SOURCE else None

    def first_channel(self, row: LogRow) -> str:
        """Where the event says that the person came from; empty when it does not say."""
        if b"channel" not in row.body and b"campaign" not in row.body:
            return ""
        body = self.body(row)
        context = body.get("context") or {}
        campaign = context.get("campaign") if isinstance(context, dict) else None
        source = campaign.get("source") if isinstance(campaign, dict) else None
        return str((body.get("properties") or {}).get("channel") or source or "")[:60]
