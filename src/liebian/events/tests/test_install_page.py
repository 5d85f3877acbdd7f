"""The page that hands out the code of a source."""

import pytest
from django.test import Client

from liebian.access.permissions import ADMINISTRATOR, VIEWER
from liebian.access.tests.factories import make_user
from liebian.core import clock
from liebian.events import services
from liebian.events.install import PLACES

pytestmark = pytest.mark.django_db(databases="__all__")


@pytest.fixture
def source():
    return services.create_source(name="Shop", now=clock.now())


def client_of(role, language="en"):
    client = Client(headers={"accept-language": language})
    client.force_login(make_user(role))
    return client


@pytest.mark.parametrize("place", PLACES)
def test_the_code_holds_this_address_and_this_key(source, place):
    page = client_of(ADMINISTRATOR).get(f"/sources/{source.id}/install?for={place}").content.decode()
    assert source.write_key in page
    assert "testserver" in page
    assert "liebian.example" not in page
    assert "WRITE_KEY" not in page


def test_the_snippet_is_text_on_the_page_and_not_a_script(source):
    page = client_of(ADMINISTRATOR).get(f"/sources/{source.id}/install").content.decode()
    assert "&lt;script async src=&quot;http://testserver/liebian.js&quot;" in page
    assert '<script async src="http://testserver/liebian.js"' not in page


def test_who_may_not_manage_sources_sees_no_key(source):
    page = client_of(VIEWER).get(f"/sources/{source.id}/install").content.decode()
    assert source.write_key not in page
    assert "WRITE_KEY" in page
    assert "The write key is not shown." in page


def test_it_is_said_that_a_source_is_stopped(source):
    services.set_source_enabled(source_id=source.id, is_enabled=False, now=clock.now())
    assert (
        "这个来源已停用。" in client_of(ADMINISTRATOR, "zh-hans").get(f"/sources/{source.id}/install").content.decode()
    )


@pytest.mark.parametrize("name", [None, "nobody"])
def test_there_is_no_page_for_what_cannot_be_connected(name):
    imported = services.ensure_source(name="import", kind="import", now=clock.now())
    answer = client_of(ADMINISTRATOR).get(f"/sources/{imported.id if name is None else 999_999}/install")
    assert answer.status_code == 404


def test_an_unknown_place_shows_the_web_page(source):
    assert "liebian.js" in client_of(ADMINISTRATOR).get(f"/sources/{source.id}/install?for=fax").content.decode()


def test_the_list_of_sources_leads_there(source):
    assert f"/sources/{source.id}/install" in client_of(ADMINISTRATOR).get("/sources").content.decode()
