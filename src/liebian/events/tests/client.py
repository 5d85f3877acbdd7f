"""Asks the tracking application in this process, without a server: its loop runs in a thread, its writer is the real one."""

from __future__ import annotations

import asyncio
import base64
import json
import threading
from typing import Any

from liebian.events.api import TrackingApp


def basic(write_key: str) -> str:
    return "Basic " + base64.b64encode(f"{write_key}:".encode()).decode()


class Answer:
    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def json(self) -> Any:
        return json.loads(self.body)


class TrackingClient:
    def __init__(self) -> None:
        self.app = TrackingApp()
        self.app.start()
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()

    def close(self) -> None:
        """Writes what is counted, as a server that is asked to stop."""
        self.app.stop()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        data = (
            body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        )
        return self.ask("POST", path, data, **{"content_type": "application/json", **headers})

    def ask(self, method: str, path: str, data: bytes = b"", **headers: str) -> Answer:
        return self.begin(method, path, data, **headers).result(timeout=30)

    def begin(self, method: str, path: str, data: bytes = b"", **headers: str) -> Any:
        """A future, for requests at the same time."""
        return asyncio.run_coroutine_threadsafe(self._ask(method, path, data, headers), self.loop)

    async def _ask(self, method: str, path: str, data: bytes, headers: dict[str, str]) -> Answer:
        sent: list[Any] = []
        pieces = [data[start : start + 60_000] for start in range(0, len(data), 60_000)] or [b""]

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

        async def send(event: Any) -> None:
            sent.append(event)

        given = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
        await self.app({"type": "http", "method": method, "path": path, "headers": given}, receive, send)
        said = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(sent[0]["status"], said, sent[1]["body"])
