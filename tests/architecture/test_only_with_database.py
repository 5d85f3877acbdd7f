"""What the second database need not repeat is found by a rule, and nothing else is left out."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    "src/liebian/access/masking.py": 0,  # doctests
    "src/liebian/core/tests/test_errors.py": 0,  # Django keeps them from every database
    "src/liebian/core/tests/test_wal.py": None,  # all, by their mark
    "src/liebian/events/tests/test_insert.py::Repeats": None,  # by the class of Django's test case
    "src/liebian/config/tests/test_worker.py": None,  # also those that start a worker
    "tests/flows/test_live_intake.py": None,  # a whole installation
}


def count(*more: str) -> dict[str, int]:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "--collect-only",
        "-q",
        "-o",
        "addopts=--import-mode=importlib",
    ]
    done = subprocess.run([*command, *more, *FILES], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    names = [line for line in done.stdout.splitlines() if "::" in line]
    return {file: sum(name.startswith(file) for name in names) for file in FILES}


def test_only_tests_that_cannot_tell_databases_apart_are_left_out():
    everything, again = count("--doctest-modules"), count("--doctest-modules", "--only-with-database")
    assert all(everything.values()), everything
    assert again == {file: everything[file] if expected is None else expected for file, expected in FILES.items()}
