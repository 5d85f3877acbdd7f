"""Frozen values that cross the border of `customers`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from liebian.core.redaction import Words
from liebian.events.types import EventRecord

# Strongest first: when identifiers of one event point to different people, the first of these decides.
IDENTIFYING_KINDS = ("user_id", "unionid", "openid", "phone", "email")
ANONYMOUS_KIND = "anonymous_id"
_DOTLESS = {"gmail.com": "gmail.com", "googlemail.com": "gmail.com"}
STAGE = "customers"  # the cursor of the identity stage
READER = "customers"  # of the lake, who publishes events, day facts, identities and customers
CUSTOMER_ERASED = "Customer Erased"  # the event of the product that names who is erased


def mailbox_of(email: str) -> str:
    """The mailbox behind a normal address: a +tag is the same mailbox.

    >>> mailbox_of("li.n+shop@gmail.com"), mailbox_of("li.n+shop@example.com")
    ('lin@gmail.com', 'li.n@example.com')
    """
    local, _, domain = email.rpartition("@")
    local = local.split("+", 1)[0]
    if domain in _DOTLESS:
        local, domain = local.replace(".", ""), _DOTLESS[domain]
    return f"{local}@{domain}"


@dataclass(frozen=True, slots=True)
class SeenEvents:
    """The log with people, column by column. `seen_id` is the id that the event's person had when it was resolved; whoever
    was merged since has another one today. `upto` is the position up to which the log is read."""

    event_id: tuple[int, ...]
    seen_id: tuple[int, ...]
    type: tuple[str, ...]
    name: tuple[str, ...]
    at_ms: tuple[int, ...]
    received_ms: tuple[int, ...]
    upto: int


@dataclass(frozen=True, slots=True)
class CustomerEvent:
    """An event with the person it belongs to."""

    event: EventRecord
    customer_id: int


@dataclass(frozen=True, slots=True)
class RuleAttributes:
    """What rules ask of people, in columns by ascending id. `merged` are those who are somebody else today."""

    ids: tuple[int, ...]
    is_known: tuple[bool, ...]
    is_there: tuple[bool, ...]
    merged: frozenset[int]
    columns: dict[str, tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class ErasureView:
    """The decision to erase a person, and how far it is: `done_at` when no copy was left but in replaced files
    of the lake, which go at `files_due_at`."""

    customer_id: int
    reason: str
    asked_at: datetime
    asked_by: int | None
    done_at: datetime | None
    files_due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ErasureWords:
    """What named an erased person, in clear, as long as texts are searched for it. `ids` are all ids of theirs; `is_last`: every event
    of theirs is scrubbed, so no word will be added."""

    customer_id: int
    ids: tuple[int, ...]
    words: Words
    is_last: bool


@dataclass(frozen=True, slots=True)
class Merge:
    """`loser_id` turned out to be `winner_id`, by the event `event_id`. `position` orders merges."""

    position: int
    loser_id: int
    winner_id: int
    event_id: int = 0


@dataclass(frozen=True, slots=True)
class PersonBefore:
    """One side of a merge. `columns` are those of the person, personal fields sealed and in hex; `ids` are all ids whose events
    were theirs; `identifiers` are keyed hashes."""

    customer_id: int
    columns: dict[str, Any]
    identifiers: tuple[bytes, ...]
    ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BeforeMerge:
    winner: PersonBefore
    loser: PersonBefore


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What the orders of one customer amount to, handed down by `orders`."""

    customer_id: int
    n_orders: int
    revenue_minor: int
    first_order_at: datetime | None
    last_order_at: datetime | None


@dataclass(frozen=True, slots=True)
class TierFact:
    """One customer's place in one tier model, with the numbers that explain it."""

    customer_id: int
    cell: str
    evidence: dict[str, object]


@dataclass(frozen=True, slots=True)
class CustomerView:
    """A customer as other contexts may see them: no personal field."""

    id: int
    is_known: bool
    first_seen_at: datetime
    known_at: datetime | None
    last_seen_at: datetime
    channel: str
    city: str
    gender: str
    referred_by: int | None
    n_orders: int
    revenue_minor: int
    first_order_at: datetime | None
    last_order_at: datetime | None


