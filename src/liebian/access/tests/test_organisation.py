import pytest
from django.conf import settings

from liebian.access import queries, services
from liebian.access.tests.factories import NOW
from liebian.core.errors import Conflict, Invalid

pytestmark = pytest.mark.django_db(databases="__all__")


def test_the_first_name_stays_until_somebody_renames():
    services.ensure_organisation(name="拾叶茶礼")
    assert services.ensure_organisation(name="Another").name == "拾叶茶礼"
    assert services.rename_organisation(name="  Shiye   Tea ", actor_id=3, now=NOW).name == "Shiye Tea"
    entry = queries.list_audit()[0]
    assert (entry.action, entry.actor_id, entry.details) == (
        "organisation.renamed",
        3,
        {"from": "拾叶茶礼", "to": "Shiye Tea"},
    )


def test_before_the_set_up_there_is_an_organisation_without_name():
    organisation = queries.get_organisation()
    assert (organisation.name, organisation.currency, organisation.time_zone) == ("", None, settings.TIME_ZONE)
    assert services.ensure_organisation(name="拾叶茶礼").name == "拾叶茶礼"


def test_a_currency_is_set_once():
    assert services.set_currency(currency="CNY").currency == "CNY"
    assert services.set_currency(currency="CNY").currency == "CNY"
    with pytest.raises(Conflict) as refusal:
        services.set_currency(currency="GBP")
    assert refusal.value.code == "currency_fixed"
    assert refusal.value.details == {"own": "CNY", "other": "GBP"}
    assert queries.get_organisation().currency == "CNY"


@pytest.mark.parametrize("currency", ["", "cny", "CN", "C1Y", "¥¥¥", "CNYX"])
def test_what_is_no_currency_code_is_refused(currency):
    with pytest.raises(Invalid) as refusal:
        services.set_currency(currency=currency)
    assert refusal.value.code == "bad_currency"


@pytest.mark.parametrize(
    ("name", "code"), [("", "name_missing"), (" \x00 ", "name_missing"), ("x" * 101, "name_too_long")]
)
def test_a_bad_name_is_refused(name, code):
    with pytest.raises(Invalid) as refusal:
        services.rename_organisation(name=name, actor_id=None, now=NOW)
    assert refusal.value.code == code
