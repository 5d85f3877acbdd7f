from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection

from liebian.access import queries, services
from liebian.access.models import SignInWindow
from liebian.access.permissions import VIEWER
from liebian.access.rules import MAX_ATTEMPTS, WINDOW
from liebian.access.tests.factories import NOW, PASSWORD, make_user
from liebian.core.errors import Invalid

pytestmark = pytest.mark.django_db(databases="__all__")
NAME = "lin@shiye.example"


def attempt(password="wrong", username=NAME, address="10.0.0.1", now=NOW):
    return services.sign_in(username=username, password=password, address=address, now=now)


def fail(times, **changes):
    codes = []
    for _attempt in range(times):
        with pytest.raises(Invalid) as refusal:
            attempt(**changes)
        codes.append(refusal.value.code)
    return codes


def test_the_right_password_signs_in_and_forgets_earlier_mistakes():
    lin = make_user(VIEWER)
    fail(MAX_ATTEMPTS - 1)
    assert attempt(PASSWORD, username=" LIN@shiye.example") == lin
    assert not SignInWindow.objects.exists()


def test_unknown_wrong_and_closed_look_the_same():
    lin = make_user(VIEWER)
    messages = set()
    for values in ({"username": "nobody"}, {}):
        with pytest.raises(Invalid) as refusal:
            attempt(**values)
        messages.add((refusal.value.code, refusal.value.message))
    services.set_active(user_id=lin.pk, is_active=False, actor_id=None, now=NOW)
    with pytest.raises(Invalid) as refusal:
        attempt(PASSWORD)
    messages.add((refusal.value.code, refusal.value.message))
    assert len(messages) == 1


@pytest.mark.parametrize("username", [NAME, "nobody@shiye.example"])
def test_ten_failures_lock_this_account_from_this_address(username):
    make_user(VIEWER)
    codes = fail(MAX_ATTEMPTS + 1, username=username)
    assert codes == ["wrong_credentials"] * (MAX_ATTEMPTS - 1) + ["too_many_attempts"] * 2
    with pytest.raises(Invalid, match="15"):
        attempt(PASSWORD, username=username)


def test_the_lock_is_for_one_address_and_ends_after_the_window():
    lin = make_user(VIEWER)
    fail(MAX_ATTEMPTS)
    assert attempt(PASSWORD, address="10.0.0.2") == lin
    assert fail(1, password=PASSWORD, now=NOW + WINDOW - timedelta(seconds=1)) == ["too_many_attempts"]
    assert attempt(PASSWORD, now=NOW + WINDOW) == lin


def test_a_lock_is_in_the_audit_trail_once():
    lin = make_user(VIEWER)
    fail(MAX_ATTEMPTS + 3)
    locks = queries.list_audit(action="user.sign_in_locked")
    assert [entry.subject for entry in locks] == [f"user:{lin.pk}"]


def test_the_store_names_neither_account_nor_address():
    fail(1)
    row = SignInWindow.objects.values().get()
    assert NAME.encode() not in bytes(row["key"]) and len(bytes(row["key"])) == 16


def test_windows_that_have_passed_are_swept():
    fail(1, username="first")
    fail(1, username="second", now=NOW + WINDOW)
    assert SignInWindow.objects.count() == 1


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_parallel_guesses_get_no_more_than_serial_ones():
    make_user(VIEWER)
    start, codes = Barrier(16), []

    def guess():
        try:
            start.wait()
            attempt()
        except Invalid as refusal:
            codes.append(refusal.code)
        finally:
            connection.close()

    threads = [Thread(target=guess) for _guess in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes.count("wrong_credentials") == MAX_ATTEMPTS - 1
    assert codes.count("too_many_attempts") == 16 - MAX_ATTEMPTS + 1
