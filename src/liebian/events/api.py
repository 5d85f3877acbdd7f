"""The tracking API as a bare ASGI application: messages of the Segment HTTP specification in, a receipt out once durable.

Owns addresses, headers, status codes. Stands before Django, which takes half a millisecond where this takes a tenth.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec
import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError

from liebian.core import clock, days
from liebian.core.errors import LiebianError, Unavailable
from liebian.core.moments import millis_of
from liebian.core.texts import mark as _
from liebian.events import openapi, schemas
from liebian.events.answers import receipt, refusal, refusal_headers, send_answer
from liebian.events.intake.directory import REFRESH_AFTER, STALE_AFTER, Directory, Sender
from liebian.events.intake.writer import Writer
from liebian.events.reading import parse_all, read_body
from liebian.events.rules import PUBLIC_TYPES
from liebian.events.schemas import Refused
from liebian.events.services.intake import Delivery, Refusal
from liebian.events.types import EXCERPT, Outcome

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

log = structlog.get_logger("intake")
MAX_WAITING = 20_000  # events that may wait for the writer
MAX_WAITING_BYTES = 64 * 1024 * 1024
UNKNOWN_KEY_REST = 0.1  # seconds between two looks into the database for a key that nobody has
_SHORT = {"i": "identify", "t": "track", "p": "page", "s": "screen", "g": "group", "a": "alias", "b": "batch"}
_KINDS = {**{kind: kind for kind in (*PUBLIC_TYPES, "batch")}, **_SHORT, "import": "batch"}
PATHS = {f"/v1/{word}{end}": kind for word, kind in _KINDS.items() for end in ("", "/")}


class Call:
    """One request while it is answered."""

    __slots__ = ("body", "headers", "kind", "origin", "received_at", "sender")

    def __init__(self, scope: Scope, kind: str, received_at: datetime) -> None:
        self.kind = kind
        self.headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        self.origin = self.headers.get(b"origin", "")
        self.received_at = received_at
        self.sender: Sender | None = None
        self.body = b""


class TrackingApp:
    """`handles(path)` says what belongs here. Start and stop it with the process (ASGI lifespan)."""

    def __init__(self) -> None:
        self._writer: Writer | None = None
        self._directory = Directory()
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="intake-directory")
        self._reading: asyncio.Future[None] | None = None
        self._waiting = 0
        self._waiting_bytes = 0

    @staticmethod
    def handles(path: str) -> bool:
        return path in PATHS or path == openapi.PATH

    def start(self) -> None:
        self._writer = Writer()
        self._writer.start()

    def stop(self) -> None:
        """Blocks until what was taken is written."""
        if self._writer is not None:
            self._writer.stop()
            self._writer = None
        self._reader.shutdown()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == openapi.PATH:
            await _describe(scope["method"], send)
            return
        call = Call(scope, PATHS[scope["path"]], clock.now())
        if scope["method"] == "OPTIONS":
            await send_answer(send, 204, b"", self._cors(call))
            return
        try:
            outcome, notes = await self._record(call, scope["method"], receive)
        except LiebianError as error:
            await self._refuse(call, send, error)
        except ConnectionResetError:  # the sender has gone: nobody reads an answer
            return
        else:
            await send_answer(send, 200, receipt(outcome, notes), self._cors(call))

    async def _record(self, call: Call, method: str, receive: Receive) -> tuple[Outcome, list[dict[str, Any]]]:
        if method != "POST":
            raise Refused(405, "bad_method", _("Use POST."))
        limit = schemas.MAX_BATCH if call.kind == "batch" else schemas.MAX_EVENT
        schemas.check_content_type(call.headers.get(b"content-type", ""))
        if key := schemas.read_basic_user(call.headers.get(b"authorization", "")):
            await self._authenticate(call, key)
        raw = await read_body(receive, call.headers.get(b"content-length", ""), limit)
        call.body = raw
        call.body = data = schemas.unpack(raw, call.headers.get(b"content-encoding", ""), limit)
        body = schemas.decode_object(data)
        if call.sender is None:
            await self._authenticate(call, body.get("writeKey"))
        sender = call.sender
        assert sender is not None
        is_batch = call.kind == "batch"
        messages = schemas.read_batch(body) if is_batch else [schemas.read_single(call.kind, body)]
        self._take_turn(sender, len(messages))
        drafts, misfits, notes = parse_all(
            messages, source=sender.source.name, received_at=call.received_at, check=sender.check,
            are_values_safe=not schemas.has_odd_values(data), is_batch=is_batch,
        )  # fmt: skip
        received_ms = millis_of(call.received_at)
        delivery = Delivery(sender.source.name, _day_of(received_ms // 60_000), received_ms, drafts, misfits)
        return await self._write(delivery, len(data)), notes

    async def _authenticate(self, call: Call, key: object) -> None:
        if not isinstance(key, str) or not key.isprintable() or len(key) > 64:
            raise Refused(401, "write_key_missing", _("Send the source's write key as HTTP Basic user or as writeKey."))
        age = self._directory.age()
        if age > STALE_AFTER:
            await self._read_directory()
        elif age > REFRESH_AFTER:
            self._begin_reading()
        sender = self._directory.find(key)
        if sender is None and self._directory.age() > UNKNOWN_KEY_REST:
            await self._read_directory()
            sender = self._directory.find(key)
        if sender is None:
            raise Refused(401, "write_key_unknown", _("No active source has this write key. See the page Sources."))
        call.sender = sender
        if not sender.allows(call.origin):
            raise Refused(
                403,
                "origin_not_allowed",
                _("This source takes nothing from pages of %(origin)s."),
                origin=call.origin[:200],
            )

    def _begin_reading(self) -> asyncio.Future[None]:
        if self._reading is None or self._reading.done():
            self._reading = asyncio.get_running_loop().run_in_executor(self._reader, self._directory.read)
            self._reading.add_done_callback(_look_at)
        return self._reading

    async def _read_directory(self) -> None:
        try:
            await self._begin_reading()
        except (DatabaseError, InterfaceError) as error:
            log.warning("directory_away", error=str(error)[:200])
            raise Unavailable(
                "log_away", _("The event log cannot be reached. Nothing was written: send the same body again.")
            ) from None

    def _take_turn(self, sender: Sender, n_messages: int) -> None:
        """Raises Refused (429) when the source sends faster than it may, or everybody faster than the disk writes."""
        if self._waiting + n_messages > MAX_WAITING or self._waiting_bytes > MAX_WAITING_BYTES:
            raise Refused(
                429, "overloaded", _("Too many events wait to be written. Send the same body again."), seconds=1
            )
        if sender.bucket is not None and (wait := sender.bucket.take(n_messages, now=_monotonic())):
            raise Refused(
                429, "rate_limited", _("This source may send %(rate)s events a second. Send the same body again."),
                rate=sender.bucket.rate, seconds=max(1, int(wait + 0.999)),
            )  # fmt: skip

    async def _write(self, delivery: Delivery, n_bytes: int) -> Outcome:
        if not len(delivery):
            return Outcome(0, 0, 0, 0)
        if self._writer is None:
            raise Unavailable("stopping", _("The server is stopping. Send the same body again."))
        size = len(delivery)
        self._waiting += size
        self._waiting_bytes += n_bytes
        try:
            answer = await self._writer.put(delivery, asyncio.get_running_loop())
        finally:
            self._waiting -= size
            self._waiting_bytes -= n_bytes
        if isinstance(answer, LiebianError):
            raise answer
        return answer

    async def _refuse(self, call: Call, send: Send, error: LiebianError) -> None:
        status, body = refusal(error)
        self._note(call, status, error)
        await send_answer(send, status, body, [*refusal_headers(status, error), *self._cors(call)])

    def _note(self, call: Call, status: int, error: LiebianError) -> None:
        if self._writer is None:
            return
        if status in {429, 503}:
            if call.sender is not None:
                self._writer.note_throttled(call.sender.source.name, _day_of(millis_of(call.received_at) // 60_000))
        elif 400 <= status < 500:
            self._writer.note_refusal(_refusal_of(call, status, error))

    def _cors(self, call: Call) -> list[tuple[bytes, bytes]]:
        """Shops call from their own pages. The key in the request is the only right; no cookie is looked at."""
        is_limited = call.sender is not None and bool(call.sender.source.allowed_origins)
        return _cors_headers(call.origin if is_limited else "*")


async def _describe(method: str, send: Send) -> None:
    if method in {"GET", "HEAD"}:
        await send_answer(send, 200, openapi.document(), _cors_headers("*"))
        return
    error = Refused(405, "bad_method", _("Use GET."))
    await send_answer(send, *refusal(error), [(b"allow", b"GET, HEAD")])


def _cors_headers(origin: str) -> list[tuple[bytes, bytes]]:
    return [
        (b"access-control-allow-origin", origin.encode("latin-1") or b"*"),
        (b"access-control-allow-methods", b"POST, OPTIONS"),
        (b"access-control-allow-headers", b"Authorization, Content-Type, Content-Encoding"),
        (b"access-control-expose-headers", b"Retry-After"),
        (b"access-control-max-age", b"86400"),
        *([] if origin == "*" else [(b"vary", b"Origin")]),
    ]


@lru_cache(maxsize=4)
def _day_of(minute: int) -> Any:
    """The business day of a minute; no zone changes its day within one."""
    return days.day_of(datetime.fromtimestamp(minute * 60, tz=clock.now().tzinfo), settings.TIME_ZONE)


def _look_at(reading: asyncio.Future[None]) -> None:
    if not reading.cancelled():
        reading.exception()  # whoever waited has it; a reading beside a request is tried again by the next


def _refusal_of(call: Call, status: int, error: LiebianError) -> Refusal:
    received_ms = millis_of(call.received_at)
    source = call.sender.source.name if call.sender else ""
    excerpt = call.body[:EXCERPT]
    return Refusal(
        source, _day_of(received_ms // 60_000), received_ms, status, error.code, _plain(error.details), excerpt
    )


def _plain(details: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(details, enc_hook=str))
    return plain


def _monotonic() -> float:
    return asyncio.get_running_loop().time()
