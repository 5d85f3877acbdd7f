"""The ASGI application that the web server runs: the tracking API bare, everything else through Django in threads."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "liebian.config.settings")

from liebian.config import env
from liebian.config.bridge import ThreadBridge
from liebian.config.wsgi import application as pages
from liebian.events.api import TrackingApp

# A thread that gives up the interpreter (each database call does) gets it back after this long, not after 5 ms.
SWITCH_SECONDS = 0.0005


class Application:
    """One address space for both: `/v1/track` and its siblings are answered here, the rest is Django's."""

    def __init__(self, pages: Any, threads: int) -> None:
        self.tracking = TrackingApp()
        self.pages = ThreadBridge(pages, threads)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            if self.tracking.handles(scope["path"]):
                await self.tracking(scope, receive, send)
            else:
                await self.pages(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    async def _live(self, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                sys.setswitchinterval(SWITCH_SECONDS)
                self.tracking.start()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await asyncio.get_running_loop().run_in_executor(None, self._stop)
                await send({"type": "lifespan.shutdown.complete"})
                return

    def _stop(self) -> None:
        self.tracking.stop()
        self.pages.stop()


application = Application(pages, int(env.PAGE_THREADS.value))
