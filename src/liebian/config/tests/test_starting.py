"""A server does not share its address with another one, and what an installation started ends with it."""

import socket
import subprocess
import sys

import pytest

from liebian.config.starting import wait_until_free
from liebian.core.errors import Conflict


@pytest.fixture
def listener():
    with socket.socket() as found:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        found.bind(("127.0.0.1", 0))
        found.listen()
        yield found


def test_an_address_at_which_somebody_listens_is_refused_although_they_would_share_it(listener):
    with pytest.raises(Conflict, match="listens at") as refused:
        wait_until_free(*listener.getsockname(), seconds=0)
    assert refused.value.code == "address_in_use"


def test_an_address_that_was_left_is_taken(listener):
    address = listener.getsockname()
    listener.close()
    wait_until_free(*address, seconds=0)


def test_a_child_ends_when_its_parent_was_killed():
    child = "import time; from liebian.config.starting import stop_with_parent; stop_with_parent(); print('up', flush=True); time.sleep(600)"
    parent = f"import subprocess, sys; c = subprocess.Popen([sys.executable, '-c', {child!r}], stdin=subprocess.PIPE); c.wait()"
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        assert started.stdout.readline() == "up\n"
        started.kill()
        assert started.stdout.read() == ""  # ends when the child, who holds the other end, is gone