@dataclass(frozen=True, slots=True)
class Personal:
    """Personal fields in clear. Only for masking, for a logged reveal, and for matching inside the product."""

    name: str
    phone: str
    email: str
    address: str
    openid: str = ""


# --- what pages show: personal fields masked ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Window:
    """Half-open range; None is open. Money in minor units, or moments."""

    start: Any = None
    end: Any = None


@dataclass(frozen=True, slots=True)
class CustomerFilter:
    """Which people a list holds. Everything left at its default does not filter."""

    search: str = ""
    is_known: bool = True
    channel: str = ""
    city: str = ""
    gender: str = ""
    tier: tuple[str, str] | None = None
    has_ordered: bool | None = None
    is_referred: bool | None = None
    referred_by: int | None = None
    revenue: Window = Window()
    last_order: Window = Window()


@dataclass(frozen=True, slots=True)
class TierPlace:
    """Where a person stands in one tier model, and the numbers that say why."""

    model: str
    cell: str
    as_of: date
    evidence: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CustomerRow:
    """One line of the list."""

    id: int
    number: str
    name: str
    phone: str
    is_known: bool
    city: str
    channel: str
    n_orders: int
    revenue_minor: int
    last_order_at: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime
    n_brought: int
    tiers: tuple[TierPlace, ...]
    is_erased: bool = False


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """One page of the list; `previous` and `next` are cursors, None at an end. `count` is how many match, capped."""

    rows: tuple[CustomerRow, ...]
    previous: str | None
    next: str | None
    count: int


@dataclass(frozen=True, slots=True)
class FilterChoices:
    """Values that occur, for the filters of the list."""

    channels: tuple[str, ...]
    cities: tuple[str, ...]
    genders: tuple[str, ...]
    tiers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """One person as the page shows them: `masked` by field, only fields that are known."""

    id: int
    number: str
    name: str
    is_known: bool
    masked: dict[str, str]
    channel: str
    city: str
    province: str
    first_seen_at: datetime
    known_at: datetime | None
    last_seen_at: datetime
    n_orders: int
    revenue_minor: int
    first_order_at: datetime | None
    last_order_at: datetime | None
    n_brought: int
    referrer_id: int | None
    referrer_name: str
    is_erased: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing known about a person. Told facts name the event that last told them; derived ones are worked out."""

    key: str
    value: str
    is_derived: bool = False
    source: str = ""
    told_at: datetime | None = None
    event_id: int | None = None


@dataclass(frozen=True, slots=True)
class IdentifierView:
    id: int
    kind: str
    masked: str
    event_id: int
    since: datetime | None
    source: str


@dataclass(frozen=True, slots=True)
class Change:
    """What one event did to who somebody is: created, linked, merged, conflict."""

    kind: str
    customer_id: int
    other_id: int | None
    identifier_kind: str


@dataclass(frozen=True, slots=True)
class TimelineItem:
    """An event without its personal fields; `told` names those that it carried."""

    event: EventRecord
    told: tuple[str, ...]
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of an event: the `reason` why it does not count, or how much of what it says counts."""

    reason: str = ""
    counted_minor: int = 0
    currency: str = ""


@dataclass(frozen=True, slots=True)
class TimelinePage:
    items: tuple[TimelineItem, ...]
    earlier: str | None


@dataclass(frozen=True, slots=True)
class Freshness:
    """`newest` is when the newest event came in; `is_behind` while events wait for their people."""

    newest: datetime | None
    is_behind: bool


@dataclass(frozen=True, slots=True)
class Revealed:
    """A personal field in clear, after its reveal was recorded."""

    value: str
    masked: str


@dataclass(frozen=True, slots=True)
class Recommended:
    """Somebody who named the customer who recommended us, and when they first ordered."""

    customer_id: int
    referred_by: int
    first_order_at: datetime
