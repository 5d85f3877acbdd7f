"""Writes the walls (import-contracts.toml) from the tree: a new module is behind its context's wall from its first line."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "import-contracts.toml"
FLOW = [
    "config", "insights", "referrals", "segments", "tiers", "rewards | orders", "customers | ledger", "events", "lake",
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
    present = contexts()
    every = [f"liebian.{name}" for name in present]
    flow = [" | ".join(n for n in layer.split(" | ") if n in present or n == "config") for layer in FLOW]
    parts = [
        "# Written by tools/make_contracts.py; `make check` fails when it is stale.",
        '[tool.importlinter]\nroot_packages = ["liebian", "liebian_analytics"]\ninclude_external_packages = true\nexclude_type_checking_imports = true',
        contract(
            "flow",
            "Contexts import only downhill",
            "layers",
            containers=["liebian"],
            layers=[layer for layer in flow if layer],
            exhaustive=True,
        ),
        contract(
            "inside",
            "Inside a context: edge, forms, services, queries, models, rules, types",
            "layers",
            containers=[c for c in every if c not in {"liebian.ui", "liebian.core"}],
            layers=INSIDE,
        ),
    ]
    for name in present:
        private = [m for m in modules_of(name) if m not in FRONT_DOOR | WIRED | GUARD]
        if name not in OPEN and private:
            parts.append(
                contract(f"front-door-{name}", f"{name}: outsiders see only services, queries, types", "protected",
                         protected_modules=[f"liebian.{name}.{m}" for m in private], allowed_importers=[f"liebian.{name}"])
            )  # fmt: skip
    wired = [f"liebian.{name}.{m}" for name in present for m in modules_of(name) if m in WIRED]
    rules = [f"liebian.{name}.{m}" for name in present for m in modules_of(name) if m in {"rules", "types"}]
    below = [
        f"liebian.{name}.{m}"
        for name in present
        if name not in {"ui"}
        for m in modules_of(name)
        if m in {"services", "queries"}
    ]
    edges = [f"liebian.{name}.{m}" for name in present for m in modules_of(name) if m in {"views", "api", "jobs"}]
    models = [f"liebian.{name}.models" for name in present if "models" in modules_of(name)]
    parts += [
        contract("wired-in-config", "Only config wires urls, api and jobs", "protected", protected_modules=wired, allowed_importers=["liebian.config", "liebian.*.urls"], as_packages=True),
        contract("pure-rules", "rules and types are plain Python", "forbidden", source_modules=rules, forbidden_modules=["django"], allow_indirect_imports=True),
        contract("no-http-below", "Services and queries know no pages", "forbidden", source_modules=below, forbidden_modules=["liebian.ui"], allow_indirect_imports=True),
        contract("thin-edge", "Views, API and jobs go through services and queries", "forbidden", source_modules=edges, forbidden_modules=models, allow_indirect_imports=True),
        contract("pure-analytics", "The analytics library knows no Django and no product", "forbidden", source_modules=["liebian_analytics"], forbidden_modules=["django", "liebian"]),
        contract("one-engine-door", "Only liebian_analytics.engines names an engine", "forbidden",
                 source_modules=[f"liebian_analytics.{m}" for m in ("metrics", "experiments", "rules", "schema", "periods", "results")],
                 forbidden_modules=["duckdb", "pyspark"], allow_indirect_imports=True),
        contract("no-cycles", "No cycles among siblings at any depth", "acyclic_siblings", ancestors=["liebian", "liebian_analytics"]),
    ]  # fmt: skip
    if "rewards" in present:
        parts.append(
            contract(
                "ledger-writer",
                "Only rewards writes to the ledger",
                "protected",
                protected_modules=["liebian.ledger.services"],
                allowed_importers=["liebian.ledger", "liebian.rewards"],
            )
        )
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    text = render()
    if sys.argv[1:] == ["--check"]:
        fresh = TARGET.exists() and TARGET.read_text() == text
        sys.exit(0 if fresh else "import-contracts.toml is stale: run python tools/make_contracts.py")
    TARGET.write_text(text)
