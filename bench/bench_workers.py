"""How much faster two workers are than one at a backlog, on PostgreSQL.

    DATABASE_URL=postgresql://… python bench/bench_workers.py [--events 60000] [--customers 20000] [--rules 50] [--times 3]

The database must be empty. Customers are split into two shards for both. While no worker runs, so many events arrive by HTTP; then
workers start, and the clock runs from when they have read the first event until every stage has read the last. One worker and
two take turns, so that neither has the smaller tables. The peer of two workers is one, in the same run. The limit is the processors:
what one worker with its database and the lake keeps busy cannot be had twice. `--lanes stages` leaves the lake out.
`--a-core-each` gives one worker and the whole database server one processor, and two workers two: how the work scales with the
machine, where a second processor is not half used by the first worker already. It needs the right to move the server's processes.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bench_chain import BATCH, Sender, introduce, positions, wait_until_caught_up, write_rules
from installation import Installation, installation, take_statistics, use_django

RATE = 15_000


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=60_000)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--rules", type=int, default=50)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument(
        "--lanes", choices=["all", "stages"], default="all", help="stages: without the lake and other jobs"
    )
    parser.add_argument(
        "--a-core-each", action="store_true", help="as many processors as workers, the database's among them"
    )
    return parser.parse_args()


def keep_to(processors: set[int]) -> None:
    """This process, what it starts from now on, and every process of the database server."""
    names = {int(path.parent.name): path.read_text().strip() for path in Path("/proc").glob("[0-9]*/comm")}
    for process in (0, *(process for process, name in names.items() if name == "postgres")):
        os.sched_setaffinity(process, processors)


@contextmanager
def as_many_processors(workers: int, *, is_asked: bool) -> Iterator[None]:
    every = os.sched_getaffinity(0)
    if not is_asked:
        yield
        return
    keep_to(set(sorted(every)[:workers]))
    try:
        yield
    finally:
        keep_to(every)


def start_workers(place: Installation, workers: int, lanes: str) -> None:
    if lanes == "all":
        place.start("worker", "worker", "--workers", str(workers))
        return
    for number in range(workers):
        place.start(f"worker {number}", "worker", "--lane", "stages")


def stop_workers(place: Installation) -> None:
    names = [name for name in place.processes if name.startswith("worker")]
    ending = [place.processes.pop(name) for name in names]
    for worker in ending:
        worker.send_signal(signal.SIGTERM)
    for worker in ending:
        worker.wait(timeout=40)


def busy_seconds() -> float:
    """Time that all processors of the machine have spent on anything, added up."""
    user, nice, system, _idle, _waiting, irq, softirq = map(int, Path("/proc/stat").read_text().split()[1:8])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def drain(place: Installation, workers: int, lanes: str) -> tuple[float, float]:
    """Seconds from the first event that is read to the last, and how many processors were busy meanwhile."""
    before = positions().get("customers", 0)
    start_workers(place, workers, lanes)
    while positions().get("customers", 0) == before:
        time.sleep(0.01)
    began, busy = time.monotonic(), busy_seconds()
    wait_until_caught_up(600)
    taken, busy = time.monotonic() - began, busy_seconds() - busy
    stop_workers(place)
    return taken, busy / taken


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
        drain(place, 2, "all")
        take_statistics()
        took: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
        for _ in range(options.times):
            for workers, times in took.items():
                Sender(place, write_key, RATE, options.customers, batch=BATCH).run(options.events / RATE)
                with as_many_processors(workers, is_asked=options.a_core_each):
                    times.append(drain(place, workers, options.lanes))
                seconds, busy = times[-1]
                print(
                    f"{workers} worker(s): {options.events:,} events in {seconds:.1f} s, {busy:.2f} cores busy",
                    flush=True,
                )
        one, two = (statistics.median(seconds for seconds, _ in times) for times in took.values())
        busy, cores = statistics.median(busy for _, busy in took[1]), len(os.sched_getaffinity(0))
        print(
            f"one {options.events / one:,.0f} events/s, two {options.events / two:,.0f} events/s: {one / two:.2f} x; "
        )
        cores = 2 / min(busy, 1) if options.a_core_each else cores / busy
        print(f"limit: {busy:.2f} processors busy with one worker: {cores:.2f} x")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
