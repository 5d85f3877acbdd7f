"""What every test of the repository needs around it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import hypothesis
import pytest
from django.conf import settings
from django.contrib.auth.hashers import get_hashers
from django.test import override_settings

from tests import emptying

TESTS = Path(__file__).parent / "tests"

# How long an example takes says how busy the machine is, not whether the behaviour is right.
hypothesis.settings.register_profile("liebian", deadline=None)
hypothesis.settings.load_profile("liebian")


def pytest_collection() -> None:
    """All addresses are loaded as the server loads them, before doctests import single modules of them."""
    import_module("liebian.config.urls")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of a whole installation take longest and wait most, so they come first and the others run beside them.
    (Django's plugin has put them last, because they ask for no database of this process.)"""
    items.sort(key=lambda item: TESTS not in item.path.parents or item.get_closest_marker("django_db") is not None)


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
