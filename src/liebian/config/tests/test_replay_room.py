"""The folder of a replay holds keys and people: it never stays."""

import tempfile

import pytest

from liebian.config.replay import check, room
from liebian.core.errors import Unavailable


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def leave(place, name):
    """What a process that was killed leaves."""
    folder = place / f"{room.PREFIX}{name}"
    folder.mkdir()
    (folder / "keys.json").write_text("{}")
    (folder / room.LOCK).touch()
    return folder


def test_only_its_owner_may_look_into_it(place):
    with room.temporary_home() as home:
        assert home.parent == place
        assert home.stat().st_mode & 0o777 == 0o700
    assert list(place.iterdir()) == []


def test_the_next_replay_removes_what_a_killed_one_left_and_nothing_else(place):
    left = leave(place, "dead")
    other = place / "liebian-test-home"
    other.mkdir()
    with room.temporary_home() as first:
        assert not left.exists()
        with room.temporary_home() as second:
            assert first.exists() and second.exists() and first != second
        assert first.exists()
    assert list(place.iterdir()) == [other]


def test_an_error_leaves_nothing(place, monkeypatch, settings, tmp_path_factory):
    settings.HOME = tmp_path_factory.mktemp("home")
    (settings.HOME / "keys.json").write_text("not the keys of an installation")
    with pytest.raises(Unavailable) as caught:
        check.check_replay()
    assert caught.value.code == "replay_failed"
    assert caught.value.details["command"] == "migrate"
    assert list(place.iterdir()) == []
