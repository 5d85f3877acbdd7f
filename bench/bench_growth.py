"""What an event costs as a shop grows: five times the customers, and fifty times the history, one after the other.

    python bench/bench_growth.py [--customers 200000 1000000] [--history 1000000 50000000] [--active 5000] [--times 2]

Each size is a run of bench_stages.py in a home of its own on SQLite; the two sizes of a pair take turns, and the least of each counts, so
that other work on the machine falls on both. Prints the ratio of the larger to the smaller; the promises are 2 and 1.25.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

Cost = dict[str, list[float]]


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, nargs=2, default=(200_000, 1_000_000))
    parser.add_argument("--history", type=int, nargs=2, default=(1_000_000, 50_000_000))
    parser.add_argument("--active", type=int, default=5_000, help="customers of the pair with a history")
    parser.add_argument("--times", type=int, default=2)
    parser.add_argument("--only", choices=["customers", "history"])
    return parser.parse_args()


def run(*arguments: object) -> Cost:
    script = Path(__file__).with_name("bench_stages.py")
    surroundings = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "LIEBIAN_HOME")}
    done = subprocess.run(
        [sys.executable, str(script), "--json", *map(str, arguments)],
        env=surroundings, check=True, capture_output=True, text=True,
    )  # fmt: skip
    found: Cost = json.loads(done.stdout.splitlines()[-1])
    return found


def least(runs: list[Cost]) -> Cost:
    return {name: [min(run[name][place] for run in runs) for place in (0, 1)] for name in runs[0]}


def compare(title: str, smaller: list[object], larger: list[object], times: int, promise: float) -> None:
    taken = [(run(*smaller), run(*larger)) for _ in range(times)]
    small, large = least([pair[0] for pair in taken]), least([pair[1] for pair in taken])
    print(f"{title}: microseconds an event (of processor)")
    for name in small:
        (wall, busy), (more, busier) = small[name], large[name]
        print(
            f"  {name:12} {wall:7.1f} ({busy:.1f}) -> {more:7.1f} ({busier:.1f}), {more / wall:.2f} ({busier / busy:.2f}) x"
        )
    print(f"  promise for all stages: below {promise}")


def main() -> None:
    options = read_options()
    if options.only != "history":
        small, large = options.customers
        title = f"{small:,} -> {large:,} customers"
        compare(title, ["--customers", small], ["--customers", large], options.times, 2)
    if options.only != "customers":
        small, large = options.history
        active = ["--customers", options.active, "--history"]
        compare(f"{small:,} -> {large:,} events of history", [*active, small], [*active, large], options.times, 1.25)


if __name__ == "__main__":
    main()
