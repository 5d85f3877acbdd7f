"""The library as it is installed: what the wheel holds."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import liebian_analytics
import pytest

LIBRARY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    code = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", code, str(folder)], cwd=LIBRARY, check=True, capture_output=True)
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def test_holds_every_module_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    source = Path(liebian_analytics.__file__).parent
    wanted = {f"liebian_analytics/{file.relative_to(source)}" for file in source.rglob("*.py")}
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert held == wanted | {"liebian_analytics/py.typed"}


def test_says_what_it_needs_and_how_it_is_called(wheel: zipfile.ZipFile) -> None:
    told = {Path(name).name: wheel.read(name).decode() for name in wheel.namelist() if ".dist-info/" in name}
    meta = Parser().parsestr(told["METADATA"])
    needs = [need.lower() for need in meta.get_all("Requires-Dist", [])]
    assert any(need.startswith("duckdb") for need in needs)
    assert not any(need.startswith(("django", "liebian")) for need in needs)
    assert (meta["Name"], meta["License-Expression"]) == ("liebian-analytics", "Apache-2.0")
    assert "liebian-analytics = liebian_analytics.cli.main:run" in told["entry_points.txt"]


def test_works_from_the_wheel_alone(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    (tmp_path / "o.csv").write_text("who,on,paid\na,2026-01-01,5\nb,2026-01-03,7\n")
    code = (
        "import liebian_analytics as a; assert '.whl' in a.__file__; from liebian_analytics.cli.main import run; run()"
    )
    asked = ["abc", str(tmp_path / "o.csv"), "--customer", "who", "--amount", "paid", "--json"]
    done = subprocess.run(
        [sys.executable, "-c", code, *asked], env={"PYTHONPATH": str(wheel.filename)}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert '"n_rows": 2' in done.stdout
