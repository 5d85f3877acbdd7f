"""Starting processes that neither outlive their starter nor share an address with a stranger."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable

from liebian.core.errors import Conflict
from liebian.core.texts import mark as _


def wait_until_free(host: str, port: int, *, seconds: float = 15) -> None:
    """Return once nobody listens there; the web server itself would share the port with them, and requests go to either.

    Whoever was killed a moment ago may still be stopping. Raises Conflict "address_in_use".
    """
    deadline = time.monotonic() + seconds
    while _is_taken(host, port):
        if time.monotonic() >= deadline:
            raise Conflict(
                "address_in_use",
                _("Another program listens at %(host)s:%(port)s. Stop it, or choose another PORT."),
                host=host,
                port=port,
            )
        time.sleep(0.2)


def _is_taken(host: str, port: int) -> bool:
    """Other troubles with an address are for the server to tell."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False


def start_child(command: str) -> subprocess.Popen[bytes]:
    """Start `liebian <command>` out of reach of the terminal's Ctrl-C; it stops when this process is gone."""
    code = "from liebian.config.cli.main import run; from liebian.config.starting import stop_with_parent; stop_with_parent(); run()"
    return subprocess.Popen([sys.executable, "-c", code, command], start_new_session=True, stdin=subprocess.PIPE)


def stop_with_parent() -> None:
    """Stop this process when the one that started it is gone."""
    watch_parent(lambda: os.kill(os.getpid(), signal.SIGTERM))


def watch_parent(when_gone: Callable[[], None]) -> None:
    """Call `when_gone` when the process that started this one is gone, also by kill -9: its end of our standard input closes."""

    def wait() -> None:
        while os.read(0, 4096):
            pass
        when_gone()

    threading.Thread(target=wait, name="parent", daemon=True).start()
