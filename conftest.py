"""What every test of the repository needs around it."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

import hypothesis
import pytest
from django.conf import settings
from django.contrib.auth.hashers import get_hashers
from django.test import override_settings

from tests import emptying

# How long an example takes says how busy the machine is, not whether the behaviour is right.
hypothesis.settings.register_profile("liebian", deadline=None)
hypothesis.settings.load_profile("liebian")


def pytest_collection() -> None:
    """All addresses are loaded as the server loads them, before doctests import single modules of them."""
    import_module("liebian.config.urls")


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
