from threading import Barrier, Thread

import pytest
from django.db import connection

from liebian.access import queries, services
from liebian.access.models import User
from liebian.access.permissions import ADMINISTRATOR, OPERATOR, VIEWER
from liebian.access.tests.factories import NOW, PASSWORD, make_user
from liebian.core.errors import Conflict, Invalid, NotFound

pytestmark = pytest.mark.django_db(databases="__all__")


def create(**changes):
    values = {"username": "An@Shiye.example ", "display_name": "An", "role": VIEWER, "password": PASSWORD}
    return services.create_user(**{**values, "actor_id": None, "now": NOW, **changes})


def test_a_new_user_can_be_found_however_the_name_is_written():
    made = create()
    assert made.username == "an@shiye.example"
    assert queries.find_user(" AN@shiye.EXAMPLE") == made == queries.get_user(made.id)
    assert User.objects.get_by_natural_key("AN@shiye.example").check_password(PASSWORD)
    assert queries.list_audit()[0].details == {"role": VIEWER}


def test_a_name_is_taken_once():
    create()
    with pytest.raises(Conflict) as refusal:
        create(username="an@shiye.example", role=ADMINISTRATOR)
    assert refusal.value.code == "username_taken"
    assert queries.get_user(queries.list_users()[0].id).role == VIEWER
    assert len(queries.list_audit()) == 1


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"username": "  "}, "username_missing", "username"),
        ({"username": "two words"}, "username_missing", "username"),
        ({"display_name": "\x00"}, "name_missing", "display_name"),
        ({"role": "owner"}, "bad_role", "role"),
        ({"language": "fr"}, "bad_language", "language"),
        ({"password": "short"}, "weak_password", "password"),
        ({"password": "password123"}, "weak_password", "password"),
        ({"password": "an@shiye.example"}, "weak_password", "password"),
    ],
)
def test_what_is_refused_names_the_field(changes, code, field):
    with pytest.raises(Invalid) as refusal:
        create(**changes)
    assert (refusal.value.code, refusal.value.details["field"]) == (code, field)
    assert queries.list_users() == []


def test_a_new_role_holds_at_once_and_is_audited():
    lin = make_user(VIEWER)
    assert not lin.may("imports:run")
    services.change_role(user_id=lin.pk, role=OPERATOR, actor_id=1, now=NOW)
    services.change_role(user_id=lin.pk, role=OPERATOR, actor_id=1, now=NOW)
    lin.refresh_from_db()
    assert lin.may("imports:run") and not lin.may("access:manage")
    changes = queries.list_audit(action="user.role_changed")
    assert [entry.details for entry in changes] == [{"from": VIEWER, "to": OPERATOR}]


def test_a_closed_account_has_no_rights():
    lin = make_user(VIEWER)
    services.set_active(user_id=lin.pk, is_active=False, actor_id=1, now=NOW)
    lin.refresh_from_db()
    assert not lin.may("customers:view")
    services.set_active(user_id=lin.pk, is_active=True, actor_id=1, now=NOW)
    assert [entry.action for entry in queries.list_audit(limit=2)] == ["user.opened", "user.closed"]


def test_the_last_administrator_stays():
    mei = make_user(ADMINISTRATOR)
    for refused in (
        lambda: services.change_role(user_id=mei.pk, role=VIEWER, actor_id=mei.pk, now=NOW),
        lambda: services.set_active(user_id=mei.pk, is_active=False, actor_id=mei.pk, now=NOW),
    ):
        with pytest.raises(Conflict) as refusal:
            refused()
        assert refusal.value.code == "last_administrator"
    an = create(role=ADMINISTRATOR)
    services.set_active(user_id=mei.pk, is_active=False, actor_id=an.id, now=NOW)
    with pytest.raises(Conflict):
        services.change_role(user_id=an.id, role=VIEWER, actor_id=an.id, now=NOW)


def test_somebody_who_does_not_exist():
    for act in (
        lambda: queries.get_user(9),
        lambda: services.change_role(user_id=9, role=VIEWER, actor_id=None, now=NOW),
        lambda: services.set_active(user_id=9, is_active=True, actor_id=None, now=NOW),
        lambda: services.reset_password(user_id=9, actor_id=None, now=NOW),
        lambda: services.change_profile(user_id=9, display_name="An", language=""),
    ):
        with pytest.raises(NotFound) as refusal:
            act()
        assert refusal.value.code == "no_such_user"


def test_a_reset_password_is_shown_once_and_works():
    lin = make_user(VIEWER)
    password = services.reset_password(user_id=lin.pk, actor_id=1, now=NOW)
    lin.refresh_from_db()
    assert lin.check_password(password) and not lin.check_password(PASSWORD)
    entry = queries.list_audit()[0]
    assert entry.action == "user.password_reset" and password not in str(entry)


def test_changing_the_own_password_needs_the_current_one():
    lin = make_user(VIEWER)
    with pytest.raises(Invalid) as refusal:
        services.change_own_password(user_id=lin.pk, current="wrong", new="white-peony-leaf-9", now=NOW)
    assert refusal.value.details["field"] == "current"
    with pytest.raises(Invalid) as refusal:
        services.change_own_password(user_id=lin.pk, current=PASSWORD, new="12345678901", now=NOW)
    assert refusal.value.code == "weak_password"
    services.change_own_password(user_id=lin.pk, current=PASSWORD, new="white-peony-leaf-9", now=NOW)
    lin.refresh_from_db()
    assert lin.check_password("white-peony-leaf-9")


def test_the_first_administrator_is_made_once():
    password = services.ensure_first_admin(now=NOW)
    assert password and services.ensure_first_admin(now=NOW) is None
    admin = User.objects.get()
    assert (admin.username, admin.role) == ("admin", ADMINISTRATOR)
    assert admin.check_password(password)


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_two_administrators_who_remove_each_other_leave_one():
    pair = [make_user(ADMINISTRATOR).pk, create(role=ADMINISTRATOR).id]
    start, refusals = Barrier(2), []

    def demote(target):
        try:
            start.wait()
            services.change_role(user_id=target, role=VIEWER, actor_id=None, now=NOW)
        except Conflict as refusal:
            refusals.append(refusal.code)
        finally:
            connection.close()

    threads = [Thread(target=demote, args=[target]) for target in pair]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refusals == ["last_administrator"]
    assert User.objects.filter(role=ADMINISTRATOR).count() == 1
