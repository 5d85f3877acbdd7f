"""Django's WSGI application under ASGI: each request runs in a thread of a pool, bodies stream both ways.

Own code because the bridges that exist cross between thread and loop for every piece, three times for a plain page; this
one crosses once when the page is one piece (docs/decisions/0009-one-server.md).
"""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

Environ = dict[str, Any]


class Body(io.RawIOBase):
    """The request's body as a file, filled by the loop piece by piece and read by one thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop, receive: Any, first: bytes, has_more: bool) -> None:
        self._loop = loop
        self._receive = receive
        self._piece = memoryview(first)
        self._has_more = has_more

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        while not self._piece and self._has_more:
            event = _wait(self._loop, self._receive())
            if event["type"] == "http.disconnect":
                raise ConnectionResetError("the sender has gone")
            self._piece = memoryview(event.get("body", b""))
            self._has_more = bool(event.get("more_body"))
        n_bytes = min(len(target), len(self._piece))
        target[:n_bytes] = self._piece[:n_bytes]
        self._piece = self._piece[n_bytes:]
        return n_bytes


class ThreadBridge:
    def __init__(self, app: Callable[..., Iterable[bytes]], threads: int) -> None:
        self._app = app
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="pages")

    def stop(self) -> None:
        """Blocks until the pages that are being made are made."""
        self._pool.shutdown()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        loop = asyncio.get_running_loop()
        first = b""
        has_more = False
        if scope["method"] not in {"GET", "HEAD"}:
            event = await receive()
            if event["type"] == "http.disconnect":
                return
            first, has_more = event.get("body", b""), bool(event.get("more_body"))
        body = io.BufferedReader(Body(loop, receive, first, has_more), 65_536)
        environ = environ_of(scope, body)
        page = await loop.run_in_executor(self._pool, self._run, environ, loop, send)
        if page is not None:
            head, content = page
            await send(head)
            await send({"type": "http.response.body", "body": content})

    def _run(self, environ: Environ, loop: asyncio.AbstractEventLoop, send: Any) -> tuple[dict[str, Any], bytes] | None:
        """A page of one piece is returned; a stream is sent from here, piece by piece, as fast as the reader reads."""
        head: dict[str, Any] = {}

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            head.update(
                type="http.response.start", status=int(status[:3]),
                headers=[(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers],
            )  # fmt: skip

        pieces = self._app(environ, start)
        try:
            if (known := getattr(pieces, "content", None)) is not None:
                return head, bytes(known)
            _wait(loop, send(head))
            for piece in pieces:
                _wait(loop, send({"type": "http.response.body", "body": piece, "more_body": True}))
            _wait(loop, send({"type": "http.response.body", "body": b""}))
            return None
        finally:
            if (close := getattr(pieces, "close", None)) is not None:
                close()


def _wait(loop: asyncio.AbstractEventLoop, awaitable: Any) -> Any:
    """What the server's awaitable gives, waited for in a thread. It need not be a coroutine."""

    async def awaited() -> Any:
        return await awaitable

    return asyncio.run_coroutine_threadsafe(awaited(), loop).result()


def environ_of(scope: Any, body: Any) -> Environ:
    """The WSGI environment (PEP 3333: header values as latin-1 text) of an ASGI request."""
    server, client = scope.get("server") or ("localhost", 80), scope.get("client") or ("", 0)
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": str(server[0]),
        "SERVER_PORT": str(server[1]),
        "REMOTE_ADDR": str(client[0]),
        "REMOTE_PORT": str(client[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        if b"_" in name:
            continue  # would be taken for the header with a hyphen, which a proxy may have set
        key = "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
        if key in {"HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"}:
            key = key[5:]
        text = value.decode("latin-1")
        if key in environ:
            text = environ[key] + (";" if key == "HTTP_COOKIE" else ",") + text
        environ[key] = text
    return environ
