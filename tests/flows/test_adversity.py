"""What surrounds an installation fails and comes back: no 200 is lost, `liebian doctor` says what is wrong while it is, and
all is well again afterwards without a hand.

Disk full and a lake that cannot be written need the right to mount; the PostgreSQL server that is killed is a private one.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from liebian.events.tests.client import basic
from tests.flows.installation import Installation, installation, wait_for
from tests.live.server import free_port

ON_POSTGRES = bool(os.environ.get("DATABASE_URL"))
MB = 1024 * 1024
STATE = """
import json
from collections import Counter
from django.conf import settings
from deltalake import DeltaTable
from liebian.customers.models import CustomerEvent
from liebian.events.models import Event
ids = dict(Event.objects.filter(source="live").values_list("id", "name"))
def times(found):
    counted = Counter(found)
    return {name: counted[row_id] for row_id, name in ids.items()}
try:
    kept = DeltaTable(settings.LAKE_URL + "/events").to_pyarrow_table(columns=["event_id"])["event_id"].to_pylist()
except Exception:
    kept = []
names = Counter(ids.values())
print(json.dumps({"log": names, "owned": times(CustomerEvent.objects.values_list("event_id", flat=True)), "lake": times(kept)}))
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Installation]:
    with installation(tmp_path) as found:
        yield found


class Shop:
    """Sends messages of its own names and knows which were answered with 200."""

    def __init__(self, place: Installation) -> None:
        self.place = place
        self.number = 0
        self.taken: list[str] = []
        self.refused: list[bytes] = []

    def send(self, size: int = 50) -> tuple[int, dict[str, Any], http.client.HTTPMessage]:
        self.number += 1
        names = [f"e{self.number}-{n}" for n in range(size)]
        said = {"text": "x" * 200}
        messages = [
            {"type": "track", "event": name, "userId": f"u{n % 7}", "messageId": name, "timestamp": "2026-06-01T00:00:00Z", "properties": said}
            for n, name in enumerate(names)
        ]  # fmt: skip
        status, answer, headers = self.post(json.dumps({"batch": messages}).encode())
        if status == 200:
            self.taken += names
        else:
            self.refused.append(json.dumps({"batch": messages}).encode())
            self.taken += names  # `send_again` brings them
        return status, answer, headers

    def post(self, body: bytes) -> tuple[int, dict[str, Any], http.client.HTTPMessage]:
        connection = self.place.connect()
        try:
            connection.request(
                "POST",
                "/v1/batch",
                body,
                {"authorization": basic(self.place.write_key), "content-type": "application/json"},
            )
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read()), answer.headers
        finally:
            connection.close()

    def send_until(self, status: int, tries: int = 400) -> tuple[dict[str, Any], http.client.HTTPMessage]:
        for _ in range(tries):
            found, answer, headers = self.send()
            assert found in {200, 429, 503}, answer
            if found == status:
                return answer, headers
            if found != 200:
                threading.Event().wait(0.1)
        raise AssertionError(f"no answer {status} in {tries} tries")

    def send_again(self) -> None:
        """What a client does with a body that was refused with 503, once the server takes it again."""
        for body in self.refused:
            wait_for(lambda body=body: self.post(body)[0] == 200, seconds=60, rest=0.2)
        self.refused.clear()

    def settled(self) -> dict[str, Any] | None:
        state: dict[str, Any] = self.place.run(STATE)
        done = len(state["log"]) == len(self.taken) and all(all(state[part].values()) for part in ("owned", "lake"))
        return state if done else None

    def check(self) -> None:
        """Everything that was answered with 200 is in the log, with its person and in the lake, once; the doctor is content."""
        self.send_again()
        state = wait_for(self.settled, seconds=120, rest=1)
        for part in ("log", "owned", "lake"):
            assert set(state[part].values()) == {1}, part
        assert set(state["log"]) == set(self.taken)
        wait_for(lambda: not self.place.doctor(), seconds=60, rest=0.5)
        assert self.place.console.command("lake", "verify") == (0, {"problems": []})


def refuses(answer: tuple[dict[str, Any], http.client.HTTPMessage], *codes: str) -> None:
    said, headers = answer
    assert said["error"]["code"] in codes, said
    assert said["error"]["message"]
    assert int(headers["Retry-After"]) >= 1


