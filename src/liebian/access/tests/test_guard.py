import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import RequestFactory

from liebian.access.guard import PUBLIC, public, requires
from liebian.access.models import User
from liebian.access.permissions import VIEWER
from liebian.core.errors import NotAllowed


@requires("ledger:fund")
def fund(request, budget="main"):
    """Put money into a budget."""
    return HttpResponse(f"funded {budget}")


def ask(path, user, method="get", **headers):
    request = getattr(RequestFactory(), method)(path, headers=headers)
    request.user = user
    return request


def test_a_guarded_view_keeps_its_name_and_says_its_right():
    assert (fund.permission, fund.__name__, fund.__doc__) == ("ledger:fund", "fund", "Put money into a budget.")
    assert public(lambda request: HttpResponse()).permission == PUBLIC


def test_the_right_opens_the_view_with_its_arguments():
    assert fund(ask("/ledger", User(role="operator")), budget="spring").content == b"funded spring"


@pytest.mark.parametrize("user", [User(role=VIEWER), User(role="operator", is_active=False), User(role="retired")])
def test_without_the_right_the_refusal_names_it(user):
    with pytest.raises(NotAllowed) as refusal:
        fund(ask("/ledger", user))
    assert (refusal.value.code, refusal.value.details["permission"]) == ("not_allowed", "ledger:fund")


def test_signed_out_readers_come_back_to_their_page_and_writers_to_the_start():
    assert fund(ask("/ledger?day=3", AnonymousUser()))["Location"] == "/login?next=/ledger%3Fday%3D3"
    assert fund(ask("/ledger", AnonymousUser(), "post"))["Location"] == "/login?next=/"


@pytest.mark.parametrize(("user", "code"), [(AnonymousUser(), "signed_out"), (User(role=VIEWER), "not_allowed")])
def test_programs_are_never_sent_to_the_sign_in_page(user, code):
    with pytest.raises(NotAllowed) as refusal:
        fund(ask("/v1/ledger", user))
    assert refusal.value.code == code
