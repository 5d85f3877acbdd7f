"""What names a person, in clear, while their erasure is under way: free texts elsewhere are searched for it. Afterwards it is gone.

Does not own the texts: each room takes the words out of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from liebian.core import crypto
from liebian.core.erased import is_erased
from liebian.core.redaction import Words
from liebian.customers.models import Customer, Erasure, Identifier
from liebian.customers.queries.erasures import WORDS_CONTEXT, read_words
from liebian.customers.rules import normal_email, normal_phone
from liebian.events import queries as events
from liebian.lake import queries as lake

Said = set[tuple[str, str]]
_FIELDS = ("name", "phone", "email", "address")
_TOLD = {"name": "name", "firstName": "name", "lastName": "name", "phone": "phone", "email": "email", "address": "address",
         "openid": "openid", "unionid": "unionid", "idCard": "id_card"}  # fmt: skip
_PLACES = frozenset({"city", "province", "state", "country", "district", "postalcode", "zip"})
_NORMAL = {"phone": normal_phone, "email": normal_email}


def known_words(ids: Iterable[int]) -> Words:
    """What is known of these ids' person today."""
    said: Said = set()
    for row in Customer.objects.filter(pk__in=list(ids)):
        _add(said, "user_id", row.user_id)
        for field in _FIELDS:
            if blob := getattr(row, field):
                _add(said, field, crypto.unseal(blob, context=f"customer.{field}"))
    for owned in Identifier.objects.filter(customer_id__in=list(ids)):
        _add(said, owned.kind, crypto.unseal(owned.value, context="identifier.value"))
    return Words(said)


def told_words(event_ids: Iterable[int], ids: Iterable[int]) -> Words:
    """What these events of the log, and all that the lake has of these ids, ever said of them."""
    said: Said = set()
    wanted = sorted(event_ids)
    for start in range(0, len(wanted), 500):
        for row in events.list_rows_by_id(wanted[start : start + 500]):
            _listen(said, row.user_id, row.anonymous_id, row.personal)
    columns = ["user_id", "anonymous_id", "body", "personal_sealed"]
    for told in events.show_hidden(lake.locate_rows("events", ids, columns).keys):
        _listen(said, told.user_id, told.anonymous_id, told.personal_sealed)
    return Words(said)


def keep_words(erasure: Erasure, words: Words) -> None:
    """Add to the words of an erasure, sealed. Writes Erasure; idempotent."""
    said = read_words(erasure).said | words.said
    erasure.words = crypto.seal(sorted(said), context=WORDS_CONTEXT)
    erasure.save(update_fields=["words"])


def _listen(said: Said, user_id: str | None, anonymous_id: str | None, sealed: bytes | None) -> None:
    _add(said, "user_id", user_id)
    _add(said, "anonymous_id", anonymous_id)
    personal: Any = crypto.unseal(sealed, context=events.PERSONAL_CONTEXT) if sealed else {}
    for name, kind in _TOLD.items():
        _add(said, kind, personal.get(name))


def _add(said: Said, kind: str, value: object) -> None:
    """A whole address may be told in parts: the town is no secret, the street is."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            if str(name).lower() not in _PLACES:
                _add(said, kind, part)
    elif isinstance(value, str | int) and not isinstance(value, bool) and value != "" and not is_erased(value):
        text = " ".join(str(value).split())
        said.add((kind, (_NORMAL[kind](text) or text) if kind in _NORMAL else text))
        said.add((kind, text))
