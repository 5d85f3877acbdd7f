"""The reference names every module, the tutorial tells the truth, and the library can be had without Django."""

from __future__ import annotations

import json
import pkgutil
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import liebian_analytics
import pyarrow.parquet as pq
import pytest
from liebian_analytics.cli.main import app

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


@pytest.mark.data
def test_the_tutorial_says_what_its_commands_answer(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "online_retail.parquet").symlink_to(shared_data / "online_retail_2010_2011.parquet")
    text = (REFERENCE.parent / "tutorials" / "online-retail.md").read_text()
    answers: dict[str, dict[str, Any]] = {}
    for language, block in re.findall(r"^```(console|python)\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        if language == "python":
            exec(block, {})
            continue
        for line in block.splitlines():
            words = shlex.split(line)[1:]
            app([*words, *([] if "--json" in words else ["--json"])], exit_on_error=False)
            answers[words[0]] = json.loads(capsys.readouterr().out)
    columns = {row["column"]: row for row in answers["quality"]["rows"]}
    found = [columns["CustomerID"]["n_null"], columns["Quantity"]["n_negative"], columns["UnitPrice"]["n_zero"]]
    found += [
        answers["rfm"]["n_customers"],
        answers["abc"]["grades"]["A"],
        round(answers["clv"]["holdout"]["predicted"]),
    ]
    found += [answers["clv"]["n_customers"], answers["clv"]["holdout"]["actual"]]
    repeats = {notice["code"]: notice["n_rows"] for notice in answers["rfm"]["warnings"]}["repeats"]
    called = pq.read_table(tmp_path / "to_call.parquet")
    for number in [*found, repeats, round(sum(called["at_stake"].to_pylist()))]:
        assert f"{number:,}" in text, number
    judged = answers["churn"]["backtest"]
    newest = judged["origins"][-1]
    for share in (judged["log_loss"], judged["rule_log_loss"]):
        assert f"{share:.3f}" in text, share
    assert f"calibration slope {judged['calibration_slope']:.2f}" in text
    assert f"−{-judged['calibration_intercept']:.2f}" in text
    assert (
        f"{newest['precision_at_capacity']:.0%}".replace("%", " %") in text
        and f"{newest['lead_days']:.0f}\ndays" in text
    )
