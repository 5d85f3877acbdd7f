"""A personal field in clear: only with the right, only with a reason, and never without a record."""

import pytest

from liebian.access.models import AuditEntry
from liebian.access.permissions import OPERATOR, VIEWER
from liebian.access.queries import list_audit
from liebian.customers.models import Identifier
from liebian.customers.tests.factories import PERSON, client_of, lin

pytestmark = pytest.mark.django_db(databases="__all__")
HTMX = {"HX-Request": "true"}


def reveals():
    return [entry for entry in list_audit() if entry.action == "personal_data.revealed"]


@pytest.mark.parametrize("field", ["name", "phone", "email", "address"])
def test_it_is_shown_once_and_recorded(field):
    person, client = lin(), client_of(OPERATOR)
    address = f"/customers/{person.pk}/reveal/{field}"
    response = client.post(address, {"reason": "calling back"}, headers=HTMX)
    value = "+8613812346021" if field == "phone" else PERSON[field]
    assert response.status_code == 200
    assert value in response.content.decode() and "data-cover-after" in response.content.decode()
    assert "no-store" in response["Cache-Control"]
    (entry,) = reveals()
    assert (entry.subject, entry.reason, entry.details) == (f"customer:{person.pk}", "calling back", {"field": field})
    assert value not in client.get(address).content.decode()


def test_an_identifier_can_be_revealed_and_is_recorded_by_kind():
    person, client = lin(), client_of(OPERATOR)
    row = Identifier.objects.get(kind="openid")
    html = client.post(f"/customers/{person.pk}/reveal/identifier-{row.pk}", {"reason": "support"}).content.decode()
    assert PERSON["openid"] in html
    assert reveals()[0].details == {"field": "identifier.openid"}


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_without_a_good_reason_nothing_is_shown_or_recorded(reason):
    person = lin()
    response = client_of(OPERATOR).post(f"/customers/{person.pk}/reveal/phone", {"reason": reason}, headers=HTMX)
    assert response.status_code == 422
    assert "13812346021" not in response.content.decode() and "invalid-feedback" in response.content.decode()
    assert reveals() == []


def test_a_viewer_gets_no_button_and_no_value():
    person, client = lin(), client_of(VIEWER)
    assert "/reveal/" not in client.get(f"/customers/{person.pk}").content.decode()
    response = client.post(f"/customers/{person.pk}/reveal/phone", {"reason": "curious"})
    assert response.status_code == 403
    assert not AuditEntry.objects.filter(action="personal_data.revealed").exists()


@pytest.mark.parametrize("field", ["password", "identifier-999999", "identifier-x", "n_orders"])
def test_what_is_not_there_cannot_be_revealed(field):
    person = lin()
    response = client_of(OPERATOR).post(f"/customers/{person.pk}/reveal/{field}", {"reason": "support"})
    assert response.status_code == 404
    assert reveals() == []


def test_an_identifier_of_somebody_else_stays_closed():
    from liebian.customers.models import Customer
    from liebian.customers.tests.factories import identify, play

    lin()
    play([{**identify("u2", phone="13900001111"), "messageId": "second"}])
    other, row = Customer.objects.get(user_id="u2"), Identifier.objects.get(kind="openid")
    response = client_of(OPERATOR).post(f"/customers/{other.pk}/reveal/identifier-{row.pk}", {"reason": "support"})
    assert response.status_code == 404


def test_it_works_as_a_plain_page_too():
    person, client = lin(), client_of(OPERATOR)
    page = client.get(f"/customers/{person.pk}/reveal/phone").content.decode()
    assert "<html" in page and 'name="reason"' in page
    assert "<html" in client.post(f"/customers/{person.pk}/reveal/phone", {"reason": "support"}).content.decode()
