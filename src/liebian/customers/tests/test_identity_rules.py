"""Who is who: the decision alone, without a database."""

from hypothesis import given
from hypothesis import strategies as st

from liebian.customers.rules import Owner, decide, identifiers_of


def test_a_visitor_who_signs_in_becomes_that_person():
    decision = decide([("user_id", "u1"), ("anonymous_id", "a")], {"anonymous_id": Owner(5, False, None)})
    assert decision.customer_id == 5
    assert decision.link == ("user_id",)


def test_an_anonymous_visitor_joins_the_identified_person():
    owners = {"user_id": Owner(1, True, "u1"), "anonymous_id": Owner(5, False, None)}
    decision = decide([("user_id", "u1"), ("anonymous_id", "a")], owners)
    assert (decision.customer_id, decision.merge, decision.conflicts) == (1, (5,), ())


def test_two_identified_people_are_never_merged_silently():
    owners = {"user_id": Owner(1, True, "u1"), "phone": Owner(2, True, "u2")}
    decision = decide([("user_id", "u1"), ("phone", "+86138")], owners)
    assert (decision.customer_id, decision.merge, decision.conflicts) == (1, (), (("phone", 2),))


def test_a_phone_of_another_user_does_not_pull_a_new_user_to_them():
    decision = decide([("user_id", "u9"), ("phone", "+86138")], {"phone": Owner(2, True, "u2")})
    assert decision.customer_id is None
    assert decision.link == ("user_id",)
    assert decision.conflicts == (("phone", 2),)


def test_a_device_in_other_hands_stays_where_it_was():
    decision = decide([("user_id", "u2"), ("anonymous_id", "a")], {"anonymous_id": Owner(1, True, "u1")})
    assert decision.customer_id is None
    assert decision.merge == ()


def test_a_phone_sign_up_is_found_again_by_the_shop_account():
    decision = decide([("user_id", "u7"), ("phone", "+86138")], {"phone": Owner(3, True, None)})
    assert (decision.customer_id, decision.link) == (3, ("user_id",))


kinds = ["user_id", "unionid", "openid", "phone", "email", "anonymous_id"]
owner = st.builds(Owner, st.integers(1, 4), st.booleans(), st.sampled_from([None, "u1", "u2"]))


@given(st.sets(st.sampled_from(kinds), min_size=1), st.dictionaries(st.sampled_from(kinds), owner))
def test_known_people_are_never_in_the_merge_list(carried, owners):
    carried = [(kind, "u1") for kind in kinds if kind in carried]
    owners = {kind: person for kind, person in owners.items() if kind in dict(carried)}
    decision = decide(carried, owners)
    known = {person.customer_id for person in owners.values() if person.is_known}
    anonymous = {person.customer_id for person in owners.values() if not person.is_known}
    assert set(decision.merge) <= anonymous
    assert decision.customer_id not in decision.merge or decision.customer_id in known


def test_identifiers_come_strongest_first_and_normalised():
    found = identifiers_of("u1", "a1", {"phone": "138 0013 8000", "email": " A@B.CN ", "openid": "o1"})
    assert found == [
        ("user_id", "u1"), ("openid", "o1"), ("phone", "+8613800138000"), ("email", "a@b.cn"), ("anonymous_id", "a1"),
    ]  # fmt: skip
