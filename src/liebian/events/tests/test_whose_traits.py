"""`context.traits` are the person's on every call, the `traits` of a group call the group's; neither is taken for the other or for properties."""

from __future__ import annotations

import re

import pytest

from liebian.access.permissions import OPERATOR
from liebian.access.tests.factories import make_user
from liebian.core import clock
from liebian.events import queries, services
from liebian.events.inbox.schemas import learn_schema
from liebian.events.models import Quarantined
from liebian.events.tests.test_personal import split
from liebian.events.tests.test_quarantine import arrive, register

pytestmark = pytest.mark.django_db(databases="__all__")
BESIDE = {"traits": {"phone": "13800138000", "city": "杭州", "nickname": "林", "plan": "mine"}}
GROUP = {"type": "group", "event": "", "groupId": "g1", "traits": {"name": "Tea Ltd", "size": 3}}


def send(**fields):
    message = {"type": "track", "event": "Paid", "userId": "u1", "context": BESIDE, **fields}
    services.record_events([message], source="shop", received_at=clock.now())


def learnt(kind: str, name: str = "") -> dict[str, str]:
    return {field.rule.path: field.rule.type for field in learn_schema(type=kind, name=name)}


def test_a_group_call_keeps_the_persons_traits_and_the_groups_apart():
    body, personal = split("group", groupId="g1", traits={"name": "Tea Ltd", "plan": "gold"}, context=BESIDE)
    assert body == {
        "group_id": "g1",
        "traits": {"plan": "gold"},
        "context": {"traits": {"city": "杭州", "plan": "mine"}},
    }
    assert personal["group"] == {"name": "Tea Ltd"} and personal["phone"] == "13800138000"
    assert personal["nested"] == [{"path": "context.traits.nickname", "value": "林"}]


@pytest.mark.parametrize("kind", ["track", "page", "screen", "alias"])
def test_other_calls_leave_them_where_they_were_sent(kind):
    body, personal = split(
        kind, name="Tea", context={**BESIDE, "ip": "10.0.0.1"}, properties={"total": 3}, previousId="a"
    )
    assert body["context"] == {"traits": {"city": "杭州", "plan": "mine"}} and "traits" not in body
    assert personal["phone"] == "13800138000" and personal["ip"] == "10.0.0.1"


def test_what_identify_says_in_its_context_is_told_and_what_it_says_itself_stands():
    body, personal = split("identify", traits={"plan": "own"}, context=BESIDE)
    assert body == {"traits": {"city": "杭州", "plan": "own"}} and personal["phone"] == "13800138000"


def test_a_schema_learns_neither_from_the_other():
    send(**GROUP)
    send(properties={"total": 3})
    send(event="Called", properties={"phone": 13800138000})
    send(event="Asked", context={}, properties={"phone": "13800138000"})
    send(event="Left", properties={"phone": "", "note": "x"})
    assert learnt("group") == {"name": "string", "size": "number"}
    assert learnt("track", "Paid") == {"total": "number"}
    assert learnt("track", "Called") == {"phone": "number"}
    assert learnt("track", "Asked") == {"phone": "string"}
    assert learnt("track", "Left") == {"note": "string"}


def test_what_waits_in_quarantine_is_learnt_from_as_it_would_be_checked():
    register(kind="identify", name="", level={"type": "string"})
    arrive({"type": "identify", "event": "", "context": {"traits": {"city": "杭州"}}, "traits": {"level": [2]}})
    assert Quarantined.objects.count() == 1
    assert learnt("identify") == {"city": "string", "level": "list"}


def test_the_live_page_shows_each_where_it_was_sent(client):
    client.force_login(make_user(OPERATOR))
    send(**GROUP)
    html = client.get(f"/sources/live/events/{queries.get_log_end()}").content.decode().replace("&quot;", '"')
    shown = re.sub(r"\s+", "", html)
    assert '"traits":{"size":3,"name":' in shown
    assert '"context":{"traits":{"city":"杭州","plan":"mine"}}' in shown
    assert '"personal":{"phone":"138****8000"' in shown and "apart" not in shown
    send()
    assert "apart" not in client.get(f"/sources/live/events/{queries.get_log_end()}").content.decode()
