"""How much faster two workers are than one at a backlog, on PostgreSQL.

    DATABASE_URL=postgresql://… python bench/bench_workers.py [--events 60000] [--customers 20000] [--rules 50] [--times 3]

The database must be empty. Customers are split into two shards for both. While no worker runs, so many events arrive by HTTP; then
workers start, and the clock runs from when they have read the first event until every stage has read the last. One worker and
two take turns, so that neither has the smaller tables. The peer of two workers is one, in the same run.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import time
from datetime import UTC, datetime

from bench_chain import BATCH, Sender, introduce, positions, wait_until_caught_up, write_rules
from installation import Installation, installation, take_statistics, use_django

RATE = 15_000


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=60_000)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--rules", type=int, default=50)
    parser.add_argument("--times", type=int, default=3)
    return parser.parse_args()


def stop_worker(place: Installation) -> None:
    worker = place.processes.pop("worker")
    worker.send_signal(signal.SIGTERM)
    worker.wait(timeout=40)


def drain(place: Installation, workers: int) -> float:
    """Seconds from the first event that is read to the last."""
    before = positions().get("customers", 0)
    place.start("worker", "worker", "--workers", str(workers))
    while positions().get("customers", 0) == before:
        time.sleep(0.01)
    began = time.monotonic()
    wait_until_caught_up(600)
    taken = time.monotonic() - began
    stop_worker(place)
    return taken


def main() -> int:
    options = read_options()
    url = os.environ.get("DATABASE_URL", "")
    if not url:
        raise SystemExit("several workers of stages need PostgreSQL: set DATABASE_URL to an empty database")
    random.seed(7)
    with installation(url, LIEBIAN_SHARDS="2") as place:
        use_django(place)
        from liebian.events import services as events

        write_rules(options.rules)
        write_key = events.ensure_source(name="bench", now=datetime.now(UTC)).write_key
        place.start("web", "serve")
        introduce(place, write_key, options.customers)
        drain(place, 2)
        take_statistics()
        took: dict[int, list[float]] = {1: [], 2: []}
        for _ in range(options.times):
            for workers, times in took.items():
                Sender(place, write_key, RATE, options.customers, batch=BATCH).run(options.events / RATE)
                times.append(drain(place, workers))
                print(f"{workers} worker(s): {options.events:,} events in {times[-1]:.1f} s", flush=True)
        one, two = (statistics.median(times) for times in took.values())
        print(f"one {options.events / one:,.0f} events/s, two {options.events / two:,.0f} events/s: {one / two:.2f} x")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
