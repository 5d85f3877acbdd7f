import re

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from liebian.access import queries, services
from liebian.access.permissions import ADMINISTRATOR, OPERATOR, VIEWER
from liebian.access.rules import MAX_ATTEMPTS
from liebian.access.tests.factories import NOW, PASSWORD, make_user

pytestmark = pytest.mark.django_db(databases="__all__")
LOGIN = "/login"
ENGLISH = {"HTTP_ACCEPT_LANGUAGE": "en"}


def client_of(user) -> Client:
    client = Client(**ENGLISH)
    client.force_login(user)
    return client


@pytest.fixture
def mei():
    return make_user(ADMINISTRATOR)


@pytest.fixture
def admin(mei):
    return client_of(mei)


def text_of(response) -> str:
    return response.content.decode()


# --- sign-in ---------------------------------------------------------------------------------------------------------
def sign_in(client, password=PASSWORD, username="lin@shiye.example", **more):
    return client.post(LOGIN, {"username": username, "password": password, **more})


def test_signing_in_leads_to_the_page_that_was_asked_for():
    make_user(VIEWER)
    client = Client(**ENGLISH)
    asked = client.get("/profile")
    assert asked["Location"] == "/login?next=/profile"
    assert 'value="/profile"' in text_of(client.get(asked["Location"]))
    assert sign_in(client, next="/profile")["Location"] == "/profile"
    assert client.get("/profile").status_code == 200
    assert client.get(LOGIN)["Location"] == settings.LOGIN_REDIRECT_URL


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_signing_in_never_leads_off_the_site(elsewhere):
    make_user(VIEWER)
    assert sign_in(Client(), next=elsewhere)["Location"] == "/"


def test_a_wrong_password_keeps_the_name_and_not_the_password():
    response = sign_in(Client(**ENGLISH), password="not-this-one")
    page = text_of(response)
    assert response.status_code == 422
    assert "The name or the password is not right." in page
    assert 'value="lin@shiye.example"' in page and "not-this-one" not in page


def test_missing_fields_are_named():
    page = text_of(Client(**ENGLISH).post(LOGIN, {}))
    assert page.count("This field is required.") == 2


def test_too_many_attempts_are_refused_with_the_time_to_wait():
    make_user(VIEWER)
    client = Client(**ENGLISH)
    for _attempt in range(MAX_ATTEMPTS - 1):
        page = text_of(sign_in(client, password="wrong"))
    assert "One more wrong attempt closes this door" in page
    assert sign_in(client, password="wrong").status_code == 429
    response = sign_in(client)
    assert response.status_code == 429 and "Try again in 15 minutes" in text_of(response)


def test_signing_out_ends_the_session():
    client = client_of(make_user(VIEWER))
    assert client.post("/logout")["Location"] == LOGIN
    assert client.get("/profile").status_code == 302
    assert client.get("/logout").status_code == 405


def test_forms_are_protected_against_foreign_sites():
    client = Client(enforce_csrf_checks=True)
    for address in (LOGIN, "/logout", "/language"):
        assert client.post(address).status_code == 403


def test_a_fragment_sends_the_whole_window_to_the_sign_in_page():
    response = Client().get("/profile", headers={"HX-Request": "true"})
    assert (response.status_code, response["HX-Redirect"]) == (401, LOGIN)


# --- language --------------------------------------------------------------------------------------------------------
def test_the_switch_holds_for_visitors_and_is_remembered_for_users():
    lin = make_user(VIEWER)
    client = Client(**ENGLISH)
    assert client.post("/language", {"language": "zh-hans", "next": LOGIN})["Location"] == LOGIN
    assert 'lang="zh-hans"' in text_of(client.get(LOGIN))
    client.force_login(lin)
    client.post("/language", {"language": "zh-hans"})
    lin.refresh_from_db()
    assert lin.language == "zh-hans"


def test_signing_in_brings_the_own_language_to_any_browser():
    lin = make_user(VIEWER)
    services.set_language(user_id=lin.pk, language="zh-hans")
    client = Client(**ENGLISH)
    sign_in(client)
    assert 'lang="zh-hans"' in text_of(client.get("/profile"))


def test_a_language_that_is_not_offered_is_refused():
    response = Client(**ENGLISH).post("/language", {"language": "fr"})
    assert response.status_code == 422 and "bad_language" in text_of(response)


# --- profile ---------------------------------------------------------------------------------------------------------
def test_changing_the_password_keeps_this_session_and_ends_the_others():
    lin = make_user(VIEWER)
    here, elsewhere = client_of(lin), client_of(lin)
    response = here.post("/profile/password", {"current": PASSWORD, "password": "white-peony-leaf-9"})
    assert response["Location"] == "/profile"
    assert here.get("/profile").status_code == 200
    assert elsewhere.get("/profile").status_code == 302


def test_a_refused_password_says_why_beside_the_field():
    client = client_of(make_user(VIEWER))
    page = text_of(client.post("/profile/password", {"current": "wrong", "password": "white-peony-leaf-9"}))
    assert "This is not your current password. Nothing was changed." in page and 'id="id_current_error"' in page


def test_the_profile_changes_name_and_language():
    lin = make_user(VIEWER)
    client = client_of(lin)
    response = client.post("/profile/details", {"display_name": "Lin Wanqiu", "language": "en"})
    assert response.cookies[settings.LANGUAGE_COOKIE_NAME].value == "en"
    assert queries.get_user(lin.pk).display_name == "Lin Wanqiu"
    assert client.post("/profile/details", {"display_name": " ", "language": "en"}).status_code == 422


