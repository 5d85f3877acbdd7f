"""The reference names every module, and the library can be had without Django."""

from __future__ import annotations

import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import liebian_analytics

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"
NOT_SHOWN = ("cli",)


def test_every_module_is_in_the_reference() -> None:
    told = {
        name
        for page in REFERENCE.glob("library-*.md")
        for name in re.findall(r"^::: liebian_analytics\.(\S+)$", page.read_text(), re.MULTILINE)
    }
    found = pkgutil.walk_packages(liebian_analytics.__path__, "liebian_analytics.")
    modules = {one.name.removeprefix("liebian_analytics.") for one in found if not one.ispkg}
    shown = {name for name in modules if name.split(".")[0] not in NOT_SHOWN and not name.startswith("tests")}

    assert told == shown


def test_the_library_needs_no_django() -> None:
    code = "import sys; sys.modules['django'] = None; import liebian_analytics.cli.main, liebian_analytics.models.churn.boosted"
    source = str(Path(liebian_analytics.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": source}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