# --- disk full ---------------------------------------------------------------------------------------------------------------
@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A disk of its own, of 640 MB."""
    folder.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=640m", "none", folder], capture_output=True, check=False
    ).returncode:
        pytest.skip("needs the right to mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """The disk has not a block left."""
    filler = folder / "filler"
    with filler.open("wb") as file, suppress(OSError):
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(folder).free)
    with filler.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    yield
    filler.unlink()


@pytest.mark.skipif(ON_POSTGRES, reason="the disk of SQLite's files")
def test_a_full_disk_refuses_and_recovers(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk, installation(disk / "home") as place:
        place.start_all()
        shop = Shop(place)
        assert shop.send()[0] == 200
        wait_for(shop.settled, rest=1)
        with filled(disk):
            refuses(shop.send_until(503), "log_away")
            wrong = said_by_doctor(place)
            assert "0.0 GB free" in wrong["disk"]
            # A one-page write may still fit into a block that a checkpoint has just given back.
            assert "cannot be written" in wrong.get("database log", "cannot be written")
        shop.send_until(200)
        shop.check()


def said_by_doctor(place: Installation) -> dict[str, str]:
    """All that is wrong, the disk too."""
    code, said = place.console.command("doctor")
    assert code == 1, said
    return {one["name"]: one["words"] for one in said["findings"] if not one["ok"]}


# --- a lake that cannot be written -----------------------------------------------------------------------------------------------
@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    if subprocess.run(["mount", "--bind", folder, folder], capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def test_a_read_only_lake_holds_back_nothing_but_itself(place: Installation) -> None:
    place.start_all()
    shop = Shop(place)
    assert shop.send()[0] == 200
    wait_for(shop.settled, rest=1)
    with read_only(place.home / "lake"):
        assert shop.send()[0] == 200
        assert "cannot be written" in place.doctor()["lake"]
        wait_for(lambda: len(place.run(STATE)["owned"]) == 100, rest=0.5)
        assert sum(place.run(STATE)["lake"].values()) == 50
    shop.check()


# --- locked ----------------------------------------------------------------------------------------------------------------------
@contextmanager
def locked(place: Installation, file: str, table: str) -> Iterator[None]:
    """Another program holds the database: the whole file of SQLite, the table of PostgreSQL."""
    if ON_POSTGRES:
        with psycopg.connect(place.environment["DATABASE_URL"]) as other:
            other.execute(f"LOCK TABLE {table} IN EXCLUSIVE MODE")
            yield
        return
    other = sqlite3.connect(place.home / f"{file}.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def test_a_locked_log_is_said_to_be_busy_and_recovers(place: Installation) -> None:
    place.start_all()
    shop = Shop(place)
    assert shop.send()[0] == 200
    with locked(place, "log", "events_event"):
        refuses(shop.send_until(503, tries=3), "log_busy")
        if not ON_POSTGRES:  # there it is one table, which the doctor has no business to write
            assert "locked" in place.doctor()["database log"]
    shop.send_until(200)
    shop.check()


def test_a_locked_main_database_holds_up_the_stages_alone(place: Installation) -> None:
    place.start_all()
    shop = Shop(place)
    assert shop.send()[0] == 200
    wait_for(shop.settled, rest=1)
    with locked(place, "main", "customers_customerevent"):
        assert shop.send()[0] == 200  # the log is another file, another table
        if not ON_POSTGRES:
            assert "locked" in place.doctor()["database default"]
        assert sum(place.run(STATE)["owned"].values()) == 50
    shop.check()


# --- PostgreSQL goes away ------------------------------------------------------------------------------------------------------------
class Postgres:
    """A server of its own on loopback, with everything synced as users run it."""

    def __init__(self, folder: Path) -> None:
        binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        found = shutil.which("postgres") or (binaries and binaries[-1] / "postgres")
        if not found:
            pytest.skip("needs PostgreSQL's server")
        self.binaries, self.folder, self.port = Path(found).parent, folder, free_port()
        self.who: dict[str, Any] = (
            {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        )
        folder.mkdir()
        if self.who:
            shutil.chown(folder, "postgres", "postgres")
            for parent in list(folder.parents)[:-2]:
                with suppress(PermissionError):
                    parent.chmod(parent.stat().st_mode | 0o011)
        setup = [
            self.binaries / "initdb",
            "-D",
            folder / "data",
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
        ]
        subprocess.run(setup, cwd=folder, check=True, capture_output=True, **self.who)
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        self.process: Any = None

    def start(self) -> None:
        wait_for(self.stands, seconds=60, rest=0.2)

    def stands(self) -> bool:
        """After a kill the next one starts only when the sessions of the last have noticed: as a service manager, try again."""
        if self.process is None or self.process.poll() is not None:
            command = [
                self.binaries / "postgres",
                "-D",
                self.folder / "data",
                "-h",
                "127.0.0.1",
                "-p",
                str(self.port),
                "-c",
                "unix_socket_directories=",
            ]
            self.process = subprocess.Popen(
                command, cwd=self.folder, start_new_session=True, stderr=subprocess.DEVNULL, **self.who
            )
        return self.answers()

    def answers(self) -> bool:
        try:
            with psycopg.connect(self.url, connect_timeout=3):
                return True
        except psycopg.OperationalError:
            return False

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=30)

    def restart(self) -> None:
        """As an operating system does it: sessions are cut, nothing is lost."""
        self.end()
        self.start()

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=30)


@pytest.mark.skipif(not ON_POSTGRES, reason="runs with the tests on PostgreSQL")
def test_postgresql_killed_and_restarted_under_load(tmp_path: Path) -> None:
    server = Postgres(tmp_path / "pg")
    server.start()
    try:
        with installation(tmp_path / "home", server.url) as place:
            place.start_all()
            shop = Shop(place)
            shop.send_until(200)
            for ends in (server.kill, server.restart):
                ends()
                if server.process.poll() is not None:
                    refuses(shop.send_until(503, tries=20), "log_away")
                    assert any("database default" in name for name in said_by_doctor(place))
                    server.start()
                shop.send_until(200)
                assert place.process.poll() is None and place.worker.poll() is None
            shop.check()
    finally:
        server.end()
