"""What people did with points is no difference of a replay; a real difference beside it still is."""

import sqlite3
from itertools import count
from pathlib import Path

import pytest

from liebian.config.replay.parts import compare
from liebian.config.tests.test_replay_parts import balances

P, VIP = "POINTS/0", "POINTS:vip/0"
SHARED = ("world", "points_burned", "points_breakage")


class Books:
    """Entries of points in a file as a replay reads them: what customers have, and what all share."""

    def __init__(self, path: Path) -> None:
        self.path = balances(path)
        self._database = sqlite3.connect(path)
        self._accounts: dict[str, int] = {}
        self._entries = count(1)

    def post(self, subject: str = "", asset: str = P, **amounts: int) -> None:
        """`c5` is the account of customer 5, `pending5` what is pending; others are shared."""
        entry = next(self._entries)
        self._database.execute("INSERT INTO ledger_entry VALUES (?, ?)", [entry, subject])
        for name, amount in amounts.items():
            account = self._account(name, asset)
            self._database.execute("INSERT INTO ledger_posting VALUES (?, ?, ?)", [entry, account, amount])
            self._database.execute("UPDATE ledger_account SET balance = balance + ? WHERE id = ?", [amount, account])
        self._database.commit()

    def say(self, table: str, *values: object) -> None:
        marks = ", ".join("?" * len(values))
        self._database.execute(f"INSERT INTO {table} VALUES ({marks})", values)
        self._database.commit()

    def _account(self, name: str, asset: str) -> int:
        kind, code = name, f"{name}:{asset}"
        if name not in SHARED and asset.startswith("POINTS"):
            kind = "points_pending" if name.startswith("pending") else "points"
            programme = asset.removeprefix("POINTS").removesuffix("/0")
            code = f"{kind}:{name.removeprefix('pending').removeprefix('c')}{programme}"
        if code not in self._accounts:
            made = self._database.execute(
                "INSERT INTO ledger_account (code, asset, balance, kind) VALUES (?, ?, 0, ?)", [code, asset, kind]
            )
            self._accounts[code] = made.lastrowid
        return self._accounts[code]


@pytest.fixture
def old(tmp_path):
    return Books(tmp_path / "before")


@pytest.fixture
def new(tmp_path):
    return Books(tmp_path / "after")


def both(old, new, *args, **amounts):
    for side in (old, new):
        side.post(*args, **amounts)


def difference(old, new) -> str:
    [part] = compare(old.path, new.path, ["balances"])
    assert part.equal == (not part.first_difference)
    return part.first_difference


def test_a_correction_by_hand_is_no_difference(old, new):
    both(old, new, "order:1", world=-100, c5=100)
    old.post(world=-50, c5=50)
    assert "was ('points:5', 'POINTS/0', 150)" in difference(old, new), "without a record it would be one"
    old.say("rewards_points_lot", P, 5, "adjust:hand-1")
    assert difference(old, new) == ""


def test_a_real_difference_beside_it_is_found(old, new):
    both(old, new, "order:1", world=-100, c5=100)
    old.post(world=-50, c5=50)
    old.say("rewards_points_lot", P, 5, "adjust:hand-1")
    old.post(world=-7, c6=7)
    assert "was ('points:6', 'POINTS/0', 7)" in difference(old, new)


def test_of_a_night_for_many_only_the_share_of_whom_people_touched_is_left_out(old, new):
    both(old, new, "order:1", world=-100, c5=100)
    both(old, new, "order:2", world=-40, c6=40)
    old.post(c5=-30, points_burned=30)
    old.say("rewards_points_use", P, 5, "burn", "burn:cart-9")
    old.post(c5=-70, c6=-40, points_breakage=110)
    new.post(c5=-100, c6=-40, points_breakage=140)
    assert difference(old, new) == ""
    new.post(world=-1, points_breakage=1)
    assert "points_breakage" in difference(old, new)


def test_both_who_gave_and_who_got_points_are_left_out(old, new):
    both(old, new, "order:1", world=-100, c5=100)
    both(old, new, "order:2", world=-10, c6=10)
    old.post(c5=-21, c6=20, points_burned=1)
    old.say("rewards_points_use", P, 5, "transfer", "transfer:x")
    old.say("rewards_points_lot", P, 6, "transfer:x:0")
    assert difference(old, new) == ""


def test_what_a_refund_took_follows_from_the_log_and_is_compared(old, new):
    both(old, new, "order:1", world=-100, c5=100)
    old.post("order:1", c5=-100, world=100)
    for side in (old, new):
        side.say("rewards_points_use", P, 5, "claw", "claw:reward:order:1:first:referrer:100")
    assert "points:5" in difference(old, new)


def test_programmes_are_told_apart(old, new):
    both(old, new, asset=VIP, world=-9, c5=9)
    both(old, new, world=-9, c5=9)
    old.post(asset=VIP, world=-1, c5=1)
    old.say("rewards_points_lot", VIP, 5, "adjust:hand-1")
    assert difference(old, new) == ""
    old.post(world=-1, c5=1)
    assert "points:5'" in difference(old, new)


def test_taking_a_reward_back_from_them_moves_other_money(old, new):
    for side in (old, new):
        side.say("rewards_offer", 1, "points", "{}")
        side.post("order:1", world=-100, c5=100)
        side.post("order:1", asset="CNY/2", paid_out=500, budget=-500)
    old.post(c5=-100, points_burned=100)
    old.say("rewards_points_use", P, 5, "burn", "burn:cart-9")
    old.say("rewards_reward", "order:1", 0, 5, 1, 100)
    new.say("rewards_reward", "order:1", 0, 5, 1, 100)
    old.post("order:1", asset="CNY/2", paid_out=-500, receivable=500)
    new.post("order:1", asset="CNY/2", paid_out=-500, budget=500)
    new.post("order:1", c5=-100, world=100)
    assert difference(old, new) == ""


def test_the_points_of_a_reward_that_people_decided_about_are_left_out_with_what_became_of_them(old, new):
    both(old, new, "order:2", world=-40, c6=40)
    old.say("rewards_offer", 1, "points", "{}")
    old.say("rewards_reward", "order:1", 1, 5, 1, 0)
    new.post("order:1", world=-100, c5=100)
    old.post(c6=-40, points_breakage=40)
    new.post(c5=-100, c6=-40, points_breakage=140)
    assert difference(old, new) == ""


def test_a_reward_of_a_programme_of_points_touches_that_programme(old, new):
    both(old, new, asset=VIP, world=-9, c5=9)
    both(old, new, world=-9, c5=9)
    old.say("rewards_offer", 1, "points", '{"points_programme": "vip"}')
    old.say("rewards_reward", "order:1", 1, 5, 1, 0)
    new.post("order:1", asset=VIP, world=-100, c5=100)
    assert difference(old, new) == ""
    old.post(world=-1, c5=1)
    assert "points:5'" in difference(old, new)


def test_who_was_merged_into_somebody_took_their_points_along(old, new):
    both(old, new, "order:1", world=-100, c5=100)
    old.say("rewards_points_lot", P, 4, "adjust:hand-1")
    old.say("customers_customer", 4, 5)
    old.post(world=-50, c5=50)
    assert difference(old, new) == ""


def test_points_that_are_pending_belong_to_them_too(old, new):
    both(old, new, "order:1", world=-100, pending5=100)
    old.say("rewards_points_use", P, 5, "adjust", "adjust:hand-1")
    old.post(pending5=-100, c5=100)
    old.post(c5=-100, world=100)
    assert difference(old, new) == ""
