"""Walks every address of the installation as everybody: signed out, viewer, operator, administrator.

Whoever has the right gets an answer of the page (which may be "not found" for the sample ids); whoever has not gets
exactly a refusal, by GET and by POST, before the page has looked at anything.
"""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.urls import get_resolver, path

from liebian.access.guard import PUBLIC, find_undeclared, public, requires
from liebian.access.permissions import ADMINISTRATOR, OPERATOR, PERMISSIONS, ROLES, VIEWER, role_may
from liebian.access.tests.factories import make_user
from tests.permissions.addresses import Address, asks_to_sign_in, list_addresses

pytestmark = pytest.mark.django_db(databases="__all__")
ADDRESSES = list_addresses()
urlpatterns = [path("v1/sample", requires("ledger:fund")(lambda request: None))]
METHODS = ["get", "post"]
# Who is refused does not depend on the database; what the pages ask of it does, and administrators reach them all.
ON_POSTGRES = connection.vendor == "postgresql"
WALKERS = [ADMINISTRATOR] if ON_POSTGRES else [VIEWER, OPERATOR, ADMINISTRATOR]
API = "/v1/"


def describe(address: Address) -> str:
    return address.path


def ask(role: str | None, address: Address, method: str):
    client = Client(raise_request_exception=False)
    if role is not None:
        client.force_login(make_user(role))
    return getattr(client, method)(address.path)


def test_every_view_declares_a_right():
    assert find_undeclared(get_resolver().url_patterns) == []


def test_a_view_that_declares_nothing_is_found():
    def silent(request): ...

    def misspelt(request): ...

    misspelt.permission = "customer:view"
    open_to_all, guarded = public(lambda request: None), requires("ledger:view")(lambda request: None)
    patterns = [path("a", silent), path("b", misspelt), path("c", open_to_all), path("d", guarded)]
    assert find_undeclared(patterns) == ["a", "b"]


def test_a_right_that_does_not_exist_cannot_be_required():
    with pytest.raises(KeyError, match=r"permissions\.py"):
        requires("customers:burn")


@pytest.mark.parametrize(("role", "code"), [(None, "signed_out"), (VIEWER, "not_allowed")])
def test_programs_get_json(settings, role, code):
    settings.ROOT_URLCONF = __name__
    client = Client()
    if role is not None:
        client.force_login(make_user(role))
    response = client.get("/v1/sample")
    assert (response.status_code, response.json()["error"]["code"]) == (403, code)


def test_there_are_addresses_to_walk():
    assert {"/login", "/settings", "/settings/users/999999999/role"} <= {address.path for address in ADDRESSES}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("address", [] if ON_POSTGRES else ADDRESSES, ids=describe)
def test_signed_out(address, method):
    response = ask(None, address, method)
    if address.permission == PUBLIC:
        assert not asks_to_sign_in(response) or address.path == "/logout"
        assert response.status_code < 500
    elif address.path.startswith(API):
        assert response.status_code == 403 and response.json()["error"]["code"] == "signed_out"
    else:
        assert asks_to_sign_in(response)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("role", WALKERS)
@pytest.mark.parametrize("address", ADDRESSES, ids=describe)
def test_signed_in(address, role, method):
    response = ask(role, address, method)
    if address.permission == PUBLIC:
        assert response.status_code < 500
    elif role_may(role, address.permission):
        assert response.status_code != 403 and response.status_code < 500
        assert not asks_to_sign_in(response)
    else:
        assert response.status_code == 403


@pytest.mark.parametrize("permission", sorted(PERMISSIONS))
def test_roles_are_ordered(permission):
    """Whatever a viewer may, an operator may, and whatever an operator may, an administrator may."""
    assert role_may(VIEWER, permission) <= role_may(OPERATOR, permission) <= role_may(ADMINISTRATOR, permission)
    assert len(ROLES) == 3
