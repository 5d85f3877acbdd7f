"""`make check`: everything that can be judged without running the product. Each part prints one line; all parts run, some at a time."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
FILE_LIMIT, FUNCTION_LIMIT = 500, 60
CODE = ["src", "analytics/src", "tools", "bench"]


def run(*command: str | Path, **extra: str) -> tuple[bool, str]:
    done = subprocess.run(
        [str(c) for c in command], cwd=ROOT, env={**os.environ, **extra}, capture_output=True, text=True, check=False
    )
    return done.returncode == 0, (done.stdout + done.stderr).strip()


def walls() -> tuple[bool, str]:
    fresh, words = run(sys.executable, "tools/make_contracts.py", "--check")
    kept, report = run(
        BIN / "lint-imports", "--config", "import-contracts.toml", "--no-cache", PYTHONPATH="src:analytics/src"
    )
    return fresh and kept, (words + "\n" + report[report.find("Contracts") :]).strip()


def locks() -> tuple[bool, str]:
    found = [
        f"{path.name}:{number}: {line}"
        for path in sorted((ROOT / "requirements").glob("*.txt"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if "://" in line or line.startswith("-")
    ]
    if '"resolved"' in (ROOT / "package-lock.json").read_text():
        found.append("package-lock.json holds download addresses")
    return not found, "\n".join(found)


def migrations() -> tuple[bool, str]:
    return run(sys.executable, "manage.py", "makemigrations", "--check", "--dry-run")


def django_checks() -> tuple[bool, str]:
    return run(sys.executable, "manage.py", "check", "--fail-level", "WARNING")


def translations() -> tuple[bool, str]:
    return run(sys.executable, "tools/check_translations.py")


def sizes() -> tuple[bool, str]:
    """Files and functions stay small enough to be read at once."""
    found = []
    for folder in CODE:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" in path.parts or "tests" in path.parts:
                continue
            text = path.read_text()
            name = path.relative_to(ROOT)
            if (lines := text.count("\n")) > FILE_LIMIT:
                found.append(f"{name}: {lines} lines (at most {FILE_LIMIT})")
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    size = (node.end_lineno or node.lineno) - node.lineno + 1
                    if size > FUNCTION_LIMIT and not _is_mostly_docstring(node):
                        found.append(f"{name}:{node.lineno}: {node.name} has {size} lines (at most {FUNCTION_LIMIT})")
    return not found, "\n".join(found)


def _is_mostly_docstring(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    doc = ast.get_docstring(node, clean=False) or ""
    return (node.end_lineno or 0) - node.lineno + 1 - doc.count("\n") <= FUNCTION_LIMIT


def docs() -> tuple[bool, str]:
    """Relative links of the documentation lead somewhere; the generated reference is fresh."""
    found = []
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "analytics").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", path.read_text()):
            if not (path.parent / target).exists():
                found.append(f"{path.relative_to(ROOT)}: {target} does not exist")
    fresh, words = run(sys.executable, "tools/make_reference.py", "--check")
    return not found and fresh, "\n".join([*found, words]).strip()


PARTS: dict[str, Callable[[], tuple[bool, str]]] = {  # what takes longest comes first
    "types": lambda: run(BIN / "mypy", "src/liebian", "analytics/src"),
    "format": lambda: run(BIN / "ruff", "format", "--check", "-q", "."),
    "lint": lambda: run(BIN / "ruff", "check", "-q", "."),
    "walls": walls,
    "locks": locks,
    "django": django_checks,
    "migrations": migrations,
    "translations": translations,
    "sizes": sizes,
    "docs": docs,
}


def judge(name: str) -> tuple[bool, str, float]:
    started = time.monotonic()
    good, words = PARTS[name]()
    return good, words, time.monotonic() - started


def main() -> int:
    chosen = sys.argv[1:] or list(PARTS)
    failed = []
    with tempfile.TemporaryDirectory(prefix="liebian-check-") as home, ThreadPoolExecutor(os.cpu_count()) as pool:
        os.environ["LIEBIAN_HOME"] = home
        for name, (good, words, seconds) in zip(chosen, pool.map(judge, chosen), strict=True):
            print(f"{'ok  ' if good else 'FAIL'} {name} ({seconds:.0f} s)", flush=True)
            if not good:
                failed.append(name)
                print(words[-6000:], flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
