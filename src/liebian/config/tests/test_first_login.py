"""The first administrator's password is told until it is no longer theirs."""

import pytest

from liebian.config.cli.first_login import first_password
from liebian.config.cli.people import reset

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture(autouse=True)
def _home(settings, tmp_path):
    settings.HOME = tmp_path


def test_the_first_password_is_told_until_somebody_logs_in():
    assert first_password() == first_password() != ""


def test_a_password_that_was_replaced_is_not_told():
    first_password()
    reset("admin")
    assert first_password() is None
