"""Intake over HTTP, durable: batches of 100 and single events, beside decode and bare insert in one process in the same run.

    python bench/bench_intake.py [--keys 1000000] [--seconds 8]

SQLite always; PostgreSQL when DATABASE_URL names a server on which a database may be made. `--keys` are in the index that
refuses repeats before anything is sent: 50,000,000 for the promise in docs/benchmarks.md. The sender is C, made with `cc`.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

ROOT = Path(__file__).resolve().parents[1]
CODE = "from liebian.config.cli.main import run; run()"
LIMIT_SECONDS = 4.0


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--keys", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--inside", choices=["prepare", "limit"], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        print(json.dumps(prepare(given.keys) if given.inside == "prepare" else measure_limit()))
        return
    with tempfile.TemporaryDirectory() as folder:
        load = Path(folder) / "load"
        subprocess.run(["cc", "-O2", "-o", load, ROOT / "bench" / "load.c"], check=True)
        run_on("SQLite", "", Path(folder), load, given)
        if url := os.environ.get("DATABASE_URL"):
            on_postgresql(url, Path(folder), load, given)


def on_postgresql(url: str, folder: Path, load: Path, given: argparse.Namespace) -> None:
    import psycopg

    name = f"bench_{uuid.uuid4().hex[:10]}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            run_on("PostgreSQL", urlparse(url)._replace(path=f"/{name}").geturl(), folder, load, given)
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def run_on(label: str, url: str, folder: Path, load: Path, given: argparse.Namespace) -> None:
    home = folder / label
    home.mkdir()
    environment = {
        **os.environ, "LIEBIAN_HOME": str(home), "DATABASE_URL": url, "PORT": "8479", "HOST": "127.0.0.1",
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT / 'analytics' / 'src'}", "DJANGO_SETTINGS_MODULE": "liebian.config.settings",
    }  # fmt: skip
    subprocess.run([sys.executable, "-c", CODE, "migrate"], env=environment, check=True)
    key = inside("prepare", environment, given.keys)["key"]
    limit = inside("limit", environment, given.keys)["events_per_second"]
    command = [sys.executable, "-c", CODE, "serve", "--workers", str(given.workers)]
    server = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        wait_for(8479)
        header = "Basic " + base64.b64encode(f"{key}:".encode()).decode()
        batches = send(load, header, 100, 16, given.seconds)
        singles = send(load, header, 1, 64, given.seconds)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=30)
    rate = batches["requests"] * 100 / batches["seconds"]
    print(f"{label}, {given.keys:,} keys in the index, {given.workers} process(es)")
    print(f"  limit: decode and bare insert in one process, groups of 500   {limit:>10,.0f} events/s")
    print(f"  batches of 100 over HTTP   {rate:>10,.0f} events/s = {rate / limit:.2f} of the limit   {times(batches)}")
    print(
        f"  single events over HTTP    {singles['requests'] / singles['seconds']:>10,.0f} requests/s   {times(singles)}"
    )


def times(result: dict[str, Any]) -> str:
    return f"p50 {result['p50']} p99 {result['p99']} max {result['max']} ms, {result['refused']} refused"


def send(load: Path, header: str, events: int, connections: int, seconds: float) -> dict[str, Any]:
    arguments = [load, "8479", header, str(events), str(connections)]
    subprocess.run([*arguments, "1"], check=True, capture_output=True)  # warm
    found: dict[str, Any] = json.loads(
        subprocess.run([*arguments, str(seconds)], check=True, capture_output=True).stdout
    )
    return found


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the server did not answer")


def inside(what: str, environment: dict[str, str], n_keys: int) -> dict[str, Any]:
    command = [sys.executable, __file__, "--inside", what, "--keys", str(n_keys)]
    found: dict[str, Any] = json.loads(subprocess.run(command, env=environment, check=True, capture_output=True).stdout)
    return found


def prepare(n_keys: int) -> dict[str, Any]:
    """A source, and keys as they would stand there after some weeks: time first, then a hash."""
    import django

    django.setup()
    from django.db import connections, transaction

    from liebian.core import clock
    from liebian.core.moments import millis_of
    from liebian.events.services import ensure_source, log_alias

    now = clock.now()
    source = ensure_source(name="bench", now=now)
    connection = connections[log_alias()]
    start, step = millis_of(now) - 60 * 86_400_000, 59 * 86_400_000 / max(1, n_keys)
    size = 500_000
    for first in range(0, n_keys, size):
        with transaction.atomic(using=log_alias()):
            fill(connection, start, step, first, min(size, n_keys - first))
    if connection.vendor == "postgresql":
        connection.ensure_connection()
        connection.connection.autocommit = True
        connection.connection.execute("CHECKPOINT")
    return {"key": source.write_key}


def fill(connection: Any, start: int, step: float, first: int, n_rows: int) -> None:
    if connection.vendor == "postgresql":
        with (
            connection.connection.cursor() as cursor,
            cursor.copy("COPY events_key (key) FROM STDIN (FORMAT BINARY)") as copy,
        ):
            copy.set_types(["bytea"])
            for n in range(first, first + n_rows):
                copy.write_row([int(start + n * step).to_bytes(6, "big") + os.urandom(10)])
    else:
        rows = sorted(int(start + n * step).to_bytes(6, "big") + os.urandom(10) for n in range(first, first + n_rows))
        connection.connection.executemany("INSERT INTO events_key (key) VALUES (?)", [(row,) for row in rows])


def measure_limit() -> dict[str, Any]:
    """What one process can do without HTTP, threads, checks and receipts: decode a batch, insert its raw events and keys."""
    import django

    django.setup()
    import msgspec
    import psycopg
    from django.db import connections, transaction

    from liebian.events.services import log_alias

    connection = connections[log_alias()]
    event = {"type": "track", "userId": "u1", "event": "Product Viewed", "timestamp": "2026-06-01T08:00:00.123Z",
             "properties": {"name": "tea", "filler": "x" * 400}, "context": {"library": {"name": "x", "version": "1"}}}  # fmt: skip
    bodies = [
        msgspec.json.encode({"batch": [{**event, "messageId": str(uuid.uuid4())} for _ in range(100)]})
        for _ in range(200)
    ]
    columns = ("key", "source", "type", "name", "at_ms", "received_ms", "body")
    marks = ", ".join(["%s" if connection.vendor == "postgresql" else "?"] * len(columns))
    insert = f"INSERT INTO events_event ({', '.join(columns)}) VALUES ({marks})"
    keys = f"INSERT INTO events_key (key) VALUES ({marks[:2].rstrip(',')})"
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < LIMIT_SECONDS:
        rows = []
        millis = time.time_ns() // 1_000_000
        for body in bodies[done // 100 % 190 : done // 100 % 190 + 5]:
            for one in msgspec.json.decode(body)["batch"]:
                body_bytes = msgspec.json.encode(one)
                rows.append(
                    (
                        millis.to_bytes(6, "big") + os.urandom(10),
                        "s",
                        one["type"],
                        one["event"],
                        millis,
                        millis,
                        body_bytes,
                    )
                )
        with transaction.atomic(using=log_alias()):
            raw = connection.connection
            cursor = psycopg.Cursor(raw) if connection.vendor == "postgresql" else raw.cursor()
            cursor.executemany(keys, [(row[0],) for row in rows])
            cursor.executemany(insert, rows)
        done += len(rows)
    return {"events_per_second": done / (time.perf_counter() - began)}


if __name__ == "__main__":
    main()
