"""Nobody finds out by trying who is a customer: attempts are counted by visitor and by address."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.test import Client

from liebian.core import clock
from liebian.core.errors import Invalid
from liebian.events import queries as events
from liebian.referrals import services
from liebian.referrals.models import SignUpWindow
from liebian.referrals.tests.shop import T0, Shop

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def code(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(clock, "now", lambda: T0)
    shop = Shop(monkeypatch)
    anna = shop.customer("anna", phone="13812346021")
    return shop.code(shop.programme(anna), anna)


def claim(visitor: str = "v", address: str = "203.0.113.9", *, after: timedelta = 0 * HOUR) -> int:
    """0 when the attempt counts, otherwise the minutes to wait."""
    try:
        services.claim_sign_up_attempt(visitor=visitor, address=address, now=T0 + after)
    except Invalid as error:
        assert error.code == "too_many_attempts"
        return int(error.details["minutes"])
    return 0


def try_phone(client: Client, code: str, number: int, language: str = "en", **more: str) -> tuple[int, str, str]:
    data = {"contact": f"1390000{number:04d}", "name": "贝贝", "terms": "on"}
    response = client.post(f"/r/{code}", data, headers={"Accept-Language": language}, **more)
    return response.status_code, response.content.decode(), response.headers.get("Retry-After", "")


@pytest.mark.django_db(databases="__all__")
def test_the_eleventh_attempt_of_a_visitor_waits_and_keeps_what_was_typed(client: Client, code: str) -> None:
    client.get(f"/r/{code}")
    answers = [try_phone(client, code, number)[0] for number in range(10)]
    assert set(answers) == {302}
    end = events.get_log_end()
    status, text, retry = try_phone(client, code, 10)
    assert (status, retry) == (429, "3600")
    assert "Too many attempts within an hour" in text and "Try again in 60 minutes" in text
    assert 'value="+8613900000010"' in text or 'value="13900000010"' in text
    assert 'value="贝贝"' in text and 'name="terms" value="on" required checked' in text
    assert "请 60 分钟后再试" in try_phone(client, code, 10, "zh-hans")[1]
    assert events.get_log_end() == end, "nothing is looked up and nothing is kept"


@pytest.mark.django_db(databases="__all__")
def test_a_customer_and_a_stranger_get_the_same_answer_once_it_is_too_often(client: Client, code: str) -> None:
    for number in range(10):
        try_phone(client, code, number)
    pages = [client.post(f"/r/{code}", {"contact": who, "terms": "on"}) for who in ("13812346021", "13900009999")]
    assert {page.status_code for page in pages} == {429}


@pytest.mark.django_db(databases="__all__")
def test_forgetting_the_cookie_does_not_help_beyond_thirty_from_one_address(code: str) -> None:
    answers = [try_phone(Client(), code, number)[0] for number in range(31)]
    assert answers == [302] * 30 + [429]
    assert try_phone(Client(), code, 40, REMOTE_ADDR="198.51.100.7")[0] == 302


@pytest.mark.django_db(databases="__all__")
def test_what_cannot_be_a_contact_is_no_attempt(client: Client, code: str) -> None:
    for _ in range(12):
        assert client.post(f"/r/{code}", {"contact": "1390000"}).status_code == 422
    assert not SignUpWindow.objects.exists()


@pytest.mark.django_db(databases="__all__")
def test_an_hour_later_it_is_forgotten() -> None:
    assert [claim() for _ in range(11)] == [0] * 10 + [60]
    assert claim(after=HOUR - MINUTE) == 1
    assert claim("another", after=HOUR - MINUTE) == 0, "the address has room"
    assert claim(after=HOUR) == 0
    assert claim("later", "198.51.100.7", after=3 * HOUR) == 0
    assert SignUpWindow.objects.count() == 2, "windows that have passed are deleted"


@pytest.mark.django_db(databases="__all__")
def test_the_table_names_nobody_and_an_ipv6_network_is_one_address() -> None:
    for number in range(30):
        assert claim(f"v{number}", f"2001:db8:1:2::{number:x}") == 0
    assert claim("v30", "2001:db8:1:2:ffff::1") == 60
    stored = b"".join(bytes(key) for key in SignUpWindow.objects.values_list("key", flat=True))
    assert b"2001" not in stored and b"v1" not in stored


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_attempts_at_once_are_counted_one_after_another() -> None:
    answers: list[int] = []

    def work(number: int) -> None:
        try:
            answers.extend(claim("v" if number % 2 else f"w{number}") for _ in range(4))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 32
    assert answers.count(0) == 26, "10 of the one visitor, 16 of the four others; 30 were free at the address"
