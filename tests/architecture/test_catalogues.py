"""The Chinese catalogues say account as the glossary does."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

CATALOGUES = sorted((Path(__file__).parents[2] / "src" / "liebian").glob("*/locale/zh_Hans/LC_MESSAGES/django.po"))
WHERE_ACCOUNTS_LOG_IN = {"access", "config", "customers"}
"""Rooms that speak of accounts as something to log in with. The others mean the ledger's, or those that money is paid from and to."""
CLOSED = "This account was closed"


def read(path: Path) -> list[Message]:
    with path.open("rb") as source:
        return [each for each in read_po(source, locale="zh") if each.id]


def told(message: Message) -> str:
    return message.string if isinstance(message.string, str) else "".join(message.string)


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-5])
def test_an_account_has_one_word_by_meaning(path: Path):
    logs_in = path.parts[-5] in WHERE_ACCOUNTS_LOG_IN
    wrong, right = ("账户", "账号") if logs_in else ("账号", "账户")
    assert [told(each) for each in read(path) if wrong in told(each) and each.id != CLOSED] == []
    assert [told(each) for each in read(path) if each.id == CLOSED and right in told(each)] == []
