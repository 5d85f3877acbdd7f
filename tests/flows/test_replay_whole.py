"""A whole installation, made by the command line, follows from its log: people, tiers, referrals, rewards, balances."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-c", "from liebian.config.cli.main import run; run()"]
PARTS = {"customers", "orders", "tiers", "referrals", "decisions", "rewards", "balances"}


def liebian(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ, "LIEBIAN_HOME": str(home),
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT / "analytics" / "src")]),
    }  # fmt: skip
    environment.pop("DATABASE_URL", None)
    return subprocess.run(
        [*COMMAND, *arguments, "--json"], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=300
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("replayed")
    assert liebian(folder, "migrate").returncode == 0
    played = liebian(folder, "demo", "--customers", "400")
    assert played.returncode == 0, played.stderr
    return folder


def test_reading_the_log_from_zero_gives_the_same_installation(home):
    done = liebian(home, "replay")
    answer = json.loads(done.stdout)
    assert done.returncode == 0, answer
    assert {part["name"] for part in answer["parts"] if part["rows"]} >= PARTS


def test_a_balance_that_does_not_follow_from_the_log_is_found(home):
    import sqlite3

    with sqlite3.connect(home / "main.sqlite3") as database:
        database.execute("UPDATE ledger_account SET balance = balance + 1 WHERE kind = 'budget'")
    done = liebian(home, "replay")
    answer = json.loads(done.stdout)
    assert done.returncode == 1
    assert [part["name"] for part in answer["parts"] if not part["equal"]] == ["balances"]


def test_the_demo_shop_opens_only_in_an_empty_installation(home):
    done = liebian(home, "demo")
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["code"] == "not_empty"


def test_the_doctor_says_what_is_configured_reachable_and_behind(home):
    answer = json.loads(liebian(home, "doctor").stdout)
    names = {finding["name"] for finding in answer["findings"]}
    assert names >= {
        "LIEBIAN_HOME",
        "database default",
        "database log",
        "stage identity",
        "stage referrals",
        "lake order_facts",
    }
    assert all(finding["ok"] for finding in answer["findings"] if finding["name"].startswith(("stage", "database")))
