"""What every test of the repository needs around it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import hypothesis
import pytest
from django.conf import settings
from django.contrib.auth.hashers import get_hashers
from django.test import TransactionTestCase, override_settings
from django.utils import timezone, translation

from tests import copying, emptying
from tests.live import template

TESTS = Path(__file__).parent / "tests"
DATABASES = {"db", "transactional_db", "live_server"}
STARTERS = ("subprocess", "multiprocessing")

# How long an example takes says how busy the machine is, not whether the behaviour is right.
hypothesis.settings.register_profile("liebian", deadline=None)
hypothesis.settings.load_profile("liebian")


def pytest_collection() -> None:
    """All addresses are loaded as the server loads them, before doctests import single modules of them."""
    import_module("liebian.config.urls")


def pytest_addoption(parser: pytest.Parser) -> None:
    words = "leave out what cannot tell one database from another: tests that Django keeps from every database, and doctests"
    parser.addoption("--only-with-database", action="store_true", help=words)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Only doctests stand outside of test files, and none in what serves tests of whole installations: what holds nothing to
    run need not be read, which takes a while where it loads heavy libraries."""
    may_hold_doctests = collection_path.suffix == ".py" and not collection_path.name.startswith("test_")
    leave_out = config.getoption("--only-with-database") or TESTS in collection_path.parents
    return (may_hold_doctests and leave_out) or None


def may_reach_a_database(item: pytest.Item) -> bool:
    """Django's plugin refuses every query of a test that has not asked for a database. A test may still reach one in a
    process of its own: that of a whole installation, or one that its module starts."""
    case = getattr(item, "cls", None)
    return (
        TESTS in item.path.parents
        or item.get_closest_marker("django_db") is not None
        or not DATABASES.isdisjoint(getattr(item, "fixturenames", ()))
        or (case is not None and issubclass(case, TransactionTestCase))
        or any(hasattr(getattr(item, "module", None), starter) for starter in STARTERS)
    )


def order(item: pytest.Item) -> tuple[bool, bool]:
    """Tests of a whole installation take longest and wait most, so they come first and the others run beside them, the
    longest before all. (Django's plugin has put them last, because they ask for no database of this process.)"""
    is_within_one_process = TESTS not in item.path.parents or item.get_closest_marker("django_db") is not None
    return item.get_closest_marker("longest") is None, is_within_one_process


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--only-with-database"):
        left_out = [item for item in items if not may_reach_a_database(item)]
        items[:] = [item for item in items if may_reach_a_database(item)]
        config.hook.pytest_deselected(items=left_out)
    items.sort(key=order)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A database on a server does not go with a folder."""
    is_whole_run = not hasattr(session.config, "workerinput") and not session.config.option.collectonly
    if is_whole_run and (server := os.environ.get("DATABASE_URL")):
        template.forget(server)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> Iterator[None]:
    with copying.instead_of_migrating():
        yield


@pytest.fixture(scope="session", autouse=True)
def quickly_emptied_tables() -> Iterator[None]:
    with emptying.quickly():
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_password_hashes() -> Iterator[None]:
    """Real hashes are slow on purpose; tests that make users need not wait for them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "PASSWORD_HASHERS", ["django.contrib.auth.hashers.MD5PasswordHasher"])
        get_hashers.cache_clear()
        yield
    get_hashers.cache_clear()


@pytest.fixture(scope="session", autouse=True)
def plain_static_names() -> Iterator[None]:
    """Pages under test name static files as they are, whether or not they have been collected here."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(STORAGES={**settings.STORAGES, "staticfiles": plain}):
        yield


@pytest.fixture(autouse=True)
def own_language_and_zone() -> None:
    """A page sets both for its thread and leaves them set, so a test would read what the one before it asked for."""
    translation.deactivate()
    timezone.deactivate()
