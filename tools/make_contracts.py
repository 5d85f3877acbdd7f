"""Writes the walls (import-contracts.toml) from the tree: a new module is behind its context's wall from its first line."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "import-contracts.toml"
FLOW = [
    "config", "insights", "pipeline", "referrals", "segments", "tiers", "payouts", "rewards | orders", "customers | ledger", "events", "lake",
    "access", "ui", "core",
]  # fmt: skip
FRONT_DOOR = {"services", "queries", "types", "__init__", "apps"}
WIRED = {"urls", "api", "jobs"}
OPEN = {"config", "core", "ui"}  # config is the top; core and ui are for everybody
GUARD = {"guard"}  # rights are declared with it everywhere
INSIDE = [
    "(urls)",
    "(views) | (api) | (jobs)",
    "(forms) | (schemas)",
    "(services)",
    "(queries)",
    "(models)",
    "(rules)",
    "(types)",
]
TESTS = "liebian.*.tests.**"  # tests may look behind any wall
NOT_MODULES = {"migrations", "tests", "templates", "static", "locale", "templatetags"}


def contexts() -> list[str]:
    present = {path.parent.name for path in (ROOT / "src" / "liebian").glob("*/apps.py")}
    return [name for layer in FLOW for name in layer.split(" | ") if name in present]


def modules_of(context: str) -> list[str]:
    found = {path.stem for path in (ROOT / "src" / "liebian" / context).glob("*.py")}
    found |= {path.parent.name for path in (ROOT / "src" / "liebian" / context).glob("*/__init__.py")}
    return sorted(found - NOT_MODULES)


def contract(id_: str, name: str, kind: str, **fields: object) -> str:
    lines = ["[[tool.importlinter.contracts]]", f'id = "{id_}"', f'name = "{name}"', f'type = "{kind}"']
    lines += [
        f'ignore_imports = ["{TESTS} -> liebian.**", "{TESTS} -> liebian_analytics.**"]',
        'unmatched_ignore_imports_alerting = "none"',
    ]
    for key, value in fields.items():
        if isinstance(value, list):
            lines.append(f"{key} = [\n" + "".join(f'  "{item}",\n' for item in value) + "]")
        else:
            lines.append(f"{key} = {str(value).lower()}" if isinstance(value, bool) else f'{key} = "{value}"')
    return "\n".join(lines)


def render() -> str:
    head = [
        "# Written by tools/make_contracts.py; `make check` fails when it is stale.",
        '[tool.importlinter]\nroot_packages = ["liebian", "liebian_analytics"]\ninclude_external_packages = true\n'
        "exclude_type_checking_imports = true",
    ]
    return "\n\n".join([*head, *hill(), *front_doors(), *rooms(), *library()]) + "\n"


def find(names: set[str], *, without: tuple[str, ...] = ()) -> list[str]:
    """The modules of these names, of every context."""
    present = [context for context in contexts() if context not in without]
    return [f"liebian.{context}.{module}" for context in present for module in modules_of(context) if module in names]


def hill() -> list[str]:
    present = set(contexts()) | {"config"}
    layers = [" | ".join(name for name in layer.split(" | ") if name in present) for layer in FLOW]
    inside = [f"liebian.{name}" for name in contexts() if name not in {"ui", "core"}]
    words = "Inside a context: edge, forms, services, queries, models, rules, types"
    return [
        contract("flow", "Contexts import only downhill", "layers", containers=["liebian"], layers=[x for x in layers if x], exhaustive=True),
        contract("inside", words, "layers", containers=inside, layers=INSIDE),
        contract("no-cycles", "No cycles among siblings at any depth", "acyclic_siblings", ancestors=["liebian", "liebian_analytics"]),
    ]  # fmt: skip


def front_doors() -> list[str]:
    doors = []
    for name in contexts():
        private = [f"liebian.{name}.{m}" for m in modules_of(name) if m not in FRONT_DOOR | WIRED | GUARD]
        if name not in OPEN and private:
            words = f"{name}: outsiders see only services, queries, types"
            doors.append(
                contract(
                    f"front-door-{name}",
                    words,
                    "protected",
                    protected_modules=private,
                    allowed_importers=[f"liebian.{name}"],
                )
            )
    wired = {
        "protected_modules": find(WIRED),
        "allowed_importers": ["liebian.config", "liebian.*.urls"],
        "as_packages": True,
    }
    doors.append(contract("wired-in-config", "Only config wires urls, api and jobs", "protected", **wired))
    writers = ["liebian.ledger", "liebian.rewards"]
    door = {"protected_modules": ["liebian.ledger.services"], "allowed_importers": writers}
    doors.append(contract("ledger-writer", "Only rewards writes to the ledger", "protected", **door))
    return doors


def forbid(id_: str, name: str, sources: list[str], targets: list[str], **more: object) -> str:
    return contract(id_, name, "forbidden", source_modules=sources, forbidden_modules=targets, **more)


def rooms() -> list[str]:
    below, edges = find({"services", "queries"}, without=("ui",)), find({"views", "api", "jobs"})
    directly = {"allow_indirect_imports": True}
    return [
        forbid("pure-rules", "rules and types are plain Python", find({"rules", "types"}), ["django"], **directly),
        forbid("no-http-below", "Services and queries know no pages", below, ["liebian.ui"], **directly),
        forbid("thin-edge", "Views, API and jobs go through services and queries", edges, find({"models"}), **directly),
    ]


def library() -> list[str]:
    parts = ("metrics", "experiments", "rules", "readers", "cli", "schema", "periods", "results")
    sources = [f"liebian_analytics.{part}" for part in parts]
    words = "The analytics library knows no Django and no product"
    return [
        forbid("pure-analytics", words, ["liebian_analytics"], ["django", "liebian"]),
        forbid("one-engine-door", "Only liebian_analytics.engines names an engine", sources, ["duckdb", "pyspark"], allow_indirect_imports=True),
    ]  # fmt: skip


if __name__ == "__main__":
    text = render()
    if sys.argv[1:] == ["--check"]:
        fresh = TARGET.exists() and TARGET.read_text() == text
        sys.exit(0 if fresh else "import-contracts.toml is stale: run python tools/make_contracts.py")
    TARGET.write_text(text)
