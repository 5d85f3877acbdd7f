"""The table of invariants names tests that exist, for each of them, or says why it has none."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "reference" / "invariants.md"
ROW = re.compile(r"^\| ([IA]\d+) \| (.+?) \| (.+) \|$", re.MULTILINE)
TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")
WITHOUT = ("comes with", "does not apply", "not refused")


@cache
def names_in(path: str) -> frozenset[str]:
    file = ROOT / path
    tree = ast.parse(file.read_text()) if file.exists() else ast.Module([], [])
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def rows() -> dict[str, str]:
    return {number: tests for number, _what, tests in ROW.findall(TABLE.read_text())}


def problem(tests: str) -> str:
    named = TEST.findall(tests)
    if not named:
        return "" if tests.startswith(WITHOUT) else "names no test and does not say why"
    return ", ".join(f"{path}::{name}" for path, name in named if name not in names_in(path))


def test_every_invariant_and_acceptance_case_has_a_row():
    assert list(rows()) == [*(f"I{n}" for n in range(1, 25)), *(f"A{n}" for n in range(1, 15))]


def test_every_row_names_tests_that_exist_or_says_why_not():
    assert {number: found for number, tests in rows().items() if (found := problem(tests))} == {}


def test_a_test_that_is_gone_is_found():
    assert problem("`tests/architecture/test_invariants.py::test_that_is_gone`").endswith("::test_that_is_gone")
    assert problem("`tests/architecture/no_such.py::test_x`") and problem("later")
