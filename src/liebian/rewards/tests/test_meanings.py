"""Each state of a reward means one thing, to its recipient, in the funnel and in the log, and every allowed change says what it was."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from django.conf import settings
from django.utils import translation

from liebian.rewards.api.own import TOLD
from liebian.rewards.rules import TRANSITIONS
from liebian.rewards.types import GIVEN, MEANINGS, PAYABLE, RESERVED, FunnelStep, RewardState, Told
from liebian.rewards.types.meanings import event_of

STATES = get_args(RewardState)
CHANGES = [(old, new) for old, targets in TRANSITIONS.items() for new in sorted(targets)]
BACK = {"Reward Clawed Back", "Reward Reduced", "Reward Cancelled", "Reward Written Off"}


def test_every_state_has_a_meaning_and_every_reward_is_in_one_step():
    assert set(MEANINGS) == set(STATES)
    steps = {step: {state for state in STATES if MEANINGS[state].step == step} for step in get_args(FunnelStep)}
    assert (steps["held"], steps["rewarded"]) == (RESERVED | PAYABLE, GIVEN | {"expired"})


@pytest.mark.parametrize(("old", "new"), CHANGES)
def test_only_what_went_back_is_told_as_taken_back(old, new):
    moved = event_of(old, new, "")
    if old == new:
        assert moved not in BACK
        assert event_of(old, new, "taken_back") == ("Reward Clawed Back" if new in GIVEN else "Reward Reduced")
    else:
        assert (moved in BACK) == (new in ("cancelled", "clawed_back", "written_off"))
        assert event_of(old, new, "taken_back") == moved
    assert (moved == "Reward Issued") == (new == "issued" and old not in ("issued", "redeemed"))
    assert event_of(old, new, "to_take_back") == ""


def test_every_event_is_described():
    sent = {event_of(old, new, kind) for old, new in CHANGES for kind in ("", "taken_back")} - {""}
    text = (Path(settings.ROOT) / "docs/reference/reward-events.md").read_text()
    assert set(re.findall(r"^\| `(Reward [A-Za-z ]+)`", text, re.MULTILINE)) == sent


@pytest.mark.parametrize("language", ["zh-hans", "en"])
def test_customers_are_told_each_meaning_in_words_of_their_own(language):
    with translation.override(language):
        words = {told: str(TOLD[told]) for told in get_args(Told)}
    assert len(set(words.values())) == len(words)
    assert all(text.isascii() == (language == "en") for text in words.values())
