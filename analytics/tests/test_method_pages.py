"""What a method's page shows can be typed and answers what the page says."""

from __future__ import annotations

import doctest
import random
import re
import shlex
from datetime import date, timedelta
from pathlib import Path

import pytest
from liebian_analytics.cli.main import app

PAGES = sorted((Path(__file__).resolve().parents[2] / "docs" / "methods").glob("*.md"))
WORDS = ("**Question.**", "**When it fails.**", "**Source.**")


def orders() -> str:
    """A year of 300 customers, of whom many stay away after a while."""
    chance = random.Random(5)
    lines = ["CustomerID,InvoiceDate,Amount"]
    for customer in range(300):
        at, gap = chance.uniform(0, 200), chance.uniform(5, 40)
        while at < 343 and chance.random() < 0.85:
            lines.append(f"{customer},{date(2011, 1, 1) + timedelta(days=int(at))},{chance.randint(5, 90)}")
            at += chance.expovariate(1 / gap)
    return "\n".join(lines)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_page_explains_itself(page: Path) -> None:
    text = page.read_text()
    assert [word for word in WORDS if word not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_examples_answer_what_the_page_says(page: Path) -> None:
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)
    examples = "\n".join(block for language, block in blocks if language == "pycon")
    test = doctest.DocTestParser().get_doctest(examples, {}, page.stem, str(page), 0)
    assert test.examples
    assert {language for language, _ in blocks} <= {"pycon", "console"}
    said: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, out=said.append)
    assert not said, "".join(said)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_commands_work(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("orders.csv").write_text(orders())
    for block in re.findall(r"^```console\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            app([*shlex.split(line)[1:], "--json"], exit_on_error=False)
            assert '"command"' in capsys.readouterr().out
