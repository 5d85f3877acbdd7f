"""Make the second installation, read the log from zero there, compare."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

from liebian.config import env
from liebian.config.replay.copies import copy_installation, copy_records
from liebian.config.replay.parts import Part, choose_parts, compare
from liebian.config.replay.room import temporary_home
from liebian.core.errors import Unavailable
from liebian.core.texts import mark as _


def check_replay(wanted: Iterable[str] = ()) -> list[Part]:
    """Replay in a temporary folder and compare the parts of these names, all without one. Writes nothing to this installation.

    Raises Invalid "unknown_part", Unavailable "replay_failed".
    """
    names = choose_parts(wanted)
    with temporary_home() as home:
        records, main = home / "records.sqlite3", home / "main.sqlite3"
        shutil.copy(settings.HOME / "keys.json", home / "keys.json")
        _liebian(home, "migrate")
        copy_installation(log=home / "log.sqlite3", records=records, empty=main)
        copy_records(records, main)
        _liebian(home, "stages")
        return compare(records, main, names)


def _liebian(home: Path, command: str) -> None:
    environment = {
        **os.environ,
        env.HOME.name: str(home),
        env.DATABASE_URL.name: "",
        env.LAKE_URL.name: "",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    code = "from liebian.config.cli.main import run; run()"
    done = subprocess.run(
        [sys.executable, "-c", code, command, "--json"], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Unavailable(
            "replay_failed",
            _("`liebian %(command)s` failed in the replay: %(output)s"),
            command=command,
            output=(done.stdout + done.stderr)[-500:],
        )
