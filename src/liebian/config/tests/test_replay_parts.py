"""Which parts a replay compares, and what it says of one that differs."""

import sqlite3

import pytest

from liebian.config.replay.parts import PARTS, choose_parts, compare
from liebian.core.errors import Invalid
from liebian.pipeline.words import PART_NAMES


def balances(path, *rows):
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE ledger_account (id INTEGER PRIMARY KEY, code, asset, balance, kind)")
        database.execute("CREATE TABLE ledger_entry (id INTEGER PRIMARY KEY, subject)")
        database.execute("CREATE TABLE ledger_posting (entry_id, account_id, amount)")
        database.execute(
            "CREATE TABLE rewards_reward (qualification, is_by_hand, customer_id, offer_id, clawed_amount)"
        )
        database.execute("CREATE TABLE rewards_offer (id, kind, terms)")
        database.execute("CREATE TABLE rewards_points_use (asset, customer_id, kind, key)")
        database.execute("CREATE TABLE rewards_points_lot (asset, customer_id, cause)")
        database.execute("CREATE TABLE customers_customer (id, merged_into)")
        database.executemany(
            "INSERT INTO ledger_account (code, asset, balance, kind) VALUES (?, 'CNY', ?, 'budget')", rows
        )
    database.close()
    return path


def test_without_a_name_all_parts_are_compared_and_the_page_has_a_word_for_each():
    assert choose_parts([]) == list(PARTS) == list(PART_NAMES)


def test_parts_come_in_the_usual_order_however_they_are_named():
    assert choose_parts(["rewards", "customers", "rewards"]) == ["customers", "rewards"]


def test_a_part_that_does_not_exist_is_named_with_those_that_do():
    with pytest.raises(Invalid) as caught:
        choose_parts(["rewards", "weather"])
    assert caught.value.code == "unknown_part"
    assert "weather" in str(caught.value) and "events with people" in str(caught.value)


@pytest.mark.parametrize(
    ("was", "is_now", "words"),
    [
        ([("a", 1), ("b", 2)], [("a", 1), ("b", 3)], "was ('b', 'CNY', 2), is ('b', 'CNY', 3)"),
        ([("a", 1), ("b", 2)], [("a", 1)], "was ('b', 'CNY', 2), is ()"),
        ([("a", 1)], [("a", 1), ("b", 2)], "was (), is ('b', 'CNY', 2)"),
        ([("a", 1)], [("a", 1)], ""),
        ([("a", 1), ("b", 5)], [("a", 1), ("b", 2), ("b/1", 3)], ""),
    ],
)
def test_the_first_row_that_differs_is_shown_as_it_was_and_as_it_is(tmp_path, was, is_now, words):
    before, after = balances(tmp_path / "before", *was), balances(tmp_path / "after", *is_now)
    [part] = compare(before, after, ["balances"])
    assert (part.rows, part.equal, part.first_difference) == (len(was), not words, words)


def test_what_people_decided_about_a_reward_is_left_out_of_the_balances(tmp_path):
    before = balances(tmp_path / "before", ("a", 7), ("b", 2))
    after = balances(tmp_path / "after", ("a", 5), ("b", 2))
    with sqlite3.connect(before) as database:
        database.execute("INSERT INTO rewards_reward VALUES ('order:1', 1, 5, 1, 0)")
        database.execute("INSERT INTO ledger_entry VALUES (1, 'order:1')")
        database.execute("INSERT INTO ledger_posting VALUES (1, 1, 2)")
    database.close()
    [part] = compare(before, after, ["balances"])
    assert part.equal


def test_what_checkouts_did_with_codes_of_nobody_is_left_out_of_the_balances(tmp_path):
    before = balances(tmp_path / "before", ("stock", 4), ("used", 1))
    after = balances(tmp_path / "after", ("stock", 5), ("used", 0))
    with sqlite3.connect(before) as database:
        database.execute("INSERT INTO ledger_entry VALUES (1, 'checkout:3')")
        database.execute("INSERT INTO ledger_posting VALUES (1, 1, -1), (1, 2, 1)")
    database.close()
    [part] = compare(before, after, ["balances"])
    assert part.equal