# --- settings --------------------------------------------------------------------------------------------------------
def test_settings_list_people_without_customer_data(admin):
    make_user(VIEWER)
    page = text_of(admin.get("/settings"))
    assert "2 people can sign in" in page and "Lin" in page and "Viewer" in page


def test_a_new_colleague_gets_a_password_that_is_shown_once(admin, mei):
    values = {"username": "an@shiye.example", "display_name": "An", "role": OPERATOR, "language": "en"}
    response = admin.post("/settings/users/new", values)
    password = re.search(r"([0-9A-Z]{4}-){3}[0-9A-Z]{4}", text_of(response)).group()
    an = queries.find_user("an@shiye.example")
    assert "no-store" in response["Cache-Control"]
    assert sign_in(Client(), password, an.username).status_code == 302
    assert password not in text_of(admin.get(f"/settings/users/{an.id}"))
    assert queries.list_audit(action="user.created")[0].actor_id == mei.pk
    refused = admin.post("/settings/users/new", values)
    assert refused.status_code == 422 and "Somebody already signs in as" in text_of(refused)
    assert 'value="An"' in text_of(refused)


def test_a_role_is_changed_and_the_last_administrator_kept(admin, mei):
    lin = make_user(VIEWER)
    assert admin.post(f"/settings/users/{lin.pk}/role", {"role": OPERATOR}).status_code == 302
    assert queries.get_user(lin.pk).role == OPERATOR
    refused = admin.post(f"/settings/users/{mei.pk}/role", {"role": VIEWER})
    assert refused.status_code == 422 and "This is the last administrator." in text_of(refused)
    assert admin.post(f"/settings/users/{lin.pk}/role", {"role": "owner"}).status_code == 422


def test_closing_an_account_ends_its_sessions(admin, mei):
    lin = make_user(VIEWER)
    theirs = client_of(lin)
    admin.post(f"/settings/users/{lin.pk}/access", {"is_active": "0"})
    assert theirs.get("/profile").status_code == 302
    assert "is signed out" in text_of(admin.get(f"/settings/users/{lin.pk}"))
    response = admin.post(f"/settings/users/{mei.pk}/access", {"is_active": "0"}, follow=True)
    assert "This is the last administrator." in text_of(response)
    admin.post(f"/settings/users/{lin.pk}/access", {"is_active": "1"})
    assert queries.get_user(lin.pk).is_active


def test_a_reset_password_works_and_the_old_one_does_not(admin):
    lin = make_user(VIEWER)
    response = admin.post(f"/settings/users/{lin.pk}/password")
    password = re.search(r"([0-9A-Z]{4}-){3}[0-9A-Z]{4}", text_of(response)).group()
    assert sign_in(Client(), PASSWORD).status_code == 422
    assert sign_in(Client(), password).status_code == 302


def test_the_organisation_is_renamed_from_its_page(admin):
    assert admin.post("/settings/organisation", {"name": "拾叶茶礼"}).status_code == 302
    assert "拾叶茶礼" in text_of(admin.get("/settings"))
    assert admin.post("/settings/organisation", {"name": ""}).status_code == 422


def test_roles_page_shows_every_right(admin):
    page = text_of(admin.get("/settings/roles"))
    assert "customers:reveal" in page and "Reveal a personal field, with a reason" in page


def test_somebody_who_does_not_exist_is_a_plain_404(admin):
    for address in ("/settings/users/99", "/settings/users/99999999999999999999999"):
        assert admin.get(address).status_code == 404


@pytest.mark.parametrize(
    "asked", ["", "?action=user.created", "?actor=x", "?before=-1&subject=%00", "?before=9" + "9" * 30]
)
def test_the_audit_page_answers_whatever_is_asked(admin, asked):
    response = admin.get("/settings/audit" + asked)
    assert response.status_code == 200


def test_the_audit_page_pages_and_checks_the_trail(admin, mei):
    for number in range(60):
        services.record_audit(actor_id=mei.pk, action="segment.published", subject=f"segment:{number}", now=NOW)
    page = text_of(admin.get("/settings/audit?action=segment.published"))
    following = re.search(r'href="([^"]*before=[^"]*)" rel="next"', page).group(1).replace("&amp;", "&")
    older = text_of(admin.get("/settings/audit" + following))
    assert "segment:59" in page and "segment:9<" not in page
    assert "segment:9<" in older and "segment:59" not in older
    assert "61 entries read from the first to the last" in text_of(admin.get("/settings/audit?check=1"))


def test_operators_are_told_which_right_they_lack():
    response = client_of(make_user(OPERATOR)).get("/settings")
    assert response.status_code == 403
    assert "Users, roles, organisation and audit" in text_of(response)


OF_THE_MENU = 2
"""What waits in quarantine (of another file on SQLite), and what the pipeline stopped at."""


def test_pages_ask_the_database_a_fixed_number_of_times(admin, django_assert_max_num_queries):
    for number in range(20):
        services.create_user(
            username=f"person{number}",
            display_name=f"Person {number}",
            role=VIEWER,
            password=PASSWORD,
            actor_id=None,
            now=NOW,
        )
    for name in ("access:settings", "access:audit", "access:roles"):
        with django_assert_max_num_queries(8 + OF_THE_MENU):
            admin.get(reverse(name))
