"""The walls hold, and each of them catches a deliberate violation."""

from __future__ import annotations

import copy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from importlinter import configuration
from importlinter.application import use_cases

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = ROOT / "import-contracts.toml"

# importer, imported (a module that is no business of it), the wall that must say so
VIOLATIONS = [
    ("liebian.core.money", "liebian.events.queries", "flow"),
    ("liebian.ledger.queries", "liebian.rewards.queries", "flow"),
    ("liebian.customers.services", "liebian.orders.queries", "flow"),
    ("liebian.orders.services", "liebian.rewards.services", "flow"),
    ("liebian.tiers.services", "liebian.segments.queries", "flow"),
    ("liebian.events.queries", "liebian.events.services", "inside"),
    ("liebian.customers.rules", "liebian.customers.models", "inside"),
    ("liebian.orders.services", "liebian.customers.models", "front-door-customers"),
    ("liebian.referrals.services", "liebian.rewards.models", "front-door-rewards"),
    ("liebian.insights.queries", "liebian.ledger.models", "front-door-ledger"),
    ("liebian.referrals.services", "liebian.ledger.services", "ledger-writer"),
    ("liebian.segments.queries", "liebian.customers.urls", "wired-in-config"),
    ("liebian.customers.types", "django", "pure-rules"),
    ("liebian.orders.queries", "liebian.ui.charts", "no-http-below"),
    ("liebian.customers.views", "liebian.customers.models", "thin-edge"),
    ("liebian_analytics.schema", "django", "pure-analytics"),
    ("liebian_analytics.metrics.rfm", "duckdb", "one-engine-door"),
    ("liebian.core.days", "liebian.core.cursors", "no-cycles"),
]


@pytest.fixture(scope="module")
def options() -> Any:
    configuration.configure()
    found = use_cases.read_user_options(str(CONTRACTS))
    use_cases._register_contract_types(found)
    return found


@pytest.fixture(scope="module")
def graph(options: Any) -> Any:
    return use_cases._build_graph(
        root_package_names=options.session_options["root_packages"], cache_dir=None,
        include_external_packages=True, exclude_type_checking_imports=True, verbose=False,
    )  # fmt: skip


def broken(graph: Any, options: Any, only: tuple[str, ...] = ()) -> set[str]:
    report = use_cases._build_report(
        graph=graph,
        graph_building_duration=0,
        user_options=options,
        limit_to_contracts=only,
        show_timings=False,
        verbose=False,
    )
    ids = {options_["name"]: options_["id"] for options_ in options.contracts_options}
    return {ids[contract.name] for contract, check in report.get_contracts_and_checks() if not check.kept}


def test_the_written_walls_are_those_of_the_tree():
    done = subprocess.run(
        [sys.executable, "tools/make_contracts.py", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_every_wall_holds(graph, options):
    assert broken(graph, options) == set()


@pytest.mark.parametrize(("importer", "imported", "wall"), VIOLATIONS)
def test_a_wall_catches_its_violation(graph, options, importer, imported, wall):
    assert importer in graph.modules, f"{importer} is gone: choose another module for this violation"
    spoiled = copy.deepcopy(graph)
    if wall == "no-cycles":
        spoiled.add_import(importer=imported, imported=importer, line_number=1, line_contents="the way back")
    spoiled.add_import(importer=importer, imported=imported, line_number=1, line_contents="a deliberate violation")
    assert wall in broken(spoiled, options, only=(wall,))
