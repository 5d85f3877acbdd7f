"""Writes of `pipeline`: walking the units, and what people do to them."""

from liebian.pipeline.rules import place_of, shown_error
from liebian.pipeline.services.running import run_unit, walk
from liebian.pipeline.services.steering import (
    ask_replay_check,
    pause_unit,
    replay_stage,
    resume_unit,
    run_replay_check,
    take_aside_again,
)
from liebian.pipeline.services.texts import redact_texts
from liebian.pipeline.services.units import PUBLISHING, UNITS, every_unit, publish, shards_of

__all__ = [
    "PUBLISHING",
    "UNITS",
    "ask_replay_check",
    "every_unit",
    "pause_unit",
    "place_of",
    "publish",
    "redact_texts",
    "replay_stage",
    "resume_unit",
    "run_replay_check",
    "run_unit",
    "shards_of",
    "shown_error",
    "take_aside_again",
    "walk",
]
