"""Whose events are whose: joins, aliases, groups, and that a merge can be told from what was before it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liebian.core import crypto, cursors
from liebian.customers import services
from liebian.customers.models import Customer, CustomerEvent, Identifier, IdentityChange
from liebian.customers.queries import find_final_ids, list_merged_into, list_seen_events_after, rebuild_before_merge
from liebian.customers.queries.people import open_field
from liebian.customers.rules import Decision, Owner, decide
from liebian.customers.tests.factories import identify, play

pytestmark = pytest.mark.django_db(databases="__all__")


def page(**who):
    return {"type": "page", "name": "Home", **who}


def standing():
    return list(Customer.objects.filter(merged_into__isnull=True).order_by("id"))


def test_events_keep_the_id_that_their_person_had_and_the_map_leads_to_who_stands():
    play([page(anonymousId="a1"), page(anonymousId="a1"), page(userId="u1"), identify("u1") | {"anonymousId": "a1"}])
    loser, winner = Customer.objects.order_by("id")
    assert loser.merged_into == winner.pk
    assert list(CustomerEvent.objects.order_by("event_id").values_list("customer_id", flat=True)) == [
        loser.pk, loser.pk, winner.pk, winner.pk,
    ]  # fmt: skip
    assert find_final_ids([loser.pk, winner.pk]) == {loser.pk: winner.pk}
    assert list_merged_into([winner.pk, loser.pk]) == {winner.pk: [loser.pk]}
    seen = list_seen_events_after(0, 100)
    assert seen.seen_id == (loser.pk, loser.pk, winner.pk, winner.pk)
    assert all(seen.received_ms)


def test_shards_share_the_events_between_them():
    play([page(userId=f"u{number % 5}") for number in range(40)])
    parts = [list_seen_events_after(0, 100, shard=shard, shards=3) for shard in range(3)]
    assert sorted(event for part in parts for event in part.event_id) == list(list_seen_events_after(0, 100).event_id)
    assert {part.upto for part in parts} == {cursors.position_of("customers")}


def test_whoever_was_merged_twice_points_to_the_person_who_stands():
    play([page(anonymousId="a1"), page(anonymousId="a2"), page(userId="u1")])
    play([{"type": "alias", "userId": "a2", "previousId": "a1", "messageId": "x1"}])
    first = Customer.objects.order_by("id").first()
    for device in ("a1", "a2"):
        play([identify("u1") | {"anonymousId": device, "messageId": f"y{device}"}])
    assert {row.merged_into for row in Customer.objects.filter(merged_into__isnull=False)} <= {p.pk for p in standing()}
    assert first is not None


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_an_alias_joins_the_visitor_to_the_customer(limit):
    play([page(anonymousId="a1"), page(userId="u1")][: 2 if limit else 0])
    play([{"type": "alias", "userId": "u1", "previousId": "a1", "messageId": "alias"}])
    (person,) = standing()
    assert person.user_id == "u1"
    assert CustomerEvent.objects.count() == 3


def test_an_alias_of_a_visitor_nobody_saw_keeps_the_name_for_later():
    play([{"type": "alias", "userId": "u1", "previousId": "a9"}])
    play([page(anonymousId="a9", messageId="later")])
    (person,) = standing()
    assert person.user_id == "u1"
    assert CustomerEvent.objects.filter(customer_id=person.pk).count() == 2


def test_an_alias_never_joins_two_identified_people_but_is_kept_as_a_conflict():
    play([page(userId="u1"), page(userId="u2")])
    play([{"type": "alias", "userId": "u2", "previousId": "u1", "messageId": "alias"}])
    assert [person.user_id for person in standing()] == ["u1", "u2"]
    conflict = IdentityChange.objects.get(kind="conflict")
    assert (conflict.customer_id, conflict.other_id) == tuple(p.pk for p in reversed(standing()))


def test_a_group_call_belongs_to_the_person_and_tells_nothing_about_them():
    play([identify("u1", city="杭州"), {"type": "group", "userId": "u1", "groupId": "g1", "traits": {"city": "北京"}}])
    (person,) = standing()
    assert person.city == "杭州"
    assert CustomerEvent.objects.filter(customer_id=person.pk, type="group").exists()


@pytest.mark.parametrize("kind", ["group", "track", "page"])
def test_a_call_finds_the_person_by_the_traits_in_its_context_and_not_by_those_of_the_group(kind):
    """They are told again from what identify said: whoever is found by them learns nothing from them."""
    play([identify("u1", phone="13800138000", city="杭州"), identify("u2", phone="13900139000")])
    context = {"traits": {"phone": "13800138000", "city": "北京"}}
    traits = {"traits": {"phone": "13900139000", "city": "上海"}, "groupId": "g1"} if kind == "group" else {}
    call = {
        "type": kind,
        "event": "Paid",
        "name": "Tea",
        "anonymousId": "d1",
        "context": context,
        "messageId": "call",
        **traits,
    }
    play([call])
    person = Customer.objects.get(user_id="u1")
    assert CustomerEvent.objects.filter(customer_id=person.pk, type=kind).exists()
    assert person.city == "杭州" and not person.attributes


def test_what_both_were_before_a_merge_can_be_rebuilt_later():
    play([
        {"type": "identify", "anonymousId": "a1", "traits": {"city": "苏州", "likes": "oolong", "name": "周倩"}},
        identify("u1", city="杭州"),
    ])  # fmt: skip
    loser, winner = Customer.objects.order_by("id")
    identifiers = {
        pk: {bytes(i) for i in Identifier.objects.filter(customer_id=pk).values_list("index", flat=True)}
        for pk in (loser.pk, winner.pk)
    }
    play([identify("u1") | {"anonymousId": "a1", "messageId": "join"}])
    play([identify("u1", city="宁波") | {"anonymousId": "a7", "messageId": "after"}])
    before = rebuild_before_merge(IdentityChange.objects.get(kind="merged").pk)
    for side, row in ((before.loser, loser), (before.winner, winner)):
        assert side.customer_id == row.pk
        assert set(side.identifiers) == identifiers[row.pk]
        for column in ("city", "attributes", "is_known", "user_id", "channel"):
            assert side.columns[column] == getattr(row, column)
        assert side.columns["first_seen_at"] == row.first_seen_at.isoformat()
    assert open_field(bytes.fromhex(before.loser.columns["name"]), "name") == "周倩"
    assert before.winner.columns["name"] is None


def test_an_event_set_aside_is_taken_once():
    play([page(userId="u1")])
    event_id = CustomerEvent.objects.get().event_id
    CustomerEvent.objects.all().delete()
    assert (services.take_aside([event_id]), services.take_aside([event_id])) == (1, 0)
    assert CustomerEvent.objects.get().event_id == event_id


kinds = st.lists(st.sampled_from(["user_id", "phone", "email", "anonymous_id"]), min_size=1, max_size=4, unique=True)


@given(kinds, st.booleans())
def test_when_one_person_owns_everything_there_is_nothing_to_decide(carried, is_known):
    """What the stage takes for granted on its short way."""
    order = ["user_id", "phone", "email", "anonymous_id"]
    carried = sorted(carried, key=order.index)
    known = is_known or carried != ["anonymous_id"]
    owner = Owner(7, known, "u1" if "user_id" in carried else None)
    assert decide([(kind, "u1") for kind in carried], dict.fromkeys(carried, owner)) == Decision(7, (), (), ())


def test_keyed_hashes_of_many_values_are_those_of_one():
    assert crypto.indexer()("phone", "+8613800138000") == crypto.index_of("phone", "+8613800138000")
